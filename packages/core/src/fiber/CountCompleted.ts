/**
 * Counts effects that are complete before a process yields them: each is a reduction like any other effect.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { ProcessScheduler } from "../process/Host.ts"

/**
 * In a generator, Effect takes the value of a completed effect (`yield* Effect.void`) without counting it, so a loop of them
 * would never yield to other processes. A generator first asks such an effect for its iterator: there it is counted, for the
 * fibers of our schedulers.
 */
export const countCompleted = (): void => {
  const success = Object.getPrototypeOf(Exit.void) as { [Symbol.iterator]?: () => unknown }
  const iterate = success[Symbol.iterator]
  // Another version of Effect may have no iterator on its exits
  if (iterate === undefined) return
  success[Symbol.iterator] = function (this: Exit.Success<unknown>) {
    const scheduler = Fiber.getCurrent()?.cache.scheduler as Partial<ProcessScheduler> | undefined
    return scheduler?.countCompleted?.() === true
      ? Effect.as(Effect.yieldNow, this.value)[Symbol.iterator]()
      : iterate.call(this)
  }
}
