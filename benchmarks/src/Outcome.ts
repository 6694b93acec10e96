/**
 * How a row went on a system: its figures and what is said about them, or why there are none.
 */
import * as Schema from "effect/Schema"

/** What the counted rounds of a row came to. The middle one of an even number is the lower of the two. */
export const Summary = Schema.Struct({ median: Schema.Number, minimum: Schema.Number, maximum: Schema.Number })
export type Summary = (typeof Summary)["Type"]

/** See the file's header. */
export const Outcome = Schema.TaggedUnion({
  Measured: { figures: Schema.Array(Schema.Number), summary: Summary },
  /** Asked for more than there is: schedulers, or programs that are not installed. */
  Skipped: { reason: Schema.String },
  Failed: { problem: Schema.String }
})
export type Outcome = (typeof Outcome)["Type"]

/** Throws a RangeError when there are no figures. */
export const summarize = (figures: ReadonlyArray<number>): Summary => {
  const sorted = figures.toSorted((a, b) => a - b)
  const median = sorted[(sorted.length - 1) >> 1]
  const minimum = sorted[0]
  const maximum = sorted.at(-1)
  if (median === undefined || minimum === undefined || maximum === undefined) {
    throw new RangeError("summarize: no figures")
  }
  return { median, minimum, maximum }
}
