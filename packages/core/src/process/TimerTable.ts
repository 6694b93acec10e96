/**
 * The timers that processes of one scheduler know by references. The message that was timed last is held back: neither its
 * table nor the wheel has it before something else is set or the clock is looked at. Almost every timer is cancelled before
 * that, and then all that happened was that a few fields of one object were written.
 */
import type { Host, Timers } from "./Host.ts"
import { noRef, SendLater } from "./Later.ts"
import type { Address } from "./Name.ts"
import { referenceUnit } from "./Pid.ts"
import { ReferenceTable } from "./ReferenceTable.ts"
import { nothing } from "./Shape.ts"
import type { TimerRef } from "./Signal.ts"
import type { HeldTimer, TimerEntry } from "./Timer.ts"

const unused = () => new SendLater(noRef, nothing, undefined)

/** Hot path: plain and mutable. */
export class TimerTable implements HeldTimer {
  private readonly host: Host
  private readonly timers: Timers
  private readonly entries = new ReferenceTable<TimerEntry>(referenceUnit)
  /** What was timed last, with its delay; or, without a reference, what will be next. */
  private newest = unused()
  /** Can be used next: it was cancelled. */
  private spare: SendLater | undefined = undefined

  constructor(host: Host, timers: Timers) {
    this.host = host
    this.timers = timers
  }

  get holds(): boolean {
    return !Number.isNaN(this.newest.ref)
  }

  enter(): void {
    const { newest, spare } = this
    this.newest = spare ?? unused()
    this.spare = undefined
    this.entries.add(newest)
    this.timers.enter(newest)
  }

  /** Sends a message that is prepared, after a delay in whole milliseconds. */
  send(to: Address, message: unknown, delay: number): TimerRef {
    // References are numbers that nextReference gave out
    const ref = this.host.nextReference() as TimerRef
    if (this.holds) this.enter()
    const { newest } = this
    newest.ref = ref
    newest.to = to
    newest.message = message
    newest.time = delay
    if (!this.timers.turning) this.timers.now()
    return ref
  }

  /** Sets a timer for a delay. */
  start(entry: TimerEntry, delay: number): void {
    this.timers.start(entry, delay)
    this.entries.add(entry)
  }

  /** Sets a timer for a time of the scheduler's clock. */
  startAt(entry: TimerEntry, deadline: number): void {
    this.timers.startAt(entry, deadline)
    this.entries.add(entry)
  }

  /** Stops a timer. The whole milliseconds that were left; `undefined` when it is over, or not of this scheduler. */
  cancel(ref: number): number | undefined {
    const { newest } = this
    if (newest.ref === ref) {
      newest.forget()
      return newest.time
    }
    const entry = this.entries.take(ref)
    if (entry === undefined) return undefined
    const left = this.timers.cancel(entry)
    if (entry instanceof SendLater) {
      entry.forget()
      this.spare = entry
    }
    return left
  }

  /** The whole milliseconds that are left. As {@link cancel}. */
  left(ref: number): number | undefined {
    if (this.holds) this.enter()
    const entry = this.entries.get(ref)
    return entry === undefined ? undefined : this.timers.left(entry)
  }

  /** A timer is over. */
  remove(ref: number): void {
    this.entries.take(ref)
  }
}
