/**
 * Timers of one scheduler: a wheel of one-millisecond slots, and a coarse one for what is further away, so that setting
 * and cancelling (what almost every call does) touch one list each. Deadlines are whole milliseconds, rounded up. Timers of
 * equal deadlines fire in the order they were set, others in order of their deadlines (catalogue T11, T12): the order that
 * the slots have by themselves. The wheel follows a clock it is given and has one host timer at most.
 *
 * Looking at a real clock costs more than all else here. So a timer that is set during a turn gets its deadline at the
 * turn's next look at the clock, measured from then: it is never early, and late by a fraction of a turn at most. One that
 * is cancelled before that has touched neither the clock nor the wheel. Nor does one get into a slot at once that has its
 * deadline: most are cancelled within milliseconds. Timeouts of calls do not come here at all before they are worth it, see
 * `Timeouts.ts`.
 */
import type { Priority } from "../run/RunQueue.ts"
import {
  Callback,
  due,
  fresh,
  type HeldTimers,
  idle,
  listed,
  Timed,
  type Timeout,
  Timer,
  waiting
} from "../run/Timer.ts"
import type { Timers } from "../run/Timers.ts"
import { sweepAfter, Timeouts } from "./Timeouts.ts"

/** The time a wheel follows, and how it is woken. */
export interface WheelClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `wake` in `delay` milliseconds; returns how to stop that. Only one is outstanding. */
  wakeAfter(delay: number, wake: () => void): () => void
  /** Whether timers that are set during a turn wait for its next look at the clock. Default false. */
  readonly costly?: boolean
}

/** What a scheduler needs of its timers. */
export interface Wheel extends Timers {
  /** Whom to ask for a timer that is set and not here yet. Called once, before anything is set. */
  hold(held: HeldTimers): void
  /** A turn of the scheduler begins: it will look at the clock. */
  turnBegins(): void
  /** The scheduler has looked at the clock: what is due fires. */
  look(now: number): void
  /** The turn is over. */
  turnEnds(now: number): void
  /** What was set does not fire any more. */
  stop(): void
}

/** Milliseconds of one slot of the coarse wheel; a power of two. */
const window = 8192
/** The fine wheel covers this window and the next, so that a window comes down to it before anything is due there. */
const slots = window * 2
const mask = slots - 1
/** Slots of the coarse wheel. Timers further away than all of them (nine hours) stay for several rounds. */
const windows = 4096
const windowMask = windows - 1

/** How many milliseconds timers are kept together before they are put into their slots, if none of them is due before. */
const settleAfter = 16

/** The longest time a host timer is set for: Node's own limit is 2^31 - 1. */
const longestSleep = 2 ** 30

const never = Number.POSITIVE_INFINITY

const append = (list: Timed, timer: Timed): void => {
  const last = list.previous
  timer.previous = last
  timer.next = list
  last.next = timer
  list.previous = timer
}

const unlink = (timer: Timed): void => {
  const { next, previous } = timer
  previous.next = next
  next.previous = previous
  // What is not in a list must not keep its neighbours alive
  timer.next = timer.previous = timer
}

/** Appends a chain. */
const appendAll = (list: Timed, first: Timed, last: Timed): void => {
  const before = list.previous
  before.next = first
  first.previous = before
  last.next = list
  list.previous = last
}

/** Moves all of a list to the end of another. */
const move = (from: Timed, to: Timed): void => {
  const { next, previous } = from
  if (next === from) return
  appendAll(to, next, previous)
  from.next = from.previous = from
}

/** Whole milliseconds that are left; as time is rounded up here and there, never more than the timer was set for. */
const leftAt = (timer: Timed, now: number): number => Math.max(0, timer.time - Math.ceil(now))

/** Lists are circular, through one that stands for the list. Made when needed. */
const listAt = (lists: Array<Timed | undefined>, at: number): Timed => {
  const known = lists[at]
  if (known !== undefined) return known
  const made = new Timed()
  lists[at] = made
  return made
}

const windowOf = (tick: number): number => Math.floor(tick / window)

/** When a window must be in the fine wheel: while the one before it runs. */
const bringDownAt = (at: number): number => (at - 1) * window

