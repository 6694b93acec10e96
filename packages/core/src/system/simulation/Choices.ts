/**
 * What is chosen in a simulation, and what it is chosen from. A search implements {@link Chooser}; the plain answer to every question is
 * what a system without a search would do.
 */
import type * as ExitReason from "../../exit/ExitReason.ts"

/** What can have the next step. */
export interface Source {
  /** A process, what belongs to no process of a scheduler, or the signals from one scheduler to another. */
  readonly kind: "process" | "scheduler" | "edge"
  /**
   * Stable between runs of one program. A process: its path of birth (`test/2/bob`), each segment its label (of a server: its name, or
   * its contract's), with `#2` for the second sibling of that label, or its number among its siblings where it has none. A fiber that a
   * process has forked: `test/bob~1`. What belongs to no process: `scheduler 1`. An edge: `0->1`.
   */
  readonly name: string
  /** The scheduler on which it happens. */
  readonly slot: number
}

/** A moment at which a step is chosen. Valid during the call only: it is used again. */
export interface Point {
  /** The number of the step, from 1. */
  readonly step: number
  /** What is ready, the oldest first. */
  readonly ready: ReadonlyArray<Source>
  /** Whether time may pass although something is ready. */
  readonly timer: boolean
  /** Who had the step before this one. */
  readonly last: Source | undefined
}

/** Makes the choices of a run. The same answers to the same program are the same run. */
export interface Chooser {
  /**
   * Which of `point.ready` is next. 0: the oldest, which is plain. `point.ready.length`, where `point.timer`: time passes. A number out of
   * range counts modulo the number of candidates. Asked where there are two candidates at least.
   */
  pick(point: Point): number
  /** Whether `source` gives way before its next operation. Plain: false. */
  preempt(source: Source): boolean
  /** What goes wrong now. Asked before each step, and when nothing is ready before time passes. Plain: `undefined`. */
  fault(point: Point): Fault | undefined
  /** A whole number from 0 to `bound` - 1: where a process is placed, which of several timers of one instant is first, a seed. Plain: 0. */
  draw(bound: number): number
}

/** Something that goes wrong. One that finds nobody changes nothing. */
export type Fault =
  /** A process is killed. */
  | { readonly kind: "kill"; readonly target: string }
  /** A process is sent an exit signal, which it may trap. */
  | { readonly kind: "exit"; readonly target: string; readonly reason: ExitReason.ExitReason }
  /** A scheduler other than 0 ends at once, with all of its processes, and its slot is refilled. */
  | { readonly kind: "killScheduler"; readonly slot: number }
  /** Nothing arrives on an edge for so many steps, or until nothing else can happen. */
  | { readonly kind: "hold"; readonly edge: string; readonly steps: number }
  /** Nothing of a scheduler runs for so many steps, or until nothing else can happen. */
  | { readonly kind: "pause"; readonly slot: number; readonly steps: number }
  /** Nothing of a process runs for so many steps, or until nothing else can happen. */
  | { readonly kind: "delay"; readonly target: string; readonly steps: number }
  /** So much time passes at once, whatever is ready: what is due by then fires. */
  | { readonly kind: "slow"; readonly milliseconds: number }

/** What happens without a search: the oldest first, nobody is preempted, nothing goes wrong. */
export const plain: Chooser = {
  pick: () => 0,
  preempt: () => false,
  fault: () => undefined,
  draw: () => 0
}
