/**
 * A workload: what is measured and how much of it. The ids (W1, W2, …) and keys name the same work in every system, so
 * that figures of one row can be compared. What a system does for it is in the system's folder.
 */
import * as Schema from "effect/Schema"

/** How much work: `smoke` proves in seconds that everything runs, `full` gives figures worth quoting. */
export type Scale = "full" | "smoke"

/** At least so many rounds, and so many milliseconds of them. */
export interface WarmUp {
  readonly rounds: number
  readonly milliseconds: number
}

/**
 * How long a system runs before its rounds count. Compilers at run time need more than one round until they have settled: with
 * one, the counted rounds of V8 and of the BEAM alike got faster from each to the next. And where a round takes 60 ms, V8's
 * last compilations were over after ten of them.
 */
export const warmUp: { readonly [S in Scale]: WarmUp } = {
  full: { rounds: 3, milliseconds: 1000 },
  smoke: { rounds: 1, milliseconds: 0 }
}

/** What a figure counts. Of bytes and microseconds fewer are better, of everything else more. */
export const Unit = Schema.Literals([
  "operations/s",
  "messages/s",
  "round trips/s",
  "processes/s",
  "times as fast",
  "bytes",
  "bytes/process",
  "µs"
])
export type Unit = (typeof Unit)["Type"]

/** Whether a smaller figure is the better one. */
export const smallerIsBetter = (unit: Unit): boolean => unit === "bytes" || unit === "bytes/process" || unit === "µs"

/** One line of the table: one of the figures of a workload. */
export interface Row {
  /** Unique. The workload's key; with several figures, the key, a dash, and the figure's name. */
  readonly key: string
  /** The figure's name, where the workload has several. */
  readonly figure: string | undefined
  /** For people. */
  readonly name: string
  readonly unit: Unit
}

/** How a workload is described: its family, its sizes, and its one figure or its several. */
export interface Description<P> {
  /** The family: all workloads with one id measure the same thing in different ways. */
  readonly id: `W${number}`
  /** For people. */
  readonly name: string
  /** The unit of its one figure; or its figures by name. */
  readonly figures: Unit | { readonly [figure: string]: { readonly name: string; readonly unit: Unit } }
  /** How many schedulers the work needs. With fewer it is skipped. Default 1. */
  readonly schedulers?: number
  readonly parameters: { readonly [S in Scale]: P }
}

/** What the runner knows of a workload. */
export interface Workload extends Omit<Description<unknown>, "figures"> {
  /** Unique, for the command line: `call-100`. */
  readonly key: string
  readonly schedulers: number
  /** In the order of the table. */
  readonly rows: ReadonlyArray<Row>
}

/** Describes a workload. Both of its sizes have the same parameters, which are what its programs are given. */
export const workload = <P>(description: Description<P>): Description<P> => description

/** A described workload under its key. */
export const listed = (key: string, { figures, ...description }: Description<unknown>): Workload => ({
  ...description,
  key,
  schedulers: description.schedulers ?? 1,
  rows:
    typeof figures === "string"
      ? [{ key, figure: undefined, name: description.name, unit: figures }]
      : Object.entries(figures).map(([figure, { name, unit }]) => ({ key: `${key}-${figure}`, figure, name, unit }))
})
