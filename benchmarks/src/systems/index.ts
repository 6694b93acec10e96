/**
 * The systems that are compared, by name: Understudy, and later its peers.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type UnderstudyProgram, understudy } from "./understudy/Understudy.ts"

/** How a system is started. */
export interface StartOptions {
  /** How many cores it may use: schedulers, isolates, whatever the system calls them. */
  readonly schedulers: number
}

/** A running system. Its programs run one after the other. */
export interface RunningSystem<Program> {
  /** Runs one round and gives the figure. Any failure fails the workload. */
  readonly measure: (program: Program) => Effect.Effect<number, unknown>
}

/** A system that can be measured. `Program` is how it is told what to do. */
export interface BenchedSystem<Program> {
  readonly name: SystemName
  /** Starts it; it ends with the scope. */
  readonly start: (options: StartOptions) => Effect.Effect<RunningSystem<Program>, unknown, Scope.Scope>
}

/** The kind of program each system runs. */
export interface Programs {
  readonly understudy: UnderstudyProgram
}

/** The names of the systems, as they appear in the table. */
export type SystemName = keyof Programs

/** The systems, in the order in which they take turns. */
export const systems: { readonly [Name in SystemName]: BenchedSystem<Programs[Name]> } = { understudy }
