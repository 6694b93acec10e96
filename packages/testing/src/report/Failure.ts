/** A failure that a search has found, as the error that a test throws. */
import * as ExitReason from "@understudy/core/ExitReason"
import type { Left, Wait } from "@understudy/core/Simulation"
import * as Cause from "effect/Cause"
import { describe, type Schedule } from "../choices/Schedule.ts"
import type { Broken } from "../oracles/Oracles.ts"

/** What was wrong with a run. Two failures of one kind are the same failure, for shrinking. */
export type Problem =
  /** The body has failed: an expectation, most often. */
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown> }
  /** Processes wait for each other's answers. */
  | { readonly _tag: "Deadlock"; readonly cycle: ReadonlyArray<Wait> }
  /** Nothing can happen any more, and the body is not over. */
  | { readonly _tag: "Stuck"; readonly waits: ReadonlyArray<Wait> }
  /** It does not end. */
  | { readonly _tag: "TooLong"; readonly steps: number; readonly waits: ReadonlyArray<Wait> }
  /** A rule that every run has to keep is broken. See `oracles/Oracles.ts`. */
  | { readonly _tag: "Broken"; readonly broken: Broken }
  /** The body is over and has left something behind. */
  | { readonly _tag: "LeftBehind"; readonly what: ReadonlyArray<string> }

/** What is the same of two failures of one kind. */
export const kindOf = (problem: Problem): string => {
  if (problem._tag === "Broken") return `Broken ${problem.broken.rule}`
  if (problem._tag !== "Failed") return problem._tag
  const error = Cause.squash(problem.cause)
  return `Failed ${error instanceof Error ? error.name : typeof error}`
}

const waitText = ({ for: what, of, process, site }: Wait): string => {
  const where = site === undefined ? "" : ` (${site})`
  const whom = of === undefined ? "" : ` of ${of}`
  if (what === "outside") return `${process} waits for something outside of the simulation${where}`
  return what === "nothing"
    ? `${process} does not wait${where}`
    : `${process} waits for ${what === "answer" ? "the answer" : what}${whom}${where}`
}

/** A problem in words. */
export const describeProblem = (problem: Problem): string => {
  switch (problem._tag) {
    case "Failed": {
      const error = Cause.squash(problem.cause)
      return error instanceof Error ? error.message : ExitReason.format(ExitReason.fromCause(problem.cause))
    }
    case "Deadlock":
      return `deadlock: ${problem.cycle.map(waitText).join("; ")}`
    case "Stuck":
      return `nothing can happen any more: ${problem.waits.map(waitText).join("; ")}`
    case "TooLong":
      return `no end after ${problem.steps} steps: ${problem.waits.map(waitText).join("; ")}`
    case "Broken":
      return `${problem.broken.rule}: ${problem.broken.problem} (step ${problem.broken.step})`
    case "LeftBehind":
      return `left behind: ${problem.what.join("; ")}`
  }
}

/** What is left, in words. Empty: nothing. */
export const describeLeft = (left: Left): ReadonlyArray<string> => {
  const made = (at: string | undefined) => (at === undefined ? "" : `, made at ${at}`)
  return [
    ...left.processes.map(({ made: at, name }) => `process ${name}${made(at)}`),
    ...left.timers.map(
      ({ made: at, milliseconds, owner }) => `a timer of ${owner ?? "no process"}, due in ${milliseconds} ms${made(at)}`
    ),
    ...left.monitors.map(({ by, of }) => `a monitor of ${by} on ${of}`),
    ...left.names.map(({ name, process }) => `the name ${name} of ${process ?? "a process that is gone"}`),
    ...left.calls.map(
      ({ by, made: at, to }) => `a call of ${by ?? "no process"} to ${to ?? "a process that is gone"}${made(at)}`
    )
  ]
}

/** All that is known of a failure. */
export interface FailureFacts {
  readonly problem: Problem
  /** The shrunk schedule. */
  readonly schedule: Schedule
  /** The schedule as a text: `UNDERSTUDY_REPLAY`. */
  readonly token: string
  /** How many deviations the run that was found had. */
  readonly before: number
  /** The number of the run, from 1, and how its choices were made. */
  readonly run: number
  readonly strategy: string
  /** How many runs shrinking took. */
  readonly shrinks: number
  /** Step by step. */
  readonly story: string
  /** As a Mermaid sequence chart. */
  readonly chart: string
  /** Whether the same schedule told the same story twice. */
  readonly deterministic: boolean
}

/** How a failure is replayed, as a command line. */
export const replayCommand = (token: string, test?: string): string =>
  `UNDERSTUDY_REPLAY=${token} npm test${test === undefined ? "" : ` -- -t ${JSON.stringify(test)}`}`

/** A run of a simulated program that failed, shrunk, with its story and how to replay it. */
export class SimulationFailed extends Error implements FailureFacts {
  override readonly name = "SimulationFailed"
  readonly problem: Problem
  readonly schedule: Schedule
  readonly token: string
  readonly before: number
  readonly run: number
  readonly strategy: string
  readonly shrinks: number
  readonly story: string
  readonly chart: string
  readonly deterministic: boolean

  constructor(facts: FailureFacts, test?: string) {
    const { before, deterministic, problem, run, schedule, shrinks, story, strategy, token } = facts
    const { deviations } = schedule
    const cause = problem._tag === "Failed" ? Cause.squash(problem.cause) : undefined
    const how =
      deviations.length === 0
        ? "It fails in the plain order."
        : `It fails when:\n${deviations.map((deviation) => `  - ${describe(deviation)}`).join("\n")}`
    super(
      [
        describeProblem(problem),
        `run ${run} (${strategy}), ${deviations.length} ${deviations.length === 1 ? "deviation" : "deviations"} after ${shrinks} runs of shrinking (was ${before})`,
        ...(deterministic
          ? []
          : [
              "NOT DETERMINISTIC: the same schedule told another story the second time. Look for what the program reads from outside."
            ]),
        how,
        story,
        `  replay: ${replayCommand(token, test)}`
      ].join("\n"),
      { cause }
    )
    this.problem = problem
    this.schedule = schedule
    this.token = token
    this.before = before
    this.run = run
    this.strategy = strategy
    this.shrinks = shrinks
    this.story = story
    this.chart = facts.chart
    this.deterministic = deterministic
  }
}
