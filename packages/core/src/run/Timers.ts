/** What the code of processes needs of a scheduler's timers: `scheduler/TimerWheel.ts` has them. */
import type { Priority } from "./RunQueue.ts"
import type { Timed, Timeout, Timer } from "./Timer.ts"

/** Timers of one scheduler. They follow its clock, and code they run is run by the run queue. */
export interface Timers {
  /** The scheduler's monotonic time, milliseconds. */
  now(): number
  /** Runs `fire` no earlier than `delay` milliseconds from now, for a process of that priority. Default: normal. */
  set(delay: number, fire: () => void, priority?: Priority): Timer
  /** As {@link set}, at a time of {@link now}; one that is past is due now. */
  setAt(deadline: number, fire: () => void): Timer
  /** As {@link set}, with a timer that its owner keeps: sets it, and sets it anew when it is set. */
  start(timer: Timed, delay: number): void
  /** As {@link start}, for what will hardly ever be over. Those of the same deadline come in any order. */
  startTimeout(timeout: Timeout, delay: number): void
  /** As {@link start}, at a time of {@link now}. */
  startAt(timer: Timed, deadline: number): void
  /** Whether a turn runs: timers that are set before its next look at the clock are measured from that. */
  readonly turning: boolean
  /**
   * Takes in timers that were set before and not in the wheel yet, each for its {@link Timed.time}: a chain of so many, which
   * are {@link fresh}.
   */
  enter(first: Timed, last: Timed, count: number): void
  /**
   * Stops a timer: its owner is not told, unless it has been. Returns the whole milliseconds that were left, or
   * `undefined` when it is not set.
   */
  cancel(timer: Timed): number | undefined
  /** As {@link cancel}, for callers that do not need the remaining time: that would cost a read of the clock. */
  clear(timer: Timed): void
  /** The whole milliseconds that are left, or `undefined` when it is not set. */
  left(timer: Timed): number | undefined
}
