/**
 * How a message gets into a mailbox: checked by the sender, frozen where it is shared, counted against the bound,
 * encoded where it leaves the scheduler.
 */

import * as Exit from "effect/Exit"
import { type MessageCodec, Misdirected } from "../address/MessageCodec.ts"
import type { Pid } from "../address/Pid.ts"
import type { ReplyTo } from "../address/Reply.ts"
import { messageOf } from "../base/Foreign.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import type { MonitorRef } from "../signal/Signal.ts"
import { admit } from "./Aliases.ts"
import type { Host } from "./Host.ts"
import { IncomingCall } from "./IncomingCall.ts"
import { isHere, terminate } from "./Lifecycle.ts"
import { type Bounds, MailboxOverflow } from "./Mailbox.ts"
import { demonitor } from "./Monitors.ts"
import type { Extra, ProcessRecord } from "./ProcessRecord.ts"
import { recordOf } from "./ProcessRecord.ts"

/**
 * Sends a checked message without waiting. Returns `false` when the receiver's mailbox is full and its policy is to
 * make senders wait; nothing was sent then. Everything else counts as sent, also to a process that is gone
 * (catalogue R11).
 */
export const deliver = (host: Host, to: Pid, codec: MessageCodec, message: unknown, alias = 0): boolean => {
  let target = recordOf(to)
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
export const refused: unique symbol = Symbol("refused")

/**
 * A message that was made for another mailbox than its receiver's, as the receiver takes it: the sender's pid, name or alias says
 * less than the mailbox takes, or something else. Apart, as V8 compiles what is short into what calls it.
 */
export const adopt = (record: ProcessRecord, codec: MessageCodec, message: unknown): unknown => {
  try {
    // A process of this scheduler was made with its codec
    return (record.pid.codec as MessageCodec).adopt(message, codec)
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

/** Who is to be answered by another scheduler. */
type ExportableReply = Pick<ReplyTo, "export" | "abandon">

/** To another scheduler. `accepted`: who waits for what becomes of it there. What cannot be written throws, and nobody waits. */
export const routeMessage = (
  host: Host,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  alias: number,
  accepted: ExportableReply | undefined,
  wait: boolean
): void => {
  // A call that leaves the scheduler gets an id that its answer can come back to
  const call: ExportableReply | undefined = message instanceof IncomingCall ? message.replyTo : undefined
  try {
    const { slot } = to
    host.routeMessage(to, codec, message, alias, call?.export?.(slot) ?? 0, accepted?.export?.(slot) ?? 0, wait)
  } catch (error) {
    call?.abandon?.()
    accepted?.abandon?.()
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
  if (mailbox.length > host.fewMessages || (extra !== undefined && isLimited(extra))) checkCrowding(record, host)
}

/** Whether each message counts: against a limit of the process's own, or until it is known that it is below the system's again. */
const isLimited = ({ limit, overLimit }: Extra): boolean => limit !== undefined || overLimit

/** More than a few messages wait for a process, or it {@link isLimited}. */
const checkCrowding = (record: ProcessRecord, host: Host): void => {
  const { length } = record.mailbox
  // Who sends faster than the receiver takes has its turn over sooner
  if (length > host.manyMessages) host.inlineReductions += crowdedReductions
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
