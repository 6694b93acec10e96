/**
 * Sending messages to processes, names and aliases.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { Alias } from "../address/Alias.ts"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Address } from "../address/Name.ts"
import { impl, isPid, type Pid, PidImpl } from "../address/Pid.ts"
import { deepFreeze } from "../base/Freeze.ts"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as Offer from "../call/Offer.ts"
import { notNow, type OperationMethods, operationKind } from "../fiber/Operation.ts"
import { currentProcess, type ProcessFiber } from "../fiber/ProcessFiber.ts"
import { acting } from "../fiber/Silence.ts"
import { type Host, System } from "../process/Host.ts"
import { find } from "../process/Lifecycle.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { resolve } from "../process/Resolve.ts"
import { InvalidMessage } from "../schema/InvalidMessage.ts"
import { sleep } from "./Sleep.ts"

/**
 * Sends a message. Returns once it is sent; only an answer tells whether it was handled. Messages to an ended process are
 * dropped. Waits only for room in a bounded mailbox whose policy is `suspend`.
 * Dies with {@link InvalidMessage} when the message is not of the mailbox's type: nothing is sent then.
 * Order between one sender and one receiver is kept.
 */
export const send = <M>(to: Address<M>, message: M): Effect.Effect<void, never, System> =>
  // `M` is checked by the codec
  new SendMessage(to as unknown as Address, message)

const SendMessage = operationKind(
  class SendMessage implements OperationMethods<void, never> {
    private readonly to: Address
    private readonly message: unknown

    constructor(to: Address, message: unknown) {
      this.to = to
      this.message = message
    }

    attempt(fiber: ProcessFiber): undefined | typeof notNow {
      const { message, to } = this
      if (!(to instanceof PidImpl) || to.codec === undefined) return notNow
      const { host } = fiber.process
      to.codec.check(message)
      if (host.freeze) deepFreeze(message)
      return Offer.trySend(host, to, to.codec, message) ? undefined : notNow
    }

    perform(): Effect.Effect<void> {
      // The host is there: the type asks for it
      return toReceiver(this.to, this.message, Effect.void, Effect.void, (host, pid, codec, by, alias) =>
        Offer.send(host, pid, codec, this.message, by, alias)
      ) as Effect.Effect<void>
    }
  }
)

/**
 * Checks and freezes a message, and finds its receiver; `nobody` is the answer when a name has no holder, `silent` that of a process
 * that has ended.
 */
const toReceiver = <A, E>(
  to: Address,
  message: unknown,
  nobody: Effect.Effect<A, E>,
  silent: Effect.Effect<A, E>,
  use: (host: Host, pid: Pid, codec: MessageCodec, by: ProcessRecord | undefined, alias: number) => Effect.Effect<A, E>
): Effect.Effect<A, E, System> =>
  acting((host, fiber) => {
    const pid = resolve(host, to)
    const codec = (isPid(to) ? undefined : to.codec) ?? (pid && codecOf(host, pid))
    if (codec === undefined) return pid === undefined ? nobody : Effect.die(unknownMailbox(pid))
    codec.check(message)
    if (host.freeze) deepFreeze(message)
    return pid === undefined ? nobody : use(host, pid, codec, currentProcess(fiber), to instanceof Alias ? to.ref : 0)
  }, silent)

/** Checks and freezes a message that will be sent later, as far as its receiver is known already. */
export const prepare = (host: Host, to: Address, message: unknown): void => {
  const codec = isPid(to) ? codecOf(host, to) : to.codec
  codec?.check(message)
  if (host.freeze) deepFreeze(message)
}

/** Sends a message that is {@link prepare}d, without a sending process. Its receiver may have ended. */
export const deliverTo = (host: Host, to: Address, message: unknown): void => {
  const pid = resolve(host, to)
  if (pid === undefined) return
  const codec = isPid(to) ? codecOf(host, pid) : to.codec
  const sending =
    codec === undefined
      ? (send(to as Address<unknown>, message) as Effect.Effect<void>)
      : Offer.send(host, pid, codec, message, undefined, to instanceof Alias ? to.ref : 0)
  if (!Exit.isExit(sending)) Effect.runForkWith(host.context)(sending)
}

/**
 * Sends a message if there is room for it now. Returns whether it is in the mailbox: not when that is bounded, full and
 * makes senders wait, nor when there is no such process, or its mailbox is of another schema. Costs a round trip to another scheduler.
 */
export const trySend = <M>(to: Address<M>, message: M): Effect.Effect<boolean, never, System> =>
  toReceiver(
    to as unknown as Address,
    message,
    Effect.succeed(false),
    Effect.succeed(false),
    (host, pid, codec, by, alias) =>
      Effect.map(Offer.offer(host, pid, codec, message, alias, false, by), (outcome) => outcome === "accepted")
  )

/** A message that did not get into a mailbox: in time, because its receiver is gone, or because that does not take it. */
export class SendFailed extends Schema.TaggedError<SendFailed>()("SendFailed", {
  target: Schema.String,
  /** `refused`: the process's own mailbox is of another schema or contract than the address that was used. */
  problem: Schema.Literals(["full", "gone", "refused"])
}) {
  override get message(): string {
    const { problem, target } = this
    if (problem === "full") return `the mailbox of ${target} was full until the deadline`
    if (problem === "gone") return `there is no process ${target}`
    return `${target} does not take the message: its mailbox is of another schema; look who should hold this address`
  }
}

/**
 * Sends a message and waits for room no longer than `deadline`. Fails with {@link SendFailed} when there was none by then
 * (then nothing was sent; on another scheduler there may have been room in the very last moment), or when the receiver is gone or
 * ends meanwhile, or does not take the message. Dies with a RangeError when the deadline is negative.
 */
export const sendWithin = <M>(
  to: Address<M>,
  message: M,
  deadline: Duration.Input
): Effect.Effect<void, SendFailed, System> => {
  const fail = (problem: SendFailed["problem"]) => Effect.fail(new SendFailed({ target: String(to), problem }))
  return Effect.suspend(() => {
    const limit = milliseconds(deadline, "sendWithin: deadline") ?? Number.POSITIVE_INFINITY
    return toReceiver(to as unknown as Address, message, fail("gone"), fail("gone"), (host, pid, codec, by, alias) =>
      Effect.raceFirst(
        Effect.flatMap(Offer.offer(host, pid, codec, message, alias, true, by), (outcome) =>
          outcome === "accepted" ? Effect.void : fail(outcome)
        ),
        Effect.andThen(Effect.provideService(sleep(limit), System, host), fail("full"))
      )
    )
  })
}

/**
 * Sends a value whose type is not known, from an untyped edge. Fails with {@link InvalidMessage}, which
 * says what was expected and where, instead of dying.
 */
export const sendUnknown = (to: Address, message: unknown): Effect.Effect<void, InvalidMessage, System> =>
  Effect.catchDefect(send(to as Address<unknown>, message), (defect) =>
    defect instanceof InvalidMessage ? Effect.fail(defect) : Effect.die(defect)
  )

const codecOf = (host: Host, pid: Pid): MessageCodec | undefined => impl(pid).codec ?? find(host, pid)?.pid.codec

const unknownMailbox = (pid: Pid) =>
  new InvalidMessage({
    target: pid.toString(),
    problem: "its pid does not say what it takes (it came from a Down, an Exit or a list): send to a pid with a schema"
  })

keepShapes(new SendMessage(nothing, nothing))
