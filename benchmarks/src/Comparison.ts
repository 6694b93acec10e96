/**
 * Ratios between systems: of the medians of one row, ours to theirs, over the rounds that both had. More than 1 is better
 * where more of the unit is better, less than 1 where less of it is.
 */
import { type Outcome, summarize } from "./Outcome.ts"
import type { RowResults } from "./Report.ts"
import type { Kind } from "./System.ts"
import { smallerIsBetter, type Unit } from "./Workload.ts"

/** How a row went on a system; `undefined` when that has no program for it. */
export const outcomeOf = ({ results }: RowResults, system: string): Outcome | undefined =>
  results.find((result) => result.system === system)?.outcome

/** The figures of a system's rounds, in their order. */
export const figuresOf = (row: RowResults, system: string): ReadonlyArray<number> => {
  const outcome = outcomeOf(row, system)
  return outcome?._tag === "Measured" ? outcome.figures : []
}

/** The figures of the rounds that two systems both had, each with that of the same turn. */
export const pairs = (row: RowResults, system: string, other: string): ReadonlyArray<readonly [number, number]> => {
  const theirs = figuresOf(row, other)
  return figuresOf(row, system)
    .slice(0, theirs.length)
    .map((figure, round) => [figure, theirs[round] as number])
}

/** The median of a system. */
export const medianOf = (row: RowResults, system: string): number | undefined => {
  const outcome = outcomeOf(row, system)
  return outcome?._tag === "Measured" ? outcome.summary.median : undefined
}

const nameOfKind = ({ results }: RowResults, kind: Kind): string | undefined =>
  results.find((result) => result.kind === kind)?.system

/** A system and what the ratio to it is. */
export interface Ratio {
  readonly to: string
  readonly ratio: number
}

/** How a system's median compares with another's; `undefined` when one of them has none. */
export const ratioTo = (row: RowResults, system: string, other: string | undefined): Ratio | undefined => {
  if (other === undefined) return undefined
  const both = pairs(row, system, other)
  if (both.length === 0) return undefined
  const median = (side: 0 | 1) => summarize(both.map((pair) => pair[side])).median
  return { to: other, ratio: median(0) / median(1) }
}

/** How a system compares with the BEAM. Not told of the BEAM itself. */
export const ratioToAnchor = (row: RowResults, system: string): Ratio | undefined => {
  const anchor = nameOfKind(row, "anchor")
  return anchor === system ? undefined : ratioTo(row, system, anchor)
}

/** How a system compares with the best of the peers. Told of our own only. */
export const ratioToBestPeer = (row: RowResults, system: string): Ratio | undefined => {
  if (system !== nameOfKind(row, "ours")) return undefined
  const direction = smallerIsBetter(row.unit) ? 1 : -1
  const [best] = row.results
    .filter((result) => result.kind === "peer" && result.outcome._tag === "Measured")
    .map((result) => result.system)
    .toSorted((a, b) => direction * ((medianOf(row, a) ?? 0) - (medianOf(row, b) ?? 0)))
  return ratioTo(row, system, best)
}

/** Whether the first is the better of two figures of a unit, or as good. */
export const isAhead = (ratio: number, unit: Unit, tolerance = 1): boolean =>
  smallerIsBetter(unit) ? ratio <= tolerance : ratio >= 1 / tolerance
