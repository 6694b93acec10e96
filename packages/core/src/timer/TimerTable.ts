/**
 * The timers that processes of one scheduler know by references. Timed messages are held back: they enter the wheel only when
 * another kind of timer is set or the clock is read, and the newest one is kept in fields, without an object. Most timers are
 * cancelled before that, at the cost of a few stores.
 */

import type { Address } from "../address/Name.ts"
import { referenceUnit } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import type { Host } from "../process/Host.ts"
import { fresh, type HeldTimers, type Timed } from "../run/Timer.ts"
import type { Timers } from "../run/Timers.ts"
import type { TimerRef } from "../signal/Signal.ts"
import { SendTimer, type TimerEntry } from "./TimerEntry.ts"

/** How many consecutive references are in one page. A power of two. */
const pageSize = 32
const slotMask = pageSize - 1

// Powers of two: multiplying is as exact as dividing, and faster
const perReference = 1 / referenceUnit
const perPage = 1 / pageSize

/**
 * Entries with consecutive references. A page is about as old as its entries, since storing a new object in an old one takes
 * V8's write barrier.
 */
export class Page {
  readonly number: number
  readonly slots: Array<TimerEntry | undefined> = new Array(pageSize).fill(undefined)
  /** How many entries it has. The wheel has them all. */
  count = 0

  constructor(number: number) {
    this.number = number
  }
}

/** The least count of timers that is worth a sweep. */
const fewestToSweep = 1024

/** The delay in an empty row. */
const empty = -1

/** No reference: NaN equals no number. */
const noRef = Number.NaN as TimerRef

const pageOf = (number: number): number => Math.floor(number * perPage)

/** The timers of a scheduler's processes. */
export const timerRefsOf = (host: Host): TimerTable => host.timerRefs as TimerTable

/** Hot path: plain and mutable. */
export class TimerTable implements HeldTimers {
  private readonly host: Host
  private readonly timers: Timers
  /** The page that the last references belong to, and the others that are not empty. */
  private page = new Page(-1)
  private readonly pages = new Map<number, Page>()
  /** How many entries all pages have. */
  private entries = 0
  /** The count of entries at which the next {@link sweep} runs. */
  private sweepAt = fewestToSweep
  /** The newest timed message, if it is held back; its reference is {@link noRef} otherwise. */
  private ref = noRef
  private to: Address = nothing
  private message: unknown = undefined
  private delay = 0
  /** The earlier ones that are held back: their count, their first slot of {@link page}, and their rows by slot. */
  private held = 0
  private heldFrom = 0
  private readonly heldTo: Array<Address> = new Array(pageSize).fill(nothing)
  private readonly heldMessages: Array<unknown> = new Array(pageSize).fill(undefined)
  private readonly heldDelays: Array<number> = new Array(pageSize).fill(empty)

  constructor(host: Host, timers: Timers) {
    this.host = host
    this.timers = timers
  }

  // --- setting and cancelling ----------------------------------------------------------------------------------------

  /** Sends a message that is prepared, after a delay in whole milliseconds. */
  send(to: Address, message: unknown, delay: number): TimerRef {
    const ref = this.nextRef()
    if (!Number.isNaN(this.ref)) this.holdNewest()
    this.ref = ref
    this.to = to
    this.message = message
    this.delay = delay
    // Reading the clock gives all held timers their deadlines
    if (!this.timers.turning) this.timers.now()
    return ref
  }

  /** A reference that no timer has had. */
  nextRef(): TimerRef {
    // References are numbers that nextReference gave out
    return this.host.nextReference() as TimerRef
  }

  /** Sets a timer for a delay, under a reference that no other timer has. */
  start(entry: TimerEntry, ref: TimerRef, delay: number): void {
    this.timers.start(entry, delay)
    this.add(entry, ref)
  }

  /** As {@link start}, for a time of the scheduler's clock. */
  startAt(entry: TimerEntry, ref: TimerRef, deadline: number): void {
    this.timers.startAt(entry, deadline)
    this.add(entry, ref)
  }

  /** Stops a timer. The whole milliseconds that were left; `undefined` when it is over, or not of this scheduler. */
  cancel(ref: number): number | undefined {
    if (ref === this.ref) {
      this.ref = noRef
      this.message = undefined
      return this.delay
    }
    return this.cancelOther(ref)
  }

  private cancelOther(ref: number): number | undefined {
    const number = this.numberOf(ref)
    const page = this.pageAt(pageOf(number))
    if (page === undefined) return undefined
    const slot = number & slotMask
    const entry = page.slots[slot]
    if (entry === undefined) return page === this.page ? this.cancelHeld(slot) : undefined
    this.remove(entry)
    return this.timers.cancel(entry)
  }

  private cancelHeld(slot: number): number | undefined {
    const delay = this.heldDelays[slot] as number
    if (delay === empty) return undefined
    this.held--
    this.clearRow(slot)
    return delay
  }

  /** The whole milliseconds that are left. As {@link cancel}. */
  left(ref: number): number | undefined {
    if (this.holds) this.enter()
    const number = this.numberOf(ref)
    const entry = this.pageAt(pageOf(number))?.slots[number & slotMask]
    return entry === undefined ? undefined : this.timers.left(entry)
  }

  // --- what is held back ---------------------------------------------------------------------------------------------

