import { it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

const Reason = Schema.Unknown as Schema.Codec<ExitReason.ExitReason>

class NotPositive extends Schema.TaggedError<NotPositive>()("NotPositive", { was: Schema.Int }) {}

/** Collects what happened, per test. */
class Log extends Context.Service<Log, Array<string>>()("test/Log") {}

const Counter = GenServer.define("Counter", {
  args: { start: Schema.Int },
  info: Schema.Literal("tick"),
  protocol: {
    increment: GenServer.cast({ by: Schema.Int }),
    get: GenServer.call({ success: Schema.Int }),
    divide: GenServer.call({ payload: { by: Schema.Int }, success: Schema.Int, error: NotPositive }),
    later: GenServer.call({ success: Schema.String }),
    answerLater: GenServer.cast({ text: Schema.String }),
    slow: GenServer.call({ success: Schema.Int }),
    release: GenServer.cast(),
    quit: GenServer.cast({ reason: Reason }),
    quitWithReply: GenServer.call({ success: Schema.String }),
    crash: GenServer.cast(),
    crashCall: GenServer.call(),
    wrongReply: GenServer.call({ success: Schema.Int }),
    thenContinue: GenServer.call({ success: Schema.String }),
    callSelf: GenServer.call({ success: Schema.String })
  }
})

interface State {
  readonly count: number
  readonly waiting: ReadonlyArray<GenServer.From<string, never>>
  readonly gate: Deferred.Deferred<void>
}

const CounterLive = Counter.implement({
  init: ({ start }) =>
    start < 0
      ? Effect.succeed(GenServer.stop(ExitReason.failed("negative"), undefined))
      : Effect.map(Deferred.make<void>(), (gate): State => ({ count: start, waiting: [], gate })),
  handle: {
    increment: (state, { by }) => ({ ...state, count: state.count + by }),
    get: (state) => GenServer.reply(state.count, state),
    divide: (state, { by }) =>
      by > 0
        ? Effect.succeed(GenServer.reply(Math.trunc(state.count / by), state))
        : Effect.fail(new NotPositive({ was: by })),
    later: (state, { from }) => GenServer.noReply({ ...state, waiting: [...state.waiting, from] }),
    answerLater: (state, { text }) =>
      Effect.as(
        Effect.forEach(state.waiting, (from) => GenServer.replyTo(from, text)),
        { ...state, waiting: [] }
      ),
    slow: (state) => Effect.as(Deferred.await(state.gate), GenServer.reply(state.count, state)),
    release: (state) => Effect.as(Deferred.succeed(state.gate, undefined), state),
    quit: (state, { reason }) => GenServer.stop(reason, state),
    quitWithReply: (state) => GenServer.stopWithReply(ExitReason.normal, "bye", state),
    crash: () => {
      throw new Error("boom")
    },
    crashCall: () => Effect.die(new Error("boom in a call")),
    wrongReply: (state) => GenServer.reply("not a number" as unknown as number, state),
    thenContinue: (state) => GenServer.reply("answered", state, { continue: "after the answer" }),
    callSelf: (state, { self }) =>
      Effect.match(self.get(), {
        onFailure: (error) => GenServer.reply<string, State>(error._tag, state),
        onSuccess: () => GenServer.reply<string, State>("answered", state)
      })
  },
  info: (state, message) =>
    Effect.as(
      Effect.flatMap(Log, (log) => Effect.sync(() => log.push(`info ${message === "tick" ? message : message._tag}`))),
      state
    ),
  continue: (state, what) =>
    Effect.as(
      Effect.flatMap(Log, (log) => Effect.sync(() => log.push(`continue ${what}`))),
      state
    ),
  terminate: (state, reason) =>
    Effect.gen(function* () {
      // Whoever could go on by now has gone on
      yield* Effect.yieldNow
      const log = yield* Log
      log.push(`terminate ${state.count} ${ExitReason.format(reason)}`)
    })
})

const Idle = GenServer.define("Idle", {
  args: { timeout: Schema.Int },
  protocol: { poke: GenServer.cast(), seen: GenServer.call({ success: Schema.Int }) }
})
const IdleLive = Idle.implement({
  init: ({ timeout }) => GenServer.noReply(0, { timeout }),
  handle: { poke: (seen) => seen, seen: (seen) => GenServer.reply(seen, seen) },
  timeout: (seen) =>
    Effect.as(
      Effect.flatMap(Log, (log) => Effect.sync(() => log.push("timeout"))),
      seen + 1
    )
})

const Guarded = GenServer.define("Guarded", { protocol: { ping: GenServer.call({ success: Schema.String }) } })
const GuardedLive = Guarded.implement({
  trapExit: true,
  init: () => "ready",
  handle: { ping: (state) => GenServer.reply("pong", state) },
  info: (state, message) =>
    Effect.as(
      Effect.flatMap(Log, (log) => Effect.sync(() => log.push(`info ${message._tag}`))),
      state
    ),
  terminate: (_, reason) =>
    Effect.flatMap(Log, (log) => Effect.sync(() => log.push(`terminate ${ExitReason.format(reason)}`)))
})

const Bounded = GenServer.define("Bounded", {
  mailbox: { capacity: 2, overflow: "suspend" },
  protocol: {
    note: GenServer.cast({ n: Schema.Int }),
    block: GenServer.call(),
    seen: GenServer.call({ success: Schema.Array(Schema.Int) })
  }
})
const gate = Deferred.makeUnsafe<void>()
const BoundedLive = Bounded.implement({
  init: (): ReadonlyArray<number> => [],
  handle: {
    note: (seen, { n }) => [...seen, n],
    block: (seen) => Effect.as(Deferred.await(gate), GenServer.reply(undefined, seen)),
    seen: (seen) => GenServer.reply(seen, seen)
  }
})

const Ignored = GenServer.define("Ignored", { protocol: {} })
const IgnoredLive = Ignored.implement({ init: () => GenServer.ignore, handle: {} })

const Endless = GenServer.define("Endless", { protocol: {} })
const EndlessLive = Endless.implement({ init: () => Effect.never, handle: {} })

const live = Layer.fresh(
  Layer.unwrap(
    Effect.map(Log, (log) =>
      System.layer({
        implementations: [CounterLive, IdleLive, GuardedLive, BoundedLive, IgnoredLive, EndlessLive],
        layer: Layer.succeed(Log, log)
      })
    )
  )
).pipe(
  Layer.provideMerge(
    Layer.effect(
      Log,
      Effect.sync((): Array<string> => [])
    )
  )
)

const test = <A, E>(title: string, body: Effect.Effect<A, E, System.System | Log | import("effect/Scope").Scope>) =>
  it.live(title, () => Effect.provide(body, live) as Effect.Effect<A, E>)

const downOf = (ref: { readonly pid: Process.Pid }, after: Effect.Effect<unknown, unknown, System.System>) =>
  Process.run((self) =>
    Effect.gen(function* () {
      yield* Process.monitor(ref.pid)
      yield* Effect.ignore(after)
      return yield* self.receiveWhen((message) => message instanceof Process.Down)
    })
  )

describe("GenServer", () => {
  test(
    "casts change the state in order, calls answer from it",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 40 })
      yield* counter.increment({ by: 1 })
      yield* counter.increment({ by: 1 })
      expect(yield* counter.get()).toBe(42)
    })
  )

  test(
    "a typed failure of a handler is the call's answer, and the server goes on",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 10 })
      const error = yield* Effect.flip(counter.divide({ by: 0 }))
      expect(error).toBeInstanceOf(NotPositive)
      expect(error).toMatchObject({ _tag: "NotPositive", was: 0 })
      expect(yield* counter.divide({ by: 5 })).toBe(2)
    })
  )

  test(
    "a payload that is not of the schema is the sender's defect, naming message and field, and nothing is sent",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 1 })
      for (const wrong of [counter.increment({ by: "2" as unknown as number }), counter.divide({ by: 1.5 })]) {
        const exit = yield* Effect.exit(wrong)
        const defect = Exit.isFailure(exit)
          ? exit.cause.reasons.find((reason) => reason._tag === "Die")?.defect
          : undefined
        expect(defect).toBeInstanceOf(Process.InvalidMessage)
        expect(String(defect)).toMatch(/Counter\.(increment|divide).*by/s)
      }
      expect(yield* counter.get()).toBe(1)
    })
  )

  test(
    "arguments that are not of the schema are the starter's defect",
    Effect.gen(function* () {
      const exit = yield* Effect.exit(GenServer.start(Counter, { start: "1" as unknown as number }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toMatch(/Counter args.*start/s)
    })
  )

  test(
    "GS23 an answer may come later, from another step",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 1 })
      const asking = yield* Effect.forkChild(counter.later(), { startImmediately: true })
      yield* counter.get()
      yield* counter.answerLater({ text: "here you are" })
      expect(yield* Fiber.join(asking)).toBe("here you are")
    })
  )

  test(
    "GS13 the answer is sent before the continuation runs, the continuation before the next message",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 1 })
      const answer = yield* Effect.forkChild(counter.thenContinue(), { startImmediately: true })
      // It waits behind the call by now
      yield* Process.send(counter.pid as Process.Pid<unknown>, "tick")
      expect(yield* Fiber.join(answer)).toBe("answered")
      yield* counter.get()
      expect(log).toEqual(["continue after the answer", "info tick"])
    })
  )

  test(
    "GS14 GS15 a call to a process or a name that is not there fails with NoProcess, saying who was called with what",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 1 })
      yield* GenServer.terminate(counter)
      expect(yield* Effect.flip(counter.get())).toMatchObject({
        _tag: "NoProcess",
        callee: String(counter.pid),
        call: "Counter.get",
        reason: ExitReason.noProcess
      })
      expect(yield* Effect.flip(Counter.named("nobody").get())).toMatchObject({ _tag: "NoProcess", callee: "nobody" })
      // GS27
      yield* counter.increment({ by: 1 })
      yield* Counter.named("nobody").increment({ by: 1 })
    })
  )

  test(
    "GS17 GS18 a call times out, the server goes on, and its late answer is dropped",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 3 })
      expect(yield* Effect.flip(counter.slow({ timeout: 5 }))).toMatchObject({
        _tag: "CallTimeout",
        call: "Counter.slow",
        after: 5
      })
      // The handler is still waiting: what it answers in the end reaches nobody
      const again = yield* Effect.flip(counter.get({ timeout: 5 }))
      expect(again._tag).toBe("CallTimeout")
    })
  )

  test(
    "GS32 GS21 a crash ends the server with the error after terminate, and fails the call with the same reason",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 5 })
      const error = yield* Effect.flip(counter.crashCall())
      expect(error).toMatchObject({ _tag: "NoProcess", reason: { _tag: "Died", defect: new Error("boom in a call") } })
      expect(log).toEqual(["terminate 5 died: Error: boom in a call"])
    })
  )

  test(
    "a reply of the wrong type ends the server with BadReturnValue",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 5 })
      const error = yield* Effect.flip(counter.wrongReply())
      expect(error).toMatchObject({
        _tag: "NoProcess",
        reason: { _tag: "Failed", error: { _tag: "BadReturnValue", callback: "Counter.wrongReply" } }
      })
    })
  )

  test(
    "GS22 stopWithReply runs terminate before the answer",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 5 })
      expect(yield* counter.quitWithReply()).toBe("bye")
      expect(log).toEqual(["terminate 5 normal"])
    })
  )

  test(
    "GS42 terminate ends it in order with the given reason, and has ended it on return",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 5 }, { name: "counter" })
      yield* GenServer.terminate(Counter.named("counter"), { reason: ExitReason.shutdown })
      expect(log).toEqual(["terminate 5 shutdown"])
      expect(yield* Process.isAlive(counter.pid)).toBe(false)
      expect(yield* Process.whereis("counter")).toBeUndefined()
      expect(yield* Effect.flip(GenServer.terminate(counter))).toMatchObject({ _tag: "NoProcess" })
    })
  )

  test(
    "GS04 GS03 init that stops fails the start with the reason, and leaves no process",
    Effect.gen(function* () {
      const error = yield* Effect.flip(GenServer.start(Counter, { start: -1 }))
      expect(error).toMatchObject({ _tag: "StartError", problem: "failed", reason: ExitReason.failed("negative") })
      expect((yield* Process.list).filter((info) => info.label === "Counter")).toEqual([])
    })
  )

  test(
    "GS05 init that ignores is no error of the process, and says so to the starter",
    Effect.map(Effect.flip(GenServer.start(Ignored)), (error) => expect(error.problem).toBe("ignored"))
  )

  test(
    "GS10 init that takes too long is killed and leaves nothing",
    Effect.gen(function* () {
      const error = yield* Effect.flip(GenServer.start(Endless, {}, { timeout: 5 }))
      expect(error.problem).toBe("timeout")
      expect((yield* Process.list).filter((info) => info.label === "Endless")).toEqual([])
    })
  )

  test(
    "N09 a second server of the same name is already-started, with the pid of the first, and no init runs",
    Effect.gen(function* () {
      const first = yield* GenServer.start(Counter, { start: 1 }, { name: "one" })
      const error = yield* Effect.flip(GenServer.start(Counter, { start: -1 }, { name: "one" }))
      expect(error).toMatchObject({ problem: "already-started", pid: String(first.pid) })
    })
  )

  test(
    "a contract without an implementation here cannot be started, and says so",
    Effect.gen(function* () {
      const Unknown = GenServer.define("Unknown", { protocol: {} })
      expect((yield* Effect.flip(GenServer.start(Unknown))).problem).toBe("unknown-contract")
    })
  )

  test(
    "GS34 a trapping server ends in order when its parent does, whatever the reason",
    Effect.gen(function* () {
      const log = yield* Log
      const guarded = yield* Process.run(GenServer.startLink(Guarded))
      yield* Effect.repeat(Process.isAlive(guarded.pid), { until: (alive) => !alive })
      expect(log).toEqual(["terminate normal"])
    })
  )

  test(
    "GS36 a trapping server gets exits of others as messages and goes on",
    Effect.gen(function* () {
      const log = yield* Log
      const guarded = yield* GenServer.start(Guarded)
      yield* Process.exit(guarded.pid, ExitReason.failed("from a stranger"))
      expect(yield* guarded.ping()).toBe("pong")
      expect(log).toEqual(["info Exit"])
    })
  )

  test(
    "an exit signal ends a server that does not trap, without terminate",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 1 })
      const down = yield* downOf(counter, Process.exit(counter.pid, ExitReason.shutdown))
      expect(down.reason).toEqual(ExitReason.shutdown)
      expect(log).toEqual([])
    })
  )

  test(
    "kill ends a server in the middle of a handler",
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter, { start: 1 })
      const asking = yield* Effect.forkChild(Effect.flip(counter.slow()), { startImmediately: true })
      const down = yield* downOf(counter, Process.exit(counter.pid, ExitReason.kill))
      expect(down.reason).toEqual(ExitReason.killed)
      expect(yield* Fiber.join(asking)).toMatchObject({ _tag: "NoProcess", reason: ExitReason.killed })
    })
  )

  test(
    "plain messages of the contract's type go to info, others are the sender's defect",
    Effect.gen(function* () {
      const log = yield* Log
      const counter = yield* GenServer.start(Counter, { start: 1 })
      yield* Process.sendUnknown(counter.pid, "tick")
      const error = yield* Effect.flip(Process.sendUnknown(counter.pid, "tock"))
      expect(error._tag).toBe("InvalidMessage")
      yield* counter.get()
      expect(log).toEqual(["info tick"])
    })
  )

  test(
    "a server that calls itself is told so instead of waiting for its own timeout",
    Effect.flatMap(GenServer.start(Counter, { start: 1 }), (counter) =>
      Effect.map(counter.callSelf(), (tag) => expect(tag).toBe("CallingSelf"))
    )
  )

  test(
    "GS38 the idle timeout fires once without messages",
    Effect.gen(function* () {
      const log = yield* Log
      const idle = yield* GenServer.start(Idle, { timeout: 1 })
      yield* Effect.repeat(
        Effect.sync(() => log.length),
        { until: (length) => length > 0 }
      )
      expect(yield* idle.seen()).toBe(1)
      expect(log).toEqual(["timeout"])
    })
  )

  test(
    "a full mailbox makes senders wait, lets them in in order, and loses nothing",
    Effect.gen(function* () {
      const bounded = yield* GenServer.start(Bounded)
      yield* Effect.forkChild(bounded.block(), { startImmediately: true })
      const senders = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3, 4, 5, 6], (n) => bounded.note({ n }), { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      expect(senders.pollUnsafe()).toBeUndefined()
      const waiting = (yield* Process.info(bounded.pid))?.messageQueueLength
      expect(waiting).toBeLessThanOrEqual(2)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(senders)
      expect(yield* bounded.seen()).toEqual([1, 2, 3, 4, 5, 6])
    })
  )

  test(
    "startLink outside a process ties the server to the scope",
    Effect.gen(function* () {
      const log = yield* Log
      const ref = yield* Effect.scoped(GenServer.startLink(Counter, { start: 9 }))
      expect(yield* Process.isAlive(ref.pid)).toBe(false)
      expect(log).toEqual(["terminate 9 shutdown"])
    })
  )

  it("a pure step runs without any runtime", () => {
    const PureLive = GenServer.define("Pure", { protocol: { add: GenServer.cast({ n: Schema.Int }) } }).implement({
      init: () => 0,
      handle: { add: (sum, { n }) => sum + n }
    })
    expect(PureLive.step("add", 40, { n: 2 })).toBe(42)
  })

  it("a message cannot have a name that refs use themselves", () => {
    expect(() => GenServer.define("Bad", { protocol: { pid: GenServer.cast() } })).toThrow(/"pid"/)
    expect(() => GenServer.define("", { protocol: {} })).toThrow(RangeError)
  })
})
