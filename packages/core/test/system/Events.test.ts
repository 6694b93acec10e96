/** The system's events: every scheduler's, for listeners on any scheduler, whoever is slow. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"
import type { Host } from "../../src/process/Host.ts"
import { type Event, Listener, readEvent, writeEvent } from "../../src/system/events/Events.ts"
import { ByteReader, ByteWriter } from "../../src/wire/Bytes.ts"
import { Ear, implementations, unlogged, Worker } from "./actors.ts"

const options = {
  entry: new URL("./unloggedEntry.ts", import.meta.url),
  schedulers: 2,
  implementations,
  layer: unlogged,
  monitor: { longMailbox: 5 }
} as const

const testBoth = (title: string, body: Effect.Effect<unknown, unknown, System.System | Scope.Scope>) => {
  it.live(title, () => Effect.provide(body, System.layer(options)))
  it.live(`${title} (virtual)`, () => Effect.provide(body, System.layer({ ...options, virtual: true })))
}

/** Listens from now on, until the first event of that kind. */
const first = <const Tag extends Event["_tag"]>(tag: Tag) =>
  Effect.forkChild(
    System.events.pipe(
      Stream.filter((event): event is Extract<Event, { readonly _tag: Tag }> => event._tag === tag),
      Stream.take(1),
      Stream.runCollect,
      Effect.map(([event]) => event as Extract<Event, { readonly _tag: Tag }>)
    ),
    { startImmediately: true }
  )

const on = (slot: number) => ({ on: { scheduler: slot } })

describe("System.events", () => {
  testBoth(
    "tell a crash on any scheduler, with pids and reason",
    Effect.gen(function* () {
      for (const slot of [0, 1]) {
        const heard = yield* first("ProcessCrashed")
        const worker = yield* GenServer.start(Worker, { name: "w" }, on(slot))
        yield* worker.crash()
        const event = yield* Fiber.join(heard)
        expect(String(event.pid)).toBe(String(worker.pid))
        expect(event.label).toBe("test/Worker")
        expect(event.reason).toMatchObject({ _tag: "Died" })
        expect(ExitReason.format(event.reason)).toContain("on purpose")
      }
    })
  )

  testBoth(
    "S22 are heard on every scheduler that listens",
    Effect.gen(function* () {
      const ears = yield* Effect.forEach([0, 1], (slot) => GenServer.start(Ear, {}, on(slot)))
      for (const slot of [0, 1]) {
        const worker = yield* GenServer.start(Worker, { name: "w" }, on(slot))
        yield* worker.crash()
        for (const ear of ears) yield* ear.heard({ text: `ProcessCrashed ${worker.pid}` })
      }
    })
  )

  testBoth(
    "tell who has too many messages, and how many",
    Effect.gen(function* () {
      const heard = yield* first("LongMailbox")
      const worker = yield* GenServer.start(Worker, { name: "w" }, on(1))
      yield* worker.wait()
      for (let n = 0; n < 20; n++) yield* worker.nothing()
      expect(yield* Fiber.join(heard)).toMatchObject({ limit: 5, length: 6, label: "test/Worker" })
    })
  )

  for (const [whose, limit] of [
    ["the system's", undefined],
    ["its own", { length: 3, action: "report" }]
  ] as const) {
    it.live(`tell of too many messages, by ${whose} limit, once until the process has caught up`, () =>
      Effect.gen(function* () {
        const heard = yield* Effect.forkChild(
          System.events.pipe(
            Stream.takeUntil(({ _tag }) => _tag === "ProcessCrashed"),
            Stream.runCollect
          ),
          { startImmediately: true }
        )
        yield* Process.run((self) =>
          Effect.gen(function* () {
            const busy = yield* Process.spawnLink(
              Schema.Literals(["more", "catch up"]),
              (own) =>
                Effect.forever(
                  Effect.gen(function* () {
                    yield* own.receiveWhen((message) => message === "catch up")
                    yield* own.flush
                    yield* Process.send(self.pid, "caught up")
                  })
                ),
              { mailboxLimit: limit }
            )
            for (let time = 0; time < 2; time++) {
              for (let n = 0; n < 10; n++) yield* Process.send(busy, "more")
              yield* Process.send(busy, "catch up")
              yield* self.receive
            }
            yield* Process.spawn(Schema.Never, () => Effect.die("all is told"))
          })
        )
        const events = yield* Fiber.join(heard)
        expect(events.map(({ _tag }) => _tag)).toEqual(["LongMailbox", "LongMailbox", "ProcessCrashed"])
        expect(events[1]).toMatchObject(limit === undefined ? { limit: 5, length: 6 } : { limit: 3, length: 4 })
      }).pipe(Effect.provide(System.layer({ ...options, schedulers: 1 })))
    )
  }

  testBoth(
    "tell that a scheduler is lost, and that its slot is filled again",
    Effect.gen(function* () {
      const down = yield* first("SchedulerDown")
      const up = yield* first("SchedulerUp")
      yield* System.killScheduler(1)
      expect(yield* Fiber.join(down)).toEqual({ _tag: "SchedulerDown", slot: 1, incarnation: 1, problem: "killed" })
      expect(yield* Fiber.join(up)).toEqual({ _tag: "SchedulerUp", slot: 1, incarnation: 2 })
    })
  )

  it.live("tell a handler that held its scheduler for long, by name", () =>
    Effect.gen(function* () {
      const heard = yield* first("LongHandler")
      const worker = yield* GenServer.start(Worker, { name: "w" }, on(1))
      yield* worker.block({ milliseconds: 20 })
      const event = yield* Fiber.join(heard)
      expect(event).toMatchObject({ slot: 1, items: 1, contract: "test/Worker" })
      expect(String(event.pid)).toBe(String(worker.pid))
    }).pipe(Effect.provide(System.layer({ ...options, monitor: { longHandler: "20 millis" } })))
  )

  it.live("tell of a scheduler on which who is ready waits for long", () =>
    Effect.gen(function* () {
      const heard = yield* first("SlowScheduler")
      const worker = yield* GenServer.start(Worker, { name: "w" }, on(1))
      // Always ready, and slow: whoever comes next waits for the slice
      for (let n = 0; n < 2000; n++) yield* worker.block({ milliseconds: 2 })
      const event = yield* Fiber.join(heard)
      expect(event).toMatchObject({ slot: 1 })
      expect(event.milliseconds).toBeGreaterThanOrEqual(50)
      yield* System.killScheduler(1)
    }).pipe(Effect.provide(System.layer({ ...options, monitor: { slowScheduler: "50 millis" } })))
  )
})

