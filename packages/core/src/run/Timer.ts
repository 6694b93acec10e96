/**
 * What stands in a timer wheel: a timer that tells its owner, made once and set as often as needed, so that setting and
 * cancelling one (what almost every call does) makes no garbage; and timers that processes know by a reference.
 */
import type { Priority, Runnable, RunQueue } from "./RunQueue.ts"

/** The owner of a timer, which is called when it has expired: once for each time it was set. */
export interface TimerOwner {
  /** What it does then stands in the run queue among these. */
  readonly priority: Priority
  expired(): void
}

/** Not set. */
export const idle = 0
/** Set, and waiting for its deadline. */
export const fresh = 1
/** Set, with a deadline. */
export const waiting = 2
/** Its deadline is over; it stands in the run queue. */
export const due = 3
/** Set, and not in the wheel yet. Only for a {@link Timeout}. */
export const listed = 4

/** Hot path: plain and mutable, small, with few subclasses. For the wheel; itself it stands for a list of others. */
export class Timed {
  state: typeof idle | typeof fresh | typeof waiting | typeof due | typeof listed = idle
  /** While it is {@link fresh} or {@link listed}, the delay it was set for; after that, its deadline: whole milliseconds of the clock. */
  time = 0
  previous: Timed = this
  next: Timed = this

  /**
   * Its deadline is over: the wheel has let go of it. A timer that runs code of processes goes into the run queue; one that only settles a
   * process something does so at once.
   */
  expire(_queue: RunQueue): void {}
}

/** A timer that is hardly ever over. */
export interface Timeout extends Timed {
  /** While it is {@link listed}: the look at the clock that it is measured from. */
  look: number
  /** It is in the list of those, which is so for a while also when it is {@link listed} no more. */
  entered: boolean
}

/** A timer that its owner keeps. Only `owner` is for others than the wheel. */
export class Timer extends Timed implements Runnable {
  readonly owner: TimerOwner

  constructor(owner: TimerOwner) {
    super()
    this.owner = owner
  }

  override expire(queue: RunQueue): void {
    this.state = due
    queue.enqueue(this, this.owner.priority)
  }

  /** Run by the queue. Does nothing when it was cancelled, or cancelled and set again, since it became due. */
  run(): void {
    if (this.state !== due) return
    this.state = idle
    this.owner.expired()
  }
}

/** An owner that may have timers which are set, but not in the wheel yet: those come before any that is set from now on. */
export interface HeldTimers {
  readonly holds: boolean
  /** How many there are. */
  readonly size: number
  /** Only call when it {@link holds} some: enters them into the wheel. */
  enter(): void
}

/** The owner of a timer that only runs a function. */
export class Callback implements TimerOwner {
  readonly expired: () => void
  readonly priority: Priority
  constructor(expired: () => void, priority: Priority) {
    this.expired = expired
    this.priority = priority
  }
}
