import { it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, Process, System } from "../../src/index.ts"

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, System.layer({ freeze: true })))

const Any = Schema.Literals(["ready", "message"])
type Self = Process.Self<(typeof Any)["Type"]>

/** What a process may have around its receive, or beside it, that an exit signal must run. */
const holders: Readonly<
  Record<string, (self: Self, release: Effect.Effect<unknown>) => Effect.Effect<unknown, unknown, Process.Provided>>
> = {
  "onExit around it": (self, release) => Effect.onExit(self.receive, () => release),
  "ensuring around its generator": (self, release) =>
    Effect.ensuring(
      Effect.gen(function* () {
        yield* self.receive
      }),
      release
    ),
  "onInterrupt around a receive with a time limit": (self, release) =>
    Effect.onInterrupt(self.receiveWithin("1 day"), () => release),
  "a resource in use": (self, release) =>
    Effect.acquireUseRelease(
      Effect.void,
      () => self.receive,
      () => release
    ),
  "a finalizer in its scope": (self, release) =>
    Effect.andThen(
      Effect.addFinalizer(() => release),
      self.receive
    ),
  "a finalizer in a scope of its own": (self, release) =>
    Effect.scoped(
      Effect.andThen(
        Effect.addFinalizer(() => release),
        self.receive
      )
    ),
  "a child fiber": (self, release) =>
    Effect.andThen(
      Effect.forkChild(
        Effect.onInterrupt(Effect.never, () => release),
        { startImmediately: true }
      ),
      self.receive
    )
}

/** Starts a process, and gives its pid and what `use` makes of it once it waits for a message. */
const parked = (program: (self: Self) => Effect.Effect<unknown, unknown, Process.Provided>) =>
  Effect.gen(function* () {
    const pid = yield* Process.spawn(Any, program)
    // It has had its turn when a process that was started later has ended
    yield* Process.run(Effect.void)
    return pid
  })

const endOf = (pid: Process.Pid, reason: ExitReason.ExitReason) =>
  Process.run((self) =>
    Effect.gen(function* () {
      const ref = yield* Process.monitor(pid)
      yield* Process.exit(pid, reason)
      const down = yield* self.receiveWhen((message): message is Process.Down => message instanceof Process.Down)
      expect(down.ref).toBe(ref)
      return down.reason
    })
  )

describe("an exit signal to a process that waits for a message", () => {
  for (const reason of [ExitReason.kill, ExitReason.shutdown, ExitReason.failed("reason")]) {
    const ends = reason === ExitReason.kill ? ExitReason.killed : reason
    const named = ExitReason.format(reason)

    for (const [what, holder] of Object.entries(holders)) {
      test(
        `of reason ${named} runs ${what}`,
        Effect.gen(function* () {
          const released = yield* Deferred.make<void>()
          const pid = yield* parked((self) => holder(self, Deferred.succeed(released, undefined)))
          expect(yield* Deferred.isDone(released)).toBe(false)
          expect(yield* endOf(pid, reason)).toEqual(ends)
          yield* Deferred.await(released)
        })
      )
    }

    test(
      `of reason ${named} is how its fiber ends, for who waits for that before and after`,
      Effect.gen(function* () {
        for (const waits of ["before", "after"]) {
          const known = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
          const pid = yield* parked((self) =>
            Effect.andThen(
              Effect.withFiber((fiber) => Deferred.succeed(known, fiber)),
              self.receive
            )
          )
          const fiber = yield* Deferred.await(known)
          const waiting =
            waits === "before" ? yield* Effect.forkChild(Fiber.await(fiber), { startImmediately: true }) : undefined
          expect(yield* endOf(pid, reason)).toEqual(ends)
          const exit = waiting === undefined ? yield* Fiber.await(fiber) : yield* Fiber.join(waiting)
          expect(Exit.hasInterrupts(exit)).toBe(true)
          expect(ExitReason.fromExit(exit)).toEqual(ends)
        }
      })
    )

    test(
      `of reason ${named} ends one that has not begun, which then never does`,
      Effect.gen(function* () {
        let began = false
        const end = yield* Process.run((self) =>
          Effect.gen(function* () {
            const { pid } = yield* Process.spawnMonitor(Any, () =>
              Effect.sync(() => {
                began = true
              })
            )
            yield* Process.exit(pid, reason)
            const message = yield* self.receive
            return message instanceof Process.Down ? message.reason : undefined
          })
        )
        expect(end).toEqual(ends)
        yield* Process.run(Effect.void)
        expect(began).toBe(false)
      })
    )
  }
})
