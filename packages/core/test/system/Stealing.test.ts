/** Starts that any scheduler may make: who asks whom, who gets how many, and that none is lost on the way. */
import { it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"
import type { Scheduler } from "../../src/scheduler/Scheduler.ts"
import { chooseVictim, Stealing, shareOf } from "../../src/system/load/Stealing.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import { Heavy, implementations } from "./actors.ts"

const options = { entry: new URL("./entry.ts", import.meta.url), schedulers: 2, implementations } as const

const testBoth = (title: string, body: Effect.Effect<unknown, unknown, System.System | Scope.Scope>) => {
  it.live(title, () => Effect.provide(body, System.layer(options)))
  it.live(`${title} (virtual)`, () => Effect.provide(body, System.layer({ ...options, virtual: true })))
}

/** Enough work in each start that a turn ends long before all of them have happened. */
const rounds = 2_000_000
const many = Array.from({ length: 40 }, (_, n) => n)
const all = { concurrency: "unbounded" } as const

describe("who gets what", () => {
  it("the idle ask who has the most, and never themselves", () => {
    const starts = [5, 9, 2]
    const unstarted = (slot: number) => starts[slot] ?? 0
    expect(chooseVictim(2, 3, unstarted)).toBe(1)
    expect(chooseVictim(1, 3, unstarted)).toBe(0)
    expect(chooseVictim(0, 1, unstarted)).toBe(undefined)
    expect(chooseVictim(0, 3, () => 0)).toBe(undefined)
  })

  it("who asks gets half of an equal part, and the last one", () => {
    expect(shareOf(10, 2)).toBe(3)
    expect(shareOf(12, 2)).toBe(3)
    expect(shareOf(12, 3)).toBe(2)
    expect(shareOf(1, 2)).toBe(1)
    expect(shareOf(0, 2)).toBe(0)
  })

  /** When the last of some schedulers is through with so many starts, each of which takes each of them its own time. */
  const through = (starts: number, costs: ReadonlyArray<number>): number => {
    let left = starts
    // The first one has them, the others get some whenever they have none
    const taken = costs.map(() => 0)
    const at = costs.map(() => 0)
    const busy = new Set(costs.keys())
    while (busy.size > 0) {
      const slot = [...busy].reduce((one, other) => ((at[other] ?? 0) < (at[one] ?? 0) ? other : one))
      if (taken[slot] === 0) {
        const share = slot === 0 ? Math.min(left, 1) : shareOf(left, costs.length)
        left -= share
        taken[slot] = share
        if (share === 0) busy.delete(slot)
      } else {
        taken[slot] = (taken[slot] ?? 0) - 1
        at[slot] = (at[slot] ?? 0) + (costs[slot] ?? 0)
      }
    }
    return Math.max(...at)
  }

  it("schedulers of different speeds are through in a quarter more than the shortest time there is", () => {
    const speeds = fc.array(fc.double({ min: 1, max: 3, noNaN: true }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), speeds, (starts, costs) => {
        const shortest = starts / costs.reduce((sum, cost) => sum + 1 / cost, 0)
        expect(through(starts, costs)).toBeLessThanOrEqual(1.25 * shortest + 2 * Math.max(...costs))
      })
    )
  })
})

describe("the two parts in it", () => {
  /** The owner and the one thief of some starts, each of which tells where it happens. */
  const stage = (starts: number) => {
    const table = SharedTable.make(2)
    const happened: Array<number> = []
    // What the thief does when it is rung for, and while what it is given is on its way to it
    const reactions = { rung: () => {}, published: () => {} }
    const partOf = (slot: number) => {
      table.setState(slot, "up")
      // All that it asks of a scheduler
      const scheduler = { slot, runQueueLength: 0, enqueue: () => undefined } as unknown as Scheduler
      const ring = (rung: number) => (rung === 1 ? reactions.rung() : undefined)
      return new Stealing({ scheduler, table, ring, publish: () => reactions.published(), reaches: () => true })
    }
    const owner = partOf(0)
    const thief = partOf(1)
    const offer = (count: number) => {
      for (let left = count; left > 0; left--) {
        owner.offer({ priority: "normal", abandoned: false, start: (slot) => void happened.push(slot) })
      }
    }
    offer(starts)
    owner.endOfTurn()
    return { table, owner, thief, offer, reactions, given: () => happened.filter((slot) => slot === 1).length }
  }

  it("who asks again before it can see what it was given is not given as much again", () => {
    const { given, owner, reactions, thief } = stage(1000)
    reactions.published = () => thief.seek()
    thief.seek()
    owner.share()
    expect(given()).toBe(250)
    owner.share()
    expect(given()).toBe(250)
    thief.seek()
    owner.share()
    expect(given()).toBe(250 + 188)
  })

  it("who asked in vain is given nothing later, unless it asks again", () => {
    const { given, offer, owner, table, thief } = stage(1)
    thief.seek()
    owner.share()
    expect(given()).toBe(1)
    table.addThief(0, 1)
    owner.endOfTurn()
    offer(1)
    owner.share()
    expect(given()).toBe(1)
  })

  it("who makes many starts at once lets others begin with them meanwhile", () => {
    const { given, offer, reactions, thief } = stage(0)
    reactions.rung = () => thief.seek()
    offer(8)
    expect(given()).toBe(0)
    offer(8)
    expect(given()).toBe(4)
    offer(1000)
    expect(given()).toBe(4)
  })
})

