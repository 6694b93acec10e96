/**
 * Timers of one scheduler: a wheel of one-millisecond slots, and a coarse one for what is further away, so that setting
 * and cancelling (what almost every call does) touch one list each. Timers of equal deadlines fire in the order they were
 * set, others in order of their deadlines (catalogue T11, T12). The wheel follows a clock it is given and has one host
 * timer at most.
 *
 * Looking at a real clock costs more than all else here. So a timer that is set during a turn gets its deadline at the
 * turn's next look at the clock, measured from then: it is never early, and late by a fraction of a turn at most. One that
 * is cancelled before that has touched neither the clock nor the wheel.
 */
import type { Timers } from "../process/Host.ts"
import { Callback, due, fresh, idle, Timer, waiting } from "../process/Timer.ts"

/** The time a wheel follows, and how it is woken. */
export interface WheelClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `wake` in `delay` milliseconds; returns how to stop that. Only one is outstanding. */
  wakeAfter(delay: number, wake: () => void): () => void
  /** Whether timers that are set during a turn wait for its next look at the clock. Default false. */
  readonly costly?: boolean
}

/** Milliseconds of one slot of the coarse wheel; a power of two. */
const window = 8192
/** The fine wheel covers this window and the next, so that a window comes down to it before anything is due there. */
const slots = window * 2
const mask = slots - 1
/** Slots of the coarse wheel. Timers further away than all of them (nine hours) stay for several rounds. */
const windows = 4096
const windowMask = windows - 1

/** The longest time a host timer is set for: Node's own limit is 2^31 - 1. */
const longestSleep = 2 ** 30

const never = Number.POSITIVE_INFINITY

const append = (list: Timer, timer: Timer): void => {
  const last = list.previous
  timer.previous = last
  timer.next = list
  last.next = timer
  list.previous = timer
}

const unlink = (timer: Timer): void => {
  const { next, previous } = timer
  previous.next = next
  next.previous = previous
  // What is not in a list must not keep its neighbours alive
  timer.next = timer.previous = timer
}

/** Never more than it was set for: a sum and a difference of times need not be exact. */
const leftAt = (timer: Timer, now: number): number => Math.max(0, Math.min(timer.delay, timer.deadline - now))

/** Lists are circular, through an owner-less timer that stands for the list. Made when needed. */
const listAt = (lists: Array<Timer | undefined>, at: number): Timer => {
  const known = lists[at]
  if (known !== undefined) return known
  const made = new Timer(undefined)
  lists[at] = made
  return made
}

const windowOf = (tick: number): number => Math.floor(tick / window)

/** When a window must be in the fine wheel: while the one before it runs. */
const bringDownAt = (at: number): number => (at - 1) * window

/** Hot path: plain and mutable. */
export class TimerWheel implements Timers {
  private readonly clock: WheelClock
  /** What is done with a timer that is due. */
  private readonly expire: (timer: Timer) => void
  private readonly fine: Array<Timer | undefined> = new Array(slots).fill(undefined)
  private readonly coarse: Array<Timer | undefined> = new Array(windows).fill(undefined)
  private readonly freshList = new Timer(undefined)
  /** Every tick before this one has been processed. */
  private tick: number
  private count = 0
  private turning = false
  /** Nothing is due before this. */
  private nextDue = never
  private wakeAt = never
  private stopWake: (() => void) | undefined = undefined

  constructor(clock: WheelClock, expire: (timer: Timer) => void = (timer) => timer.run()) {
    this.clock = clock
    this.expire = expire
    this.tick = Math.floor(clock.now())
  }

  now(): number {
    const now = this.clock.now()
    this.stamp(now)
    return now
  }

  /** How many timers are set. */
  get size(): number {
    return this.count
  }

  // --- setting and cancelling --------------------------------------------------------------------------------------

  set(delay: number, fire: () => void): Timer {
    const timer = new Timer(new Callback(fire))
    this.start(timer, delay)
    return timer
  }

  setAt(deadline: number, fire: () => void): Timer {
    const timer = new Timer(new Callback(fire))
    this.startAt(timer, deadline)
    return timer
  }

  start(timer: Timer, delay: number): void {
    if (timer.state !== idle) this.clear(timer)
    timer.delay = delay
    timer.state = fresh
    this.count++
    append(this.freshList, timer)
    if (!this.turning) this.stamp(this.clock.now())
  }

  startAt(timer: Timer, deadline: number): void {
    if (timer.state !== idle) this.clear(timer)
    // Not by way of a delay: equal deadlines must stay equal. What was set before comes first
    const now = this.now()
    timer.delay = Math.max(0, deadline - now)
    this.count++
    this.insert(timer, deadline, now)
    this.wakeBy(this.nextDue, now)
  }

  clear(timer: Timer): void {
    const { state } = timer
    if (state === idle) return
    timer.state = idle
    if (state === due) return
    unlink(timer)
    // The host timer stays: almost every timer is cancelled, and setting a host timer costs more than all else here
    this.count--
  }

  cancel(timer: Timer): number | undefined {
    const { delay, state } = timer
    if (state === idle) return undefined
    this.clear(timer)
    if (state === due) return 0
    return state === fresh ? delay : leftAt(timer, this.clock.now())
  }

