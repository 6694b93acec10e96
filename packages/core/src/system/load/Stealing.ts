/**
 * Starts that any scheduler may make: they wait here for their turn, and an idle scheduler may take them over before it
 * comes. The idle scheduler (the thief) finds a loaded one (the victim) in the shared table and asks it. The victim hands over a
 * part at its next read of the clock, or after a few more starts. Only starts move: a process that has started stays on its
 * scheduler.
 */

import type { Offer } from "../../process/Host.ts"
import type { Runnable } from "../../run/RunQueue.ts"
import type { Scheduler } from "../../scheduler/Scheduler.ts"
import type { SharedTable } from "../transport/SharedTable.ts"

/**
 * How many of `unstarted` starts a thief gets at once: half of an equal part for each of so many schedulers. Starts that were
 * handed over cannot come back, and how long they take is unknown: a thief that finishes first asks again.
 */
export const shareOf = (unstarted: number, schedulers: number): number => Math.ceil(unstarted / schedulers / 2)

/** With so much in its run queue a scheduler asks for more: by the time it comes, that is done. */
const soonIdle = 1

/** A process that starts many at once offers them to other schedulers after each so many, not only when it has made all. */
const shareEvery = 8

const nobody: ReadonlyArray<number> = []

/** The slot an idle scheduler asks: the one with the most starts that wait. `undefined` when there is none. */
export const chooseVictim = (own: number, slots: number, unstarted: (slot: number) => number): number | undefined => {
  let victim: number | undefined
  let most = 0
  for (let slot = 0; slot < slots; slot++) {
    if (slot === own) continue
    const starts = unstarted(slot)
    if (starts <= most) continue
    victim = slot
    most = starts
  }
  return victim
}

/** What stealing needs from the scheduler's mesh. */
export interface StealingOptions {
  readonly scheduler: Scheduler
  readonly table: SharedTable
  readonly ring: (slot: number) => void
  /** Lets others see what was handed over to them. */
  readonly publish: () => void
  /** Whether something can be sent to that slot now. */
  readonly reaches: (slot: number) => boolean
}

/** One scheduler's part in it, as an owner of starts and as a thief of others'. */
export class Stealing {
  private readonly options: StealingOptions
  /** The starts in the order in which they were asked for. Some may have happened; those that wait are `unstarted`. */
  private starts: Array<Start> = []
  private unstarted = 0
  /** What the table says of `unstarted`. */
  private published = 0

  constructor(options: StealingOptions) {
    this.options = options
  }

  /** Takes charge of a start: it happens when the run queue comes to it, or on the scheduler that takes it first. */
  offer(offer: Offer): void {
    const { scheduler } = this.options
    const start = new Start(offer, scheduler.slot, () => this.unstarted--)
    this.unstarted++
    this.starts.push(start)
    scheduler.enqueue(start, offer.priority)
    if (this.unstarted % shareEvery === 0) this.share()
  }

  /** The owner's part at the end of a turn, beside {@link share}: wakes those that have become idle. */
  endOfTurn(): void {
    if (this.unstarted > 0) this.wakeIdle()
    // A thief that asked in vain may be busy by the time there is something again
    else this.answered(this.options.table.thieves(this.options.scheduler.slot))
    // Those that have happened are dropped when they are the greater part
    if (this.starts.length > 64 + this.unstarted * 2) this.starts = this.starts.filter((start) => start.waits)
    this.show()
  }

  private show(): void {
    if (this.unstarted === this.published) return
    this.published = this.unstarted
    this.options.table.setUnstarted(this.options.scheduler.slot, this.unstarted)
  }

  /** The thief's part when it has nothing to do, or soon will: asks the scheduler that has the most. */
  seek(): void {
    const { ring, scheduler, table } = this.options
    if (this.unstarted > 0 || scheduler.runQueueLength > soonIdle) return
    const victim = chooseVictim(scheduler.slot, table.slots, (slot) => table.unstarted(slot))
    // One that has been asked already, and has not had the time, need not be woken again
    if (victim !== undefined && table.state(scheduler.slot) === "up" && table.addThief(victim, scheduler.slot))
      ring(victim)
  }

  /** The owner's part between two items: gives to those that have asked, and wakes those that might when there was nothing before. */
  share(): void {
    const thieves = this.give()
    if (thieves.length === 0) return
    this.options.publish()
    this.answered(thieves)
  }

  /** Hands over to the schedulers that have asked. Returns which. */
  private give(): ReadonlyArray<number> {
    const { scheduler, table } = this.options
    if (this.unstarted === 0) return nobody
    const isNews = this.published === 0
    const thieves = table.thieves(scheduler.slot).filter((slot) => this.isReachable(slot))
    for (const thief of thieves) {
      const share = shareOf(this.unstarted, table.slots)
      // The youngest: they would wait here the longest
      for (let left = share; left > 0 && this.unstarted > 0; ) if (this.handOver(this.starts.pop(), thief)) left--
    }
    this.show()
    if (isNews) this.wakeIdle()
    return thieves
  }

  /** What they were given can be seen by now: a thief that asked before that would be given as much again. */
  private answered(thieves: ReadonlyArray<number>): void {
    for (const thief of thieves) this.options.table.removeThief(this.options.scheduler.slot, thief)
  }

  /** Lets a start happen on another scheduler, if it has not happened. Whether that is so. */
  private handOver(start: Start | undefined, thief: number): boolean {
    try {
      return start?.moveTo(thief) === true
    } catch (error) {
      // Its arguments cannot be written, say. It can still happen here
      const { scheduler } = this.options
      scheduler.report({ _tag: "RuntimeError", during: "handing a start to another scheduler", error })
      start?.offer.start(scheduler.slot)
      return true
    }
  }

  /** Whether a slot is there and can be sent something. */
  private isReachable(slot: number): boolean {
    const { reaches, table } = this.options
    return table.state(slot) === "up" && reaches(slot)
  }

  private wakeIdle(): void {
    const { ring, scheduler, table } = this.options
    for (let slot = 0; slot < table.slots; slot++) {
      // As far as one can see, it has nothing to do
      if (slot !== scheduler.slot && table.runQueue(slot) === 0 && this.isReachable(slot)) ring(slot)
    }
  }
}

/** One start that has happened or not. */
class Start implements Runnable {
  readonly offer: Offer
  private readonly own: number
  private readonly taken: () => void
  waits = true

  constructor(offer: Offer, own: number, taken: () => void) {
    this.offer = offer
    this.own = own
    this.taken = taken
  }

  /** Its turn has come, unless it was taken. The new process runs at once: what comes behind it can still be taken. */
  run(): void {
    if (!this.take()) return
    this.offer.start(this.own)?.run()
  }

  /** Lets it happen on a scheduler, unless it has. Whether that is so. */
  moveTo(slot: number): boolean {
    if (!this.take()) return false
    this.offer.start(slot)
    return true
  }

  /** Whether it is to happen now, for the first that takes it. */
  private take(): boolean {
    if (!this.waits) return false
    this.waits = false
    this.taken()
    return !this.offer.abandoned
  }
}
