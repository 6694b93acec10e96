/**
 * A question one process asks another and the answer's way back. A call is also a temporary monitor: it ends in an
 * answer, in the callee's death, or in a timeout, exactly once; what comes later is dropped. Answers do not go
 * through the mailbox, so a call costs the same behind ten thousand waiting messages.
 */
import * as Exit from "effect/Exit"
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { failedAt, siteOf } from "./CallSite.ts"
import * as ExitReason from "./ExitReason.ts"
import { type KernelFiber, unpark, unparkWith, type Waiter } from "./Fibers.ts"
import type { Host, Priority, Runnable } from "./Host.ts"
import type { Pid } from "./Pid.ts"
import type { ProcessFiber } from "./ProcessFiber.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { keepShapes, nothing } from "./Shape.ts"
import type { Caller, ReplySignal } from "./Signal.ts"
import { framesText } from "./StackFrames.ts"
import { idle, type Timed, type Timeout } from "./Timer.ts"

/** Where an answer goes. */
export interface ReplyTo {
  answer(exit: Exit.Exit<unknown, unknown>): void
  /** As {@link answer} with a success, which nobody has to make then: the answer of nearly all calls. */
  succeed(value: unknown): void
  /** The callee is gone (or never was). */
  down(reason: ExitReason.ExitReason): void
  /** Who waits, as far as that is known, for reports. */
  readonly asker?: Asker | undefined
}

/** Who asked something. */
export interface Asker {
  readonly scheduler: number
  /** The process, if it is one of the scheduler that is asked, and asks by its own fiber. */
  readonly pid: Pid | undefined
  /** Where it asks, as lines of a stack: the `yield*`, and the functions made by `Effect.fn` that it is in. */
  readonly stack: string | undefined
}

/** What the asker makes of the ways a call can end, but for an answer on its own scheduler: it is resumed with that. */
export interface CallOutcomes {
  /** The callee is gone. */
  whenDown(reason: ExitReason.ExitReason): Exit.Exit<unknown, unknown>
  /** It was waited in vain. */
  whenTimedOut(): Exit.Exit<unknown, unknown>
  /** Reads an answer that came from another scheduler. */
  read(reader: ByteReader): Exit.Exit<unknown, unknown>
}

/**
 * The asker's side: what it waits for. Settles once; the asker is resumed through the run queue. Hot path: plain and
 * mutable. A timer as others are, but no subclass of them: constructors that call constructors were a tenth of a call.
 */
export class PendingCall implements Timeout, ReplyTo, Runnable, Waiter {
  state: Timed["state"] = idle
  time = 0
  previous: Timed = this
  next: Timed = this
  look = 0
  entered = false
  fiber: KernelFiber | undefined = undefined
  resume: Waiter["resume"]
  protected host: Host
  /** The asker's. */
  private priority: Priority
  protected outcomes: CallOutcomes
  protected outcome: Exit.Exit<unknown, unknown> | undefined = undefined
  /** What it succeeded with, when the outcome is {@link succeeded}. */
  private value: unknown = undefined
  /** The id another scheduler answers to, once the call has left this one; 0 before. */
  id = 0
  /** Where the callee is, for calls that left this scheduler. */
  slot = -1
  /** Whether its fiber's generator waits for it directly: then it can be told where, see `CallSite.ts`. */
  direct = false
  /** What to do with the pid of a process this call starts, before anything else it does is seen. */
  spawned: ((pid: Pid) => void) | undefined = undefined

  /** `resume`: who is called back with the outcome. Without it the asker parks on the call. */
  constructor(host: Host, outcomes: CallOutcomes, resume: Waiter["resume"], priority: Priority = "normal") {
    this.host = host
    this.priority = priority
    this.outcomes = outcomes
    this.resume = resume
  }

  /**
   * The call that a process's own fiber makes: mostly the object of the one before it, which is an old one by then. V8 notes
   * down each new object that goes into an old one, and a waiting call stands in the wheel, in the run queue and in its fiber.
   */
  static from(fiber: ProcessFiber, outcomes: CallOutcomes): PendingCall {
    const { calling, process } = fiber
    const { host, priority } = process
    if (calling === undefined) return new PendingCall(host, outcomes, undefined, priority)
    fiber.calling = undefined
    calling.host = host
    calling.priority = priority
    calling.outcomes = outcomes
    return calling
  }

