/**
 * A workload: what is measured, how much of it, and the program each system runs for it. The ids (W1, W2, …) name the
 * same work in every system, so that figures with one id and name can be compared.
 */
import type { Programs, SystemName } from "./systems/index.ts"

/** How much work: `smoke` proves in seconds that everything runs, `full` gives figures worth quoting. */
export type Scale = "full" | "smoke"

/** What a figure counts. */
export type Unit = "operations/s" | "messages/s" | "round trips/s" | "processes/s" | "bytes/process"

/** One line of the table. Made by {@link workload}. */
export interface Workload {
  /** The family: all workloads with one id measure the same thing in different ways. */
  readonly id: `W${number}`
  /** Unique, for the command line: `call-100`. */
  readonly key: string
  /** For people. */
  readonly name: string
  readonly unit: Unit
  /** How many schedulers the work needs. With fewer it is skipped. */
  readonly schedulers: number
  /** The program of each system that can do this work. It checks that all of it was done, and gives the figure in `unit`. */
  readonly run: { readonly [Name in SystemName]?: (scale: Scale) => Programs[Name] }
}

/** How a workload is described: `parameters` says how large each scale is, and `run` gets the one that was asked for. */
export interface Description<P> extends Omit<Workload, "run"> {
  readonly parameters: { readonly [S in Scale]: P }
  readonly run: { readonly [Name in SystemName]?: (parameters: P) => Programs[Name] }
}

/** Makes a workload. `P` ends here: the runner handles all workloads alike. */
export const workload = <P>({ parameters, run, ...description }: Description<P>): Workload => ({
  ...description,
  run: Object.fromEntries(
    Object.entries(run).map(([name, program]) => [name, (scale: Scale) => program(parameters[scale])])
  )
})
