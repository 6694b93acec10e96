/**
 * Ratios between systems: of the medians of one row, ours to theirs. More than 1 is better where more of the unit is
 * better, less than 1 where less of it is.
 */
import type { RowResults } from "./Report.ts"
import type { Kind } from "./System.ts"
import { smallerIsBetter, type Unit } from "./Workload.ts"

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
  const own = medianOf(row, system)
  const theirs = other === undefined ? undefined : medianOf(row, other)
  return own === undefined || theirs === undefined || other === undefined
    ? undefined
    : { to: other, ratio: own / theirs }
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
