/**
 * The timeouts of calls: set and cancelled with every call, and hardly ever over. What is set here stands in a list that
 * cancelling does not touch: a call that is made again and again is entered once, and setting and cancelling only write its
 * fields. After {@link sweepAfter} milliseconds the list is swept: what is set still goes into the wheel, with the deadline it
 * would have had there, and the rest is let go.
 */

import { idle, listed, Timed, type Timeout } from "../run/Timer.ts"
import type { Timers } from "../run/Timers.ts"

/** Milliseconds from the first entry of a list until it is swept. Shorter timeouts are for the wheel. */
export const sweepAfter = 50
/** It is swept sooner when it has so many entries, ... */
const mostEntries = 4096
/** ... or when the clock has been looked at so many times. */
const mostLooks = 8192

/** Hot path: plain and mutable. */
export class Timeouts {
  private readonly wheel: Timers
  private readonly entries: Array<Timeout> = []
  /** When the clock was looked at since the list is not empty. */
  private readonly looks = new Float64Array(mostLooks)
  private looked = 0
  private sweepAt = 0
  /** Wakes a scheduler that is idle by then. */
  private readonly alarm = new Timed()

  constructor(wheel: Timers) {
    this.wheel = wheel
  }

  /** How many are set, less the alarm: that stands in the wheel, and nobody has set it. */
  get size(): number {
    return this.entries.filter(({ state }) => state === listed).length - (this.alarm.state === idle ? 0 : 1)
  }

  /** The earliest deadline of those that are set, at a clock that shows `now`. Looks at all. */
  earliest(now: number): number {
    const { looked, looks } = this
    return this.entries
      .filter(({ state }) => state === listed)
      .reduce(
        (first, { look, time }) => Math.min(first, (look < looked ? (looks[look] as number) : now) + time),
        Infinity
      )
  }

  /** Sets one that is not set. It is measured from the next look at the clock. */
  start(timeout: Timeout, delay: number): void {
    timeout.time = delay
    timeout.state = listed
    timeout.look = this.looked
    if (!timeout.entered) this.enter(timeout)
  }

  private enter(timeout: Timeout): void {
    const { entries } = this
    timeout.entered = true
    entries.push(timeout)
    if (entries.length === 1) this.wheel.start(this.alarm, sweepAfter)
    else if (entries.length === mostEntries) this.sweep()
  }

  /** The clock has been looked at. Called before the wheel fires what is due. */
  look(now: number): void {
    const { looked } = this
    if (this.entries.length === 0) return
    if (looked === 0) this.sweepAt = now + sweepAfter
    this.looks[looked] = now
    this.looked = looked + 1
    if (now >= this.sweepAt || this.looked === mostLooks) this.sweep()
  }

  /** Gives the wheel what is set, and forgets the rest. */
  sweep(): void {
    const { entries, looked, looks, wheel } = this
    for (const timeout of entries) {
      timeout.entered = false
      if (timeout.state !== listed) continue
      const { look, time } = timeout
      timeout.state = idle
      if (look < looked) wheel.startAt(timeout, (looks[look] as number) + time)
      else wheel.start(timeout, time)
    }
    entries.length = this.looked = 0
    wheel.clear(this.alarm)
  }
}
