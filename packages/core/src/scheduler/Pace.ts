/**
 * How often a turn looks at the clock. A look costs more than most items do, so quick items are let run in dozens between two
 * looks; but each turn begins with single ones, and goes back to them when something was slow. So whoever is slow more than
 * once, or wakes up to an idle scheduler, is alone between two looks and known by name.
 */

/** At most so many items between two looks. */
const most = 64
/** A stretch below this many milliseconds was quick: the next may be twice as long. */
const quick = 0.25
/** A stretch above this many milliseconds was slow: the next ones are single items. */
const slow = 1

/** One turn's pace. Hot path: plain and mutable. */
export class Pace {
  private between = 1
  /** The number of the item after which the next look is due. */
  due = 1
  /** How many items had run at the last look. */
  ran = 0
  /** When the last look was, in the clock's milliseconds. */
  at = 0

  /** A turn begins. */
  start(now: number): void {
    this.between = this.due = 1
    this.ran = 0
    this.at = now
  }

  /** A look at the clock after `ran` items of the turn. Returns the milliseconds since the last. */
  look(ran: number, now: number): number {
    const took = now - this.at
    if (took < quick) this.between = Math.min(most, this.between * 2)
    else if (took > slow) this.between = 1
    this.due = ran + this.between
    this.ran = ran
    this.at = now
    return took
  }
}
