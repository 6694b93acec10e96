/** When a scheduler looks for signals before it sleeps: while that pays, and not otherwise. */
import { it as effectIt } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { GenServer, Process, System } from "../../src/index.ts"
import { BusyWait, type BusyWaitMode } from "../../src/system/load/BusyWait.ts"
import { meshOf } from "../../src/system/mesh/Mesh.ts"
import { doorbellWords } from "../../src/system/transport/Doorbell.ts"
import { implementations, Worker } from "./actors.ts"

/** Looks with a clock of its own, which advances by a microsecond each time it is looked at. */
const make = (mode: BusyWaitMode) => {
  const clock = { now: 0 }
  let idle = 0
  const busyWait = new BusyWait(mode, () => {
    clock.now += 0.001
    return clock.now
  })
  return {
    busyWait,
    /** Sleeps and is woken by a peer after so many milliseconds each; by itself after negative ones. */
    sleeps: (...durations: ReadonlyArray<number>) => {
      for (const duration of durations) {
        busyWait.sleep()
        clock.now += Math.abs(duration)
        busyWait.woken(duration > 0 ? duration : undefined)
      }
    },
    /** How many rounds of looking found nothing at once. */
    get idle() {
      return idle
    },
    /** Looks, and finds something at the given look or never. Returns how many looks there were. */
    looks: (findsAt = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY) => {
      let looks = 0
      const found = busyWait.wait(
        () => ++looks >= findsAt,
        clock.now + until,
        () => idle++
      )
      expect(found).toBe(looks >= findsAt)
      return looks
    }
  }
}

describe("BusyWait", () => {
  it("does not look before it has slept, nor after long sleeps", () => {
    const { looks, sleeps } = make("short")
    expect(looks()).toBe(0)
    sleeps(1000, 5, 1, 0.3, 20)
    expect(looks()).toBe(0)
  })

  it("looks after short sleeps in a row, but not after one", () => {
    const { looks, sleeps } = make("short")
    sleeps(0.1, 10, 0.1, 10)
    expect(looks()).toBe(0)
    sleeps(0.1, 0.05)
    expect(looks()).toBeGreaterThan(0)
  })

  it("does not look for answers between which it sleeps long, or that come from its own timers", () => {
    const { looks, sleeps } = make("short")
    sleeps(0.1, -20, 0.1, -20, 0.1, -20)
    sleeps(-0.1, -0.1, -0.1)
    expect(looks()).toBe(0)
  })

  it("goes on while it pays and gives up when it does not", () => {
    const { busyWait, looks, sleeps } = make("short")
    sleeps(0.1, 0.1)
    for (let round = 1; round <= 300; round++) expect(looks(round % 3 === 0 ? round : undefined)).toBeGreaterThan(0)
    expect(busyWait.counts).toMatchObject({ paid: 100, missed: 200 })
    let misses = 0
    while (misses < 100 && looks() > 0) misses++
    expect(misses).toBeLessThan(10)
    sleeps(50, 50)
    expect(looks()).toBe(0)
  })

  it("looks in vain for four of its windows at most after any traffic, and not again while there is none", () => {
    for (const [mode, window] of [
      ["short", 0.2],
      ["long", 2]
    ] as const) {
      const { busyWait, looks, sleeps } = make(mode)
      sleeps(0.1, 0.1)
      for (let round = 0; round < 10_000; round++) looks(1 + (round % 100))
      const { waited } = busyWait
      let rounds = 0
      while (looks() > 0) rounds++
      // What a round has over its window is what the clock advances between two looks at it
      expect(rounds).toBe(4)
      expect(busyWait.waited - waited).toBeLessThan(4 * (window + 0.01))
      expect(busyWait.budget).toBe(0)
      // An hour of heartbeats of its own, and of single signals far from each other
      const idle = busyWait.waited
      for (let beat = 0; beat < 7200; beat++) {
        sleeps(beat % 10 === 0 ? 500 : -500)
        expect(looks()).toBe(0)
      }
      expect(busyWait.waited).toBe(idle)
    }
  })

  it("goes on where it was broken off, and no longer than its budget in all", () => {
    const { busyWait, looks, sleeps } = make("short")
    sleeps(0.1, 0.1)
    let rounds = 0
    do {
      expect(looks(undefined, 0.05)).toBeGreaterThan(0)
      rounds++
    } while (busyWait.waiting)
    expect(rounds).toBeGreaterThan(1)
    expect(rounds).toBeLessThan(10)
    expect(busyWait.counts.missed).toBe(1)
    expect(busyWait.waited).toBeGreaterThan(0.1)
    looks(undefined, 0.01)
    expect(busyWait.waiting).toBe(true)
    busyWait.stop()
    expect(busyWait.waiting).toBe(false)
  })

  it("is harder to convince each time it looked in vain, and as easy as at first when it has paid", () => {
    const { looks, sleeps } = make("short")
    /** How many short sleeps in a row it takes until it looks. */
    const convinced = () => {
      for (let count = 1; count < 10_000; count++) {
        sleeps(0.1)
        if (looks(1) > 0) return count
      }
      return Number.POSITIVE_INFINITY
    }
    const giveUp = () => {
      while (looks() > 0);
    }
    const counts = Array.from({ length: 12 }, () => {
      const count = convinced()
      giveUp()
      return count
    })
    expect(counts.slice(0, 4)).toEqual([2, 4, 8, 16])
    expect(counts.at(-1)).toBe(counts.at(-2))
    convinced()
    for (let paid = 0; paid < 100; paid++) looks(5)
    giveUp()
    expect(convinced()).toBe(2)
  })

  it("tells once a round that there is time for other things, and not when an answer is there at once", () => {
    const made = make("short")
    made.sleeps(0.1, 0.1)
    made.looks(3)
    expect(made.idle).toBe(0)
    do made.looks(undefined, 0.05)
    while (made.busyWait.waiting)
    expect(made.idle).toBe(1)
  })

  it("looks longer when told to, and never when told not to", () => {
    const counts = (["none", "short", "long"] as const).map((mode) => {
      const { looks, sleeps } = make(mode)
      sleeps(0.01, 0.01)
      return looks()
    })
    const [none, short, long] = counts as [number, number, number]
    expect(none).toBe(0)
    expect(long).toBeGreaterThan(short)
  })
})

const options = {
  entry: new URL("./entry.ts", import.meta.url),
  schedulers: 2,
  implementations
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
