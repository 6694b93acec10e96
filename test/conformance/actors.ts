/**
 * The contract the scenarios are played with. A closure cannot leave its isolate, so whoever has to act on another
 * scheduler is a puppet: a server that does what it is told, keeps a record of what reaches it, and can be asked.
 */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What testers and other raw processes take. */
export const Word = Schema.Union([Schema.Int, Schema.String])
/** See {@link Word}. */
export type Word = typeof Word.Type

/** An exit reason as it travels in a puppet's messages. Reasons that come by signals need no schema. */
export const Reason = Schema.TaggedUnion({
  Normal: {},
  Shutdown: { detail: Schema.optionalKey(Schema.Json) },
  Kill: {},
  Killed: {},
  NoProcess: {},
  SchedulerDown: { scheduler: Schema.Int },
  Failed: { error: Schema.Json },
  Died: { defect: Schema.String, stack: Schema.String }
})

/** What reached a puppet, in order. Pids are their text, so that records can be compared. */
export const Received = Schema.TaggedUnion({
  Heard: { value: Schema.Int },
  Down: { ref: Schema.Int, pid: Schema.String, reason: Reason },
  Exit: { from: Schema.String, reason: Reason }
})

/** What can be known of a process from anywhere. */
export const Facts = Schema.Struct({
  label: Schema.NullOr(Schema.String),
  registeredName: Schema.NullOr(Schema.String),
  ancestors: Schema.Array(Schema.String),
  links: Schema.Array(Schema.String),
  monitors: Schema.Array(Schema.String),
  trapExit: Schema.Boolean,
  messageQueueLength: Schema.Int
})

/** What a process knows of its own ties. */
export const Ties = Schema.Struct({
  links: Schema.Array(Schema.String),
  monitors: Schema.Array(Schema.String),
  monitoredBy: Schema.Array(Schema.String)
})

/** What a puppet's witness is told when its cleanup runs. */
export const cleaningUp = "cleaning up"
/** What a puppet's witness is told when an exit signal has become a message. */
export const trapped = "trapped"

/** How a puppet says that nobody holds a name. */
export const free = "free"

/** See the file's header. Calls are round trips: when one is answered, all that was sent before it has been handled. */
export const Puppet = GenServer.define("conformance/Puppet", {
  args: {
    trapExit: Schema.optionalKey(Schema.Boolean),
    /** Is told {@link trapped}, {@link cleaningUp}, and who holds the name `seeks` when a Down arrives. */
    witness: Schema.optionalKey(Process.pid(Word)),
    seeks: Schema.optionalKey(Schema.String),
    /** Ends with this reason as soon as it has started. */
    end: Schema.optionalKey(Reason),
    /** Ends with reason `Failed` when it hears this. */
    poison: Schema.optionalKey(Schema.Int),
    /** Who is told "<as> up" when it starts and "<as> down" when it ends in order. */
    speaks: Schema.optionalKey(Schema.Struct({ to: Process.pid(Word), as: Schema.String })),
    /** Does not start: for this reason, or as one that chose not to. */
    refuses: Schema.optionalKey(Schema.Union([Reason, Schema.Literal("ignore")])),
    /** Does not start while somebody has this name. */
    yieldsTo: Schema.optionalKey(Schema.String),
    /** Whether its `terminate` raises, or never ends. */
    atTheEnd: Schema.optionalKey(Schema.Literals(["raise", "hang"]))
  },
  protocol: {
    // What reaches it
    hear: GenServer.cast({ value: Schema.Int }),
    received: GenServer.call({ success: Schema.Array(Received) }),
    ping: GenServer.call(),
    never: GenServer.call(),
    /** Says "waiting" and never comes back from the handler. */
    waitForever: GenServer.cast({ to: Process.pid(Word) }),
    answerTwice: GenServer.call({ success: Schema.Int }),
    // Its end
    stop: GenServer.cast({ reason: Reason }),
    raise: GenServer.cast({ message: Schema.String }),
    exitSelf: GenServer.cast({ reason: Reason }),
    sendExitToSelf: GenServer.cast({ reason: Reason }),
    lastWords: GenServer.cast({ to: Process.pid(Word), words: Schema.Array(Word), reason: Reason }),
    // Its ties
    trapExit: GenServer.call({ payload: { on: Schema.Boolean }, success: Schema.Boolean }),
    link: GenServer.call({ payload: { to: Process.anyPid } }),
    linkSelf: GenServer.call(),
    unlink: GenServer.call({ payload: { from: Process.anyPid } }),
    monitor: GenServer.call({ payload: { of: Process.anyPid }, success: Schema.Int }),
    demonitor: GenServer.call({ payload: { ref: Schema.Int }, success: Schema.Boolean }),
    monitorSelf: GenServer.call({ success: Schema.Struct({ ties: Ties, demonitored: Schema.Boolean }) }),
    ties: GenServer.call({ success: Ties }),
    look: GenServer.call({ payload: { at: Process.anyPid }, success: Schema.NullOr(Facts) }),
    startChild: GenServer.call({ payload: { scheduler: Schema.Int }, success: Process.anyPid }),
    // What it does to others
    sendExit: GenServer.call({ payload: { to: Process.anyPid, reason: Reason } }),
    say: GenServer.call({ payload: { lines: Schema.Array(Schema.Struct({ to: Process.pid(Word), word: Word })) } }),
    sayThrough: GenServer.call({ payload: { alias: Process.alias(Word), words: Schema.Array(Word) } }),
    sayToSelf: GenServer.call({ payload: { values: Schema.Array(Schema.Int) } }),
    sayLater: GenServer.call({
      payload: { to: Process.pid(Word), word: Word, milliseconds: Schema.Int },
      success: Schema.Int
    }),
    /** Sets a timer and cancels it in one step; answers what was left of it. */
    sayNever: GenServer.call({
      payload: { to: Process.pid(Word), word: Word, milliseconds: Schema.Int },
      success: Schema.NullOr(Schema.Number)
    }),
    sayToNameLater: GenServer.call({
      payload: { name: Schema.String, word: Word, milliseconds: Schema.Int },
      success: Schema.Int
    }),
    cancelTimer: GenServer.call({ payload: { ref: Schema.Int }, success: Schema.NullOr(Schema.Number) }),
    // Names
    register: GenServer.call({ payload: { name: Schema.String }, error: Process.RegistrationError }),
    registerOther: GenServer.call({
      payload: { name: Schema.String, pid: Process.anyPid },
      error: Process.RegistrationError
    }),
    whereis: GenServer.call({ payload: { name: Schema.String }, success: Schema.String })
  }
})

