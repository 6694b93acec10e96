/**
 * Effects that are over before a process yields them: they cost a process a part of its slice like all others.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { ProcessScheduler } from "../process/Host.ts"

/**
 * In a generator, Effect takes the value of an effect that is over already (`yield* Effect.void`) and goes on without
 * counting it, so a loop of them would never give way. A generator asks such an effect for its iterator first: there they
 * are counted, for the fibers of our schedulers.
 */
export const countCompleted = (): void => {
  const success = Object.getPrototypeOf(Exit.void) as { [Symbol.iterator]?: () => unknown }
  const iterate = success[Symbol.iterator]
  // Another Effect may take their values another way
  if (iterate === undefined) return
  success[Symbol.iterator] = function (this: Exit.Success<unknown>) {
    const scheduler = Fiber.getCurrent()?.cache.scheduler as Partial<ProcessScheduler> | undefined
    return scheduler?.countCompleted?.() === true
      ? Effect.as(Effect.yieldNow, this.value)[Symbol.iterator]()
      : iterate.call(this)
  }
}
