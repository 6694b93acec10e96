/**
 * A timer, as its owner keeps it: made once and set as often as needed, so that setting and cancelling one (what almost
 * every call does) makes no garbage. It stands in one of the lists of a timer wheel while it is set.
 */
import type { Runnable } from "./Host.ts"
import type { Referenced } from "./ReferenceTable.ts"

/** A timer that processes know by a reference. */
export interface TimerEntry extends Timer, Referenced {}

/** Who is told when a timer has expired: once for each time it was set. */
export interface TimerOwner {
  expired(): void
}

/** Not set. */
export const idle = 0
/** Set, and waiting for the next look at the clock to get its deadline. */
export const fresh = 1
/** Set, with a deadline. */
export const waiting = 2
/** Its deadline is over; it stands in the run queue. */
export const due = 3

/** Hot path: plain and mutable, with few subclasses. Only `owner` is for others than the wheel. */
export class Timer implements Runnable {
  readonly owner: TimerOwner | undefined
  state: typeof idle | typeof fresh | typeof waiting | typeof due = idle
  /** The delay it was set for, in milliseconds. */
  delay = 0
  // A fraction from the start: so V8 never has to change the form of the field
  /** In the scheduler's time, milliseconds. Unknown while it is {@link fresh}. */
  deadline = 0.5
  previous: Timer = this
  next: Timer = this

  constructor(owner: TimerOwner | undefined) {
    this.owner = owner
  }

  /** Run by the queue. Does nothing when it was cancelled, or cancelled and set again, since it became due. */
  run(): void {
    if (this.state !== due) return
    this.state = idle
    this.expired()
  }

  protected expired(): void {
    this.owner?.expired()
  }
}

/** The owner of a timer that only runs a function. */
export class Callback implements TimerOwner {
  readonly expired: () => void
  constructor(expired: () => void) {
    this.expired = expired
  }
}