/** What a puppet keeps. */
export interface State {
  readonly record: Array<typeof Received.Type>
  readonly witness: Process.Pid<Word> | undefined
  readonly seeks: string | undefined
  readonly end: typeof Reason.Type | undefined
  readonly poison: number | undefined
  readonly speaks: { readonly to: Process.Pid<Word>; readonly as: string } | undefined
  readonly atTheEnd: "raise" | "hang" | undefined
}

const portable = (reason: ExitReason.ExitReason): typeof Reason.Type => {
  if (reason._tag === "Died") return { ...reason, defect: String(reason.defect) }
  // Scenarios only use JSON for the parts that could be anything
  return reason as typeof Reason.Type
}

const tellWitness = (state: State, what: string) =>
  state.witness === undefined ? Effect.void : Process.send(state.witness, what)

const speak = ({ speaks }: State, what: string) =>
  speaks === undefined ? Effect.void : Process.send(speaks.to, `${speaks.as} ${what}`)

/** What is known of a process, as data. */
export const factsOf = (info: Process.Info): typeof Facts.Type => ({
  label: info.label ?? null,
  registeredName: info.registeredName ?? null,
  ancestors: info.ancestors.map(String),
  links: info.links.map(String),
  monitors: info.monitors.map(String),
  trapExit: info.trapExit,
  messageQueueLength: info.messageQueueLength
})

const tiesOf = (pid: Process.Pid) =>
  Effect.map(Process.info(pid), (info) => ({
    links: info?.links.map(String) ?? [],
    monitors: info?.monitors.map(String) ?? [],
    monitoredBy: info?.monitoredBy.map(String) ?? []
  }))

const holderOf = (name: string) => Effect.map(Process.whereis(name), (pid) => pid?.toString() ?? free)

/** Does one thing and answers with nothing. */
const done = <E, R>(state: State, effect: Effect.Effect<unknown, E, R>) =>
  Effect.as(effect, GenServer.reply(undefined, state))

/** Does one thing and answers with what came of it. */
const answer = <A, E, R>(state: State, effect: Effect.Effect<A, E, R>) =>
  Effect.map(effect, (value) => GenServer.reply(value, state))

