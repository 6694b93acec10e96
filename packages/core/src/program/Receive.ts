/**
 * Selective receives and receives with a timeout; also the waiting of several fibers of one process for messages.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { formatTime } from "../base/FormatNumber.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import {
  type AnyFiber,
  type KernelFiber,
  park,
  unpark,
  unparkWith,
  type Waiter,
  type Waiting
} from "../fiber/Fibers.ts"
import { isNotNow, notNow, Operation } from "../fiber/Operation.ts"
import type { ProcessFiber } from "../fiber/ProcessFiber.ts"
import { admitWaiting } from "../process/Delivery.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Timer } from "../run/Timer.ts"

/** No message that was asked for arrived in time. */
export class ReceiveTimeout extends Schema.TaggedError<ReceiveTimeout>()("ReceiveTimeout", {
  /** How long was waited, in milliseconds. */
  after: Schema.Number
}) {
  override get message(): string {
    return `no message that the receive waits for has come within ${formatTime(this.after)}`
  }
}

export type Matches = ((message: unknown) => boolean) | undefined

/** Takes the oldest message that matches, from position `from` on. */
const take = (record: ProcessRecord, matches: Matches, from: number): unknown => {
  const { mailbox } = record
  if (matches === undefined) return mailbox.length > 0 ? takeOldest(record) : notNow
  const at = mailbox.find(matches, from)
  return at < 0 ? notNow : taken(record, mailbox.takeAt(at))
}

/** Takes the oldest message. Only call when there is one. */
export const takeOldest = (record: ProcessRecord): unknown => taken(record, record.mailbox.take())

const taken = (record: ProcessRecord, message: unknown): unknown => {
  if (record.extra?.waiting !== undefined) admitWaiting(record)
  record.lastMessage = message
  return message
}

/** The result of a receive in a process whose exit reason is set. */
export const ending = (record: ProcessRecord): Effect.Effect<never> =>
  Exit.failCause(ExitReason.toCause(record.exitReason ?? ExitReason.killed))

/** A waiting receive. */
export interface ReceiveWaiter extends Waiting {
  /** Takes a message that it waits for, if there is one. For the run queue only. */
  checkMailbox(record: ProcessRecord): void
}

/** The process whose fibers wait. */
export interface Receiver {
  own(): ProcessRecord
  /** The receive that its fibers wait in. */
  waiter: ReceiveWaiter | undefined
}

/** The receives of several fibers of one process, oldest first; each message goes to one of them. */
class WaiterList implements ReceiveWaiter {
  private readonly receiver: Receiver
  readonly waiters: ReadonlyArray<ReceiveWaiter>

  constructor(receiver: Receiver, waiters: ReadonlyArray<ReceiveWaiter>) {
    this.receiver = receiver
    this.waiters = waiters
  }

  checkMailbox(record: ProcessRecord): void {
    // A fiber that gets a message runs at once, and may end the waits of others
    for (const waiter of this.waiters) if (isWaiting(this.receiver, waiter)) waiter.checkMailbox(record)
  }

  waits(): void {}

  abandon(): void {}
}

/** Adds a waiting receive. */
export const startWaiting = (receiver: Receiver, waiter: ReceiveWaiter): void => {
  const { waiter: other } = receiver
  receiver.waiter = other === undefined ? waiter : new WaiterList(receiver, [...each(other), waiter])
}

/** Removes a receive that has its message, or no longer waits. */
export const stopWaiting = (receiver: Receiver, waiter: ReceiveWaiter): void => {
  const { waiter: all } = receiver
  if (all === waiter || all === undefined) {
    receiver.waiter = undefined
    return
  }
  const left = each(all).filter((other) => other !== waiter)
  receiver.waiter = left.length === 1 ? left[0] : new WaiterList(receiver, left)
}

const each = (waiter: ReceiveWaiter): ReadonlyArray<ReceiveWaiter> =>
  waiter instanceof WaiterList ? waiter.waiters : [waiter]

const isWaiting = ({ waiter: all }: Receiver, waiter: ReceiveWaiter): boolean =>
  all === waiter || (all !== undefined && each(all).includes(waiter))