  left(timer: Timer): number | undefined {
    if (timer.state === idle) return undefined
    if (timer.state === due) return 0
    const now = this.now()
    return leftAt(timer, now)
  }

  // --- turns -------------------------------------------------------------------------------------------------------

  /** A turn of the scheduler begins: it will look at the clock. */
  turnBegins(): void {
    this.turning = this.clock.costly === true
  }

  /** The scheduler has looked at the clock: what is due fires, so busy schedulers fire on time. */
  look(now: number): void {
    this.stamp(now)
    if (now >= this.nextDue) this.fireDue(now)
  }

  /** The turn is over. */
  turnEnds(now: number): void {
    this.turning = false
    this.look(now)
  }

  /** Fires everything that is due. */
  advance(): void {
    this.look(this.clock.now())
  }

  /** Lets the host timer go; what was set does not fire any more. */
  stop(): void {
    this.stopWake?.()
    this.stopWake = undefined
    this.wakeAt = never
  }

  // --- the wheels --------------------------------------------------------------------------------------------------

  /** Gives the timers that were set since the last look at the clock their deadlines. */
  private stamp(now: number): void {
    const { freshList } = this
    let timer = freshList.next
    if (timer === freshList) return
    freshList.next = freshList.previous = freshList
    while (timer !== freshList) {
      const { next } = timer
      this.insert(timer, now + timer.delay, now)
      timer = next
    }
    this.wakeBy(this.nextDue, now)
  }

  private insert(timer: Timer, deadline: number, now: number): void {
    // A wheel that stood still has nothing behind it
    if (this.nextDue === never) this.tick = Math.max(this.tick, Math.floor(now))
    timer.deadline = deadline
    timer.state = waiting
    const tick = Math.max(Math.ceil(deadline), this.tick)
    const at = windowOf(tick)
    const near = at - windowOf(this.tick) <= 1
    append(near ? listAt(this.fine, tick & mask) : listAt(this.coarse, at & windowMask), timer)
    const next = near ? tick : bringDownAt(at)
    if (next < this.nextDue) this.nextDue = next
  }

  private wakeBy(time: number, now: number): void {
    if (time >= this.wakeAt) return
    this.stopWake?.()
    this.wakeAt = time
    this.stopWake = this.clock.wakeAfter(Math.min(Math.max(0, time - now), longestSleep), () => {
      this.stopWake = undefined
      this.wakeAt = never
      this.advance()
      // It was woken early, or not for all
      if (this.nextDue !== never) this.wakeBy(this.nextDue, this.clock.now())
    })
  }

  private fireDue(now: number): void {
    const last = Math.floor(now)
    const late: Array<Timer> = []
    // Further back than the fine wheel reaches, each of its slots is looked at once
    for (let tick = Math.max(this.tick, last - mask); tick <= last; tick++) this.collect(tick & mask, late)
    this.bringDown(last, now, late)
    this.tick = last + 1
    inOrder(late)
    for (const timer of late) {
      this.count--
      timer.state = due
    }
    this.nextDue = this.count === 0 ? never : this.findNext()
    for (const timer of late) this.expire(timer)
    if (this.nextDue !== never) this.wakeBy(this.nextDue, now)
  }

  /** Moves the windows that begin to be covered by the fine wheel there. */
  private bringDown(last: number, now: number, late: Array<Timer>): void {
    const covered = windowOf(last + 1) + 1
    const first = Math.max(windowOf(this.tick) + 2, covered - windowMask)
    for (let at = first; at <= covered; at++) {
      const list = this.coarse[at & windowMask]
      if (list === undefined) continue
      for (let timer = list.next; timer !== list; ) {
        const { next } = timer
        const tick = Math.ceil(timer.deadline)
        if (windowOf(tick) <= covered) {
          unlink(timer)
          if (timer.deadline <= now) late.push(timer)
          else append(listAt(this.fine, tick & mask), timer)
        }
        timer = next
      }
      if (list.next === list) this.coarse[at & windowMask] = undefined
    }
  }

  /** Empties a slot of the fine wheel whose time has come. */
  private collect(at: number, into: Array<Timer>): void {
    const list = this.fine[at]
    if (list === undefined) return
    this.fine[at] = undefined
    for (let timer = list.next; timer !== list; ) {
      const { next } = timer
      timer.next = timer.previous = timer
      into.push(timer)
      timer = next
    }
  }

  /** A time before which nothing is due: that of the nearest timer, or of the next window that has some. */
  private findNext(): number {
    const covered = (windowOf(this.tick) + 2) * window
    for (let tick = this.tick; tick < covered; tick++) {
      const list = this.fine[tick & mask]
      if (list === undefined) continue
      if (list.next !== list) return tick
      this.fine[tick & mask] = undefined
    }
    const next = windowOf(covered)
    for (let at = next; at < next + windows; at++) {
      const list = this.coarse[at & windowMask]
      if (list !== undefined && list.next !== list) return bringDownAt(at)
    }
    return never
  }
}

/** Sorts by deadline; those that are equal keep their order. Most often there is nothing to do. */
const inOrder = (timers: Array<Timer>): void => {
  for (let at = 1; at < timers.length; at++) {
    if (timers[at - 1]!.deadline > timers[at]!.deadline) {
      timers.sort((a, b) => a.deadline - b.deadline)
      return
    }
  }
}
