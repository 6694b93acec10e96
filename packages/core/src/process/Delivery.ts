/**
 * How a message gets into a mailbox: checked by the sender, frozen where it is shared, counted against the bound,
 * encoded where it leaves the scheduler.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { admit } from "./Alias.ts"
import { IncomingCall, PendingCall } from "./Call.ts"
import * as ExitReason from "./ExitReason.ts"
import type { Host } from "./Host.ts"
import { isHere, terminate } from "./Lifecycle.ts"
import { type MailboxLimit, MailboxOverflow } from "./Mailbox.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { demonitor } from "./Monitors.ts"
import { impl, type Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import type { MonitorRef } from "./Signal.ts"

/** Freezes plain data all the way down, so that sharing it by reference cannot leak later changes. Catalogue R17. */
export const deepFreeze = (value: unknown): void => {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return
  if (Array.isArray(value)) {
    Object.freeze(value)
    for (const item of value) deepFreeze(item)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // Instances have their own ideas of state (pids and refs do); data does not
  if (prototype !== Object.prototype && prototype !== null) return
  Object.freeze(value)
  for (const key of Object.keys(value)) deepFreeze(Reflect.get(value, key))
}

/**
 * Sends a checked message without waiting. Returns `false` when the receiver's mailbox is full and its policy is to
 * make senders wait; nothing was sent then. Everything else counts as sent, also to a process that is gone
 * (catalogue R11).
 */
export const deliver = (host: Host, to: Pid, codec: MessageCodec, message: unknown, alias = 0): boolean => {
  if (!isHere(host, to)) {
    const call = exportCall(message, to.slot)
    host.route(to.slot, to.incarnation, { _tag: "Message", to, codec, message, alias, call, accepted: 0 })
    return true
  }
  const target = impl(to).record ?? host.processes.get(to.serial)
  if (target === undefined || target.status !== "running") {
    if (message instanceof IncomingCall) message.replyTo.down(target?.exitReason ?? ExitReason.noProcess)
    return true
  }
  // Through an alias that has ended, a message goes nowhere
  return (alias !== 0 && !admitThrough(target, alias)) || accept(target, message)
}

/** Whether a message through an alias may enter now. */
export const admitThrough = (record: ProcessRecord, alias: number): boolean =>
  admit(record, alias, (ref) => demonitor(record, ref as MonitorRef, false))

/** A call that leaves the scheduler gets an id that its answer can come back to. */
const exportCall = (message: unknown, slot: number): number =>
  message instanceof IncomingCall && message.replyTo instanceof PendingCall ? message.replyTo.export(slot) : 0

/** Puts a message into a mailbox under its bound. `false`: there is no room, and senders are to wait. */
export const accept = (record: ProcessRecord, message: unknown): boolean => {
  const { bounds, mailbox } = record
  if (bounds !== undefined && mailbox.messages >= bounds.capacity) {
    switch (bounds.overflow) {
      case "suspend":
        return false
      case "drop-newest":
        drop(message)
        return true
      case "drop-oldest":
        drop(mailbox.dropOldest())
        break
      case "crash":
        terminate(record, ExitReason.failed(new MailboxOverflow({ capacity: bounds.capacity })))
        drop(message)
        return true
    }
  }
  push(record, message)
  return true
}

const push = (record: ProcessRecord, message: unknown): void => {
  if (message instanceof IncomingCall) message.arrive(record)
  record.mailbox.push(message)
  record.wake()
  if (record.limit !== undefined) checkLimit(record, record.limit)
}

const checkLimit = (record: ProcessRecord, limit: MailboxLimit): void => {
  const { messages } = record.mailbox
  if (messages <= limit.length) {
    record.overLimit = false
    return
  }
  if (limit.action === "kill") return terminate(record, ExitReason.killed)
  if (record.overLimit) return
  record.overLimit = true
  const { host, label, pid } = record
  host.report({ _tag: "LongMailbox", pid, label, length: messages, limit: limit.length })
}

/** A dropped call is answered, so that its caller need not wait for the timeout. */
const drop = (message: unknown): void => {
  if (message instanceof IncomingCall) message.dropped()
}

/** There is room again: lets waiting senders in, oldest first. Called after messages were taken. */
export const admitWaiting = (record: ProcessRecord): void => {
  const { bounds, mailbox, waiting } = record
  if (waiting === undefined || bounds === undefined) return
  while (waiting.length > 0 && mailbox.messages < bounds.capacity) {
    const sender = waiting.shift()
    if (sender === undefined) break
    push(record, sender.message)
    sender.accept()
  }
  if (waiting.length === 0) record.waiting = undefined
}

/** Lets a sender wait for room. */
export const waitForRoom = (record: ProcessRecord, message: unknown, accept: () => void, refuse: () => void): void => {
  record.waiting ??= []
  record.waiting.push({ message, accept, refuse })
}

/** Sends a checked message; waits where the mailbox makes senders wait and is full. Returns at once otherwise. */
export const send = (host: Host, to: Pid, codec: MessageCodec, message: unknown, alias = 0): Effect.Effect<void> => {
  if (codec.suspends && !isHere(host, to)) return sendAwaiting(host, to, codec, message, alias)
  if (deliver(host, to, codec, message, alias)) return Exit.void
  return Effect.callback<void>((resume) => {
    const target = host.processes.get(to.serial)
    const wake = () => host.enqueue(() => resume(Exit.void), "normal")
    if (target === undefined || deliver(host, to, codec, message)) wake()
    else waitForRoom(target, message, wake, wake)
  })
}

/** To a mailbox of another scheduler that makes senders wait: the receiver's scheduler says when the message is in. */
const sendAwaiting = (host: Host, to: Pid, codec: MessageCodec, message: unknown, alias: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    // A receiver that is gone takes no messages, which is no error of the sender's: OTP drops them too
    const done = () => Exit.void
    const pending = new PendingCall(host, { down: done, timeout: done, read: done }, () => resume(Exit.void))
    const accepted = pending.export(to.slot)
    const call = exportCall(message, to.slot)
    host.route(to.slot, to.incarnation, { _tag: "Message", to, codec, message, alias, call, accepted })
  })
