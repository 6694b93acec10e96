/**
 * Where a scheduler meets the outside world: time, and the event loop that gives it turns. This file owns them; under a
 * test clock both follow the test.
 */
import { randomBytes } from "node:crypto"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as EffectScheduler from "effect/Scheduler"
import type { WheelClock } from "../../scheduler/TimerWheel.ts"

/** An id for a system that no other has. */
export const newSystemId = (): string => randomBytes(9).toString("base64url")

/** The seams of one scheduler. */
export interface Seams {
  readonly clock: WheelClock
  readonly nextTurn: (turn: () => void) => void
  /** Whether it is the real world, where waiting lets things happen. */
  readonly real: boolean
}

// Here, since the global one is looked up through an accessor each time
const { performance } = globalThis

const realClock: WheelClock = {
  costly: true,
  now: () => performance.now(),
  wakeAfter: (delay, wake) => {
    const timer = setTimeout(wake, delay)
    return () => clearTimeout(timer)
  }
}

/** Real time, and a turn of the event loop between two turns: sockets and timers are served in between. */
const real: Seams = { clock: realClock, nextTurn: (turn) => void setImmediate(turn), real: true }

/**
 * The seams for a system started by this fiber: real ones, unless the fiber runs under a clock of its own (as
 * `TestClock`'s), which the system's timers then follow, and whose scheduler knows when all work of an instant is done.
 */
export const ambient: Effect.Effect<Seams> = Effect.withFiber((fiber) =>
  Effect.clockWith((clock) => {
    const ambientScheduler = fiber.cache.scheduler
    if (ambientScheduler instanceof EffectScheduler.MixedScheduler) return Effect.succeed(real)
    const dispatcher = ambientScheduler.makeDispatcher()
    return Effect.succeed({
      clock: virtualClock(clock),
      nextTurn: (turn: () => void) => dispatcher.scheduleTask(turn, 0),
      real: false
    })
  })
)

const virtualClock = (clock: Clock.Clock): WheelClock => ({
  now: () => clock.currentTimeMillisUnsafe(),
  wakeAfter: (delay, wake) => {
    const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(delay)), Effect.sync(wake)))
    return () => fiber.interruptUnsafe()
  }
})
