/**
 * Those who are sent what was not meant for them, and the contract it was meant for. The contracts agree in everything but their
 * names: at the same position stands a message of the same kind with the same payload, so that nothing else tells them apart.
 */
import { ExitReason, GenServer, Process, type System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const value = { value: Schema.Int }

/** A call that is not ended by its timeout. */
export const patient = { timeout: "Infinity" } as const

/** A schema that shares `Schema.Int` with those of the receivers, and nothing else. */
export const Foreign = Schema.Union([Schema.Int, Schema.Struct({ x: Schema.Int })])

/** What testers take: words, and aliases that they know under a schema of their own. */
export const Word = Schema.Union([Schema.Int, Schema.String, Schema.Struct({ alias: Process.alias(Foreign) })])

// --- the contract that messages are meant for --------------------------------------------------------------------------

/** See the file's header. It has two messages more than the others. */
export const Meant = GenServer.define("contracts/Meant", {
  protocol: {
    note: GenServer.cast(value),
    ask: GenServer.call({ payload: value, success: Schema.Int }),
    further: GenServer.call(),
    furtherNote: GenServer.cast()
  }
})

/** The code of {@link Meant}. */
export const MeantLive = Meant.implement({
  init: () => 0,
  handle: {
    note: (state, { value }) => state + value,
    ask: (state, { value }) => GenServer.reply(state + value, state + value),
    further: (state) => GenServer.reply(undefined, state),
    furtherNote: (state) => state
  }
})

/** As {@link Meant}, of servers whose senders wait for room. */
export const MeantBounded = GenServer.define("contracts/MeantBounded", {
  protocol: Meant.protocol,
  mailbox: { capacity: 1, overflow: "suspend" }
})

/** The code of {@link MeantBounded}. */
export const MeantBoundedLive = MeantBounded.implement({
  init: () => 0,
  handle: {
    note: (state, { value }) => state + value,
    ask: (state, { value }) => GenServer.reply(state + value, state + value),
    further: (state) => GenServer.reply(undefined, state),
    furtherNote: (state) => state
  }
})

/** A contract whose servers take plain messages of {@link Foreign}. There are none. */
export const Foreigner = GenServer.define("contracts/Foreigner", { info: Foreign, protocol: {} })

// --- receivers ---------------------------------------------------------------------------------------------------------

const keeping = {
  put: GenServer.cast(value),
  sum: GenServer.call({ payload: value, success: Schema.Int }),
  kept: GenServer.call({ success: Schema.Array(Schema.String) })
}

type Kept = ReadonlyArray<string>

const keep = {
  put: (state: Kept, { value }: { readonly value: number }) => [...state, `put ${value}`],
  sum: (state: Kept, { value }: { readonly value: number }) => GenServer.reply(value, [...state, `sum ${value}`]),
  kept: (state: Kept) => GenServer.reply(state, state)
}

/** Keeps what it is told. */
export const Ledger = GenServer.define("contracts/Ledger", { protocol: keeping })

/** The code of {@link Ledger}. */
export const LedgerLive = Ledger.implement({ init: (): Kept => [], handle: keep })

/** As {@link Ledger}; takes plain messages too. */
export const Diary = GenServer.define("contracts/Diary", {
  info: Schema.Union([Schema.Int, Schema.String]),
  protocol: keeping
})

/** The code of {@link Diary}. */
export const DiaryLive = Diary.implement({
  init: (): Kept => [],
  handle: keep,
  info: (state, message) =>
    message instanceof Process.Down || message instanceof Process.Exit ? state : [...state, `heard ${message}`]
})

/** Its implementation lacks handlers, as only code without types can make it. */
export const Incomplete = GenServer.define("contracts/Incomplete", {
  protocol: { ...keeping, lost: GenServer.call({ payload: value }), lostNote: GenServer.cast(value) }
})

/** The code of {@link Incomplete}. */
export const IncompleteLive = Incomplete.implement({
  init: (): Kept => [],
  handle: keep as never as typeof keep & { readonly lost: never; readonly lostNote: never }
})

/** Waits at a gate when it is told to; others wait for room in its mailbox. */
export const Stuck = GenServer.define("contracts/Stuck", {
  mailbox: { capacity: 1, overflow: "suspend" },
  protocol: { ...keeping, enter: GenServer.cast({ gate: Process.anyPid }) }
})

/** The code of {@link Stuck}. */
export const StuckLive = Stuck.implement({
  init: (): Kept => [],
  handle: {
    ...keep,
    enter: (state, { gate }) => Effect.as(Effect.orDie(Gate.at(gate).pass(patient)), state)
  }
})

/** Lets nobody pass until it is opened. */
export const Gate = GenServer.define("contracts/Gate", {
  protocol: { pass: GenServer.call(), waiting: GenServer.call({ success: Schema.Int }), open: GenServer.call() }
})

/** The code of {@link Gate}. */
export const GateLive = Gate.implement({
  init: (): ReadonlyArray<GenServer.From<void, never>> => [],
  handle: {
    pass: (waiting, { from }) => GenServer.noReply([...waiting, from]),
    waiting: (waiting) => GenServer.reply(waiting.length, waiting),
    open: (waiting) =>
      Effect.as(
        Effect.forEach(waiting, (from) => GenServer.replyTo(from, undefined)),
        GenServer.reply(undefined, [])
      )
  }
})

/** What a raw receiver answers with all that it has heard, as JSON. */
export const tell = "tell"

const rawArgs = {
  /** Is given an alias of the process as it starts, and what it has heard when it hears {@link tell}. */
  to: Process.pid(Word)
}

const hears = (self: Process.Self<unknown>, { to }: { readonly to: Process.Pid<typeof Word.Type> }) =>
  Effect.gen(function* () {
    // Whoever gets it says by a schema of its own what may be sent through it
    yield* Process.send(to, { alias: (yield* self.alias()) as Process.Alias<unknown> })
    const heard: Array<unknown> = []
    while (true) {
      const message = yield* self.receive
      if (message === tell) yield* Process.send(to, JSON.stringify(heard))
      else heard.push(message)
    }
  })

/** A raw process whose mailbox has a schema. */
export const Listener = Process.define("contracts/Listener", {
  mailbox: Schema.Union([Schema.Int, Schema.String]),
  args: rawArgs
})

/** The code of {@link Listener}. */
export const ListenerLive = Listener.implement((self, args) => hears(self as Process.Self<unknown>, args))

/** A raw process that takes anything. */
export const Anything = Process.define("contracts/Anything", { mailbox: Schema.Unknown, args: rawArgs })

/** The code of {@link Anything}. */
export const AnythingLive = Anything.implement(hears)

// --- those who help ----------------------------------------------------------------------------------------------------

/** Gives addresses to others in its answers, and holds them up. */
export const Broker = GenServer.define("contracts/Broker", {
  protocol: {
    refOf: GenServer.call({ payload: { pid: Process.anyPid }, success: Meant.ref }),
    refNamed: GenServer.call({ payload: { name: Schema.String }, success: Meant.ref }),
    pidOf: GenServer.call({ payload: { pid: Process.anyPid }, success: Process.pid(Foreign) }),
    /** Ends, which is reported: whatever was reported on its scheduler before has been heard of then. */
    crash: GenServer.cast()
  }
})

/** The code of {@link Broker}. */
export const BrokerLive = Broker.implement({
  init: () => 0,
  handle: {
    refOf: (state, { pid }) => GenServer.reply(Meant.at(pid), state),
    refNamed: (state, { name }) => GenServer.reply(Meant.named(name), state),
    // As code without types would
    pidOf: (state, { pid }) => GenServer.reply(pid as Process.Pid<typeof Foreign.Type>, state),
    crash: () => {
      throw new Error("crashes on purpose")
    }
  }
})

// --- those who call themselves -------------------------------------------------------------------------------------------

/** How a process comes to call itself. */
export const selves = [
  "its context",
  "its pid",
  "its pid, under another contract",
  "its name",
  "its name, under another contract",
  "a name that is its own by now",
  "terminate",
  "terminate, by its name",
  "terminate, under another contract",
  "a supervisor's function",
  "a supervisor's stop"
] as const

/** Calls itself when it is told to, and answers with what came of it. */
export const Selfish = GenServer.define("contracts/Selfish", {
  protocol: {
    callSelf: GenServer.call({ payload: { by: Schema.Literals(selves), name: Schema.String }, success: Schema.String }),
    count: GenServer.call({ success: Schema.Int })
  }
})

const callSelf = (
  by: (typeof selves)[number],
  name: string,
  self: GenServer.Ref<(typeof Selfish)["protocol"]>,
  pid: Process.Pid
): Effect.Effect<unknown, GenServer.CallError, System.System> => {
  switch (by) {
    case "its context":
      return self.count(patient)
    case "its pid":
      return Selfish.at(pid).count(patient)
    case "its pid, under another contract":
      return Meant.at(pid).further(patient)
    case "its name":
      return Selfish.named(name).count(patient)
    case "its name, under another contract":
      return Meant.named(name).further(patient)
    case "a name that is its own by now":
      return Effect.andThen(
        Process.unregister(name),
        Effect.andThen(
          Effect.orDie(Process.register(`${name}, later`, pid)),
          Selfish.named(`${name}, later`).count(patient)
        )
      )
    case "terminate":
      return GenServer.terminate(self)
    case "terminate, by its name":
      return GenServer.terminate(Selfish.named(name))
    case "terminate, under another contract":
      return GenServer.terminate(Meant.at(pid), { reason: ExitReason.shutdown })
    case "a supervisor's function":
      return Supervisor.whichChildren(pid)
    case "a supervisor's stop":
      return Supervisor.stop(name)
  }
}

/** What a call of oneself came to: the name of its error. */
const told = (calling: Effect.Effect<unknown, GenServer.CallError, System.System>) =>
  Effect.match(calling, { onSuccess: () => "an answer", onFailure: (error) => error._tag })

/** The code of {@link Selfish}. */
export const SelfishLive = Selfish.implement({
  init: () => 0,
  handle: {
    callSelf: (state, { by, name }, { pid, self }) =>
      Effect.map(told(callSelf(by, name, self, pid)), (answer) => GenServer.reply(answer, state + 1)),
    count: (state) => GenServer.reply(state, state)
  }
})

/** As {@link Selfish}, of a raw process: tells what came of each way that it has. */
export const SelfishRaw = Process.define("contracts/SelfishRaw", { mailbox: Schema.Never, args: rawArgs })

/** The code of {@link SelfishRaw}. */
export const SelfishRawLive = SelfishRaw.implement(({ pid }, { to }) =>
  Effect.gen(function* () {
    yield* Process.register(`raw ${pid}`, pid)
    const ways = [
      Meant.at(pid).ask({ value: 1 }, patient),
      Meant.named(`raw ${pid}`).further(patient),
      GenServer.terminate(Meant.at(pid)),
      Supervisor.countChildren(pid)
    ]
    for (const way of ways) yield* Process.send(to, yield* told(way))
  })
)
