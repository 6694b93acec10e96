import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect } from "vitest"
import {
  advance,
  advanceToNext,
  concurrently,
  crash,
  Probe,
  runProcess,
  settle,
  startSupervised,
  stopSupervised,
  trace,
  whereMade
} from "../src/index.ts"
import { errorOf } from "../src/Run.ts"
import { it } from "../src/vitest.ts"
import { Counter, CounterLive, SilentLive } from "./actors.ts"

const options = { implementations: [CounterLive] } as const

describe("startSupervised", () => {
  it.process("starts a contract that the system knows, and an implementation that it does not", options, function* () {
    const one = yield* startSupervised(Counter, { start: 1 })
    expect(yield* one.get()).toBe(1)
  })

  it.process("starts an implementation that the system does not know", function* () {
    const two = yield* startSupervised(CounterLive, { start: 2 }, { name: "two", label: "second" })
    expect(yield* two.get()).toBe(2)
    expect(yield* Process.whereis("two")).toEqual(two.pid)
  })

  it("fails as the start does: for a contract without an implementation, and when init fails", async () => {
    const unknown = await runProcess(function* () {
      yield* startSupervised(Counter, { start: 1 })
    })
    expect(Exit.isFailure(unknown) && errorOf(unknown)).toMatchObject({
      _tag: "StartError",
      problem: "unknown-contract"
    })
    const FailsLive = GenServer.define("kit/Fails", { protocol: {} }).implement({
      init: () => Effect.fail("no"),
      handle: {}
    })
    const fails = await runProcess(function* () {
      yield* startSupervised(FailsLive)
    })
    expect(Exit.isFailure(fails) && errorOf(fails)).toMatchObject({ _tag: "StartError", problem: "failed" })
  })

  it("stops all when the test ends, the youngest first and in order, also when it fails", async () => {
    const stopped: Array<string> = []
    const Told = GenServer.define("kit/Told", { args: { name: Schema.String }, protocol: {} })
    const ToldLive = Told.implement({
      init: ({ name }) => name,
      handle: {},
      trapExit: true,
      terminate: (name, reason) => Effect.sync(() => stopped.push(`${name} ${ExitReason.format(reason)}`))
    })
    const exit = await runProcess(function* () {
      yield* startSupervised(ToldLive, { name: "one" })
      yield* startSupervised(ToldLive, { name: "two" })
      yield* startSupervised(ToldLive, { name: "three" })
      return yield* Effect.fail("ended")
    })
    expect(Exit.isFailure(exit) && errorOf(exit)).toBe("ended")
    expect(stopped).toEqual(["three shutdown", "two shutdown", "one shutdown"])
  })

  it.process("kills a child that does not stop in time", function* () {
    const StubbornLive = GenServer.define("kit/Stubborn", { protocol: {} }).implement({
      init: () => 0,
      handle: {},
      trapExit: true,
      terminate: () => Effect.never
    })
    const child = yield* startSupervised(StubbornLive, {}, { shutdown: 100 })
    const probe = yield* Probe.monitor(child)
    yield* stopSupervised(child)
    yield* probe.expectDown({ reason: "Killed" })
  })

  it.process("a child that ends does not end the test, and is started again only where that is said", function* () {
    const gone = yield* startSupervised(CounterLive, { start: 1 })
    const kept = yield* startSupervised(CounterLive, { start: 2 }, { name: "kept", restart: "permanent" })
    yield* kept.increment({ by: 5 })
    yield* crash(gone)
    yield* crash(kept)
    yield* settle()
    expect(yield* Process.isAlive(gone.pid)).toBe(false)
    const again = Counter.named("kept")
    expect(yield* again.get()).toBe(2)
    yield* stopSupervised("kept")
    expect(yield* Process.whereis("kept")).toBeUndefined()
  })

  it.process("stops only what it has started", options, function* () {
    const other = yield* GenServer.start(Counter, { start: 0 })
    expect((yield* Effect.flip(stopSupervised(other)))._tag).toBe("NotSupervised")
    yield* GenServer.terminate(other)
  })
})

