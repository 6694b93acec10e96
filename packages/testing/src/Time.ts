/** Time and readiness, from inside of a test: of any system, under any clock. */
import { System } from "@understudy/core/internal/Host"
import { nextTimer, runQueueLength } from "@understudy/core/internal/Leftovers"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as TestClock from "effect/testing/TestClock"
import { CurrentLedger } from "./Ledger.ts"
import { VirtualTime } from "./VirtualTime.ts"

const isTestClock = (clock: Clock.Clock): clock is TestClock.TestClock =>
  "adjust" in clock && typeof clock.adjust === "function"

/** So often nothing must be ready, one after the other, where only the run queue can be asked. */
const quietPasses = 3

/** Waits behind everything that stands in the run queue. */
const lastInQueue = Effect.flatMap(System, (host) =>
  Effect.callback<void>((resume) => host.enqueue(() => resume(Effect.void), "low"))
)

const queueIsEmpty: Effect.Effect<void, never, System> = Effect.gen(function* () {
  const host = yield* System
  for (let quiet = 0; quiet < quietPasses; quiet++) {
    yield* lastInQueue
    // What is on its way between schedulers, and what promises bring, comes after a turn of the event loop
    yield* Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
    if (runQueueLength(host) > 0) quiet = -1
  }
})

/**
 * Waits until nothing is ready: every process of the system waits, for a message, a timer or something outside. No time passes.
 * In a test of `it.process` that is exact; elsewhere it is known of the calling scheduler's run queue.
 *
 * ```ts
 * yield* room.say({ text: "hi" })          // a cast
 * yield* settle()
 * expect(seen).toEqual(["hi"])
 * ```
 */
export const settle = (): Effect.Effect<void, never, System> =>
  Clock.clockWith((clock) => (clock instanceof VirtualTime ? clock.settled : queueIsEmpty))

/** Waits by a timer of the system: what was set before it and is due at the same time comes first. */
const passInSystem = (duration: Duration.Input): Effect.Effect<void, never, System> =>
  Effect.flatMap(System, (host) =>
    Effect.callback<void>((resume) => {
      const timer = host.timers.set(Duration.toMillis(Duration.fromInputUnsafe(duration)), () => resume(Effect.void))
      return Effect.sync(() => host.timers.clear(timer))
    })
  )

/**
 * Lets time pass, and waits until nothing is ready. What is due on the way happens at its time, in order. In `it.process` time
 * passes by itself whenever the test waits; this is for a test that waits for nothing else. Under a `TestClock` that the test itself
 * moves, this moves it; under a real clock it takes as long as it says.
 *
 * ```ts
 * yield* advance("5 minutes")
 * ```
 */
export const advance = (duration: Duration.Input): Effect.Effect<void, never, System> =>
  Clock.clockWith((clock) => {
    if (clock instanceof VirtualTime) return clock.adjust(duration)
    const pass = isTestClock(clock) ? Effect.andThen(queueIsEmpty, clock.adjust(duration)) : passInSystem(duration)
    return Effect.andThen(pass, queueIsEmpty)
  })

/**
 * Lets time pass to the next timer of the system (of a process, a receive, a call's timeout, `Effect.sleep`), waits until nothing is
 * ready, and gives how long that was. Undefined, and nothing happens, when no timer is set.
 *
 * ```ts
 * yield* Process.sendAfter(self, "tick", "3 seconds")
 * const waited = yield* advanceToNext()
 * expect(Duration.toSeconds(waited!)).toBe(3)
 * ```
 */
export const advanceToNext = (): Effect.Effect<Duration.Duration | undefined, never, System> =>
  Effect.gen(function* () {
    yield* settle()
    const host = yield* System
    const ledger = yield* CurrentLedger
    const clock = yield* Clock.clockWith(Effect.succeed)
    const hosts = ledger?.hosts ?? [host]
    const times = hosts.map((one) => {
      const next = nextTimer(one)
      return next === undefined ? Number.POSITIVE_INFINITY : next - one.timers.now()
    })
    const sleeps = clock instanceof VirtualTime ? clock.nextOfProgram : undefined
    const left = Math.min(
      ...times,
      sleeps === undefined ? Number.POSITIVE_INFINITY : sleeps - clock.currentTimeMillisUnsafe()
    )
    if (left === Number.POSITIVE_INFINITY) return undefined
    const passes = Duration.millis(Math.max(0, left))
    yield* advance(passes)
    return passes
  })
