/**
 * How often a turn looks at the clock. A look costs more than most items do, so quick items are let run in dozens between two
 * looks; but each turn begins with single ones, and goes back to them when something was slow. After something very slow that
 * was not alone, all items are looked at singly for a while, so that whoever is slow again is known by name.
 */

/** At most so many items between two looks. */
const most = 64
/** A stretch below this many milliseconds was quick: the next may be twice as long. */
const quick = 0.25
/** A stretch above this many milliseconds was slow: the next ones are single items. */
const slow = 1
/** So many items may run before others get what was meant for them: none of it waits behind dozens of items that turn out slow. */
const soon = 4
/** So many items are looked at singly after something that took too long: two milliseconds' worth of looks. */
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

  /** Something is to be seen by other schedulers: the next look is due soon. */
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

  /** From now on, and for a while, no two items share a stretch. */
  lookClosely(): void {
    this.alone = closely
    this.due = this.ran + 1
    this.between = 1
  }
}
