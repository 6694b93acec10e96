/**
 * What must be reached, judged by `--check`: for single rows a ratio to the BEAM, or a figure; and on every row that certain
 * peers have too, to be ahead of them.
 */
import { isAhead, medianOf, ratioTo } from "./Comparison.ts"
import type { RowResults } from "./Report.ts"
import { smallerIsBetter } from "./Workload.ts"

/** A bound: of the ratio of our median to the BEAM's, or of our median itself. */
export interface Bound {
  readonly of: "ratio" | "figure"
  readonly atLeast?: number
  readonly atMost?: number
}

const atLeast = (ratio: number): Bound => ({ of: "ratio", atLeast: ratio })
const atMost = (ratio: number): Bound => ({ of: "ratio", atMost: ratio })

/** The goals by row. */
export const goals: { readonly [row: string]: Bound } = {
  "memory-raw": atMost(0.45),
  "memory-server": atMost(0.2),
  "million-servers-memory": { of: "figure", atMost: 2 ** 30 },
  "million-servers-rate": atLeast(2),
  churn: atLeast(1),
  "churn-await": atLeast(1),
  "ping-pong-server": atLeast(1.3),
  "ping-pong": atLeast(0.8),
  "call-1": atLeast(4),
  "call-100": atLeast(4),
  cast: atLeast(1.3),
  "ring-1000": atLeast(1.3),
  "ring-503": atLeast(1.3),
  "all-to-all": atLeast(1.3),
  "fan-in": atLeast(1.2),
  "call-behind-10k": atLeast(2),
  "kill-monitored": atLeast(1.5),
  "monitor-demonitor": atLeast(1.5),
  "link-fan": atLeast(1.5),
  "registry-register": atLeast(1.5),
  "registry-lookup": atLeast(1.5),
  "registry-whereis": atLeast(1.5),
  "registry-dispatch": atLeast(1.5),
  "dynamic-start": atLeast(1.5),
  "dynamic-stop": atLeast(1.5),
  "supervisor-restart-100": atLeast(1),
  "timer-cancel": atLeast(3),
  "timer-fire": atLeast(1.5),
  "latency-2-p99": atMost(1),
  "latency-2-p99.9": atMost(3),
  "parallel-cpu-2-speedup": { of: "figure", atLeast: 1.8 },
  "cross-one-way": atLeast(1.2),
  "cross-one-way-server": atLeast(1.2),
  "cross-ping-pong": atLeast(3),
  "cross-ping-pong-server": atLeast(3)
}

/**
 * The peers we must be ahead of on every row that both have, and how much better than us each of them may be. Of xstate
 * more is allowed: its sends are calls on the sender's stack, unsupervised.
 */
const peers: { readonly [system: string]: number } = { effect: 1, nact: 1, comedy: 1, cluster: 1, xstate: 1.5 }

/**
 * Rows in which every system of this language runs the same function nearly all of the time. Which of them is ahead is the
 * measurement's doing, so our range has to reach their median: a system that costs more than the rounds differ is found.
 */
const sameWork: ReadonlySet<string> = new Set(["parallel-cpu"])

/** A goal and what came of it. */
export interface Judgement {
  readonly row: string
  /** What was to be reached: "at least 4× beam". */
  readonly goal: string
  /** What was: "5.61×", or why there is nothing to judge. */
  readonly actual: string
  readonly met: boolean
}

const ours = "understudy"
const anchor = "beam"

const format = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 })

/** Judges the goals of the rows that were run, against the systems that took part. */
export const judge = (rows: ReadonlyArray<RowResults>, against: ReadonlyArray<string>): ReadonlyArray<Judgement> => {
  const judgements: Array<Judgement> = []
  for (const row of rows) {
    const bound = goals[row.key]
    if (bound !== undefined && (bound.of === "figure" || against.includes(anchor)))
      judgements.push(judgeBound(row, bound))
    for (const { system } of row.results) {
      const tolerance = peers[system]
      if (tolerance !== undefined && row.results.some((result) => result.system === ours)) {
        judgements.push(judgePeer(row, system, tolerance))
      }
    }
  }
  return judgements
}

const judgeBound = (row: RowResults, bound: Bound): Judgement => {
  const { key, unit } = row
  const what = bound.of === "ratio" ? `× ${anchor}` : ` ${unit}`
  const goal = [
    bound.atLeast === undefined ? "" : `at least ${format.format(bound.atLeast)}${what}`,
    bound.atMost === undefined ? "" : `at most ${format.format(bound.atMost)}${what}`
  ]
  const value = bound.of === "ratio" ? ratioTo(row, ours, anchor)?.ratio : medianOf(row, ours)
  const met = value !== undefined && value >= (bound.atLeast ?? -Infinity) && value <= (bound.atMost ?? Infinity)
  const needed = bound.of === "ratio" ? [ours, anchor] : [ours]
  return {
    row: key,
    goal: goal.filter((part) => part !== "").join(" and "),
    actual: value === undefined ? whyMissing(row, needed) : `${format.format(value)}${what}`,
    met
  }
}

const judgePeer = (row: RowResults, peer: string, tolerance: number): Judgement => {
  const { key, unit } = row
  const edge = smallerIsBetter(unit) ? tolerance : 1 / tolerance
  const ratio = ratioTo(row, ours, peer)?.ratio
  if (ratio !== undefined && sameWork.has(key)) return judgeSameWork(row, peer, ratio)
  return {
    row: key,
    goal: `${smallerIsBetter(unit) ? "at most" : "at least"} ${format.format(edge)}× ${peer}`,
    actual: ratio === undefined ? whyMissing(row, [ours, peer]) : `${format.format(ratio)}× ${peer}`,
    met: ratio !== undefined && isAhead(ratio, unit, tolerance)
  }
}

const judgeSameWork = (row: RowResults, peer: string, ratio: number): Judgement => {
  const outcome = row.results.find((result) => result.system === ours)?.outcome
  const theirs = medianOf(row, peer) ?? Number.POSITIVE_INFINITY
  return {
    row: row.key,
    goal: `range reaches ${peer}'s median`,
    actual: `${format.format(ratio)}× ${peer}`,
    met: outcome?._tag === "Measured" && outcome.summary.maximum >= theirs
  }
}

/** Why a ratio or a figure is not there: the first of the systems that has none. */
const whyMissing = (row: RowResults, needed: ReadonlyArray<string>): string => {
  for (const system of needed) {
    const outcome = row.results.find((result) => result.system === system)?.outcome
    if (outcome === undefined) return `${system} was not measured`
    if (outcome._tag === "Skipped") return `${system}: ${outcome.reason}`
    if (outcome._tag === "Failed") return `${system} failed: ${outcome.problem}`
  }
  return "not measured"
}
