/**
 * Ratios between systems: of the medians of one row, ours to theirs, over the rounds that both had. More than 1 is better
 * where more of the unit is better, less than 1 where less of it is.
 */
import { summarize } from "./Outcome.ts"
import type { RowResults } from "./Report.ts"
import type { Kind } from "./System.ts"
import { smallerIsBetter, type Unit } from "./Workload.ts"

/** The figures of a system's rounds, in their order. */
export const figuresOf = ({ results }: RowResults, system: string): ReadonlyArray<number> => {
  const outcome = results.find((result) => result.system === system)?.outcome
  return outcome?._tag === "Measured" ? outcome.figures : []
}

/** The figures of the rounds that both had, each with that of the same turn. */
export const pairs = (
  own: ReadonlyArray<number>,
  theirs: ReadonlyArray<number>
): ReadonlyArray<readonly [number, number]> =>
  own.slice(0, theirs.length).map((figure, round) => [figure, theirs[round] as number])

/** The median of the first system of a kind, or of a name. */
export const medianOf = ({ results }: RowResults, system: string): number | undefined => {
  const found = results.find((result) => result.system === system)
  return found?.outcome._tag === "Measured" ? found.outcome.summary.median : undefined
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
  const both = other === undefined ? [] : pairs(figuresOf(row, system), figuresOf(row, other))
  if (other === undefined || both.length === 0) return undefined
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
