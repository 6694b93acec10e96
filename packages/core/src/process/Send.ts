/**
 * Sending messages to processes, names and aliases.
 */
import * as Effect from "effect/Effect"
import { Alias } from "./Alias.ts"
import * as Delivery from "./Delivery.ts"
import { type Host, type System, withSystem } from "./Host.ts"
import { find } from "./Lifecycle.ts"
import * as MessageCodec from "./MessageCodec.ts"
import { type Address, resolve } from "./Name.ts"
import { impl, isPid, type Pid } from "./Pid.ts"

/**
 * Sends a message. Returns when it is on its way; whether it is handled, only an answer can tell. Messages to a process
 * that is gone are dropped. Waits only for room in a bounded mailbox whose policy is `suspend`.
 * Dies with {@link MessageCodec.InvalidMessage} when the message is not of the mailbox's type: nothing is sent then.
 * Order between one sender and one receiver is kept.
 */
export const send = <M>(to: Address<M>, message: M): Effect.Effect<void, never, System> =>
  withSystem((host) => {
    // `M` is checked by the codec; the address is only resolved here
    const address = to as unknown as Address
    const pid = resolve(host, address)
    const codec = (isPid(address) ? undefined : address.codec) ?? (pid && codecOf(host, pid))
    if (codec === undefined) {
      return pid === undefined ? Effect.void : Effect.die(unknownMailbox(pid))
    }
    codec.check(message)
    if (host.freeze) Delivery.deepFreeze(message)
    return pid === undefined
      ? Effect.void
      : Delivery.send(host, pid, codec, message, address instanceof Alias ? address.ref : 0)
  })

/**
 * Sends a value whose type is not known, from an untyped edge. Fails with {@link MessageCodec.InvalidMessage}, which
 * says what was expected and where, instead of dying.
 */
export const sendUnknown = (to: Address, message: unknown): Effect.Effect<void, MessageCodec.InvalidMessage, System> =>
  Effect.catchDefect(send(to as Address<unknown>, message), (defect) =>
    defect instanceof MessageCodec.InvalidMessage ? Effect.fail(defect) : Effect.die(defect)
  )

const codecOf = (host: Host, pid: Pid): MessageCodec.MessageCodec | undefined =>
  impl(pid).codec ?? find(host, pid)?.pid.codec

const unknownMailbox = (pid: Pid) =>
  new MessageCodec.InvalidMessage({
    target: pid.toString(),
    problem: "this pid does not say what its process takes (it came from a Down, an Exit or a list)"
  })