  /** Its fiber may use it again: it was answered on its own scheduler, which happens once, so nobody knows it any more. */
  protected giveBack(fiber: KernelFiber): void {
    this.outcome = this.value = undefined
    this.outcomes = nothing
    fiber.calling = this
  }

  /** Gives the call an id another scheduler can answer to. */
  export(slot: number): number {
    if (this.id === 0) {
      this.id = this.host.nextReference()
      this.host.pending.set(this.id, this)
    }
    this.slot = slot
    return this.id
  }

  expireAfter(milliseconds: number): void {
    this.host.timers.startTimeout(this, milliseconds)
  }

  /** It waits as long as it takes. */
  protected clearTimer(): void {
    this.host.timers.clear(this)
  }

  expire(): void {
    this.settle(this.outcomes.whenTimedOut())
  }

  get settled(): boolean {
    return this.outcome !== undefined
  }

  answer(exit: Exit.Exit<unknown, unknown>): void {
    if (exit._tag === "Success") this.succeed(exit.value)
    else this.settle(exit)
  }

  succeed(value: unknown): void {
    if (this.outcome !== undefined) return
    this.value = value
    this.settle(succeeded)
  }

  down(reason: ExitReason.ExitReason): void {
    if (this.outcome === undefined) this.settle(this.outcomes.whenDown(reason))
  }

  get asker(): Asker | undefined {
    if (this.settled) return undefined
    const { direct, fiber, host } = this
    const site = direct && fiber !== undefined ? siteOf(fiber) : undefined
    const lines = [site, framesText(fiber?.cache.stackFrame)].filter((text) => text !== undefined && text !== "")
    return { scheduler: host.slot, pid: fiber?.process?.pid, stack: lines.length === 0 ? undefined : lines.join("\n") }
  }

  /** An answer from another scheduler. */
  receive(reader: ByteReader): void {
    this.answer(this.outcomes.read(reader))
  }

  private settle(outcome: Exit.Exit<unknown, unknown>): void {
    if (this.outcome !== undefined) return
    this.over(outcome)
    this.host.enqueue(this, this.priority)
  }

  private over(outcome: Exit.Exit<unknown, unknown>): void {
    this.outcome = outcome
    this.clearTimer()
    if (this.id !== 0) this.host.pending.delete(this.id)
  }

  waits(late: boolean): void {
    if (late && this.outcome !== undefined) this.host.enqueue(this, this.priority)
  }

  /** Nobody waits for it any more. What comes is dropped. */
  abandon(): void {
    this.direct = false
    if (this.outcome === undefined) this.over(abandoned)
  }

  run(): void {
    const { fiber, outcome, value } = this
    if (outcome === succeeded) {
      if (fiber !== undefined && this.id === 0) this.giveBack(fiber)
      unparkWith(this, value)
    } else if (outcome !== undefined) {
      const failed = this.direct && fiber !== undefined && Exit.isFailure(outcome)
      unpark(this, failed ? failedAt(fiber, outcome) : outcome)
    }
  }
}

const abandoned = Exit.interrupt()
const succeeded = Exit.void

/** How an answer is written, by outcome. */
const answered = 0
const failed = 1
const gone = 2
const defect = 3

/** Writes a success or a failure with the codecs of what was asked. */
export interface AnswerCodec {
  readonly success: { encode(value: unknown, writer: ByteWriter): void; decode(reader: ByteReader): unknown }
  readonly error: { encode(value: unknown, writer: ByteWriter): void; decode(reader: ByteReader): unknown }
}

/**
 * The callee's side of a call from another scheduler. It is itself the signal that carries the answer: calls are frequent,
 * and a signal and a function for each would be two objects more.
 */
export class RemoteReply implements ReplyTo, ReplySignal {
  readonly _tag = "Reply"
  readonly slot: number
  readonly incarnation: number
  readonly call: number
  private readonly host: Host
  private readonly codec: AnswerCodec
  private outcome: Exit.Exit<unknown, unknown> | undefined = undefined
  private reason: ExitReason.ExitReason | undefined = undefined

  constructor(host: Host, codec: AnswerCodec, caller: Caller) {
    this.host = host
    this.codec = codec
    this.slot = caller.slot
    this.incarnation = caller.incarnation
    this.call = caller.call
  }

