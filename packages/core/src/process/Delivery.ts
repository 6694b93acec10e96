/**
 * Delivery of a message to a mailbox: checked by the sender, frozen where it is shared, counted against the bound,
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
  // The usual case: the pid has its record
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
  // A message to an ended alias is dropped
  return (alias !== 0 && !admitThrough(target, alias)) || accept(target, own)
}

/** The result of {@link adopt} for a rejected message. The caller, or the operator, has been told. */
export const refused: unique symbol = Symbol("refused")

/**
 * Converts a message whose address has another codec than the receiver's mailbox. A function of its own, so that V8 inlines
 * its short caller.
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

/** Rejects a message: tells the caller of a call, or else the operator. */
export const refuse = (record: ProcessRecord, caller: ReplyTo | undefined, error: unknown): void => {
  if (caller === undefined) {
    record.host.report({ _tag: "MessageRejected", pid: record.pid, problem: messageOf(error) })
  } else if (error instanceof Misdirected) caller.refuse(error.contract, "other-contract")
  else caller.answer(Exit.die(error))
}

/** Whether a message through an alias may enter now. */
export const admitThrough = (record: ProcessRecord, alias: number): boolean =>
  admit(record, alias, (ref) => demonitor(record, ref as MonitorRef, false))

/** A reply that another scheduler can answer. */
type ExportableReply = Pick<ReplyTo, "export" | "abandon">

/**
 * Sends a message to another scheduler. `accepted` gets the outcome of its delivery there. Throws when the message cannot be
 * encoded; the waits for its answer and outcome have ended then.
 */
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

/** Puts a message into a mailbox. `false`: the mailbox is full, and its policy is that senders wait. */
export const accept = (record: ProcessRecord, message: unknown): boolean => {
  const bounds = record.extra?.bounds
  if (bounds !== undefined && record.mailbox.messages >= bounds.capacity) return overflow(record, bounds, message)
  push(record, message)
  return true
}

/** A function of its own for the rare case, so that V8 inlines its short caller. */
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

/** Whether the length is checked at each message: the process has a limit of its own, or has exceeded the system's. */
const isLimited = ({ limit, overLimit }: Extra): boolean => limit !== undefined || overLimit

/** Charges the sender and checks limits, for a long mailbox or one that {@link isLimited}. */
const checkCrowding = (record: ProcessRecord, host: Host): void => {
  const { length } = record.mailbox
  // Back-pressure: a sender that is faster than the receiver has a shorter slice
  if (length > host.manyMessages) host.inlineReductions += crowdedReductions
  if (record.extra !== undefined || length > host.longMailbox) checkLimit(record, record.extras())
}

/** The additional reductions of sending to a very long mailbox. */
const crowdedReductions = 7

/** Applies the process's own limit, or else the system's, which only reports. */
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

/** Delivers the messages of waiting senders, oldest first, while there is room. Called after messages were taken. */
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
 * Queues a sender until there is room. `number`: the id of its wait, if it is on another scheduler, or 0. Returns a function that
 * cancels the wait.
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
 * A caller on another scheduler no longer waits for its answer, or a sender no longer for room: a message that is still
 * waiting for room is discarded.
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
