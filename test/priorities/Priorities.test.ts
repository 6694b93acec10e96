/**
 * Whoever is woken goes on at its own priority: whatever a process waits for, and whoever ends that wait, it is its own priority's place in
 * the run queue that it goes on from.
 */
import { GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { callbacks, Gate, job, program, shelf, Worker } from "./actors.ts"
import { byItself, immediate, ofReceivers, type Prepare, waits } from "./waits.ts"

type Priority = Process.Priority
type Host = System.System["Service"]
type Step = Effect.Effect<unknown, unknown, Process.Provided>

const priorities: ReadonlyArray<Priority> = ["low", "normal", "high", "max"]

/** What a scheduler runs: the place in the run queue that it came from, and the number of the item. */
interface Running {
  priority: Priority | undefined
  item: number
}

/** Notes what a scheduler runs at any time. */
const observe = (host: Host): Running => {
  const running: Running = { priority: undefined, item: 0 }
  type Item = Parameters<Host["enqueue"]>[0]
  const observed = (item: Item, priority: Priority) => ({
    run: () => {
      const { priority: before } = running
      running.item++
      running.priority = priority
      try {
        if (typeof item === "function") item()
        else item.run()
      } finally {
        running.priority = before
      }
    }
  })
  const { again, enqueue } = host
  host.enqueue = (item, priority) => enqueue.call(host, observed(item, priority), priority)
  host.again = (item, priority, waiting) => again.call(host, observed(item, priority), priority, waiting)
  return running
}

let names = 0

const hears = (tester: Process.Self<unknown>, word: string) =>
  tester.receiveWhen((message): message is string => message === word)

/** Whoever has given way on its way to a wait has had its turns. */
const settled = (tester: Process.Self<unknown>) =>
  Effect.forEach(["one", "two", "three", "four"], (word) =>
    Effect.andThen(
      Process.spawn(Schema.Unknown, () => Process.send(tester.pid, word), { priority: "low" }),
      hears(tester, word)
    )
  )

/** Starts the process that waits, which does so by the program. */
type Begin = (
  program: (self: Process.Self<unknown>) => Step,
  priority: Priority
) => Effect.Effect<Process.Pid<unknown> | undefined, unknown, Process.Provided>

/** A server of that priority, in a callback. */
const inServer =
  (at: (typeof callbacks)[number]): Begin =>
  (program, priority) =>
    Effect.gen(function* () {
      // What it waits for needs no messages of its own
      job.current = Effect.suspend(() => program(undefined as never))
      const start = GenServer.start(Worker, { at }, { priority })
      if (at === "init") {
        yield* Effect.forkChild(start)
        return undefined
      }
      const worker = yield* start
      if (at === "terminate") yield* worker.stop()
      else if (at === "info") yield* Process.sendUnknown(worker.pid, "text")
      else yield* worker.work()
      return undefined
    })

const raw: Readonly<Record<string, Begin>> = {
  "the code of a process": (program, priority) => Process.spawn(Schema.Unknown, program, { priority }),
  "a fiber of a process": (program, priority) =>
    Process.spawn(Schema.Unknown, (self) => Effect.flatMap(Effect.forkChild(program(self)), Fiber.join), { priority })
}

const servers = Object.fromEntries(callbacks.map((at) => [`${at} of a server`, inServer(at)]))

for (const schedulers of [1, 2]) {
  describe(`priorities, ${schedulers === 1 ? "one scheduler" : "two virtual schedulers"}`, () => {
    const runtime = ManagedRuntime.make(System.layer({ ...program, schedulers, virtual: true }))
    let running: Running
    beforeAll(() =>
      runtime.runPromise(
        Effect.gen(function* () {
          running = observe(yield* System.System)
          yield* Process.spawn(Schema.Never, () => Effect.scoped(Effect.andThen(shelf.startLink, Effect.never)))
        })
      )
    )
    afterAll(() => runtime.dispose())

    /** Lets a process wait. Gives where it began to, and where it went on from. */
    const play = (prepare: Prepare, priority: Priority, begin: Begin) =>
      Process.run((tester) =>
        Effect.gen(function* () {
          const there = { on: { scheduler: schedulers - 1 } }
          const gate = yield* GenServer.start(Gate, {}, there)
          let pid: Process.Pid<unknown> | undefined
          // It is asked for when it is there
          const waiter = () => pid!
          const { wait, wake } = yield* prepare({ there, gate, waiter, name: `name ${++names}` })
          const begun: Running = { priority: undefined, item: 0 }
          const ended: Running = { priority: undefined, item: 0 }
          const program = (self: Process.Self<unknown>) =>
            Effect.gen(function* () {
              yield* Process.send(tester.pid, "waits")
              Object.assign(begun, running)
              yield* wait(self)
              Object.assign(ended, running)
              yield* Process.send(tester.pid, "goes on")
            })
          pid = yield* begin(program, priority)
          expect(yield* tester.receive).toBe("waits")
          yield* settled(tester)
          if (wake !== undefined) yield* wake
          yield* hears(tester, "goes on")
          return { begun, ended }
        })
      )

    for (const [title, prepare] of Object.entries(waits)) {
      const places = ofReceivers.has(title) ? raw : { ...raw, ...servers }
      for (const [where, begin] of Object.entries(places)) {
        it(`S57 ${title}, waited for in ${where}`, async () => {
          for (const priority of priorities) {
            const { begun, ended } = await runtime.runPromise(play(prepare, priority, begin))
            expect(begun.priority, priority).toBe(priority)
            const waits = schedulers > 1 || !immediate.has(title)
            expect(ended.item - begun.item, priority).toBeGreaterThanOrEqual(waits ? 1 : 0)
            expect(ended.priority, priority).toBe(priority)
          }
        })
      }
    }
  })
}

describe("the order of those that can go on", () => {
  const runtime = ManagedRuntime.make(System.layer({ ...program, schedulers: 1, virtual: true }))
  afterAll(() => runtime.dispose())

  /** So many of each priority can go on before the one that waits is woken. */
  const rivals = 3
  const classes = ["high", "normal", "low"] as const

  /** How many of each go on before a process that waited, whose wait ends after theirs. */
  const ahead = (prepare: Prepare, priority: (typeof classes)[number]) =>
    Process.run(
      (tester) =>
        Effect.gen(function* () {
          // All who help are more urgent than those that are looked at
          const there = { on: { scheduler: 0 }, priority: "max" } as const
          const gate = yield* GenServer.start(Gate, {}, there)
          const order: Array<string> = []
          const enter = (name: string, wait: (self: Process.Self<unknown>) => Step, priority: Priority) =>
            Process.spawn(
              Schema.Unknown,
              (self) =>
                Effect.gen(function* () {
                  yield* Process.send(tester.pid, "waits")
                  yield* wait(self)
                  order.push(name)
                  yield* Process.send(tester.pid, "goes on")
                }),
              { priority }
            )
          let pid: Process.Pid<unknown> | undefined
          const { wait, wake } = yield* prepare({ there, gate, waiter: () => pid!, name: `name ${++names}` })
          const others: Array<Process.Pid<unknown>> = []
          for (const each of classes) {
            for (let left = rivals; left > 0; left--) others.push(yield* enter(each, (self) => self.receive, each))
          }
          pid = yield* enter("the waiter", wait, priority)
          const all = [...others, pid]
          for (const _ of all) expect(yield* tester.receive).toBe("waits")
          yield* settled(tester)
          for (const other of others) yield* Process.send(other, "go on")
          yield* wake ?? Effect.die("it ends by itself")
          for (const _ of all) expect(yield* tester.receive).toBe("goes on")
          const earlier = order.slice(0, order.indexOf("the waiter"))
          return classes.map((each) => earlier.filter((name) => name === each).length)
        }),
      { priority: "max" }
    )

  for (const [title, prepare] of Object.entries(waits)) {
    if (byItself.has(title)) continue
    it(`S57 ${title}: behind all that are more urgent or have waited longer, before all that are less urgent`, async () => {
      expect(await runtime.runPromise(ahead(prepare, "high"))).toEqual([rivals, 0, 0])
      const [high, normal, low] = await runtime.runPromise(ahead(prepare, "normal"))
      expect([high, normal]).toEqual([rivals, rivals])
      // One of the lowest gets a turn after each eight of those
      expect(low).toBeLessThanOrEqual(1)
      expect(await runtime.runPromise(ahead(prepare, "low"))).toEqual([rivals, rivals, rivals])
    })
  }
})
