/** Those that processes wait for. Each does what wakes them when it is told to. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"

/** Lets nobody pass until it is opened, and then everybody. */
export const Gate = GenServer.define("priorities/Gate", {
  protocol: { pass: GenServer.call(), open: GenServer.call() }
})

/** The code of {@link Gate}. */
export const GateLive = Gate.implement({
  init: (): ReadonlyArray<GenServer.From<void, never>> | "open" => [],
  handle: {
    pass: (state, { from }) =>
      state === "open" ? GenServer.reply(undefined, state) : GenServer.noReply([...state, from]),
    open: (state) =>
      Effect.as(
        Effect.forEach(state === "open" ? [] : state, (from) => GenServer.replyTo(from, undefined)),
        GenServer.reply(undefined, "open" as const)
      )
  }
})

const passed = (gate: Process.Pid) => Effect.orDie(Gate.at(gate).pass({ timeout: "Infinity" }))

const gated = { gate: Process.anyPid }

/** Answers, ends or is refused when a gate is opened. */
export const Server = GenServer.define("priorities/Server", {
  args: {
    /** Initialises when it has passed. */
    gate: Schema.optionalKey(Process.anyPid),
    /** How its initialisation ends. */
    init: Schema.optionalKey(Schema.Literals(["fails", "ignores"]))
  },
  mailbox: { capacity: 1, overflow: "suspend" },
  info: Schema.String,
  protocol: {
    answer: GenServer.call({ payload: gated }),
    answerLater: GenServer.call({ payload: gated }),
    fail: GenServer.call({ payload: gated, error: Schema.String }),
    end: GenServer.call({ payload: gated }),
    /** Is not back from its handler until the gate is open. */
    enter: GenServer.cast(gated),
    note: GenServer.cast(),
    ask: GenServer.call()
  }
})

/** The code of {@link Server}. */
export const ServerLive = Server.implement({
  init: ({ gate, init }): Effect.Effect<GenServer.InitNext<number>, string> =>
    Effect.gen(function* () {
      if (gate !== undefined) yield* passed(gate)
      if (init === "fails") return yield* Effect.fail("on purpose")
      return init === "ignores" ? GenServer.ignore : 0
    }) as Effect.Effect<GenServer.InitNext<number>, string>,
  handle: {
    answer: (state, { gate }) => Effect.as(passed(gate), GenServer.reply(undefined, state)),
    answerLater: (state, { gate }, { from }) =>
      Effect.as(Effect.andThen(passed(gate), GenServer.replyTo(from, undefined)), GenServer.noReply(state)),
    fail: (_, { gate }) => Effect.andThen(passed(gate), Effect.fail("on purpose")),
    end: (state, { gate }) => Effect.as(passed(gate), GenServer.stop(ExitReason.shutdown, state)),
    enter: (state, { gate }) => Effect.as(passed(gate), state),
    note: (state) => state,
    ask: (state) => GenServer.reply(undefined, state)
  },
  info: (state) => state
})

/** A raw process that begins when it has passed. */
export const Raw = Process.define("priorities/Raw", { mailbox: Schema.String, args: {} })

/** The code of {@link Raw}. */
export const RawLive = Raw.implement((self) => self.receive)

/** What a {@link Worker} does next: it is on the scheduler of whoever says so. */
export const job: { current: Effect.Effect<unknown, unknown, Process.Provided> } = { current: Effect.void }

/** The callbacks of a server, in any of which it may wait. */
export const callbacks = ["init", "handle", "info", "continue", "timeout", "terminate"] as const

/** Does what {@link job} says, in one of its callbacks. */
export const Worker = GenServer.define("priorities/Worker", {
  args: { at: Schema.Literals(callbacks) },
  info: Schema.String,
  protocol: { work: GenServer.cast(), stop: GenServer.cast() }
})

const work = Effect.suspend(() => Effect.orDie(job.current))

/** The code of {@link Worker}. */
export const WorkerLive = Worker.implement({
  init: ({ at }) => (at === "init" ? Effect.as(work, at as string) : (at as string)),
  handle: {
    work: (at) => {
      if (at === "handle") return Effect.as(work, at)
      if (at === "continue") return GenServer.noReply(at, { continue: "work" })
      return at === "timeout" ? GenServer.noReply(at, { timeout: 1 }) : at
    },
    stop: (at) => GenServer.stop(ExitReason.normal, at)
  },
  info: (at, message) => (at === "info" && typeof message === "string" ? Effect.as(work, at) : at),
  continue: (at) => Effect.as(work, at),
  timeout: (at) => Effect.as(work, at),
  terminate: (at) => (at === "terminate" ? work : Effect.void)
})

/** Of another contract than anything. */
export const Stranger = GenServer.define("priorities/Stranger", {
  protocol: { strange: GenServer.call(), note: GenServer.cast() }
})

/** Servers by name. */
export const shelf = Registry.unique("priorities/shelf", Server, Schema.String, { value: Schema.Int })

/** The same on every scheduler. */
export const program = {
  implementations: [GateLive, ServerLive, RawLive, WorkerLive, Supervisor.implementation, Registry.implementation],
  layer: Logger.layer([Logger.make(() => undefined)])
}
