/**
 * How a message gets into a mailbox: checked by the sender, frozen where it is shared, counted against the bound,
 * encoded where it leaves the scheduler.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { admit } from "./Alias.ts"
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { IncomingCall, PendingCall, type ReplyTo } from "./Call.ts"
import { messageOf } from "./codec/Foreign.ts"
import * as ExitReason from "./ExitReason.ts"
import type { Host } from "./Host.ts"
import { isHere, terminate } from "./Lifecycle.ts"
import { type Bounds, MailboxOverflow } from "./Mailbox.ts"
import { type MessageCodec, Misdirected } from "./MessageCodec.ts"
import { demonitor } from "./Monitors.ts"
import { impl, type Pid, suspendsSenders } from "./Pid.ts"
import type { Extra, ProcessRecord } from "./ProcessRecord.ts"
import type { MonitorRef } from "./Signal.ts"

/**
 * Freezes plain data all the way down, so that sharing it by reference cannot leak later changes. Catalogue R17. However deep it is, and
 * whatever it holds: what cannot be frozen (a proxy that refuses, a view of bytes) stays as it is, and getters do not run.
 */
export const deepFreeze = (value: unknown): void => {
  if (value === null || typeof value !== "object" || isFrozen(value)) return
  const left: Array<object> = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    try {
      freezeOne(next, left)
    } catch {
      // It is shared as it is
    }
  }
}

const isFrozen = (value: object): boolean => {
  try {
    return Object.isFrozen(value)
  } catch {
    return true
  }
}

/** Freezes one object, if it is data, and notes what is in it that is not frozen. */
const freezeOne = (value: object, left: Array<object>): void => {
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Instances have their own ideas of state (pids and refs do); data does not
    if (prototype !== Object.prototype && prototype !== null) return
  }
  Object.freeze(value)
  // Only the elements that are there: an array may be as long as it likes
  for (const key of Object.keys(value)) {
    const inner: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    if (inner !== null && typeof inner === "object" && !isFrozen(inner)) left.push(inner)
  }
}

/**
 * Sends a checked message without waiting. Returns `false` when the receiver's mailbox is full and its policy is to
 * make senders wait; nothing was sent then. Everything else counts as sent, also to a process that is gone
 * (catalogue R11).
 */
export const deliver = (host: Host, to: Pid, codec: MessageCodec, message: unknown, alias = 0): boolean => {
  let target = impl(to).record
  // Mostly the record says where it is, and the pid need not be asked
  if (target?.host !== host) {
    if (!isHere(host, to)) {
      routeMessage(host, to, codec, message, alias, undefined, true)
      return true
    }
    target = host.processes.get(to.serial)
  }
  if (target === undefined || !target.isRunning) {
    if (message instanceof IncomingCall) message.replyTo.down(target?.exitReason ?? ExitReason.noProcess)
    return true
  }
  const own = target.pid.codec === codec ? message : adopt(target, codec, message)
  if (own === refused) return true
  // Through an alias that has ended, a message goes nowhere
  return (alias !== 0 && !admitThrough(target, alias)) || accept(target, own)
}

/** What is left of a message that its receiver does not take. Its sender, or the operator, knows. */
const refused: unique symbol = Symbol("refused")

/**
 * A message that was made for another mailbox than its receiver's, as the receiver takes it: the sender's pid, name or alias says
 * less than the mailbox takes, or something else. Apart, as V8 compiles what is short into what calls it.
 */
const adopt = (record: ProcessRecord, codec: MessageCodec, message: unknown): unknown => {
  try {
    // A process of this scheduler was made with its codec
    return (record.pid.codec as MessageCodec).adopt(message, codec, record.host)
  } catch (error) {
    refuse(record, message instanceof IncomingCall ? message.replyTo : undefined, error)
    return refused
  }
}

/** A process does not take a message: tells its caller, if it has one, and the operator otherwise. */
export const refuse = (record: ProcessRecord, caller: ReplyTo | undefined, error: unknown): void => {
  if (caller === undefined) {
    record.host.report({ _tag: "MessageRejected", pid: record.pid, problem: messageOf(error) })
  } else if (error instanceof Misdirected) caller.refuse(error.contract, "other-contract")
  else caller.answer(Exit.die(error))
}

/** Whether a message through an alias may enter now. */
export const admitThrough = (record: ProcessRecord, alias: number): boolean =>
  admit(record, alias, (ref) => demonitor(record, ref as MonitorRef, false))

