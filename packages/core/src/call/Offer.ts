/**
 * Sending where that may take time: to a mailbox that makes its senders wait while it is full.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Pid } from "../address/Pid.ts"
import { adopt, deliver, routeMessage, waitForRoom } from "../process/Delivery.ts"
import type { Host } from "../process/Host.ts"
import { isHere } from "../process/Lifecycle.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { PendingCall } from "./PendingCall.ts"

/** What became of a message that was offered: it is in the mailbox, there was no room, or there is no such process. */
export type Outcome = "accepted" | "full" | "gone"

/** Outcomes between schedulers. */
const outcomes: ReadonlyArray<Outcome> = ["gone", "accepted", "full"]

/** Writes an outcome for a sender on another scheduler. */
export const writeOutcome = (outcome: Outcome, writer: ByteWriter): void => writer.u8(outcomes.indexOf(outcome))

/** Sends a checked message if that can be done without waiting. `false`: nothing was sent. */
export const trySend = (host: Host, to: Pid, codec: MessageCodec, message: unknown): boolean =>
  (!codec.suspends || isHere(host, to)) && deliver(host, to, codec, message)

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
  const blind = !codec.suspends || isHere(host, to)
  if (blind && deliver(host, to, codec, message, alias)) return Exit.void
  // A receiver that is gone takes no messages, which is no error of the sender's: OTP drops them too. An alias that has
  // let the message through once is not asked again: one for a single reply has ended with that
  return Effect.asVoid(offer(host, to, codec, message, blind ? 0 : alias, true, by))
}

/** Sends a checked message and says what became of it; waits for room if `wait`. A sender that gives up has sent nothing. */
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
    if (!isHere(host, to)) {
      const gone = () => Exit.succeed<Outcome>("gone")
      const read = (reader: ByteReader) => Exit.succeed<Outcome>(outcomes[reader.u8()] ?? "gone")
      const pending = new PendingCall(
        host,
        { whenDown: gone, whenTimedOut: gone, read },
        (exit) => resume(exit as Effect.Effect<Outcome>),
        by?.priority
      )
      routeMessage(host, to, codec, message, alias, pending, wait)
      return Effect.sync(() => pending.abandon())
    }
    const target = host.processes.get(to.serial)
    if (target?.isRunning !== true) return resume(Exit.succeed("gone"))
    if (deliver(host, to, codec, message, alias)) return resume(Exit.succeed("accepted"))
    if (!wait) return resume(Exit.succeed("full"))
    // What was offered could be taken
    const own = target.pid.codec === codec ? message : adopt(target, codec, message)
    // Through the run queue: whoever makes room does not run who waited for it
    const priority = by?.priority ?? "normal"
    const wake = (outcome: Outcome) => () => host.enqueue(() => resume(Exit.succeed(outcome)), priority)
    const giveUp = waitForRoom(target, own, by, wake("accepted"), wake("gone"))
    return Effect.sync(giveUp)
  })