  get holds(): boolean {
    return this.held > 0 || !Number.isNaN(this.ref)
  }

  get size(): number {
    return this.held + (Number.isNaN(this.ref) ? 0 : 1)
  }

  enter(): void {
    if (!Number.isNaN(this.ref)) this.holdNewest()
    this.release()
  }

  /** All timers that are set, by reference. For tests and tools: it looks through all pages. */
  all(): ReadonlyMap<TimerRef, TimerEntry> {
    if (this.holds) this.enter()
    const found = new Map<TimerRef, TimerEntry>()
    for (const page of [...this.pages.values(), this.page]) {
      for (const entry of page.slots) {
        // As `nextReference` makes them
        if (entry !== undefined) found.set((entry.number * referenceUnit + this.host.referenceRest) as TimerRef, entry)
      }
    }
    return found
  }

  /** Moves the newest message into a row, to make place for a newer one. */
  private holdNewest(): void {
    const number = Math.floor(this.ref * perReference)
    if (pageOf(number) !== this.page.number) this.openPage(pageOf(number))
    const slot = number & slotMask
    this.heldTo[slot] = this.to
    this.heldMessages[slot] = this.message
    this.heldDelays[slot] = this.delay
    this.held++
    this.ref = noRef
    this.message = undefined
  }

  private clearRow(slot: number): void {
    this.heldDelays[slot] = empty
    this.heldTo[slot] = nothing
    this.heldMessages[slot] = undefined
  }

  /** Moves the held messages into the wheel, in order of reference. Their entries, allocated together, are adjacent in memory. */
  private release(): void {
    const { held, heldDelays, heldMessages, heldTo, page } = this
    if (held === 0) return
    this.held = 0
    const { slots } = page
    const firstNumber = page.number * pageSize
    let first: Timed | undefined
    let last: Timed | undefined
    let slot = this.heldFrom
    for (let left = held; left > 0; slot++) {
      const delay = heldDelays[slot] as number
      if (delay === empty) continue
      left--
      const entry = new SendTimer(heldTo[slot] as Address, heldMessages[slot])
      entry.state = fresh
      entry.time = delay
      entry.number = firstNumber + slot
      entry.page = page
      slots[slot] = entry
      this.clearRow(slot)
      if (last === undefined) first = entry
      else {
        last.next = entry
        entry.previous = last
      }
      last = entry
    }
    page.count += held
    this.entered(held)
    this.heldFrom = slot
    // There was one at least
    this.timers.enter(first as Timed, last as Timed, held)
  }

  // --- the pages -----------------------------------------------------------------------------------------------------

  private openPage(pageNumber: number): void {
    this.release()
    const { page } = this
    if (page.count > 0) this.pages.set(page.number, page)
    // A reference may be taken before its timer is set, so an earlier page can be needed again
    this.page = this.pages.get(pageNumber) ?? new Page(pageNumber)
    this.pages.delete(pageNumber)
    this.heldFrom = 0
  }

  /** Adds an entry that the wheel has: then nothing is held back. */
  private add(entry: TimerEntry, ref: number): void {
    const number = Math.floor(ref * perReference)
    if (pageOf(number) !== this.page.number) this.openPage(pageOf(number))
    const { page } = this
    const slot = number & slotMask
    entry.number = number
    entry.page = page
    page.slots[slot] = entry
    page.count++
    this.entered(1)
  }

  /** Forgets all of them. */
  clear(): void {
    this.page = new Page(-1)
    this.pages.clear()
    this.entries = this.held = this.heldFrom = 0
    this.sweepAt = fewestToSweep
    this.ref = noRef
    this.message = undefined
    this.heldTo.fill(nothing)
    this.heldMessages.fill(undefined)
    this.heldDelays.fill(empty)
  }

  private entered(count: number): void {
    this.entries += count
    if (this.entries < this.sweepAt) return
    this.sweepAt = Number.POSITIVE_INFINITY
    // Not within the code that sets timers
    this.host.enqueue(() => this.sweep(), "normal")
  }

  /**
   * Removes the timers of ended receivers, each time the number of entries has doubled: amortised constant cost, and such timers
   * are not kept until they are due.
   */
  private sweep(): void {
    for (const page of [this.page, ...this.pages.values()]) {
      for (const entry of page.slots) {
        if (entry?.isObsolete(this.host) !== true) continue
        this.remove(entry)
        this.timers.clear(entry)
      }
    }
    this.sweepAt = Math.max(fewestToSweep, this.entries * 2)
  }

  /** The counter in a reference of this scheduler; not a number for all others. */
  private numberOf(ref: number): number {
    const number = Math.floor(ref * perReference)
    return number * referenceUnit + this.host.referenceRest === ref ? number : Number.NaN
  }

  private pageAt(pageNumber: number): Page | undefined {
    return pageNumber === this.page.number ? this.page : this.pages.get(pageNumber)
  }

  /** A timer that the wheel had is over. */
  remove(entry: TimerEntry): void {
    // An entry in the wheel has a page
    const page = entry.page as Page
    page.slots[entry.number & slotMask] = undefined
    page.count--
    this.entries--
    if (page.count === 0 && page !== this.page) this.pages.delete(page.number)
  }
}

keepShapes(new Page(0))