/** The code of {@link Puppet}. */
export const PuppetLive = Puppet.implement({
  init: ({ atTheEnd, end, poison, refuses, seeks, speaks, trapExit, witness, yieldsTo }) => {
    const state: State = { record: [], witness, seeks, end, poison, speaks, atTheEnd }
    if (refuses === "ignore") return GenServer.ignore
    if (refuses !== undefined) return GenServer.stop(refuses, state)
    const started = GenServer.noReply(state, end === undefined ? undefined : { continue: "end" })
    return Effect.gen(function* () {
      if (yieldsTo !== undefined && (yield* holderOf(yieldsTo)) !== free) {
        return GenServer.stop(ExitReason.failed("gives way"), state)
      }
      yield* Process.trapExit(trapExit ?? false)
      yield* speak(state, "up")
      return started
    })
  },
  handle: {
    hear: (state, { value }) => {
      if (value === state.poison) return GenServer.stop(ExitReason.failed("poisoned"), state)
      state.record.push({ _tag: "Heard", value })
      return state
    },
    received: (state) => GenServer.reply([...state.record], state),
    ping: (state) => GenServer.reply(undefined, state),
    never: (state) => GenServer.noReply(state),
    waitForever: (_, { to }) => Effect.andThen(Process.send(to, "waiting"), Effect.never),
    answerTwice: (state, { from }) =>
      Effect.as(Effect.andThen(GenServer.replyTo(from, 1), GenServer.replyTo(from, 2)), GenServer.noReply(state)),
    stop: (state, { reason }) => GenServer.stop(reason, state),
    raise: (_, { message }) => {
      throw new Error(message)
    },
    exitSelf: (_, { reason }) => Process.exit(reason),
    sendExitToSelf: (state, { reason }, { pid }) => Effect.as(Process.exit(pid, reason), state),
    lastWords: (state, { reason, to, words }) =>
      // On the spot: nobody else runs between the last word and the end
      Effect.gen(function* () {
        for (const word of words) yield* Process.send(to, word)
        return GenServer.stop(reason, state)
      }),
    trapExit: (state, { on }) => answer(state, Process.trapExit(on)),
    link: (state, { to }) => done(state, Process.link(to)),
    linkSelf: (state, { pid }) => done(state, Process.link(pid)),
    unlink: (state, { from }) => done(state, Process.unlink(from)),
    monitor: (state, { of }) => answer(state, Process.monitor(of)),
    // The number is one that a puppet or a tester got from a monitor
    demonitor: (state, { ref }) => answer(state, Process.demonitor(ref as Process.MonitorRef)),
    monitorSelf: (state, { pid }) =>
      answer(
        state,
        Effect.gen(function* () {
          const ref = yield* Process.monitor(pid)
          return { ties: yield* tiesOf(pid), demonitored: yield* Process.demonitor(ref) }
        })
      ),
    ties: (state, { pid }) => answer(state, tiesOf(pid)),
    look: (state, { at }) =>
      answer(
        state,
        Effect.map(Process.info(at), (info) => (info === undefined ? null : factsOf(info)))
      ),
    startChild: (state, { scheduler }) =>
      answer(
        state,
        Effect.map(Effect.orDie(GenServer.startLink(Puppet, {}, { on: { scheduler } })), (child) => child.pid)
      ),
    sendExit: (state, { reason, to }) => done(state, Process.exit(to, reason)),
    say: (state, { lines }) =>
      done(
        state,
        Effect.forEach(lines, ({ to, word }) => Process.send(to, word))
      ),
    sayThrough: (state, { alias, words }) =>
      done(
        state,
        Effect.forEach(words, (word) => Process.send(alias, word))
      ),
    sayToSelf: (state, { values }, { self }) =>
      done(
        state,
        Effect.forEach(values, (value) => self.hear({ value }))
      ),
    sayLater: (state, { milliseconds, to, word }) => answer(state, Process.sendAfter(to, word, milliseconds)),
    sayNever: (state, { milliseconds, to, word }) =>
      Effect.gen(function* () {
        const left = yield* Process.cancelTimer(yield* Process.sendAfter(to, word, milliseconds))
        return GenServer.reply(left ?? null, state)
      }),
    sayToNameLater: (state, { milliseconds, name, word }) =>
      answer(state, Process.sendAfter(Process.named(name, Word), word, milliseconds)),
    // The number is one that a puppet or a tester got from a timer
    cancelTimer: (state, { ref }) =>
      answer(
        state,
        Effect.map(Process.cancelTimer(ref as Process.TimerRef), (left) => left ?? null)
      ),
    register: (state, { name }, { pid }) => done(state, Process.register(name, pid)),
    registerOther: (state, { name, pid }) => done(state, Process.register(name, pid)),
    whereis: (state, { name }) => answer(state, holderOf(name))
  },
  continue: (state) => (state.end === undefined ? state : GenServer.stop(state.end, state)),
  info: (state, signal) => {
    if (signal instanceof Process.Down) {
      const { pid, reason, ref } = signal
      state.record.push({ _tag: "Down", ref, pid: pid.toString(), reason: portable(reason) })
      const { seeks } = state
      if (seeks === undefined) return state
      return Effect.as(
        Effect.flatMap(holderOf(seeks), (holder) => tellWitness(state, holder)),
        state
      )
    }
    state.record.push({ _tag: "Exit", from: signal.from.toString(), reason: portable(signal.reason) })
    return Effect.as(tellWitness(state, trapped), state)
  },
  terminate: (state) => {
    if (state.atTheEnd === "raise") throw new Error("terminate raises on purpose")
    if (state.atTheEnd === "hang") return Effect.never
    return Effect.andThen(tellWitness(state, cleaningUp), speak(state, "down"))
  }
})
