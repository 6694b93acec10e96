/**
 * The queue of one process: messages and trapped signals in arrival order, taken from the front or from anywhere by
 * selection, without disturbing the order of the others. Signals are never counted against the bound.
 */
import * as Schema from "effect/Schema"
import { formatCount } from "../base/FormatNumber.ts"
import { Down, Exit } from "../signal/Signal.ts"

/** What happens to a message for a mailbox that is full. */
export type Overflow = "suspend" | "drop-newest" | "drop-oldest" | "crash"

/** The bound of a mailbox. Unbounded when a process has none, as on the BEAM. */
export interface Bounds {
  /** How many messages wait at most. Exit and Down are not counted. */
  readonly capacity: number
  /** `suspend` makes the sender wait; the others never do. */
  readonly overflow: Overflow
}

/** A length that no mailbox of a healthy process reaches. */
export interface MailboxLimit {
  readonly length: number
  /** `kill` ends the process; `report` tells the operator, once until the mailbox has been shorter again. */
  readonly action: "kill" | "report"
}

/** The exit reason's error of a process whose mailbox overflowed with policy `crash`. */
export class MailboxOverflow extends Schema.TaggedError<MailboxOverflow>()("MailboxOverflow", {
  capacity: Schema.Int
}) {
  override get message(): string {
    return `the mailbox is full: its capacity is ${formatCount(this.capacity, "message", "messages")}`
  }
}

/** Shared by all empty mailboxes: an idle process owns no array. */
const empty: Array<unknown> = []

/** The value of `head` when the only item has no array; with `tail` 0, the length is right too. */
const single = -1

/** Taken messages are dropped from the array once this many have gathered at its front. */
const compactAt = 1024

/** How many items of a long queue are prefetched at a time. A power of two. */
const prefetchCount = 16

/**
 * Messages of many senders are scattered over memory, and each costs a cache miss as it is taken. Reading several in a row
 * overlaps their misses.
 */
const prefetch = (items: ReadonlyArray<unknown>, from: number, to: number): void => {
  for (let at = from; at < to; at++) if (typeof items[at] === "symbol") _symbols++
}

/** Never read: without a store, V8 would remove the loop. */
let _symbols = 0

const isSignal = (item: unknown): boolean => {
  try {
    return item instanceof Down || item instanceof Exit
  } catch {
    // The message is a revoked proxy
    return false
  }
}

/** Hot path: plain and mutable. One message is kept without an array: most processes never have more. */
export class Mailbox {
  /** The array of waiting items; or, when {@link head} is {@link single}, the only item itself. */
  private store: unknown = empty
  /** The waiting items are those from `head` to `tail`; the other elements are `undefined`. */
  private head = 0
  private tail = 0
  /** How many of the items are signals. */
  private signals = 0
  /** How many items have been removed, modulo 2^32. A selective receive finds its position by it, see {@link unseen}. */
  removed = 0

  /** The number of waiting items. */
  get length(): number {
    return this.tail - this.head
  }

  /** The number of waiting messages, which count against the bound. */
  get messages(): number {
    return this.tail - this.head - this.signals
  }

  /** Only call when there is not one item alone. */
  private get items(): Array<unknown> {
    return this.store as Array<unknown>
  }

  push(item: unknown): void {
    const { tail } = this
    if (this.head === single) {
      this.store = [this.store, item]
      this.head = 0
      this.tail = 2
    } else if (this.store === empty) {
      this.store = item
      this.head = single
    } else {
      const { items } = this
      if (tail < items.length) items[tail] = item
      else items.push(item)
      this.tail = tail + 1
    }
  }

  /** As {@link push}, not counted against the bound. */
  pushSignal(signal: Down | Exit): void {
    this.push(signal)
    this.signals++
  }

  /** The oldest item. Only call when {@link length} is not 0. */
  take(): unknown {
    const item = this.head === single ? this.takeOnly() : this.takeFirst()
    if (this.signals > 0 && isSignal(item)) this.signals--
    return item
  }

  private takeOnly(): unknown {
    const item = this.store
    this.removed = (this.removed + 1) | 0
    this.store = empty
    this.head = 0
    return item
  }

  private takeFirst(): unknown {
    const { head, items } = this
    const item = items[head]
    items[head] = undefined
    this.head = head + 1
    this.removed = (this.removed + 1) | 0
    if (this.head === this.tail) this.reset()
    else if ((this.head & (prefetchCount - 1)) === 0) this.compactOrPrefetch(items)
    return item
  }

  /** Drops taken items from a long array, or prefetches. A function of its own, so that V8 inlines its caller. */
  private compactOrPrefetch(items: Array<unknown>): void {
    const { head, tail } = this
    if (head >= compactAt && head * 2 > tail) {
      this.store = items.slice(head, tail)
      this.tail -= head
      this.head = 0
    } else if (tail - head >= prefetchCount * 2) prefetch(items, head, head + prefetchCount)
  }

  /**
   * The position of the first item from position `from` on that `matches`, or -1. Positions count waiting items from 0,
   * and stay right while only {@link push} is used.
   */
  find(matches: (item: unknown) => boolean, from: number): number {
    const { head, items, tail } = this
    if (head === single) return from === 0 && matches(items) ? 0 : -1
    for (let at = head + from; at < tail; at++) if (matches(items[at])) return at - head
    return -1
  }

  /**
   * The position of the first item not seen by a receive that had seen the first `seen` items when {@link removed} was `removed`.
   * The removal of a later item counts as one of those: then one item is seen twice.
   */
  unseen(seen: number, removed: number): number {
    return Math.max(0, seen - ((this.removed - removed) | 0))
  }

  /** Takes the item at a position that {@link find} gave. The others keep their order. */
  takeAt(position: number): unknown {
    if (position === 0) return this.take()
    const { items } = this
    const at = this.head + position
    const item = items[at]
    items.copyWithin(at, at + 1, this.tail)
    items[--this.tail] = undefined
    this.removed = (this.removed + 1) | 0
    if (this.signals > 0 && isSignal(item)) this.signals--
    return item
  }

  /** Removes the oldest message that is not a signal, and returns it. */
  dropOldest(): unknown {
    const at = this.find((item) => !isSignal(item), 0)
    return at < 0 ? undefined : this.takeAt(at)
  }

  /** All waiting items, oldest first. */
  toArray(): ReadonlyArray<unknown> {
    return this.head === single ? [this.store] : this.items.slice(this.head, this.tail)
  }

  clear(): void {
    this.removed = (this.removed + this.length) | 0
    this.store = empty
    this.reset()
    this.signals = 0
  }

  private reset(): void {
    // A grown array is let go, a small one is kept for the next message
    if (this.items.length > 64) this.store = empty
    this.head = this.tail = 0
  }
}
