/** Sleeping by the scheduler's own timers, so that sleep follows the system's clock. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { milliseconds } from "../base/Milliseconds.ts"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import { withSystem } from "../fiber/Running.ts"
import type { System } from "../process/Host.ts"

/**
 * Waits, by the scheduler's own timers. Signals take effect meanwhile. Dies with a RangeError when the
 * duration is negative. Catalogue P31, P32.
 */
export const sleep = (duration: Duration.Input): Effect.Effect<void, never, System> =>
  withSystem((host, fiber) => {
    const delay = milliseconds(duration, "sleep")
    if (delay === undefined) return Effect.never
    return Effect.callback<void>((resume) => {
      const priority = currentProcess(fiber)?.priority
      const timer = host.timers.set(delay, () => resume(Effect.void), priority)
      return Effect.sync(() => host.timers.clear(timer))
    })
  })
