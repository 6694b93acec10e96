/**
 * What must be reached, judged by `--check`: for single rows a ratio to the BEAM, or a figure; and on every row that certain
 * peers have too, to be ahead of them.
 */
import { figuresOf, isAhead, medianOf, outcomeOf, pairs, ratioTo } from "./Comparison.ts"
import type { RowResults } from "./Report.ts"
import { smallerIsBetter } from "./Workload.ts"

/** A bound, of the ratio of our median to the BEAM's or of our median itself. */
export type Bound = { readonly of: "ratio" | "figure" } & ({ readonly atLeast: number } | { readonly atMost: number })

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
 * measurement's doing: {@link sameWorkTolerance}.
 */
const sameWork: ReadonlySet<string> = new Set(["parallel-cpu"])

/**
 * There the best of our rounds has to reach so much of their median. Where code and objects come to stand in memory is up to each OS
 * process and lasts as long as it does: of eight pairs of processes, one ran the same function from 0.98 to 1.02 times as fast as
 * the other, while the rounds of one process differed by a quarter of that. A system that costs more is found.
 */
const sameWorkTolerance = 0.98

/** A goal against a peer that what Understudy is keeps it from reaching, and why. */
export interface OutOfReach {
  /** The key of one row. */
  readonly row: string
  /** One system. */
  readonly peer: string
  readonly reason: string
}

/**
 * The goals known to be out of reach, each by the name of its row and of its peer. They are judged like all others. One that
 * is missed is printed as OUT OF REACH, with what was measured and the reason, and counted apart; it does not fail a check.
 */
export const outOfReach: ReadonlyArray<OutOfReach> = [
  {
    row: "latency-0-p50",
    peer: "xstate",
    reason:
      "a send to an idle xstate actor is a call on the sender's stack; a message here waits its turn in the run queue twice"
  }
]

/** Whether a goal was met. */
export type Verdict = "met" | "missed" | "out of reach"

/** A goal and what came of it. */
export interface Judgement {
  readonly row: string
  /** What was to be reached: "at least 4× beam". */
  readonly goal: string
  /** What was: "5.61×", or why there is nothing to judge. */
  readonly actual: string
  readonly verdict: Verdict
  /** Why a goal is out of reach, when it was missed for that. */
  readonly reason?: string
}

const ours = "understudy"
const anchor = "beam"

/** The bound of a row, if it has one that these systems can be judged by. */
const boundOf = (row: string, against: ReadonlyArray<string>): Bound | undefined => {
  const bound = goals[row]
  return bound !== undefined && (bound.of === "figure" || against.includes(anchor)) ? bound : undefined
}

/** The peers with a goal among the systems that run a row. */
const rivalsAmong = (systems: ReadonlyArray<string>): ReadonlyArray<string> =>
  systems.includes(ours) ? systems.filter((system) => peers[system] !== undefined) : []

/** Whether a row that these of the systems in the running have a program for has any goal. */
export const hasGoals = (row: string, systems: ReadonlyArray<string>, against: ReadonlyArray<string>): boolean =>
  boundOf(row, against) !== undefined || rivalsAmong(systems).length > 0

/** Judges the goals of the rows that were run, against the systems that took part. */
export const judge = (rows: ReadonlyArray<RowResults>, against: ReadonlyArray<string>): ReadonlyArray<Judgement> => {
  const judgements: Array<Judgement> = []
  for (const row of rows) {
    const bound = boundOf(row.key, against)
    if (bound !== undefined) judgements.push(judgeBound(row, bound))
    for (const peer of rivalsAmong(row.results.map(({ system }) => system))) {
      judgements.push(judgePeer(row, peer, peers[peer] ?? 1))
    }
  }
  return judgements
}

const meets = (bound: Bound, value: number): boolean =>
  "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost

/**
 * Whether so many rounds reached a goal, or failed it, that more of them would hardly change which it is: two standard deviations
 * off what they would come to if chance had it.
 */
const isClear = (reached: ReadonlyArray<boolean>): boolean => {
  const surplus = 2 * reached.filter((one) => one).length - reached.length
  return surplus ** 2 >= 4 * reached.length
}

/**
 * The systems of a row, ours or others, that must run more rounds before it is clear whether a goal is reached: not by the
 * medians, which one round more can move across a goal that is close, but by round after round, each against that of the same turn.
 */
export const undecided = (row: RowResults, against: ReadonlyArray<string>): ReadonlyArray<string> => {
  const isOpen = (system: string, reaches: (ratio: number) => boolean) =>
    !isClear(pairs(row, ours, system).map(([mine, theirs]) => reaches(mine / theirs)))
  const open = rivalsAmong(row.results.map(({ system }) => system)).filter(
    (peer) => !sameWork.has(row.key) && isOpen(peer, (ratio) => isAhead(ratio, row.unit, peers[peer]))
  )
  const bound = boundOf(row.key, against)
  if (bound?.of === "figure" && !isClear(figuresOf(row, ours).map((figure) => meets(bound, figure)))) {
    return [ours, ...open]
  }
  return bound?.of === "ratio" && isOpen(anchor, (ratio) => meets(bound, ratio)) ? [anchor, ...open] : open
}

