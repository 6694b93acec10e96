/**
 * Timers of one scheduler: a hashed wheel of one-millisecond slots, so that setting and cancelling (what almost every
 * call does) touch one list each. Timers of equal deadlines fire in the order they were set, others in order of their
 * deadlines (catalogue T11, T12). The wheel follows a clock it is given and has one host timer at most.
 */
import type { Timer, Timers } from "../process/Host.ts"

/** The time a wheel follows, and how it is woken. */
export interface WheelClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `wake` in `delay` milliseconds; returns how to stop that. Only one is outstanding. */
  wakeAfter(delay: number, wake: () => void): () => void
}

/** Slots of the wheel; a power of two. Timers further away than this stay in their slot for several rounds. */
const slots = 4096
const mask = slots - 1

class Entry implements Timer {
  fire: (() => void) | undefined
  readonly deadline: number
  slot = 0
  previous: Entry | undefined = undefined
  next: Entry | undefined = undefined
  constructor(deadline: number, fire: () => void) {
    this.deadline = deadline
    this.fire = fire
  }
}

/** The longest time a host timer is set for: Node's own limit is 2^31 - 1. */
const longestSleep = 2 ** 30

/** Hot path: plain and mutable. */
export class TimerWheel implements Timers {
  private readonly clock: WheelClock
  private readonly heads: Array<Entry | undefined> = new Array(slots).fill(undefined)
  private readonly tails: Array<Entry | undefined> = new Array(slots).fill(undefined)
  /** Every tick before this one has been processed. */
  private tick: number
  private count = 0
  private wakeAt = Number.POSITIVE_INFINITY
  private stopWake: (() => void) | undefined = undefined

  constructor(clock: WheelClock) {
    this.clock = clock
    this.tick = Math.floor(clock.now())
  }

  now(): number {
    return this.clock.now()
  }

  /** How many timers are set. */
  get size(): number {
    return this.count
  }

  set(delay: number, fire: () => void): Timer {
    const now = this.clock.now()
    return this.add(now, now + delay, fire)
  }

  setAt(deadline: number, fire: () => void): Timer {
    // Not by way of a delay: equal deadlines must stay equal
    return this.add(this.clock.now(), deadline, fire)
  }

  private add(now: number, deadline: number, fire: () => void): Timer {
    // A wheel that stood still has nothing behind it
    if (this.count === 0) this.tick = Math.floor(now)
    const entry = new Entry(deadline, fire)
    this.insert(entry)
    this.wakeBy(Math.ceil(entry.deadline))
    return entry
  }

  private insert(entry: Entry): void {
    const slot = Math.max(Math.ceil(entry.deadline), this.tick) & mask
    entry.slot = slot
    const tail = this.tails[slot]
    if (tail === undefined) this.heads[slot] = entry
    else {
      tail.next = entry
      entry.previous = tail
    }
    this.tails[slot] = entry
    this.count++
  }

  cancel(timer: Timer): number | undefined {
    if (!(timer instanceof Entry) || timer.fire === undefined) return undefined
    this.remove(timer)
    return Math.max(0, timer.deadline - this.clock.now())
  }

  private remove(entry: Entry): void {
    const { slot } = entry
    if (entry.previous !== undefined) entry.previous.next = entry.next
    else if (this.heads[slot] === entry) this.heads[slot] = entry.next
    if (entry.next !== undefined) entry.next.previous = entry.previous
    else if (this.tails[slot] === entry) this.tails[slot] = entry.previous
    entry.previous = entry.next = undefined
    entry.fire = undefined
    // The host timer stays: almost every timer is cancelled, and setting a host timer costs more than all else here
    this.count--
  }

  /** Lets the host timer go; what was set does not fire any more. */
  stop(): void {
    this.stopWake?.()
    this.stopWake = undefined
    this.wakeAt = Number.POSITIVE_INFINITY
  }

  private wakeBy(deadline: number): void {
    if (deadline >= this.wakeAt) return
    this.stopWake?.()
    this.wakeAt = deadline
    const delay = Math.min(Math.max(0, deadline - this.clock.now()), longestSleep)
    this.stopWake = this.clock.wakeAfter(delay, () => {
      this.stopWake = undefined
      this.wakeAt = Number.POSITIVE_INFINITY
      this.advance()
    })
  }

  /** Fires everything that is due. Also called by the scheduler between turns, so busy schedulers fire on time. */
  advance(): void {
    if (this.count === 0) return
    const now = this.clock.now()
    const last = Math.floor(now)
    // Every tick up to now has been processed, and the next one will be woken for
    if (last < this.tick && this.wakeAt !== Number.POSITIVE_INFINITY) return
    // Further back than one round, every slot is looked at once
    let tick = Math.max(this.tick, last - mask)
    this.tick = last + 1
    const late: Array<Entry> = []
    for (; tick <= last; tick++) this.collect(tick & mask, now, late)
    late.sort((a, b) => a.deadline - b.deadline)
    for (const entry of late) {
      const fire = entry.fire
      if (fire === undefined) continue
      this.remove(entry)
      fire()
    }
    if (this.count > 0) this.wakeBy(this.nextDeadline())
  }

  private collect(slot: number, now: number, into: Array<Entry>): void {
    for (let entry = this.heads[slot]; entry !== undefined; entry = entry.next)
      if (entry.deadline <= now) into.push(entry)
  }

  /** The tick at which the next timer is due: the first of this round, else the nearest of a later one. */
  private nextDeadline(): number {
    let nearest = Number.POSITIVE_INFINITY
    for (let ahead = 0; ahead < slots; ahead++) {
      const tick = this.tick + ahead
      for (let entry = this.heads[tick & mask]; entry !== undefined; entry = entry.next) {
        const due = Math.ceil(entry.deadline)
        if (due <= tick) return tick
        if (due < nearest) nearest = due
      }
    }
    return nearest
  }
}
