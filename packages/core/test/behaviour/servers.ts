/** The servers of the scenarios of area GS, for any scheduler: what reaches one, what it says, and how it ends are asked for. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { ExitReason, GenServer, Process } from "../../src/index.ts"

/** What testers take. */
export const Word = Schema.String

/** What a {@link Probe}'s `init` does. */
const inits = ["succeed", "exit", "answer a call"] as const

/** See the file's header. A probe can also be a gate, at which others wait until it is opened. */
export const Probe = GenServer.define("behaviour/Probe", {
  args: {
    /** Who is told what happens. */
    to: Schema.optionalKey(Process.pid(Word)),
    init: Schema.optionalKey(Schema.Literals(inits)),
    /** Its `init` waits at this gate. */
    gate: Schema.optionalKey(Process.anyPid),
    /** With this reason its `terminate` calls `Process.exit`. */
    endsWith: Schema.optionalKey(ExitReason.schema)
  },
  protocol: {
    ping: GenServer.call({ success: Schema.String }),
    note: GenServer.cast({ word: Schema.String }),
    /** What reached it, in order. */
    words: GenServer.call({ success: Schema.Array(Schema.String) }),
    /** Waits at the gate, in the middle of the handler. */
    enter: GenServer.cast({ gate: Process.anyPid }),
    /** Answers once the gate is open. */
    slow: GenServer.call({ payload: { gate: Process.anyPid, answer: Schema.String }, success: Schema.String }),
    /** Asks for its timeout. */
    idle: GenServer.cast({ milliseconds: Schema.Int }),
    // Its end
    answerAndExit: GenServer.call({ payload: { reason: ExitReason.schema }, success: Schema.String }),
    stopInCall: GenServer.call({ payload: { reason: ExitReason.schema } }),
    stop: GenServer.cast({ reason: ExitReason.schema }),
    crash: GenServer.cast(),
    // As a gate
    pass: GenServer.call(),
    waiting: GenServer.call({ success: Schema.Int }),
    open: GenServer.call()
  }
})

/** A ref to a probe. */
export type ProbeRef = GenServer.PidRef<(typeof Probe)["protocol"]>

interface State {
  readonly to: Process.Pid<string> | undefined
  readonly endsWith: ExitReason.ExitReason | undefined
  readonly words: Array<string>
  readonly waiting: Array<GenServer.From<void, never>>
}

const tell = ({ to }: Pick<State, "to">, word: string) => (to === undefined ? Effect.void : Process.send(to, word))

const waitAt = (gate: Process.Pid) => Effect.orDie(Probe.at(gate).pass({ timeout: "Infinity" }))

/** The code of {@link Probe}. */
export const ProbeLive = Probe.implement({
  init: ({ endsWith, gate, init = "succeed", to }) => {
    const state: State = { to, endsWith, words: [], waiting: [] }
    return Effect.gen(function* () {
      yield* tell(state, "init begins")
      if (init === "exit") return yield* Process.exit(ExitReason.failed("r"))
      // What code without types could give
      if (init === "answer a call") return GenServer.reply("nonsense", state) as unknown as State
      if (gate !== undefined) yield* waitAt(gate)
      yield* tell(state, "init is over")
      return state
    })
  },
  handle: {
    ping: (state) => GenServer.reply("pong", state),
    note: (state, { word }) => {
      state.words.push(word)
      return state
    },
    words: (state) => GenServer.reply([...state.words], state),
    enter: (state, { gate }) => {
      state.words.push("enter")
      return Effect.as(waitAt(gate), state)
    },
    slow: (state, { answer, gate }) => Effect.as(waitAt(gate), GenServer.reply(answer, state)),
    idle: (state, { milliseconds }) => {
      state.words.push("idle")
      return GenServer.noReply(state, { timeout: milliseconds })
    },
    answerAndExit: (_, { reason }, { from }) => Effect.andThen(GenServer.replyTo(from, "early"), Process.exit(reason)),
    stopInCall: (state, { reason }) => GenServer.stop(reason, state),
    stop: (state, { reason }) => GenServer.stop(reason, state),
    crash: () => {
      throw new Error("crashes on purpose")
    },
    pass: (state, { from }) => {
      state.waiting.push(from)
      return GenServer.noReply(state)
    },
    waiting: (state) => GenServer.reply(state.waiting.length, state),
    open: (state) =>
      Effect.as(
        Effect.forEach(state.waiting.splice(0), (from) => GenServer.replyTo(from, undefined)),
        GenServer.reply(undefined, state)
      )
  },
  timeout: (state) => {
    state.words.push("timeout")
    return Effect.as(tell(state, "timeout"), state)
  },
  terminate: ({ endsWith, to }, reason) =>
    Effect.andThen(
      tell({ to }, `terminate ${ExitReason.format(reason)}`),
      endsWith === undefined ? Effect.void : Process.exit(endsWith)
    )
})

/** A server that takes plain messages and has neither a handler for them nor a `terminate`. */
export const Plain = GenServer.define("behaviour/Plain", {
  info: Schema.String,
  protocol: { add: GenServer.call({ success: Schema.Int }) }
})

/** The code of {@link Plain}: counts its calls. */
export const PlainLive = Plain.implement({
  init: () => 0,
  handle: { add: (count) => GenServer.reply(count + 1, count + 1) }
})

/** A server without an `init`. */
export const Uninitialised = GenServer.define("behaviour/Uninitialised", { protocol: { ping: GenServer.call() } })

/** The code of {@link Uninitialised}: what code without types could leave out. */
export const UninitialisedLive = Uninitialised.implement({
  handle: { ping: (state: number) => GenServer.reply(undefined, state) }
} as unknown as Parameters<typeof Uninitialised.implement<number, {}>>[0])

/** The same on every scheduler. Servers crash on purpose: nothing is logged. */
export const program = { implementations: [ProbeLive, PlainLive, UninitialisedLive], layer: Logger.layer([]) }
