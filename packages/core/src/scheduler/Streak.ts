/**
 * How long a process may go on at once that many messages wait for. Messages are cheapest to handle while they are young: what
 * waits long falls out of the processor's caches and is copied by the collector.
 */
import type { WheelClock } from "./TimerWheel.ts"

/** At most so many slices in a row. */
const most = 16
/** And at most for so many milliseconds. */
const longest = 0.25

/** One scheduler's streak of slices. Hot path: plain and mutable. */
export class Streak {
  private slices = 0
  private since = 0
  /** The number of the item of its turn that had the last slice. */
  private last = -1

  /** A slice is over. Whether the process may have the next one too. `item`: the number of the item in its turn. */
  extendsSlice(item: number, clock: WheelClock): boolean {
    const now = clock.now()
    if (item !== this.last + 1) {
      this.slices = 0
      this.since = now
    }
    this.last = item
    return ++this.slices < most && now - this.since < longest
  }
}
