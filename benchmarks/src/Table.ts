/**
 * The figures as people read them while they come in: a header that says what they were measured on, and aligned
 * columns.
 */
import type { Arguments } from "./Arguments.ts"
import { type Ratio, ratioToAnchor, ratioToBestPeer } from "./Comparison.ts"
import type { Environment } from "./Environment.ts"
import type { Judgement, Verdict } from "./Goals.ts"
import type { Outcome } from "./Outcome.ts"
import type { Report, RowResults } from "./Report.ts"
import { type Scale, warmUp } from "./Workload.ts"

/** What is printed above the table, a line each. */
export const header = (
  environment: Environment,
  { rounds, scale, schedulers }: Pick<Report, "rounds" | "scale" | "schedulers">,
  versions: Report["versions"]
): ReadonlyArray<string> => {
  const { commit, cores, node, nodeEnv, platform, processor, validation } = environment
  const source = commit === undefined ? "no commit" : `commit ${commit.id}${commit.changed ? " with changes" : ""}`
  return [
    `Understudy benchmarks, ${source}`,
    `Node.js ${node} on ${platform}, ${counted(cores, "core")} (${processor})`,
    ...Object.entries(versions).map(([system, version]) => `${system}: ${version}`),
    `validation ${validation}, NODE_ENV=${nodeEnv} (shared messages are not frozen)`,
    `${scale} sizes, ${counted(rounds, "round")} after ${describeWarmUp(scale)} to warm up`,
    schedulers === undefined ? "as many schedulers as a row needs" : `${counted(schedulers, "scheduler")} in every row`
  ]
}

const describeWarmUp = (scale: Scale): string => {
  const { milliseconds, rounds } = warmUp[scale]
  const atLeast = milliseconds === 0 ? "" : `, and ${counted(milliseconds / 1000, "second")},`
  return `${rounds}${atLeast}`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const fraction = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 })

/** Small figures keep two digits after the point. */
export const formatFigure = (figure: number): string => (Math.abs(figure) < 100 ? fraction : whole).format(figure)

/** Two digits after the point, or three significant ones below 0.1. */
export const formatRatio = (ratio: number): string => `${ratio < 0.1 ? ratio.toPrecision(2) : fraction.format(ratio)}×`

/** Wide enough for figures up to 9,999 million. */
const figureWidth = 13
const rangeWidth = 2 * figureWidth + 1
const unitWidth = 13
const ratioWidth = 8

const widest = (texts: ReadonlyArray<string>) => Math.max(...texts.map((text) => text.length))

/** Prints rows of the same widths as they come in. */
export interface Table {
  readonly head: string
  readonly lines: (row: RowResults) => ReadonlyArray<string>
}

/** The table for the workloads and systems that will be run. */
export const table = ({ against, workloads }: Pick<Arguments, "against" | "workloads">): Table => {
  const widths = {
    id: widest(workloads.map(({ id }) => id)),
    name: widest(["workload", ...workloads.flatMap(({ rows }) => rows.map(({ name }) => name))]),
    system: widest(["system", ...against])
  }
  const line = (id: string, name: string, system: string, rest: string) =>
    `${id.padEnd(widths.id)}  ${name.padEnd(widths.name)}  ${system.padEnd(widths.system)}  ${rest}`.trimEnd()
  const figures = (median: string, range: string, unit: string, toAnchor: string, toPeer: string) =>
    [
      median.padStart(figureWidth),
      range.padStart(rangeWidth),
      unit.padEnd(unitWidth),
      toAnchor.padStart(ratioWidth),
      toPeer
    ].join("  ")
  const describe = (row: RowResults, system: string, outcome: Outcome): string => {
    switch (outcome._tag) {
      case "Measured": {
        const { maximum, median, minimum } = outcome.summary
        return figures(
          formatFigure(median),
          `${formatFigure(minimum)}-${formatFigure(maximum)}`,
          row.unit,
          ratioText(ratioToAnchor(row, system)),
          ratioText(ratioToBestPeer(row, system), true)
        )
      }
      case "Skipped":
        return `skipped: ${outcome.reason}`
      case "Failed":
        return `FAILED: ${outcome.problem}`
    }
  }
  return {
    head: line("", "workload", "system", figures("median", "min-max", "unit", "to BEAM", "to best peer")),
    lines: (row) =>
      row.results.map(({ outcome, system }, index) => {
        const first = index === 0
        return line(first ? row.id : "", first ? row.name : "", system, describe(row, system, outcome))
      })
  }
}

const ratioText = (ratio: Ratio | undefined, named = false): string => {
  if (ratio === undefined) return ""
  return named ? `${formatRatio(ratio.ratio)} ${ratio.to}` : formatRatio(ratio.ratio)
}

const verdicts: { readonly [V in Verdict]: string } = { met: "met", missed: "MISSED", "out of reach": "OUT OF REACH" }

/** The goals, missed ones marked, and those out of reach with the reason. */
export const goalLines = (judgements: ReadonlyArray<Judgement>): ReadonlyArray<string> => {
  const row = widest(["row", ...judgements.map((judgement) => judgement.row)])
  const goal = widest(["goal", ...judgements.map((judgement) => judgement.goal)])
  const verdict = widest(["", ...judgements.map((judgement) => verdicts[judgement.verdict])])
  return [
    `${" ".repeat(verdict)}  ${"row".padEnd(row)}  ${"goal".padEnd(goal)}  actual`,
    ...judgements.map((judgement) => {
      const { actual, reason } = judgement
      const told = reason === undefined ? actual : `${actual}: ${reason}`
      return `${verdicts[judgement.verdict].padEnd(verdict)}  ${judgement.row.padEnd(row)}  ${judgement.goal.padEnd(goal)}  ${told}`
    })
  ]
}
