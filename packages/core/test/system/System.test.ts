import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"
import { Answer, implementations, Oracle, Worker, WorkerLive } from "./actors.ts"

const entry = new URL("./entry.ts", import.meta.url)
const options = { entry, schedulers: 2, implementations, watchdog: "1 second" } as const

type Body = Effect.Effect<unknown, unknown, System.System | Scope.Scope>

/** On real worker schedulers. */
const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, System.layer(options)))

/** On worker schedulers, and on virtual ones. */
const testBoth = (title: string, body: Body) => {
  test(title, body)
  it.live(`${title} (virtual)`, () => Effect.provide(body, System.layer({ ...options, virtual: true })))
}

const elsewhere = { on: { scheduler: 1 } } as const

/** Ends the server's scheduler by `blow` and gives the Down that follows. */
const downAfter = (
  blow: (worker: GenServer.PidRef<typeof Worker.protocol>) => Effect.Effect<unknown, unknown, System.System>
) =>
  Effect.gen(function* () {
    const worker = yield* GenServer.start(Worker, { name: "w" }, elsewhere)
    return yield* Process.run((self) =>
      Effect.gen(function* () {
        const ref = yield* Process.monitor(worker.pid)
        yield* Effect.ignore(blow(worker))
        const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
        expect(down.ref).toBe(ref)
        return down.reason
      })
    )
  })

/** Waits until slot 1 is up again, in a later incarnation than `after`. */
const refilled = (after: number) =>
  Effect.repeat(System.schedulers, {
    until: (slots) => slots[1]?.state === "up" && slots[1].incarnation > after
  })

