/** When a scheduler looks for signals before it sleeps: while that pays, and not otherwise. */
import { it as effectIt } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { GenServer, Process, System } from "../../src/index.ts"
import { BusyWait } from "../../src/system/BusyWait.ts"
import { doorbellWords } from "../../src/system/Doorbell.ts"
import { meshOf } from "../../src/system/Mesh.ts"
import { OracleLive, Worker, WorkerLive } from "./actors.ts"

/** Sleeps and is woken by a peer after so many milliseconds each, one after the other; by itself after negative ones. */
const sleeps = (busyWait: BusyWait, ...durations: ReadonlyArray<number>): void => {
  let now = 0
  for (const duration of durations) {
    busyWait.sleep(now)
    now += Math.abs(duration)
    busyWait.woken(now, duration > 0)
  }
}

describe("BusyWait", () => {
  it("does not look before it has slept, nor after long sleeps", () => {
    const busyWait = new BusyWait("short")
    expect(busyWait.budget).toBe(0)
    sleeps(busyWait, 1000, 5, 1, 0.3, 20)
    expect(busyWait.budget).toBe(0)
  })

  it("looks after short sleeps in a row, but not after one", () => {
    const busyWait = new BusyWait("short")
    sleeps(busyWait, 0.1, 10, 0.1, 10)
    expect(busyWait.budget).toBe(0)
    sleeps(busyWait, 0.1, 0.05)
    expect(busyWait.budget).toBeGreaterThan(0)
  })

  it("does not look for answers between which it sleeps long, or that come from its own timers", () => {
    const busyWait = new BusyWait("short")
    sleeps(busyWait, 0.1, -20, 0.1, -20, 0.1, -20)
    sleeps(busyWait, -0.1, -0.1, -0.1)
    expect(busyWait.budget).toBe(0)
  })

  it("goes on while it pays and gives up when it does not", () => {
    const busyWait = new BusyWait("short")
    sleeps(busyWait, 0.1, 0.1)
    for (let look = 0; look < 1000; look++) {
      expect(busyWait.budget).toBeGreaterThan(0)
      if (look % 3 === 0) busyWait.paid()
      else busyWait.missed()
    }
    let misses = 0
    for (; busyWait.budget > 0 && misses < 100; misses++) busyWait.missed()
    expect(misses).toBeLessThan(10)
    sleeps(busyWait, 50, 50)
    expect(busyWait.budget).toBe(0)
  })

  it("looks longer when told to, and never when told not to", () => {
    const [none, short, long] = [new BusyWait("none"), new BusyWait("short"), new BusyWait("long")]
    for (const one of [none, short, long]) {
      sleeps(one, 0.01, 0.01)
      one.paid()
    }
    expect(none.budget).toBe(0)
    expect(long.budget).toBeGreaterThan(short.budget)
  })
})

const options = {
  entry: new URL("./entry.ts", import.meta.url),
  schedulers: 2,
  implementations: [WorkerLive, OracleLive]
} as const

/** Calls a server on the other scheduler, one call after the other. */
const traffic = (calls: number) =>
  Effect.gen(function* () {
    const worker = yield* GenServer.start(Worker, { name: "far" }, { on: { scheduler: 1 } })
    for (let call = 0; call < calls; call++) yield* worker.where()
  })

/** Whether the doorbell of a slot listens: its scheduler sleeps. The flag is a doorbell's second word. */
const sleeping = (words: Int32Array, slot: number) => Atomics.load(words, slot * doorbellWords + 1) === 1

const turnOfTheLoop = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("A system's schedulers", () => {
  effectIt.live("sleep when the traffic has ended, after a few looks in vain at most", () =>
    Effect.gen(function* () {
      const mesh = meshOf(yield* System.System)
      yield* traffic(300)
      const { missed } = mesh.busyWaitCounts
      const words = mesh.table.doorbells
      while (!sleeping(words, 0) || !sleeping(words, 1)) yield* turnOfTheLoop
      expect(mesh.busyWaitCounts.missed - missed).toBeLessThan(10)
    }).pipe(Effect.provide(System.layer({ ...options, busyWait: "long" })))
  )

  effectIt.live("leave timers and the event loop their turns while they look and find, without end", () =>
    Effect.gen(function* () {
      const mesh = meshOf(yield* System.System)
      const playing = yield* Effect.forkChild(Process.run(() => Effect.forever(traffic(1000))))
      // Until they look, and find
      while (mesh.busyWaitCounts.paid < 100) yield* turnOfTheLoop
      for (let turn = 0; turn < 20; turn++) {
        yield* turnOfTheLoop
        yield* Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 1)))
      }
      yield* Fiber.interrupt(playing)
    }).pipe(Effect.provide(System.layer({ ...options, busyWait: "long" })))
  )

  for (const settings of [{ busyWait: "none" }, { busyWait: "long", virtual: true }] as const) {
    effectIt.live(`never look with ${JSON.stringify(settings)}`, () =>
      Effect.gen(function* () {
        yield* traffic(100)
        const { missed, paid, sleeps } = meshOf(yield* System.System).busyWaitCounts
        expect({ missed, paid }).toEqual({ missed: 0, paid: 0 })
        expect(sleeps).toBeGreaterThan(0)
      }).pipe(Effect.provide(System.layer({ ...options, ...settings })))
    )
  }
})
