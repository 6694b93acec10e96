/**
 * How often a turn reads the clock. Reading it costs more than most items do, so dozens of quick items run between two reads.
 * Each turn begins with a read after every item, and returns to that after a slow stretch. After a very slow stretch of several
 * items, the clock is read after every item for a while, so that the next slow item can be named in the report.
 */

/** The most items between two reads of the clock. */
const most = 64
/** A stretch below this many milliseconds was quick: the next may be twice as long. */
const quick = 0.25
/** A stretch above this many milliseconds was slow: the next ones are single items. */
const slow = 1
/** The most items that run before signals to other schedulers are published: they must not wait behind dozens of slow items. */
const soon = 4
/** How many items are timed one by one after a stretch that took too long. */
const closely = 65_536

/** One scheduler's pace. Hot path: plain and mutable. */
export class Pace {
  private between = 1
  private alone = 0
  /** The number of the item of this turn after which the next look is due. */
  due = 1
  /** How many items of this turn have run. */
  count = 0
  /** How many items of this turn had run at the last look. */
  ran = 0
  /** When the last look was, in the clock's milliseconds. */
  at = 0

  /** A turn begins. */
  start(now: number): void {
    this.between = this.due = 1
    this.count = this.ran = 0
    this.at = now
  }

  /** A signal to another scheduler was written: the next read is due soon. */
  hasten(): void {
    this.due = Math.min(this.due, this.count + soon)
  }

  /** A look at the clock after `ran` items of the turn. Returns the milliseconds since the last. */
  look(ran: number, now: number): number {
    const took = now - this.at
    if (this.alone > 0) this.alone--
    else if (took < quick) this.between = Math.min(most, this.between * 2)
    else if (took > slow) this.between = 1
    this.due = ran + this.between
    this.ran = ran
    this.at = now
    return took
  }

  /** Times the next items one by one, see {@link closely}. */
  lookClosely(): void {
    this.alone = closely
    this.due = this.ran + 1
    this.between = 1
  }
}