describe("a listener", () => {
  const event = (slot: number): Event => ({ _tag: "SchedulerUp", slot, incarnation: 1 })
  const host = { enqueue: (item: () => void) => item() } as unknown as Host

  it.effect("S22 that is slow loses the oldest, and is told how many", () =>
    Effect.gen(function* () {
      const listener = new Listener(host, 3)
      for (const slot of [1, 2, 3, 4, 5]) listener.hear(event(slot))
      expect(yield* listener.take).toEqual([{ _tag: "EventsLost", count: 2 }, event(3), event(4), event(5)])
      listener.hear(event(6))
      expect(yield* listener.take).toEqual([event(6)])
    })
  )

  it.effect("does not forget what was lost on the way to it, when that report is lost too", () =>
    Effect.gen(function* () {
      const listener = new Listener(host, 2)
      listener.hear({ _tag: "EventsLost", count: 10 })
      for (const slot of [1, 2, 3]) listener.hear(event(slot))
      expect(yield* listener.take).toEqual([{ _tag: "EventsLost", count: 11 }, event(2), event(3)])
    })
  )

  it.effect("that waits gets what comes, and one that has given up loses nothing", () =>
    Effect.gen(function* () {
      const listener = new Listener(host, 3)
      const givenUp = yield* Effect.forkChild(listener.take, { startImmediately: true })
      yield* Fiber.interrupt(givenUp)
      const waiting = yield* Effect.forkChild(listener.take, { startImmediately: true })
      listener.hear(event(1))
      expect(yield* Fiber.join(waiting)).toEqual([event(1)])
    })
  )
})

describe("an event between schedulers", () => {
  const across = (event: Event): Event => {
    const writer = new ByteWriter()
    writeEvent(writer, event)
    return readEvent(new ByteReader().wrap(writer.bytes, 0, writer.length))
  }
  const pid = new PidImpl(1, 2, 3, undefined)

  it("arrives as it was", () => {
    const reason = ExitReason.failed({ code: 7 })
    const event: Event = {
      _tag: "ProcessCrashed",
      pid,
      label: undefined,
      parent: undefined,
      ancestors: [pid],
      reason,
      lastMessage: "hello",
      state: "{ count: 1 }",
      caller: { scheduler: 1, pid, stack: undefined },
      mailboxLength: 4,
      links: [pid, pid]
    }
    const arrived = across(event)
    expect(arrived).toMatchObject({
      label: undefined,
      reason,
      lastMessage: "hello",
      state: "{ count: 1 }",
      mailboxLength: 4
    })
    expect(arrived._tag === "ProcessCrashed" && String(arrived.caller?.pid)).toBe("<1.2.3>")
    expect(arrived._tag === "ProcessCrashed" && arrived.links.map(String)).toEqual(["<1.2.3>", "<1.2.3>"])
  })
})
