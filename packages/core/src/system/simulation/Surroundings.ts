/** The world around a simulated system: its clock and its randomness, as services and as the globals that programs use. */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Random from "effect/Random"
import { processFiber } from "../../fiber/ProcessFiber.ts"
import { type Host, System } from "../../process/Host.ts"

/** A stream of numbers that a seed decides: mulberry32. */
export class Dice implements Random.Random {
  private state = 0

  seed(seed: number): void {
    this.state = seed | 0
  }

  nextDoubleUnsafe(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  nextIntUnsafe(): number {
    const range = Number.MAX_SAFE_INTEGER - Number.MIN_SAFE_INTEGER + 1
    return Math.floor(this.nextDoubleUnsafe() * range) + Number.MIN_SAFE_INTEGER
  }
}

/** Virtual time as Effect's clock. What sleeps is woken by the scheduler that it runs on, or else by `otherwise`. */
export const makeClock = (now: () => number, otherwise: () => Host): Clock.Clock => {
  const nanoseconds = () => BigInt(Math.round(now() * 1e6))
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: nanoseconds,
    currentTimeNanos: Effect.sync(nanoseconds),
    monotonicTimeNanosUnsafe: nanoseconds,
    monotonicTimeNanos: Effect.sync(nanoseconds),
    sleep: (duration) =>
      Effect.withFiber((fiber) => {
        const host = processFiber(fiber)?.process.host ?? Context.getOrUndefined(fiber.context, System) ?? otherwise()
        return Effect.callback<void>((resume) => {
          const milliseconds = Duration.toMillis(duration)
          if (!Number.isFinite(milliseconds)) return Effect.void
          const timer = host.timers.set(milliseconds, () => resume(Effect.void))
          return Effect.sync(() => host.timers.clear(timer))
        })
      })
  }
}

/** Puts virtual time and dice in the place of the globals that programs ask. Returns how to undo that. */
export const replaceGlobals = (now: () => number, dice: Dice): (() => void) => {
  let last = Number.NEGATIVE_INFINITY
  // Who waits for the time to pass without giving way sees it pass: a microsecond each time that it is asked
  const moving = () => {
    last = Math.max(last + 0.001, now())
    return last
  }
  const { now: dateNow } = Date
  const { random } = Math
  const own = Object.getOwnPropertyDescriptor(performance, "now")
  Date.now = () => Math.floor(moving())
  Math.random = () => dice.nextDoubleUnsafe()
  Object.defineProperty(performance, "now", { configurable: true, writable: true, value: moving })
  return () => {
    Date.now = dateNow
    Math.random = random
    if (own === undefined) Reflect.deleteProperty(performance, "now")
    else Object.defineProperty(performance, "now", own)
  }
}