/** To another scheduler. `accepted`: who waits for what becomes of it there. What cannot be written throws, and nobody waits. */
const routeMessage = (
  host: Host,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  alias: number,
  accepted: PendingCall | undefined,
  wait: boolean
): void => {
  // A call that leaves the scheduler gets an id that its answer can come back to
  const call = message instanceof IncomingCall && message.replyTo instanceof PendingCall ? message.replyTo : undefined
  try {
    host.routeMessage(to, codec, message, alias, call?.export(to.slot) ?? 0, accepted?.export(to.slot) ?? 0, wait)
  } catch (error) {
    call?.abandon()
    accepted?.abandon()
    throw error
  }
}

/** Puts a message into a mailbox under its bound. `false`: there is no room, and senders are to wait. */
export const accept = (record: ProcessRecord, message: unknown): boolean => {
  const bounds = record.extra?.bounds
  if (bounds !== undefined && record.mailbox.messages >= bounds.capacity) return overflow(record, bounds, message)
  push(record, message)
  return true
}

/** Apart, as few mailboxes are ever full: V8 compiles what is short into what calls it. */
const overflow = (record: ProcessRecord, bounds: Bounds, message: unknown): boolean => {
  switch (bounds.overflow) {
    case "suspend":
      return false
    case "drop-newest":
      drop(message)
      return true
    case "drop-oldest":
      drop(record.mailbox.dropOldest())
      push(record, message)
      return true
    case "crash":
      terminate(record, ExitReason.failed(new MailboxOverflow({ capacity: bounds.capacity })))
      drop(message)
      return true
  }
}

const push = (record: ProcessRecord, message: unknown): void => {
  if (message instanceof IncomingCall) message.arrive(record)
  const { extra, host, mailbox } = record
  mailbox.push(message)
  record.wake()
  if (mailbox.length > host.fewMessages || (extra !== undefined && isLimited(extra))) crowded(record, host)
}

/** Whether each message counts: against a limit of the process's own, or until it is known that it is below the system's again. */
const isLimited = ({ limit, overLimit }: Extra): boolean => limit !== undefined || overLimit

/** More than a few messages wait for a process, or it {@link isLimited}. */
const crowded = (record: ProcessRecord, host: Host): void => {
  const { length } = record.mailbox
  // Who sends faster than the receiver takes has its turn over sooner
  if (length > host.manyMessages) host.onTheSpot += crowdedReductions
  if (record.extra !== undefined || length > host.longMailbox) checkLimit(record, record.extras())
}

/** What sending to a process costs the sender, beside its one, when very many messages wait there. */
const crowdedReductions = 7

/** The process's own limit, or else the system's, which is only told. */
const checkLimit = (record: ProcessRecord, extra: Extra): void => {
  const { messages } = record.mailbox
  const limit = extra.limit?.length ?? record.host.longMailbox
  if (messages <= limit) {
    if (extra.overLimit) extra.overLimit = false
    return
  }
  if (extra.limit?.action === "kill") return terminate(record, ExitReason.killed)
  if (extra.overLimit) return
  extra.overLimit = true
  const { host, label, pid } = record
  host.report({ _tag: "LongMailbox", pid, label, length: messages, limit })
}

/** A dropped call is answered, so that its caller need not wait for the timeout. */
const drop = (message: unknown): void => {
  if (message instanceof IncomingCall) message.dropped()
}

/** There is room again: lets waiting senders in, oldest first. Called after messages were taken. */
export const admitWaiting = (record: ProcessRecord): void => {
  const { extra, mailbox } = record
  const { bounds, waiting } = extra ?? {}
  if (extra === undefined || waiting === undefined || bounds === undefined) return
  for (const sender of waiting) {
    if (mailbox.messages >= bounds.capacity) return
    waiting.delete(sender)
    push(record, sender.message)
    sender.accept()
  }
  extra.waiting = undefined
}

/**
 * Lets a sender wait for room; `number`: under which it waits, if it is of another scheduler, or 0. Returns how to give up.
 */
export const waitForRoom = (
  record: ProcessRecord,
  message: unknown,
  number: number,
  accept: () => void,
  refuse: () => void
): (() => void) => {
  const sender = { message, number, accept, refuse }
  const extra = record.extras()
  extra.waiting ??= new Set()
  extra.waiting.add(sender)
  return () => void extra.waiting?.delete(sender)
}

/**
 * A caller on another scheduler no longer waits for the answer, or a sender for room: what it has sent is not to be let in any more, if
 * it waits for room.
 */
export const abandonCall = (record: ProcessRecord, call: number): void => {
  for (const sender of record.extra?.waiting ?? []) {
    const { message, number } = sender
    if (number !== call && !(message instanceof IncomingCall && message.isFrom(call))) continue
    record.extra?.waiting?.delete(sender)
    return
  }
  IncomingCall.abandoned(record, call)
}