/** What a check came to, in a line; and whether it was passed: no goal missed, but for those out of reach. */
export const sumUp = (judgements: ReadonlyArray<Judgement>): { readonly line: string; readonly passed: boolean } => {
  const count = (verdict: Verdict) => judgements.filter((judgement) => judgement.verdict === verdict).length
  const missed = count("missed")
  const beyond = count("out of reach")
  const told =
    beyond === 0 ? "" : ` ${beyond} of ${judgements.length} goals ${beyond === 1 ? "is" : "are"} out of reach.`
  return {
    line: `${missed} of ${judgements.length} goals missed.${told}`,
    passed: missed === 0 && judgements.length > 0
  }
}

const formats = new Map<number, Intl.NumberFormat>()

const formatted = (value: number, digits: number): string => {
  const format = formats.get(digits) ?? new Intl.NumberFormat("en-US", { maximumFractionDigits: digits })
  formats.set(digits, format)
  return format.format(value)
}

const mostDigits = 15

/** How many digits tell a value from its bound, two at least: what is a hair short must not read like the bound. */
const digitsToTell = (value: number | undefined, bound: number): number => {
  let digits = 2
  while (
    value !== undefined &&
    value !== bound &&
    digits < mostDigits &&
    formatted(value, digits) === formatted(bound, digits)
  ) {
    digits++
  }
  return digits
}

const judgeBound = (row: RowResults, bound: Bound): Judgement => {
  const { key, unit } = row
  const what = bound.of === "ratio" ? `× ${anchor}` : ` ${unit}`
  const limit = "atLeast" in bound ? bound.atLeast : bound.atMost
  const value = bound.of === "ratio" ? ratioTo(row, ours, anchor)?.ratio : medianOf(row, ours)
  const met = value !== undefined && meets(bound, value)
  const digits = digitsToTell(value, limit)
  const needed = bound.of === "ratio" ? [ours, anchor] : [ours]
  return {
    row: key,
    goal: `${"atLeast" in bound ? "at least" : "at most"} ${formatted(limit, digits)}${what}`,
    actual: value === undefined ? whyMissing(row, needed) : `${formatted(value, digits)}${what}`,
    verdict: met ? "met" : "missed"
  }
}

const judgePeer = (row: RowResults, peer: string, tolerance: number): Judgement => {
  const { key, unit } = row
  const edge = smallerIsBetter(unit) ? tolerance : 1 / tolerance
  const ratio = ratioTo(row, ours, peer)?.ratio
  if (ratio !== undefined && sameWork.has(key)) return judgeSameWork(row, peer, ratio)
  const digits = digitsToTell(ratio, edge)
  const judgement: Judgement = {
    row: key,
    goal: `${smallerIsBetter(unit) ? "at most" : "at least"} ${formatted(edge, digits)}× ${peer}`,
    actual: ratio === undefined ? whyMissing(row, [ours, peer]) : `${formatted(ratio, digits)}× ${peer}`,
    verdict: ratio !== undefined && isAhead(ratio, unit, tolerance) ? "met" : "missed"
  }
  const known = outOfReach.find((goal) => goal.row === key && goal.peer === peer)
  // What was not measured is missed for another reason
  return known === undefined || ratio === undefined || judgement.verdict === "met"
    ? judgement
    : { ...judgement, verdict: "out of reach", reason: known.reason }
}

const judgeSameWork = (row: RowResults, peer: string, ratio: number): Judgement => {
  const outcome = outcomeOf(row, ours)
  const theirs = medianOf(row, peer) ?? Number.POSITIVE_INFINITY
  const best = outcome?._tag === "Measured" ? outcome.summary.maximum / theirs : 0
  const digits = digitsToTell(best, sameWorkTolerance)
  return {
    row: row.key,
    goal: `our best round reaches ${formatted(sameWorkTolerance, 2)}× ${peer}'s median`,
    actual: `${formatted(best, digits)}× ${peer}, our median ${formatted(ratio, 2)}×`,
    verdict: best >= sameWorkTolerance ? "met" : "missed"
  }
}

/** Why a ratio or a figure is not there: the first of the systems that has none. */
const whyMissing = (row: RowResults, needed: ReadonlyArray<string>): string => {
  for (const system of needed) {
    const outcome = outcomeOf(row, system)
    if (outcome === undefined) return `${system} was not measured`
    if (outcome._tag === "Skipped") return `${system}: ${outcome.reason}`
    if (outcome._tag === "Failed") return `${system} failed: ${outcome.problem}`
  }
  return "not measured"
}