describe("time", () => {
  it.process("advances by so much, with all that is due on the way", function* () {
    const seen: Array<number> = []
    const tick = (at: number) =>
      Effect.andThen(
        Process.sleep(at),
        Effect.sync(() => seen.push(at))
      )
    for (const at of [3000, 1000, 2000, 5000]) yield* Process.spawn(Schema.Never, () => tick(at))
    yield* advance("3 seconds")
    expect(seen).toEqual([1000, 2000, 3000])
    expect(yield* Effect.clockWith((clock) => clock.currentTimeMillis)).toBe(3000)
    yield* advance("1 hour")
    expect(seen).toEqual([1000, 2000, 3000, 5000])
  })

  it.process("advances to the next timer, and says how far that was; to none when there is none", function* () {
    expect(yield* advanceToNext()).toBeUndefined()
    const probe = yield* Probe.make(Schema.String)
    yield* Process.sendAfter(probe.pid, "late", "20 minutes")
    yield* Process.sendAfter(probe.pid, "soon", "3 seconds")
    yield* Effect.forkScoped(Effect.sleep("1 minute"))
    const passed: Array<number> = []
    for (let times = 0; times < 3; times++) {
      const next = yield* advanceToNext()
      if (next !== undefined) passed.push(Duration.toMillis(next))
    }
    expect(passed).toEqual([3000, 57_000, 19 * 60_000])
    expect(probe.messages()).toEqual(["soon", "late"])
  })

  it.process("advances to the timeout of a call, and of a receive", function* () {
    const silent = yield* startSupervised(SilentLive)
    const asking = yield* Effect.forkScoped(Effect.flip(silent.ask({ timeout: "7 seconds" })))
    const receiving = yield* Process.spawn(Schema.Never, (self) => Effect.flip(self.receiveWithin("9 seconds")))
    const first = yield* advanceToNext()
    expect(first && Duration.toMillis(first)).toBe(7000)
    expect((yield* Fiber.join(asking))._tag).toBe("CallTimeout")
    expect(yield* Process.isAlive(receiving)).toBe(true)
    yield* advanceToNext()
    expect(yield* Process.isAlive(receiving)).toBe(false)
  })

  it.process("settles when nothing is ready, and no time passes", { schedulers: 2, ...options }, function* () {
    const counter = yield* startSupervised(Counter, { start: 0 }, { on: { scheduler: 1 } })
    const done: Array<string> = []
    yield* Process.spawn(Schema.Never, () => Effect.map(counter.get(), () => done.push("call")))
    yield* settle()
    expect(done).toEqual(["call"])
    expect(yield* Effect.clockWith((clock) => clock.currentTimeMillis)).toBe(0)
  })

  it("works in a system under a TestClock that the test moves, and under a real clock", async () => {
    const body = Process.run((self) =>
      Effect.gen(function* () {
        yield* Process.sendAfter(self.pid, "tick", "20 millis")
        yield* advance("20 millis")
        const probe = yield* Probe.make(Schema.String)
        yield* Process.send(probe.pid, "hi")
        yield* settle()
        yield* probe.expect("hi", { within: 0 })
        return yield* self.receiveWithin(0)
      })
    )
    const layer = System.layer({ schedulers: 1, virtual: true })
    expect(await Effect.runPromise(body.pipe(Effect.provide(layer), Effect.provide(TestClock.layer())))).toBe("tick")
    expect(await Effect.runPromise(body.pipe(Effect.provide(layer)))).toBe("tick")
  })
})

describe("concurrently", () => {
  it.process("gives the results in order, each from a process of its own", function* (self) {
    const work = (ms: number) => Effect.andThen(Process.sleep(ms), Process.self)
    const pids = yield* concurrently(work(30), work(10), work(20))
    expect(new Set([...pids, self.pid].map(String)).size).toBe(4)
    const [text, number] = yield* concurrently(Effect.succeed("a"), Effect.succeed(1))
    expect([text.length, number + 1]).toEqual([1, 2])
  })

  it.process("says which one failed, and with what, after all have run", function* () {
    let ran = false
    const late = Effect.andThen(
      Process.sleep(10),
      Effect.sync(() => (ran = true))
    )
    const error = yield* Effect.flip(concurrently(Effect.void, Effect.fail("no"), late))
    expect(error).toMatchObject({ _tag: "ConcurrentFailure", index: 1, count: 3, error: "no" })
    expect(error.message).toBe("effect 2 of 3 failed: no")
    expect(ran).toBe(true)
  })
})