  answer(exit: Exit.Exit<unknown, unknown>): void {
    this.outcome = exit
    try {
      this.host.route(this.slot, this.incarnation, this)
    } catch (error) {
      // An answer that cannot be written: the caller is told, and need not wait for its timeout
      this.outcome = Exit.die(error)
      this.host.route(this.slot, this.incarnation, this)
    }
  }

  succeed(value: unknown): void {
    this.answer(Exit.succeed(value))
  }

  down(reason: ExitReason.ExitReason): void {
    this.outcome = undefined
    this.reason = reason
    this.host.route(this.slot, this.incarnation, this)
  }

  get asker(): Asker {
    return { scheduler: this.slot, pid: undefined, stack: undefined }
  }

  /** Writes what came last: the answer, or that there will be none. */
  write(writer: ByteWriter): void {
    if (this.outcome !== undefined) writeAnswer(this.codec, this.outcome, writer)
    else writeDown(this.reason ?? ExitReason.noProcess, writer)
  }
}

const writeAnswer = (codec: AnswerCodec, exit: Exit.Exit<unknown, unknown>, writer: ByteWriter): void => {
  if (Exit.isSuccess(exit)) {
    writer.u8(answered)
    codec.success.encode(exit.value, writer)
    return
  }
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    writer.u8(failed)
    codec.error.encode(reason.error, writer)
    return
  }
  writer.u8(defect)
  writer.any(ExitReason.fromCause(exit.cause))
}

/** Writes that the callee is gone. */
export const writeDown = (reason: ExitReason.ExitReason, writer: ByteWriter): void => {
  writer.u8(gone)
  writer.any(reason)
}

/** Reads what a {@link RemoteReply} wrote. */
export const readAnswer = (
  codec: AnswerCodec,
  reader: ByteReader,
  down: (reason: ExitReason.ExitReason) => Exit.Exit<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  switch (reader.u8()) {
    case answered:
      return Exit.succeed(codec.success.decode(reader))
    case failed:
      return Exit.fail(codec.error.decode(reader))
    case gone:
      // Written by writeDown on another scheduler of the same program
      return down(reader.any() as ExitReason.ExitReason)
    default: {
      const reason = reader.any() as ExitReason.ExitReason
      return Exit.die(reason._tag === "Died" ? reason.defect : reason)
    }
  }
}

/**
 * A call that has reached its callee, in the callee's list of unanswered calls until it is answered. It is what a
 * handler knows as `from`.
 */
export abstract class IncomingCall {
  // Only declared, for the constructors of the subclasses: one that calls another is slow, and there is one in every call
  declare replyTo: ReplyTo
  declare protected record: ProcessRecord | undefined
  declare protected previous: IncomingCall | undefined
  declare protected next: IncomingCall | undefined

  /** From now on the caller learns of the callee's death through this call. */
  arrive(record: ProcessRecord): void {
    this.record = record
    this.next = record.calls
    if (record.calls !== undefined) record.calls.previous = this
    record.calls = this
  }

  /** Answers, once. Later answers are dropped. */
  answer(exit: Exit.Exit<unknown, unknown>): void {
    if (this.leave()) this.replyTo.answer(exit)
  }

  /** As {@link answer} with a success. */
  succeed(value: unknown): void {
    if (this.leave()) this.replyTo.succeed(value)
  }

  /** Who waits for the answer; nobody once it was given. */
  get asker(): Asker | undefined {
    return this.record === undefined ? undefined : this.replyTo.asker
  }

  /** The callee's mailbox had no room for it. */
  dropped(): void {
    this.leave()
    this.replyTo.down(ExitReason.failed("the call was dropped: the mailbox is full"))
  }

  private leave(): boolean {
    const record = this.record
    if (record === undefined) return false
    this.record = undefined
    if (this.previous !== undefined) this.previous.next = this.next
    else record.calls = this.next
    if (this.next !== undefined) this.next.previous = this.previous
    return true
  }

  /** The callee is gone: everybody who still waits learns why. */
  static allDown(record: ProcessRecord, reason: ExitReason.ExitReason): void {
    let call = record.calls
    record.calls = undefined
    while (call !== undefined) {
      call.record = undefined
      call.replyTo.down(reason)
      call = call.next
    }
  }
}

/** A start that waits for the new process to have initialised. */
export class StartingCall extends IncomingCall {
  constructor(replyTo: ReplyTo) {
    super()
    this.replyTo = replyTo
    this.record = this.previous = this.next = undefined
  }
}

keepShapes(new StartingCall(nothing), new PendingCall(nothing, nothing, undefined))