/** Notes that the process `by` waits for room, for as long as it does; `end` ends that when the process ends. Returns how to note its end. */
const noteOffer = (by: ProcessRecord | undefined, end: () => void): (() => void) => {
  if (by === undefined) return () => undefined
  const extra = by.extras()
  extra.offers ??= new Set()
  extra.offers.add(end)
  return () => void extra.offers?.delete(end)
}

/**
 * What became of a message that was offered: it is in the mailbox, there was no room, there is no such process (or the alias has
 * ended), or the process does not take it.
 */
export type Outcome = "accepted" | "full" | "gone" | "refused"

/** Outcomes between schedulers. */
const outcomes: ReadonlyArray<Outcome> = ["gone", "accepted", "full", "refused"]

/** Writes an outcome for a sender on another scheduler. */
export const writeOutcome = (outcome: Outcome, writer: ByteWriter): void => writer.u8(outcomes.indexOf(outcome))

/** Sends a checked message if that can be done without waiting. `false`: nothing was sent. */
export const trySend = (host: Host, to: Pid, codec: MessageCodec, message: unknown): boolean =>
  (!suspendsSenders(to.serial) || isHere(host, to)) && deliver(host, to, codec, message)

/**
 * Sends a checked message, of the process `by` if there is one; waits where the mailbox makes senders wait and is full. Returns at
 * once otherwise.
 */
export const send = (
  host: Host,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  by: ProcessRecord | undefined,
  alias = 0
): Effect.Effect<void> => {
  const blind = !suspendsSenders(to.serial) || isHere(host, to)
  if (blind && deliver(host, to, codec, message, alias)) return Exit.void
  // A receiver that is gone takes no messages, which is no error of the sender's: OTP drops them too. An alias that has
  // let the message through once is not asked again: one for a single reply has ended with that
  return Effect.asVoid(offer(host, to, codec, message, blind ? 0 : alias, true, by))
}

/**
 * Sends a checked message and says what became of it; waits for room if `wait`. A sender that gives up, or the process `by` that ends,
 * has sent nothing: to another scheduler, if there was no room until that learns of it.
 */
export const offer = (
  host: Host,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  alias: number,
  wait: boolean,
  by: ProcessRecord | undefined
): Effect.Effect<Outcome> =>
  Effect.callback<Outcome>((resume) => {
    if (!isHere(host, to)) return offerAway(host, to, codec, message, alias, wait, by, resume)
    const outcome = (is: Outcome) => resume(Exit.succeed(is))
    const target = host.processes.get(to.serial)
    if (target?.isRunning !== true) {
      if (message instanceof IncomingCall) message.replyTo.down(target?.exitReason ?? ExitReason.noProcess)
      return outcome("gone")
    }
    const own = target.pid.codec === codec ? message : adopt(target, codec, message)
    if (own === refused) return outcome("refused")
    if (alias !== 0 && !admitThrough(target, alias)) return outcome("gone")
    if (accept(target, own)) return outcome("accepted")
    if (!wait) return outcome("full")
    // Through the run queue: whoever makes room does not run who waited for it
    const priority = by?.priority ?? "normal"
    const wake = (outcome: Outcome) => () => {
      over()
      host.enqueue(() => resume(Exit.succeed(outcome)), priority)
    }
    const gone = wake("gone")
    const leave = waitForRoom(target, own, 0, wake("accepted"), gone)
    const over = noteOffer(by, () => {
      leave()
      gone()
    })
    return Effect.sync(() => {
      over()
      leave()
    })
  })

/** {@link offer}, to another scheduler. */
const offerAway = (
  host: Host,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  alias: number,
  wait: boolean,
  by: ProcessRecord | undefined,
  resume: (outcome: Effect.Effect<Outcome>) => void
): Effect.Effect<void> => {
  const gone = () => Exit.succeed<Outcome>("gone")
  const read = (reader: ByteReader) => Exit.succeed<Outcome>(outcomes[reader.u8()] ?? "gone")
  const pending = new PendingCall(
    host,
    { whenDown: gone, whenTimedOut: gone, read },
    (exit) => {
      over()
      resume(exit as Effect.Effect<Outcome>)
    },
    by?.priority
  )
  routeMessage(host, to, codec, message, alias, pending, wait)
  const withdraw = () => {
    if (pending.settled) return
    host.route(to.slot, to.incarnation, { _tag: "Abandon", to, call: pending.id })
  }
  const over = noteOffer(by, () => {
    withdraw()
    pending.down(ExitReason.noProcess)
  })
  return Effect.sync(() => {
    over()
    withdraw()
    pending.abandon()
  })
}