const nobody: HeldTimers = { holds: false, size: 0, enter: () => undefined }

/** Hot path: plain and mutable. */
export class TimerWheel implements Wheel {
  private readonly clock: WheelClock
  /** Handles an expired timer. Must not throw. */
  private readonly expire: (timer: Timed) => void
  private readonly fine: Array<Timed | undefined> = new Array(slots).fill(undefined)
  private readonly coarse: Array<Timed | undefined> = new Array(windows).fill(undefined)
  /** Timers set since the last read of the clock: they have no deadline yet. */
  private readonly freshList = new Timed()
  /** Timers with a deadline and no slot, in the order they were set. */
  private readonly recentList = new Timed()
  /** When they get their slots. */
  private settleAt = never
  /** Timers not entered yet: they come before timers set from now on. */
  private held: HeldTimers = nobody
  private readonly timeouts = new Timeouts(this)
  /** Expired timers not handled yet. A new list each time, so that an old object does not point to young ones. */
  private dueList = new Timed()
  /** Every tick before this one has been processed. */
  private tick: number
  private count = 0
  turning = false
  /** Nothing is due before this. */
  private nextDue = never
  private wakeAt = never
  private stopWake: (() => void) | undefined = undefined

  constructor(clock: WheelClock, expire: (timer: Timed) => void) {
    this.clock = clock
    this.expire = expire
    this.tick = Math.floor(clock.now())
  }

  /** Sets the source of timers that were started but not entered yet. Called once, before any timer is set. */
  hold(held: HeldTimers): void {
    this.held = held
  }

  now(): number {
    const now = this.clock.now()
    this.stamp(now)
    return now
  }

  /** How many timers are set. */
  get size(): number {
    return this.count + this.held.size + this.timeouts.size
  }

  /**
   * When the next timer is due, in {@link now}'s time; `undefined` when none is set. For tests and tools: it looks at all, where
   * the wheel itself only knows when to look again.
   */
  earliest(): number | undefined {
    if (this.held.holds) this.held.enter()
    const now = this.clock.now()
    let first = this.timeouts.earliest(now)
    const heads = [this.freshList, this.recentList, ...this.fine, ...this.coarse]
    for (const head of heads) {
      for (let timer = head?.next; timer !== undefined && timer !== head; timer = timer.next) {
        // The alarm of the timeouts is nobody's
        if (timer.constructor !== Timed) first = Math.min(first, timer.state === fresh ? now + timer.time : timer.time)
      }
    }
    return first === never ? undefined : first
  }

  // --- setting and cancelling --------------------------------------------------------------------------------------

  set(delay: number, fire: () => void, priority: Priority = "normal"): Timer {
    const timer = new Timer(new Callback(fire, priority))
    this.start(timer, delay)
    return timer
  }

  setAt(deadline: number, fire: () => void): Timer {
    const timer = new Timer(new Callback(fire, "normal"))
    this.startAt(timer, deadline)
    return timer
  }

  start(timer: Timed, delay: number): void {
    if (timer.state !== idle) this.clear(timer)
    timer.time = delay
    timer.state = fresh
    this.count++
    if (this.held.holds) this.held.enter()
    append(this.freshList, timer)
    if (!this.turning) this.stamp(this.clock.now())
  }

  startTimeout(timeout: Timeout, delay: number): void {
    if (timeout.state !== idle) this.clear(timeout)
    if (this.turning && delay > sweepAfter) this.timeouts.start(timeout, delay)
    else this.start(timeout, delay)
  }

  enter(first: Timed, last: Timed, count: number): void {
    this.count += count
    appendAll(this.freshList, first, last)
  }

  startAt(timer: Timed, deadline: number): void {
    if (timer.state !== idle) this.clear(timer)
    // Not by way of a delay: equal deadlines must stay equal. What was set before comes first
    const now = this.now()
    this.count++
    this.expectFrom(now)
    this.setDeadline(timer, deadline)
    append(this.recentList, timer)
    this.settleOrWake(now)
  }

