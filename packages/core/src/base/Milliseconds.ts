/**
 * Durations in milliseconds, wherever one enters: what cannot be waited for is refused there, by an error that names it.
 */
import * as Duration from "effect/Duration"
import { showGiven } from "./Inspect.ts"

/** What a duration can be, for errors. */
export const aDuration = `a duration of 0 or more: milliseconds, a text such as "5 seconds", or "Infinity"`

/**
 * A duration in whole milliseconds; a part of one counts as one. `Infinity` means no limit. `undefined`: that is no
 * duration, or a negative one (Effect takes `NaN` for a duration of nothing).
 */
export const wholeMilliseconds = (input: Duration.Input): number | undefined => {
  if (typeof input === "number") return input >= 0 ? Math.ceil(input) : undefined
  // What most often says that there is no limit
  if (input === Duration.infinity) return Number.POSITIVE_INFINITY
  try {
    // It throws for what it does not know
    const value = Duration.toMillis(input)
    return value >= 0 ? Math.ceil(value) : undefined
  } catch {
    return undefined
  }
}

/** The error for a duration that is none. `what`: the function or the message, and the option. */
export const invalidDuration = (what: string, given: unknown, expected: string = aDuration): RangeError =>
  new RangeError(`${what}: expected ${expected}; got ${showGiven(given)}`)

/** As {@link milliseconds}, of an option: `Infinity` when there is no limit, `undefined` when it was not given. */
export const limitOf = (input: Duration.Input | undefined, what: string): number | undefined =>
  input === undefined ? undefined : (milliseconds(input, what) ?? Number.POSITIVE_INFINITY)

/**
 * A duration in whole milliseconds; `undefined` when there is no limit. Throws a RangeError that names `what` when it is
 * none, see {@link invalidDuration}.
 */
export const milliseconds = (input: Duration.Input | undefined, what: string): number | undefined => {
  if (input === undefined) return undefined
  const whole = wholeMilliseconds(input)
  if (whole === undefined) throw invalidDuration(what, input)
  return whole === Number.POSITIVE_INFINITY ? undefined : whole
}
