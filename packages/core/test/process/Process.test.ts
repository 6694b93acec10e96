import { it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

/** A server that only waits, on any scheduler. */
const Idle = GenServer.define("test/Idle", { protocol: { ping: GenServer.call({ success: Schema.String }) } })
const IdleLive = Idle.implement({ init: () => 0, handle: { ping: (state) => GenServer.reply("pong", state) } })

/** A server whose mailbox holds two messages and makes senders wait; busy until it is released. */
const Narrow = GenServer.define("test/Narrow", {
  mailbox: { capacity: 2, overflow: "suspend" },
  info: Schema.Int,
  protocol: { hold: GenServer.cast(), note: GenServer.cast({ n: Schema.Int }) }
})
const NarrowLive = Narrow.implement({
  init: () => 0,
  handle: { hold: () => Effect.never, note: (state) => state },
  info: (state) => state
})

const system = (schedulers: number) =>
  System.layer({ schedulers, virtual: true, implementations: [IdleLive, NarrowLive], freeze: true })

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>, schedulers = 1) =>
  it.live(title, () => Effect.provide(body, system(schedulers)))

const there = { on: { scheduler: 1 } } as const

/** How an effect ends in a generator with a `try` around it, and whether that caught anything. */
const triedIn = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let caught = false
    const program = Effect.gen(function* () {
      try {
        yield* effect
      } catch {
        caught = true
      }
    })
    return Effect.map(Effect.exit(program), (exit) => ({ caught, exit }))
  })