describe("a start placed on any", () => {
  testBoth(
    "S20 is taken over by an idle scheduler when this one has too many",
    Effect.gen(function* () {
      const servers = yield* Effect.forEach(many, () => GenServer.start(Heavy, { rounds }, { on: "any" }), all)
      const slots = yield* Effect.forEach(servers, (server) => server.where())
      expect(new Set(slots)).toEqual(new Set([0, 1]))
      for (const [index, server] of servers.entries()) expect(server.pid.slot).toBe(slots[index])
      expect(new Set(servers.map((server) => String(server.pid))).size).toBe(many.length)
      const snapshots = yield* System.schedulers
      expect(snapshots.map((one) => one.unstarted)).toEqual([0, 0])
    })
  )

  testBoth(
    "S20 happens once, here or where somebody is idle, and its pid says where, when there is nothing else to do",
    Effect.gen(function* () {
      const there = yield* GenServer.start(Heavy, { rounds: 1 }, { on: { scheduler: 1 } })
      const processes = Effect.zipWith(Process.count, there.neighbours(), (here, others) => here + others)
      const before = yield* processes
      for (let n = 1; n <= 5; n++) {
        const server = yield* GenServer.start(Heavy, { rounds: 1 }, { on: "any" })
        expect(yield* server.where()).toBe(server.pid.slot)
        expect(yield* processes).toBe(before + n)
      }
    })
  )

  testBoth(
    "is linked to who asked for it, wherever it happens",
    Process.run((self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        const servers = yield* Effect.forEach(
          many,
          () => Effect.scoped(GenServer.startLink(Heavy, { rounds }, { on: "any" })),
          all
        )
        expect(new Set(servers.map((server) => server.pid.slot))).toEqual(new Set([0, 1]))
        for (const server of servers) {
          const info = yield* Process.info(server.pid)
          expect(info?.parent?.toString()).toBe(String(self.pid))
          yield* server.die()
          const exit = yield* self.receiveWhen((message) => message instanceof Process.Exit)
          expect(String(exit.from)).toBe(String(server.pid))
          expect(exit.reason).toEqual(ExitReason.shutdown)
        }
      })
    )
  )

  testBoth(
    "is asked for again in vain when its name is taken, wherever the first one is",
    Effect.gen(function* () {
      const named = (n: number) => GenServer.start(Heavy, { rounds }, { on: "any", name: `heavy ${n % 20}` })
      const exits = yield* Effect.forEach(many, (n) => Effect.exit(named(n)), all)
      expect(exits.filter(Exit.isSuccess)).toHaveLength(20)
    })
  )

  testBoth(
    "S20 is answered also when the scheduler that took it is lost",
    Effect.gen(function* () {
      const starting = yield* Effect.forkChild(
        Effect.forEach(many, () => Effect.exit(GenServer.start(Heavy, { rounds }, { on: "any" })), all),
        { startImmediately: true }
      )
      // Something of it has arrived there
      yield* Effect.repeat(System.schedulers, { until: (slots) => (slots[1]?.processes ?? 0) > 0 })
      yield* System.killScheduler(1)
      for (const exit of yield* Fiber.join(starting)) {
        if (Exit.isFailure(exit)) {
          const error = Cause.squash(exit.cause)
          expect(error).toMatchObject({ _tag: "StartError", reason: ExitReason.schedulerDown(1) })
        } else expect(exit.value.pid.slot).toBeLessThan(2)
      }
    })
  )
})
