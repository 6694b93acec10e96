/**
 * What came of a workload on a system: its figures and what is said about them, or why there are none.
 */
import type { SystemName } from "./systems/index.ts"
import type { Workload } from "./Workload.ts"

/** What the counted rounds of a workload came to. The middle one of an even number is the lower of the two. */
export interface Summary {
  readonly median: number
  readonly minimum: number
  readonly maximum: number
}

/** See the file's header. */
export type Result = { readonly workload: Workload; readonly system: SystemName } & (
  | { readonly _tag: "Measured"; readonly figures: ReadonlyArray<number>; readonly summary: Summary }
  | { readonly _tag: "Skipped"; readonly reason: string }
  | { readonly _tag: "Failed"; readonly problem: string }
)

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