  clear(timer: Timed): void {
    const { state } = timer
    if (state === idle) return
    timer.state = idle
    if (state === listed || state === due) return
    unlink(timer)
    // The host timer stays: almost every timer is cancelled, and setting a host timer costs more than all else here
    this.count--
  }

  cancel(timer: Timed): number | undefined {
    if (timer.state === listed) this.timeouts.sweep()
    const { state } = timer
    if (state === idle) return undefined
    this.clear(timer)
    if (state === due) return 0
    return state === fresh ? Math.ceil(timer.time) : leftAt(timer, this.clock.now())
  }

  left(timer: Timed): number | undefined {
    if (timer.state === listed) this.timeouts.sweep()
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
    this.timeouts.look(now)
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
    const { freshList, held } = this
    if (held.holds) held.enter()
    if (freshList.next === freshList) return
    this.expectFrom(now)
    for (let timer = freshList.next; timer !== freshList; timer = timer.next) this.setDeadline(timer, now + timer.time)
    move(freshList, this.recentList)
    this.settleOrWake(now)
  }

  /** Timers get their deadlines. */
  private expectFrom(now: number): void {
    // A wheel that stood still has nothing behind it
    if (this.nextDue === never) this.tick = Math.max(this.tick, Math.floor(now))
    if (this.recentList.next === this.recentList) this.settleAt = now + settleAfter
  }

  private setDeadline(timer: Timed, deadline: number): void {
    const tick = Math.max(Math.ceil(deadline), this.tick)
    timer.time = tick
    timer.state = waiting
    if (tick < this.nextDue) this.nextDue = tick
  }

  /** Timers have got their deadlines. */
  private settleOrWake(now: number): void {
    if (now >= this.settleAt) this.settle()
    this.wakeBy(this.nextDue, now)
  }

  /** Puts those that have deadlines into their slots. */
  private settle(): void {
    const { recentList } = this
    for (let timer = recentList.next; timer !== recentList; ) {
      const { next, time } = timer
      const at = windowOf(time)
      const near = at - windowOf(this.tick) <= 1
      append(near ? listAt(this.fine, time & mask) : listAt(this.coarse, at & windowMask), timer)
      if (!near) this.nextDue = Math.min(this.nextDue, bringDownAt(at))
      timer = next
    }
    recentList.next = recentList.previous = recentList
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
    this.settle()
    const dueList = new Timed()
    this.dueList = dueList
    const { expire } = this
    const last = Math.floor(now)
    // Further back than the fine wheel reaches, each of its slots is looked at once
    for (let tick = Math.max(this.tick, last - mask); tick <= last; tick++) this.collect(tick & mask)
    this.bringDown(last)
    this.tick = this.nextDue = last + 1
    for (let timer = dueList.next; timer !== dueList; timer = dueList.next) {
      unlink(timer)
      timer.state = idle
      this.count--
      expire(timer)
    }
    // What they have set is looked for in the slots, too
    this.settle()
    this.nextDue = this.count === 0 ? never : this.findNext()
    if (this.nextDue !== never) this.wakeBy(this.nextDue, now)
  }

  /** Moves the windows that begin to be covered by the fine wheel there. */
  private bringDown(last: number): void {
    const covered = windowOf(last + 1) + 1
    const first = Math.max(windowOf(this.tick) + 2, covered - windowMask)
    const late: Array<Timed> = []
    for (let at = first; at <= covered; at++) {
      const list = this.coarse[at & windowMask]
      if (list === undefined) continue
      for (let timer = list.next; timer !== list; ) {
        const { next, time } = timer
        if (windowOf(time) <= covered) {
          unlink(timer)
          if (time <= last) late.push(timer)
          else append(listAt(this.fine, time & mask), timer)
        }
        timer = next
      }
      if (list.next === list) this.coarse[at & windowMask] = undefined
    }
    // The scheduler stood still for a long time. All that was in the fine wheel is older
    late.sort((a, b) => a.time - b.time)
    for (const timer of late) append(this.dueList, timer)
  }

  /** Empties a slot of the fine wheel whose time has come. */
  private collect(at: number): void {
    const list = this.fine[at]
    if (list === undefined) return
    this.fine[at] = undefined
    move(list, this.dueList)
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
