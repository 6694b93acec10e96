/** What the code of processes needs of a scheduler's run queue: `scheduler/RunQueue.ts` is one. */

/** Something the run queue runs: a process, or a wake-up. */
export interface Runnable {
  run(): void
  /** The record of the process it is part of, if it is part of one: where the order of items is chosen, a process's own keep theirs. */
  readonly process?: unknown
}

/** The BEAM's four classes. A `high` process runs before any `normal` one; `low` ones get an occasional turn. */
export type Priority = "max" | "high" | "normal" | "low"

/** Where a process goes that is woken: nothing ever runs on the stack of the code that wakes it. */
export interface RunQueue {
  /** Puts something at the end of the queue of that priority. */
  enqueue(item: Runnable | (() => void), priority: Priority): void
  /**
   * A process's slice is over and it has more to do, with so many messages waiting: its next turn is behind those that
   * wait. With half as many messages as a slice handles, or more, it comes at once, for a while.
   */
  again(item: Runnable, priority: Priority, waiting: number): void
}