/** A selective receive, or one that waits at most `after` milliseconds. */
export class SelectiveReceive extends Operation<unknown, ReceiveTimeout> {
  private readonly receiver: Receiver
  private readonly matches: Matches
  private readonly after: number | undefined
  /** How many messages the attempt just before has checked; -1: there was none. */
  private seen = -1
  /** {@link Mailbox.removed} at that time. */
  private removed = 0

  constructor(receiver: Receiver, matches: Matches, after: number | undefined) {
    super()
    this.receiver = receiver
    this.matches = matches
    this.after = after
  }

  override attempt(): unknown {
    const record = this.receiver.own()
    if (!record.isRunning) return notNow
    const message = take(record, this.matches, 0)
    if (isNotNow(message)) {
      this.seen = record.mailbox.length
      this.removed = record.mailbox.removed
    }
    return message
  }

  override performIn(fiber: ProcessFiber): Effect.Effect<unknown, ReceiveTimeout> {
    // Mostly the attempt was made where the program asked for the message
    return this.seen < 0 ? super.performIn(fiber) : this.perform(fiber)
  }

  perform(fiber: AnyFiber): Effect.Effect<unknown, ReceiveTimeout> {
    const { after, matches, receiver, removed, seen } = this
    const record = receiver.own()
    this.seen = -1
    if (!record.isRunning) return ending(record)
    const message = take(record, matches, seen < 0 ? 0 : record.mailbox.unseen(seen, removed))
    if (!isNotNow(message)) return Exit.succeed(message)
    if (after === 0) return Exit.fail(new ReceiveTimeout({ after }))
    const waiter = new SelectiveWaiter(receiver, record, matches)
    if (after !== undefined) waiter.expireAfter(after)
    return park(fiber, waiter)
  }
}

/** The wait of a selective receive: checks every message once. */
export class SelectiveWaiter implements ReceiveWaiter, Waiter {
  fiber: KernelFiber | undefined = undefined
  resume: Waiter["resume"] = undefined
  private readonly receiver: Receiver
  private readonly record: ProcessRecord
  private readonly matches: Matches
  /** How many waiting messages have been checked. */
  private seen: number
  /** {@link Mailbox.removed} at that time. */
  private removed: number
  private timer: Timer | undefined = undefined

  constructor(receiver: Receiver, record: ProcessRecord, matches: Matches) {
    this.receiver = receiver
    this.record = record
    this.matches = matches
    // The present messages have been checked
    this.seen = record.mailbox.length
    this.removed = record.mailbox.removed
  }

  checkMailbox(record: ProcessRecord): void {
    const { mailbox } = record
    const message = this.take(mailbox.unseen(this.seen, this.removed))
    if (!isNotNow(message)) return this.over(message)
    this.seen = mailbox.length
    this.removed = mailbox.removed
  }

  /** As {@link take}. An exception of the program's predicate is a defect of the waiting fiber. */
  private take(from: number): unknown {
    try {
      return take(this.record, this.matches, from)
    } catch (error) {
      this.abandon()
      unpark(this, Exit.die(error))
      return notNow
    }
  }

  private over(message: unknown): void {
    this.abandon()
    unparkWith(this, message)
  }

  expireAfter(after: number): void {
    const { record } = this
    this.timer = record.host.timers.set(
      after,
      () => {
        if (!isWaiting(this.receiver, this)) return
        this.timer = undefined
        // A message that came in the same instant wins over the timeout
        const message = record.isRunning ? this.take(0) : notNow
        if (!isNotNow(message)) return this.over(message)
        if (!isWaiting(this.receiver, this)) return
        this.abandon()
        unpark(this, Exit.fail(new ReceiveTimeout({ after })))
      },
      record.priority
    )
  }

  waits(late: boolean): void {
    startWaiting(this.receiver, this)
    // Looked at by the process's next turn
    if (late) this.record.wake()
  }

  /** Removes the wait and its timer. */
  abandon(): void {
    stopWaiting(this.receiver, this)
    if (this.timer === undefined) return
    this.record.host.timers.clear(this.timer)
    this.timer = undefined
  }
}

const example = { mailbox: { length: 0, removed: 0 } } as ProcessRecord
keepShapes(new SelectiveReceive(nothing, undefined, undefined), new SelectiveWaiter(nothing, example, undefined))