describe("crash", () => {
  it.process("kills a process, and returns its Down when it is gone", function* () {
    const counter = yield* startSupervised(CounterLive, { start: 0 })
    const down = yield* crash(counter)
    expect(down.reason._tag).toBe("Killed")
    expect(yield* Process.isAlive(counter.pid)).toBe(false)
  })

  it.process("sends a reason where one is given, and says when it was survived", function* () {
    const plain = yield* startSupervised(CounterLive, { start: 0 })
    expect((yield* crash(plain, { reason: ExitReason.failed("boom") })).reason).toMatchObject({ _tag: "Failed" })
    const probe = yield* Probe.make(Schema.Never)
    const error = yield* Effect.flip(crash(probe, { reason: ExitReason.failed("boom") }))
    expect(error).toMatchObject({ _tag: "CannotCrash", problem: "survived" })
  })

  it.process("fails when there is no such process", function* () {
    const counter = yield* startSupervised(CounterLive, { start: 0 })
    yield* crash(counter)
    expect(yield* Effect.flip(crash(counter))).toMatchObject({ problem: "no-process" })
    expect(yield* Effect.flip(crash("nobody"))).toMatchObject({ problem: "no-process", process: "nobody" })
  })
})

describe("trace", () => {
  it.process("gives messages, calls, answers and failures in order, with their times", function* (self) {
    const counter = yield* startSupervised(CounterLive, { start: 4 })
    const { events, text, value } = yield* trace(
      counter,
      Effect.gen(function* () {
        yield* counter.increment({ by: 2 })
        yield* Process.sleep(100)
        yield* Effect.ignore(counter.divide({ by: 0 }))
        return yield* counter.get()
      })
    )
    expect(value).toBe(6)
    expect(events.map(({ _tag, at }) => [_tag, at])).toEqual([
      ["Cast", 0],
      ["Call", 100],
      ["Answer", 100],
      ["Call", 100],
      ["Answer", 100]
    ])
    expect(events.map((event) => event._tag === "Call" && `${event.from}`)[1]).toBe(`${self.pid}`)
    expect(text).toMatch(
      /0 ms {2}takes the cast increment .*by: 2.*answers divide with a failure: .*by zero.*answers get 6/s
    )
  })

  it.process("gives links, signals and the end; and nothing of what comes after", function* () {
    const process = yield* Process.spawn(Schema.String, (self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        yield* self.receive
        yield* self.receive
      })
    )
    const other = yield* Process.spawn(Schema.String, (self) => self.receive)
    yield* settle()
    const probe = yield* Probe.make(Schema.Never)
    const { events } = yield* trace(
      process,
      Effect.gen(function* () {
        yield* probe.as(Process.link(process))
        yield* Process.send(process, "one")
        yield* settle()
        yield* Process.exit(process, ExitReason.failed("no"))
      })
    )
    yield* Process.exit(other, ExitReason.kill)
    expect(events.map(({ _tag }) => _tag)).toEqual(["Linked", "Message", "Exit", "Ended"])
  })

  it.process(
    "does not trace a process that is gone, elsewhere, or traced",
    { schedulers: 2, ...options },
    function* () {
      const far = yield* startSupervised(Counter, { start: 0 }, { on: { scheduler: 1 } })
      expect(yield* Effect.flip(trace(far, Effect.void))).toMatchObject({ problem: "elsewhere" })
      expect(yield* Effect.flip(trace("nobody", Effect.void))).toMatchObject({ problem: "no-process" })
      const near = yield* startSupervised(Counter, { start: 0 })
      const twice = trace(near, trace(near, Effect.void))
      expect(yield* Effect.flip(twice)).toMatchObject({ problem: "traced" })
      yield* trace(near, Effect.void)
    }
  )
})

describe("whereMade", () => {
  it.process("says who has started a process, and where", function* () {
    const pid = yield* Process.spawn(Schema.String, (self) => self.receive, { label: "idler" })
    const origin = yield* whereMade(pid)
    expect(origin?.name).toBe(`idler ${pid}`)
    expect(origin?.startedBy).toMatch(/^test /)
    expect(origin?.madeAt).toContain("kit.test.ts")
    yield* crash(pid)
    expect(yield* whereMade(pid)).toBeUndefined()
  })
})

describe("it.process", () => {
  it.process.fails("fails when the body fails", () => Effect.fail("no"))
  it.process.fails("fails when something is left", function* () {
    yield* Process.spawn(Schema.String, (self) => self.receive)
  })
  it.process.skip("does not run what is skipped", () => Effect.fail("no"))
  it.process.skipIf(true)("does not run what is skipped if something is so", () => Effect.fail("no"))
  it.process.runIf(true)("runs what is to run if something is so", { vitest: { timeout: 5000 } }, () => Effect.void)
  it("is beside vitest's own", () => undefined)
})
