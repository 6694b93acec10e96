/**
 * The run queue of one scheduler: four priority classes of ring buffers. `max` and `high` go first, `low` gets one
 * turn for every eight of `normal`, as on the BEAM, so that it is late but never starved.
 */
import type { Priority, Runnable } from "../run/RunQueue.ts"

/** An entry of the queue: a process, a wake-up, or a task of an Effect fiber. */
export type Item = Runnable | (() => void)

/** Grows by doubling, never shrinks below this. */
const smallest = 1024

/** A first-in, first-out ring buffer. Hot path: plain and mutable. */
class Ring {
  private items: Array<Item | undefined> = new Array(smallest).fill(undefined)
  private mask = smallest - 1
  private head = 0
  private tail = 0

  get length(): number {
    return (this.tail - this.head) & this.mask
  }

  push(item: Item): void {
    this.items[this.tail] = item
    this.tail = (this.tail + 1) & this.mask
    if (this.tail === this.head) this.grow()
  }

  unshift(item: Item): void {
    this.head = (this.head - 1) & this.mask
    this.items[this.head] = item
    if (this.tail === this.head) this.grow()
  }

  shift(): Item | undefined {
    if (this.head === this.tail) return undefined
    const item = this.items[this.head]
    this.items[this.head] = undefined
    this.head = (this.head + 1) & this.mask
    return item
  }

  /** Called when full: head and tail have met. */
  private grow(): void {
    const { head, items, mask } = this
    const grown = new Array<Item | undefined>(items.length * 2).fill(undefined)
    for (let at = 0; at < items.length; at++) grown[at] = items[(head + at) & mask]
    this.items = grown
    this.head = 0
    this.tail = items.length
    this.mask = grown.length - 1
  }
}

/** How many `normal` items run before a waiting `low` one does. */
const lowShare = 8

/** What a scheduler needs of its run queue. */
export interface Queue {
  readonly length: number
  push(item: Item, priority: Priority): void
  /** Puts an item before all of its class. */
  pushFirst(item: Item, priority: Priority): void
  /** Takes the next item; `undefined` when there is none. */
  shift(): Item | undefined
}

/** See the file's header. */
export class RunQueue implements Queue {
  private readonly max = new Ring()
  private readonly high = new Ring()
  private readonly normal = new Ring()
  private readonly low = new Ring()
  private sinceLow = 0

  /** The number of queued items. */
  length = 0
  /** The number of queued items of other classes than `normal`: nearly always 0. */
  private others = 0

  push(item: Item, priority: Priority): void {
    this.length++
    if (priority === "normal") return this.normal.push(item)
    this.others++
    this[priority].push(item)
  }

  /** Puts an item before all of its class. */
  pushFirst(item: Item, priority: Priority): void {
    this.length++
    if (priority !== "normal") this.others++
    this[priority].unshift(item)
  }

  /** Takes the next item; `undefined` when there is none. */
  shift(): Item | undefined {
    if (this.length === 0) return undefined
    this.length--
    return this.others === 0 ? this.normal.shift() : this.shiftByPriority()
  }

  private shiftByPriority(): Item | undefined {
    const urgent = this.max.shift() ?? this.high.shift()
    if (urgent === undefined && (this.sinceLow < lowShare || this.low.length === 0)) {
      const item = this.normal.shift()
      if (item !== undefined) {
        this.sinceLow++
        return item
      }
    }
    this.others--
    if (urgent !== undefined) return urgent
    this.sinceLow = 0
    return this.low.shift()
  }
}
