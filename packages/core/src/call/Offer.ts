/**
 * Sending that may wait: to a mailbox whose policy makes senders wait while it is full.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Pid } from "../address/Pid.ts"
import { suspendsSenders } from "../address/Pid.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { accept, admitThrough, adopt, deliver, refused, routeMessage, waitForRoom } from "../process/Delivery.ts"
import type { Host } from "../process/Host.ts"
import { IncomingCall } from "../process/IncomingCall.ts"
import { isHere } from "../process/Lifecycle.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { PendingCall } from "./PendingCall.ts"

/** Records that the process `by` waits for room; `end` is called if the process ends meanwhile. Returns a function that removes the record. */
const trackOffer = (by: ProcessRecord | undefined, end: () => void): (() => void) => {
  if (by === undefined) return () => undefined
  const extra = by.extras()
  extra.offers ??= new Set()
  extra.offers.add(end)
  return () => void extra.offers?.delete(end)
}

/**
 * The outcome of an offered message: it is in the mailbox, the mailbox was full, there is no such process (or the alias has
 * ended), or the process does not accept the message.
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
  // Messages to an ended process are dropped, as in OTP. An alias that has accepted the message is not asked again: one for a
  // single reply has ended with that
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
    if (!isHere(host, to)) return offerRemote(host, to, codec, message, alias, wait, by, resume)
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
    // Through the run queue: the sender's code never runs on the receiver's stack
    const priority = by?.priority ?? "normal"
    const wake = (outcome: Outcome) => () => {
      over()
      host.enqueue(() => resume(Exit.succeed(outcome)), priority)
    }
    const gone = wake("gone")
    const leave = waitForRoom(target, own, 0, wake("accepted"), gone)
    const over = trackOffer(by, () => {
      leave()
      gone()
    })
    return Effect.sync(() => {
      over()
      leave()
    })
  })

/** {@link offer}, to another scheduler. */
const offerRemote = (
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
  const over = trackOffer(by, () => {
    withdraw()
    pending.down(ExitReason.noProcess)
  })
  return Effect.sync(() => {
    over()
    withdraw()
    pending.abandon()
  })
}