describe("Process", () => {
  test(
    "a monitor's effects can be kept and done again, each time anew",
    Process.run(() =>
      Effect.gen(function* () {
        const pid = yield* Process.spawn(Schema.Never, (self) => self.receive)
        const watch = Process.monitor(pid)
        const refs = [yield* watch, yield* watch, ...(yield* Effect.all([watch, watch]))]
        expect(new Set(refs).size).toBe(4)
        expect((yield* Process.info(pid))?.monitoredBy.length).toBe(4)
        for (const ref of refs) {
          const remove = Process.demonitor(ref)
          expect([yield* remove, yield* remove]).toEqual([true, false])
        }
        expect((yield* Process.info(pid))?.monitoredBy).toEqual([])
      })
    )
  )

  test(
    "a timer's effects can be kept and done again, each time anew, for every way to say when",
    Process.run(() =>
      Effect.gen(function* () {
        const pid = yield* Process.spawn(Schema.Literal("late"), (self) => self.receive)
        // Whole milliseconds go a shorter way than the others
        for (const when of [60_000, 59_999.5, "60 seconds", { at: (yield* Process.now) + 60_000 }] as const) {
          const set = Process.sendAfter(pid, "late", when)
          const refs = [yield* set, yield* set, ...(yield* Effect.all([set, set]))]
          expect(new Set(refs).size).toBe(4)
          for (const ref of refs) {
            const left = yield* Process.readTimer(ref)
            expect(left).toBeGreaterThan(50_000)
            expect(left).toBeLessThanOrEqual(60_000)
            const cancel = Process.cancelTimer(ref)
            expect([typeof (yield* cancel), typeof (yield* cancel)]).toEqual(["number", "undefined"])
          }
        }
      })
    )
  )

  test(
    "a timer for a message that is none of the mailbox's, or for no time, is a defect, whatever the generator tries",
    Process.run(() =>
      Effect.gen(function* () {
        const pid = yield* Process.spawn(Schema.Literal("late"), (self) => self.receive)
        const wrong = [
          Process.sendAfter(pid, "early" as never, 10),
          Process.sendAfter(pid, "early" as never, "1 second"),
          Process.sendAfter(pid, "late", -1),
          Process.sendAfter(pid, "late", Number.NaN)
        ]
        for (const timer of wrong) {
          const { caught, exit } = yield* triedIn(timer)
          expect(Exit.isFailure(exit) && Exit.hasDies(exit)).toBe(true)
          expect(caught).toBe(false)
        }
      })
    )
  )

  test(
    "monitoring what is no address is a defect, whatever the generator tries",
    Process.run(() =>
      Effect.gen(function* () {
        // What code without types could pass
        const { caught, exit } = yield* triedIn(Process.monitor(undefined as never))
        expect(caught).toBe(false)
        expect(Exit.isFailure(exit) && Exit.hasDies(exit)).toBe(true)
      })
    )
  )

  test(
    "the count of processes goes up with one that starts, and down when it has ended",
    Process.run(() =>
      Effect.gen(function* () {
        const before = yield* Process.count
        expect(before).toBe((yield* Process.list).length)
        const pid = yield* Process.spawn(Schema.Never, (self) => self.receive)
        expect(yield* Process.count).toBe(before + 1)
        yield* Process.exit(pid, ExitReason.kill)
        while (yield* Process.isAlive(pid)) yield* Effect.yieldNow
        expect(yield* Process.count).toBe(before)
      })
    ),
    1
  )

  test(
    "a link made again right after it was removed is a new link, and breaks as one",
    Process.run((self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        const partner = yield* GenServer.start(Idle, {}, there)
        yield* Process.link(partner.pid)
        yield* Process.unlink(partner.pid)
        yield* Process.link(partner.pid)
        expect(yield* partner.ping()).toBe("pong")
        yield* Process.exit(partner.pid, ExitReason.failed("boom"))
        const exit = yield* self.receiveWhen((message) => message instanceof Process.Exit)
        expect(exit.reason).toEqual(ExitReason.failed("boom"))
      })
    ),
    2
  )

  test(
    "the exit of a removed link is never taken for that of a link made after it",
    Process.run((self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        const partner = yield* GenServer.start(Idle, {}, there)
        yield* Process.link(partner.pid)
        // The exit of the first link is underway while it is removed and made again: all within one turn
        yield* Process.exit(partner.pid, ExitReason.failed("old"))
        yield* Process.unlink(partner.pid)
        yield* Process.link(partner.pid)
        const exit = yield* self.receiveWhen((message) => message instanceof Process.Exit)
        expect(exit.reason).toEqual(ExitReason.noProcess)
      })
    ),
    2
  )

  test(
    "GS56 MC04 startMonitor watches from the first instant",
    Process.run((self) =>
      Effect.gen(function* () {
        const { monitor, ref } = yield* GenServer.startMonitor(Idle, {}, there)
        yield* Process.exit(ref.pid, ExitReason.kill)
        const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
        expect([down.ref, down.reason]).toEqual([monitor, ExitReason.killed])
      })
    ),
    2
  )

  test(
    "the options of a start go along to another scheduler",
    Process.run((self) =>
      Effect.gen(function* () {
        const { monitor, ref } = yield* GenServer.startMonitor(
          Narrow,
          {},
          { ...there, priority: "high", label: "narrow", mailbox: { capacity: 1, overflow: "crash" } }
        )
        expect(yield* Process.info(ref.pid)).toMatchObject({ priority: "high", label: "narrow" })
        yield* ref.hold()
        yield* Effect.forEach([1, 2, 3], (n) => ref.note({ n }))
        const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
        expect(down.ref).toBe(monitor)
        expect(down.reason).toMatchObject({ _tag: "Failed", error: { _tag: "MailboxOverflow" } })
      })
    ),
    2
  )

  test(
    "an option of a start goes along also when no other is set",
    Process.run((self) =>
      Effect.gen(function* () {
        const labelled = yield* GenServer.start(Narrow, {}, { ...there, label: "narrow" })
        expect(yield* Process.info(labelled.pid)).toMatchObject({ label: "narrow" })
        const low = yield* GenServer.start(Narrow, {}, { ...there, priority: "low" })
        expect(yield* Process.info(low.pid)).toMatchObject({ priority: "low" })
        const bounds = [
          [{ mailbox: { capacity: 1, overflow: "crash" } }, { _tag: "Failed" }],
          [{ mailboxLimit: { length: 1, action: "kill" } }, { _tag: "Killed" }]
        ] as const
        for (const [option, reason] of bounds) {
          const { monitor, ref } = yield* GenServer.startMonitor(Narrow, {}, { ...there, ...option })
          yield* ref.hold()
          yield* Effect.forEach([1, 2], (n) => ref.note({ n }))
          const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
          expect(down.ref).toBe(monitor)
          expect(down.reason).toMatchObject(reason)
        }
      })
    ),
    2
  )

  test(
    "a reply through an alias that has to wait for room is let in when there is some",
    Process.run((self) =>
      Effect.gen(function* () {
        const handed = yield* Deferred.make<Process.Alias<number>>()
        const gate = yield* Deferred.make<void>()
        const asker = yield* Process.spawn(
          Schema.Int,
          (own) =>
            Effect.gen(function* () {
              yield* Deferred.succeed(handed, yield* own.alias("reply"))
              yield* Deferred.await(gate)
              yield* Process.exit(ExitReason.shutdownWith([yield* own.receive, yield* own.receive]))
            }),
          { mailbox: { capacity: 1, overflow: "suspend" } }
        )
        yield* Process.monitor(asker)
        const alias = yield* Deferred.await(handed)
        yield* Process.send(asker, 1)
        yield* Effect.forkChild(Process.send(alias, 2), { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
        expect(down.reason).toEqual(ExitReason.shutdownWith([1, 2]))
      })
    )
  )

  test(
    "a mailbox limit kills a process that does not keep up",
    Process.run((self) =>
      Effect.gen(function* () {
        const slow = yield* Process.spawn(Schema.Int, () => Effect.never, {
          mailboxLimit: { length: 3, action: "kill" }
        })
        const ref = yield* Process.monitor(slow)
        yield* Effect.forEach([1, 2, 3], (n) => Process.send(slow, n))
        expect(yield* Process.isAlive(slow)).toBe(true)
        yield* Process.send(slow, 4)
        const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
        expect([down.ref, down.reason]).toEqual([ref, ExitReason.killed])
      })
    )
  )

  test(
    "a bounded mailbox drops the newest, drops the oldest, or crashes, as its policy says",
    Effect.gen(function* () {
      const fill = (overflow: Process.Overflow) =>
        Process.run((self) =>
          Effect.gen(function* () {
            const filled = yield* Deferred.make<void>()
            const gate = yield* Process.spawn(
              Schema.Int,
              (own) =>
                Effect.gen(function* () {
                  yield* Deferred.await(filled)
                  const first = yield* own.receive
                  const second = yield* own.receive
                  return yield* Process.exit(ExitReason.shutdownWith([first, second]))
                }),
              { mailbox: { capacity: 2, overflow } }
            )
            yield* Process.monitor(gate)
            yield* Effect.forEach([1, 2, 3], (n) => Process.send(gate, n))
            yield* Deferred.succeed(filled, undefined)
            const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
            return down.reason
          })
        )
      expect(yield* fill("drop-newest")).toEqual(ExitReason.shutdownWith([1, 2]))
      expect(yield* fill("drop-oldest")).toEqual(ExitReason.shutdownWith([2, 3]))
      expect(yield* fill("crash")).toMatchObject({ _tag: "Failed", error: { _tag: "MailboxOverflow", capacity: 2 } })
    })
  )

  test(
    "a process of high priority waits behind no other for the answer to its call",
    Process.run((self) =>
      Effect.gen(function* () {
        const others = 50
        let turns = 0
        yield* Effect.forEach(Array.from({ length: others }), () =>
          Process.spawn(Schema.Never, () =>
            Effect.forever(
              Effect.sync(() => {
                turns++
              }).pipe(Effect.andThen(Effect.yieldNow))
            )
          )
        )
        const idle = yield* GenServer.start(Idle, {}, { priority: "high" })
        yield* Process.spawn(
          Schema.Never,
          () =>
            Effect.gen(function* () {
              const before = turns
              for (let call = 0; call < 10; call++) yield* idle.ping()
              yield* Process.sendUnknown(self.pid, turns - before)
            }),
          { priority: "high" }
        )
        // Not one of ten answers has stood in line with them
        expect(yield* self.receive).toBe(0)
      })
    )
  )

  test(
    "R17 a message that was sent cannot be changed by its sender",
    Process.run((self) =>
      Effect.gen(function* () {
        const message = { list: [1, 2], nested: { deep: true } }
        yield* Process.send(self.pid, message)
        expect(() => message.list.push(3)).toThrow(TypeError)
        expect(yield* self.receive).toEqual({ list: [1, 2], nested: { deep: true } })
      })
    )
  )

  for (const schedulers of [1, 2]) {
    const where = schedulers === 1 ? "here" : "on another scheduler"

    test(
      `a full mailbox ${where} refuses trySend, and sendWithin when its time is over`,
      Effect.gen(function* () {
        const narrow = yield* GenServer.start(Narrow, {}, { on: { scheduler: schedulers - 1 } })
        const address = narrow.pid as unknown as Process.Pid<number>
        yield* narrow.hold()
        // Once it is held, whatever comes stays in the mailbox
        yield* Effect.repeat(Process.info(narrow.pid), { until: (info) => info?.messageQueueLength === 0 })
        const accepted = yield* Effect.forEach([1, 2, 3], (n) => Process.trySend(address, n))
        expect(accepted).toEqual([true, true, false])
        const error = yield* Effect.flip(Process.sendWithin(address, 5, 1))
        expect(error).toMatchObject({ _tag: "SendFailed", problem: "full", target: String(narrow.pid) })
      }),
      schedulers
    )

    test(
      `a sender that waits for room ${where} is released with an error when the receiver ends`,
      Effect.gen(function* () {
        const narrow = yield* GenServer.start(Narrow, {}, { on: { scheduler: schedulers - 1 } })
        const address = narrow.pid as unknown as Process.Pid<number>
        yield* narrow.hold()
        yield* Effect.repeat(Process.trySend(address, 1), { until: (accepted) => !accepted })
        const waiting = yield* Effect.forkChild(Effect.flip(Process.sendWithin(address, 2, "1 hour")), {
          startImmediately: true
        })
        yield* Process.exit(narrow.pid, ExitReason.kill)
        expect(yield* Fiber.join(waiting)).toMatchObject({ _tag: "SendFailed", problem: "gone" })
        expect(yield* Process.trySend(address, 3)).toBe(false)
      }),
      schedulers
    )
  }
})
