/**
 * Conversion of duration options to milliseconds. An invalid duration is rejected where it is given, by an error that names the option.
 */
import * as Duration from "effect/Duration"
import { showGiven } from "./Inspect.ts"

/** The accepted forms of a duration, for error messages. */
export const expectedDuration = `a duration of 0 or more: milliseconds, a text such as "5 seconds", or "Infinity"`

/**
 * A duration in whole milliseconds, rounded up. `Infinity` means no limit. `undefined` for an invalid or negative
 * duration, and for `NaN`, which Effect reads as zero.
 */
export const wholeMilliseconds = (input: Duration.Input): number | undefined => {
  if (typeof input === "number") return input >= 0 ? Math.ceil(input) : undefined
  // Fast path of the most common value
  if (input === Duration.infinity) return Number.POSITIVE_INFINITY
  try {
    // Throws for an invalid input
    const value = Duration.toMillis(input)
    return value >= 0 ? Math.ceil(value) : undefined
  } catch {
    return undefined
  }
}

/** The error for an invalid duration. `what`: the function or the message, and the option. */
export const invalidDuration = (what: string, given: unknown, expected: string = expectedDuration): RangeError =>
  new RangeError(`${what}: expected ${expected}; got ${showGiven(given)}`)

/** As {@link milliseconds}, for an optional limit: `Infinity` when there is no limit, `undefined` when the option is absent. */
export const limitOf = (input: Duration.Input | undefined, what: string): number | undefined =>
  input === undefined ? undefined : (milliseconds(input, what) ?? Number.POSITIVE_INFINITY)

/**
 * A duration in whole milliseconds; `undefined` when there is no limit. Throws the RangeError of
 * {@link invalidDuration} when the duration is invalid.
 */
export const milliseconds = (input: Duration.Input | undefined, what: string): number | undefined => {
  if (input === undefined) return undefined
  const whole = wholeMilliseconds(input)
  if (whole === undefined) throw invalidDuration(what, input)
  return whole === Number.POSITIVE_INFINITY ? undefined : whole
}
