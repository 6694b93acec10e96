/**
 * The systems every scenario is played on, and how a test says that one does not apply. The report reads both from what
 * tests are called; tests whose area has its home in a package use them as those of this folder do.
 */

/** A system to play scenarios on: its name, as the titles around its tests and the report have it, and what it is. */
export interface TestSystem {
  readonly name: "one scheduler" | "two virtual schedulers" | "two schedulers" | "simulated"
  readonly schedulers: 1 | 2
  /** Whether the second scheduler is a thread, which needs an entry file. */
  readonly threads: boolean
}

/** Those that run. */
export const testSystems: ReadonlyArray<TestSystem> = [
  { name: "one scheduler", schedulers: 1, threads: false },
  { name: "two virtual schedulers", schedulers: 2, threads: false },
  { name: "two schedulers", schedulers: 2, threads: true }
]

/** Two schedulers whose steps are chosen, in virtual time: see `Simulated.ts`. */
export const simulatedSystem: TestSystem = { name: "simulated", schedulers: 2, threads: false }

/** All of them, as the report has them. */
export const allSystems: ReadonlyArray<TestSystem> = [...testSystems, simulatedSystem]

/** The options of `System.layer` that make it. `entry`: what the second scheduler of two runs. */
export const settingsOf = ({ schedulers, threads }: TestSystem, entry: URL) =>
  threads ? { schedulers, entry } : { schedulers, virtual: schedulers > 1 }

const prefix = "not applicable: "

/** What a test is skipped with that says why its scenario does not apply. */
export const noteOf = (reason: string): string => prefix + reason

/** The reason in what a test was skipped with; `undefined`: it was skipped for another reason. */
export const reasonIn = (note: string | undefined): string | undefined =>
  note?.startsWith(prefix) === true ? note.slice(prefix.length) : undefined