describe("System", () => {
  testBoth(
    "a server runs where it is placed, and answers from there",
    Effect.gen(function* () {
      const worker = yield* GenServer.start(Worker, { name: "far" }, elsewhere)
      expect(yield* worker.where()).toBe(1)
      expect(yield* worker.echo({ text: "hello, wörld 🎭" })).toBe("far: hello, wörld 🎭")
      const near = yield* GenServer.start(Worker, { name: "near" }, { on: { near: worker.pid } })
      expect(yield* near.where()).toBe(1)
    })
  )

  testBoth(
    "a defined raw process runs where it is placed, and pids travel both ways",
    Effect.gen(function* () {
      const oracle = yield* Process.start(Oracle, {}, elsewhere)
      const asker = yield* Process.spawn(Answer, (self) =>
        Effect.gen(function* () {
          yield* Process.send(oracle, { _tag: "Where", from: self.pid })
          const { slot } = yield* self.receiveTag("Here")
          yield* Process.exit(ExitReason.shutdownWith(slot))
        })
      )
      const ended = yield* Process.run((self) =>
        Effect.andThen(
          Process.monitor(asker),
          self.receiveWhen((message) => message instanceof Process.Down)
        )
      )
      expect(ended.reason).toEqual(ExitReason.shutdownWith(1))
    })
  )

  testBoth(
    "least-loaded spreads the first thousand servers, started all at once, over all schedulers",
    Effect.gen(function* () {
      const workers = yield* Effect.forEach(
        Array.from({ length: 1000 }, (_, n) => n),
        (n) => GenServer.start(Worker, { name: String(n) }, { on: "least-loaded" }),
        { concurrency: "unbounded" }
      )
      const slots = yield* Effect.forEach(workers, (worker) => worker.where())
      expect(slots).toEqual(workers.map((worker) => worker.pid.slot))
      // What waits to run at one moment counts for no more than 64 processes
      expect(slots.filter((slot) => slot === 1).length).toBeGreaterThan(400)
      expect(slots.filter((slot) => slot === 0).length).toBeGreaterThan(400)
    })
  )

  testBoth(
    "a placement that does not exist fails the start",
    Effect.gen(function* () {
      const error = yield* Effect.flip(GenServer.start(Worker, { name: "x" }, { on: { scheduler: 7 } }))
      expect(error).toMatchObject({ problem: "no-such-scheduler", scheduler: 7, schedulers: 2 })
    })
  )

  testBoth(
    "messages larger than the ring arrive whole and in order with small ones",
    Effect.gen(function* () {
      const worker = yield* GenServer.start(Worker, { name: "w" }, elsewhere)
      const sizes = [10, 3_000_000, 20, 1_000_000, 30]
      const lengths = yield* Effect.forEach(sizes, (size) => worker.length({ bytes: new Uint8Array(size) }), {
        concurrency: "unbounded"
      })
      expect(lengths).toEqual(sizes)
    })
  )

  testBoth(
    "a killed scheduler is a SchedulerDown for monitors, and its slot comes back as a new incarnation",
    Effect.gen(function* () {
      const reason = yield* downAfter(() => System.killScheduler(1))
      expect(reason).toEqual(ExitReason.schedulerDown(1))
      const slots = yield* refilled(1)
      expect(slots[1]).toMatchObject({ incarnation: 2, restarts: 1 })
      const worker = yield* GenServer.start(Worker, { name: "again" }, elsewhere)
      expect(yield* worker.where()).toBe(1)
      expect(worker.pid.incarnation).toBe(2)
    })
  )

  testBoth(
    "starts that are given up while their scheduler is refilled do not happen, and nothing is kept of them",
    Effect.gen(function* () {
      const { pending } = yield* System.System
      const start = (name: string, timeout?: number) =>
        GenServer.start(Worker, { name }, { ...elsewhere, name, timeout })
      yield* downAfter(() => System.killScheduler(1))
      const before = pending.size
      for (let count = 0; count < 200; count++) {
        const starting = yield* Effect.forkChild(start(`interrupted ${count}`), { startImmediately: true })
        yield* Fiber.interrupt(starting)
        const late = yield* Effect.result(start(`timed out ${count}`, 0))
        // Once there is a scheduler again, some are in time
        if (late._tag === "Success") yield* GenServer.terminate(late.success)
      }
      // Behind all of them, when there is a scheduler again
      const worker = yield* start("waits")
      expect(yield* worker.where()).toBe(1)
      for (let count = 0; count < 200; count++) {
        expect(yield* Process.whereis(`interrupted ${count}`)).toBe(undefined)
        expect(yield* Process.whereis(`timed out ${count}`)).toBe(undefined)
      }
      expect(pending.size).toBe(before)
      // What has not happened counts nowhere: as soon as the other scheduler is idle, it has less to do than this one with two processes
      for (const name of ["here", "here too"]) yield* GenServer.start(Worker, { name }, { on: { scheduler: 0 } })
      const placed = Effect.gen(function* () {
        const where = yield* GenServer.start(Worker, { name: "somewhere" }, { on: "least-loaded" })
        yield* GenServer.terminate(where)
        return where.pid.slot
      })
      yield* Effect.repeat(placed, { until: (slot) => slot === 1 })
    })
  )

  test(
    "process.exit in a worker ends its scheduler, not the program",
    Effect.map(
      downAfter((worker) => worker.exitThread({ code: 0 })),
      (reason) => expect(reason).toEqual(ExitReason.schedulerDown(1))
    )
  )

  test(
    "an error thrown outside of any process ends its scheduler, not the program",
    Effect.map(
      downAfter((worker) => worker.throwOutside()),
      (reason) => expect(reason).toEqual(ExitReason.schedulerDown(1))
    )
  )

  test(
    "a handler that never yields is ended by the watchdog with its scheduler",
    Effect.map(
      downAfter((worker) => worker.spin()),
      (reason) => expect(reason).toEqual(ExitReason.schedulerDown(1))
    )
  )

  test(
    "a call that waits on a scheduler that dies fails at once with SchedulerDown",
    Effect.gen(function* () {
      const worker = yield* GenServer.start(Worker, { name: "w" }, elsewhere)
      yield* worker.spin()
      const call = yield* Effect.forkChild(Effect.flip(worker.where({ timeout: "Infinity" })), {
        startImmediately: true
      })
      yield* System.killScheduler(1)
      expect(yield* Fiber.join(call)).toMatchObject({ _tag: "NoProcess", reason: ExitReason.schedulerDown(1) })
    })
  )

  testBoth(
    "a start on a slot that is being refilled waits for it",
    Effect.gen(function* () {
      yield* downAfter(() => System.killScheduler(1))
      const worker = yield* GenServer.start(Worker, { name: "patient" }, elsewhere)
      expect(yield* worker.where()).toBe(1)
    })
  )

  testBoth(
    "MC17 a pid of a lost incarnation never reaches a process of the new one",
    Effect.gen(function* () {
      const old = yield* GenServer.start(Worker, { name: "old" }, elsewhere)
      yield* downAfter(() => System.killScheduler(1))
      yield* refilled(1)
      yield* GenServer.start(Worker, { name: "new" }, elsewhere)
      expect(yield* Effect.flip(old.where())).toMatchObject({ _tag: "NoProcess" })
      expect(yield* Process.isAlive(old.pid)).toBe(false)
    })
  )

  testBoth(
    "slot 0 and slots that do not exist cannot be killed",
    Effect.gen(function* () {
      for (const slot of [0, 2, -1, 1.5]) {
        expect(yield* Effect.flip(System.killScheduler(slot))).toMatchObject({ _tag: "NotKillable", slot })
      }
    })
  )

  const bootProblem = (bad: System.Options<never, never>) =>
    Effect.map(Effect.flip(Effect.scoped(Effect.asVoid(importLayer(bad)))), (error) => String(error))

  it.live("schedulers of different builds refuse to start", () =>
    Effect.map(bootProblem({ ...options, entry: new URL("./otherEntry.ts", import.meta.url) }), (problem) =>
      expect(problem).toMatch(
        /scheduler 1 runs other contracts than the main thread: "test\/Diary" is only on the main thread; .*; "test\/Worker" has other schemas on scheduler 1 than on the main thread\. All schedulers must be of one build/
      )
    )
  )

  it.live("a worker that cannot start fails the boot instead of hanging it", () =>
    Effect.map(bootProblem({ ...options, entry: new URL("./brokenEntry.ts", import.meta.url) }), (problem) =>
      expect(problem).toMatch(/scheduler 1 ended with code 1 before it was ready: Error: this entry is broken/)
    )
  )

  for (const [what, stuck, why] of [
    [
      "entry",
      "./stuckEntry.ts",
      /its entry file:.*\/stuckEntry.ts has not called System.main. The entry is run by each/
    ],
    [
      "layer",
      "./waitingEntry.ts",
      /the program's layer holds it up. If that only needs more time, raise .* bootTimeout/
    ]
  ] as const) {
    it.live(`S24 a worker whose ${what} never comes to its end fails the boot instead of hanging it`, () =>
      Effect.gen(function* () {
        // On a busy machine a worker takes seconds to get there
        for (const bootTimeout of ["1 second", "5 seconds", "25 seconds"] as const) {
          const problem = yield* bootProblem({ ...options, entry: new URL(stuck, import.meta.url), bootTimeout })
          expect(problem).toMatch(`scheduler 1 was not ready within ${bootTimeout}: `)
          if (why.test(problem)) return
        }
        expect.fail(`the error never said ${why}`)
      })
    )
  }

  it.live("systems start and stop again and again, and leave no thread behind", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 5; round++) {
        const where = Effect.flatMap(GenServer.start(Worker, { name: "w" }, elsewhere), (worker) => worker.where())
        expect(yield* Effect.provide(where, System.layer(options))).toBe(1)
      }
      const workers = process.getActiveResourcesInfo().filter((name) => name === "Worker")
      expect(workers).toEqual([])
    })
  )

  it.effect("timers of a system under a test clock follow it", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        Effect.exit(GenServer.start(Worker, { name: "w" }).pipe(Effect.flatMap((worker) => hold(worker))))
      )
      yield* TestClock.adjust("1 minute")
      expect(Exit.isSuccess(yield* Fiber.join(fiber))).toBe(true)
    }).pipe(Effect.provide(System.layer({ implementations: [WorkerLive] })))
  )
})

/** Waits a minute of the system's time in a receive. */
const hold = (_: unknown) =>
  Effect.flatMap(
    Process.spawn(Process.anyPid, (self) => Effect.flip(self.receiveWithin("1 minute"))),
    (pid) => Effect.repeat(Process.isAlive(pid), { until: (alive) => !alive })
  )

const importLayer = (bad: System.Options<never, never>) => Effect.provide(Effect.void, System.layer(bad))
