/**
 * The timers that processes of one scheduler know by references. Messages that are timed are held back: the wheel has none of
 * them before another kind of timer is set or the clock is looked at, and the last one is not even an object. Almost every
 * timer is cancelled before that, and then all that happened was that a few fields were written.
 */
import type { Host, Timers } from "./Host.ts"
import { type Later, SendLater } from "./Later.ts"
import type { Address } from "./Name.ts"
import { referenceUnit } from "./Pid.ts"
import { keepShapes, nothing } from "./Shape.ts"
import type { TimerRef } from "./Signal.ts"
import { fresh, type HeldTimers, idle, type Timed } from "./Timer.ts"

/** References are counted, and so many that follow each other are in one page. A power of two. */
const pageSize = 32
const slotMask = pageSize - 1

// Powers of two: multiplying is as exact as dividing, and faster
const perReference = 1 / referenceUnit
const perPage = 1 / pageSize

/** Timers whose references follow each other. A page is made when it is needed, so what is written into it is as young as it is. */
export class Page {
  readonly number: number
  readonly slots: Array<Later | undefined> = new Array(pageSize).fill(undefined)
  count = 0

  constructor(number: number) {
    this.number = number
  }
}

/** Of a page's entries, none: no number is the same as this one. */
const noRef = Number.NaN as TimerRef

/** Hot path: plain and mutable. */
export class TimerTable implements HeldTimers {
  private readonly host: Host
  private readonly timers: Timers
  /** The page that the last references belong to, and the others that are not empty. */
  private page = new Page(-1)
  private readonly pages = new Map<number, Page>()
  /** Entries of {@link page} that the wheel does not have yet: how many, and from which slot on to look for them. */
  private held = 0
  private heldFrom = 0
  /** The message that was timed last, if the wheel does not have it and there is no entry yet. */
  private ref = noRef
  private to: Address = nothing
  private message: unknown = undefined
  private delay = 0
  /** An entry of no use. */
  private spare: SendLater | undefined = undefined

  constructor(host: Host, timers: Timers) {
    this.host = host
    this.timers = timers
  }

  // --- setting and cancelling ----------------------------------------------------------------------------------------

  /** Sends a message that is prepared, after a delay in whole milliseconds. */
  send(to: Address, message: unknown, delay: number): TimerRef {
    const ref = this.nextRef()
    if (!Number.isNaN(this.ref)) this.makeEntry()
    this.ref = ref
    this.to = to
    this.message = message
    this.delay = delay
    // Who is asked for the time gives all timers their deadlines
    if (!this.timers.turning) this.timers.now()
    return ref
  }

  /** A reference that no timer has had. */
  nextRef(): TimerRef {
    // References are numbers that nextReference gave out
    return this.host.nextReference() as TimerRef
  }

  /** Sets a timer for a delay, under a reference that is newer than all others. */
  start(entry: Later, ref: TimerRef, delay: number): void {
    this.timers.start(entry, delay)
    this.add(entry, ref)
  }

  /** As {@link start}, for a time of the scheduler's clock. */
  startAt(entry: Later, ref: TimerRef, deadline: number): void {
    this.timers.startAt(entry, deadline)
    this.add(entry, ref)
  }

  /** Stops a timer. The whole milliseconds that were left; `undefined` when it is over, or not of this scheduler. */
  cancel(ref: number): number | undefined {
    if (ref === this.ref) {
      this.forget()
      return this.delay
    }
    return this.cancelEntry(ref)
  }

  private cancelEntry(ref: number): number | undefined {
    const entry = this.find(ref)
    if (entry === undefined) return undefined
    let left: number | undefined
    if (entry.state === idle) {
      left = entry.time
      this.held--
      this.clear(this.page, entry)
    } else {
      left = this.timers.cancel(entry)
      this.remove(entry)
    }
    if (entry instanceof SendLater) {
      entry.forget()
      this.spare = entry
    }
    return left
  }

  /** The whole milliseconds that are left. As {@link cancel}. */
  left(ref: number): number | undefined {
    if (this.holds) this.enter()
    const entry = this.find(ref)
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
    if (!Number.isNaN(this.ref)) this.makeEntry()
    this.release()
  }

  /** There is no message that was timed last. */
  private forget(): void {
    this.ref = noRef
    this.message = undefined
  }

  /** Makes an entry of the message that was timed last, and holds that back. */
  private makeEntry(): void {
    const { delay, message, ref, spare, to } = this
    let entry: SendLater
    if (spare === undefined) entry = new SendLater(to, message)
    else {
      entry = spare
      this.spare = undefined
      entry.to = to
      entry.message = message
    }
    entry.time = delay
    this.put(entry, ref)
    this.held++
    this.forget()
  }

  /** Gives the wheel what is held back, in the order of its references. */
  private release(): void {
    const { held, page } = this
    if (held === 0) return
    this.held = 0
    const { slots } = page
    let first: Timed | undefined
    let last: Timed | undefined
    let slot = this.heldFrom
    for (let left = held; left > 0; slot++) {
      const entry = slots[slot]
      if (entry === undefined) continue
      left--
      entry.state = fresh
      entry.page = page
      if (last === undefined) first = entry
      else {
        last.next = entry
        entry.previous = last
      }
      last = entry
    }
    this.heldFrom = slot
    // There was one at least
    this.timers.enter(first as Timed, last as Timed, held)
  }

  // --- the pages -----------------------------------------------------------------------------------------------------

  private put(entry: Later, ref: number): void {
    const number = Math.floor(ref * perReference)
    const pageNumber = Math.floor(number * perPage)
    if (pageNumber !== this.page.number) this.turnTo(pageNumber)
    const { page } = this
    entry.number = number
    page.slots[number & slotMask] = entry
    page.count++
  }

  private turnTo(pageNumber: number): void {
    this.release()
    const { page } = this
    if (page.count > 0) this.pages.set(page.number, page)
    this.page = new Page(pageNumber)
    this.heldFrom = 0
  }

  /** Adds what the wheel has. */
  private add(entry: Later, ref: number): void {
    this.put(entry, ref)
    entry.page = this.page
    this.heldFrom = (entry.number & slotMask) + 1
  }

  private find(ref: number): Later | undefined {
    const number = Math.floor(ref * perReference)
    // Numbers may be of other schedulers, or of none
    if (number * referenceUnit + this.host.referenceRest !== ref) return undefined
    const pageNumber = Math.floor(number * perPage)
    const page = pageNumber === this.page.number ? this.page : this.pages.get(pageNumber)
    return page?.slots[number & slotMask]
  }

  /** A timer that the wheel had is over. */
  remove(entry: Later): void {
    // It has one since the wheel has it
    const page = entry.page as Page
    this.clear(page, entry)
    entry.page = undefined
    if (page.count === 0 && page !== this.page) this.pages.delete(page.number)
  }

  private clear(page: Page, entry: Later): void {
    page.slots[entry.number & slotMask] = undefined
    page.count--
  }
}

keepShapes(new Page(0))
