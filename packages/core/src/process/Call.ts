/**
 * A question one process asks another and the answer's way back. A call is also a temporary monitor: it ends in an
 * answer, in the callee's death, or in a timeout, exactly once; what comes later is dropped. Answers do not go
 * through the mailbox, so a call costs the same behind ten thousand waiting messages.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ByteReader, ByteWriter } from "./Bytes.ts"
import { failedAt, siteOf } from "./CallSite.ts"
import * as ExitReason from "./ExitReason.ts"
import { type AnyFiber, type KernelFiber, unpark, unparkWith, type Waiter } from "./Fibers.ts"
import type { Host, Priority, Runnable } from "./Host.ts"
import type { Pid } from "./Pid.ts"
import type { ProcessFiber } from "./ProcessFiber.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { readReason, writeReason } from "./ReasonBytes.ts"
import { keepShapes, nothing } from "./Shape.ts"
import type { ReplySignal } from "./Signal.ts"
import { framesText } from "./StackFrames.ts"
import { idle, type Timed, type Timeout } from "./Timer.ts"

/** Where an answer goes. */
export interface ReplyTo {
  answer(exit: Exit.Exit<unknown, unknown>): void
  /** As {@link answer} with a success, which nobody has to make then: the answer of nearly all calls. */
  succeed(value: unknown): void
  /** The callee is gone (or never was). */
  down(reason: ExitReason.ExitReason): void
  /** Whether the answer is there, or nobody waits for it. */
  readonly settled: boolean
  /** The callee does not take such calls: it is of the named contract, and not of the call's, or it has no handler for it. */
  refuse(contract: string, problem: Refusal): void
  /** Who waits, as far as that is known, for reports. */
  readonly asker?: Asker | undefined
}

/** Why a process does not take a call. */
export type Refusal = "other-contract" | "no-handler"

/** Who makes a call that arrives in bytes. */
export interface Caller {
  /** Where the answer goes, which is written by that codec. */
  reply(codec: AnswerCodec): ReplyTo
}

/** Who asked something. */
export interface Asker {
  readonly scheduler: number
  /** The process, if it is one of the scheduler that is asked, and asks by its own fiber. */
  readonly pid: Pid | undefined
  /** Where it asks, as lines of a stack: the `yield*`, and the functions made by `Effect.fn` that it is in. */
  readonly stack: string | undefined
}

/** What a start waits with for the answer of the new process. */
export interface StartWait extends PendingCall {
  /**
   * Whether the process need not be started any more: nobody waits for it, or who asked for it has ended. Then {@link PendingCall.down}
   * tells it.
   */
  readonly unwanted: boolean
  /** It is on its way to another scheduler, and happens there. */
  leaves(): void
}

/** What the asker makes of the ways a call can end, but for an answer on its own scheduler: it is resumed with that. */
export interface CallOutcomes {
  /** The callee is gone. */
  whenDown(reason: ExitReason.ExitReason): Exit.Exit<unknown, unknown>
  /** The callee does not take such calls, see {@link ReplyTo.refuse}. Absent where what is asked is no call of a contract. */
  whenRefused?(contract: string, problem: Refusal): Exit.Exit<unknown, unknown>
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
  /** Who keeps that this waits, as a call that is not answered or a sender without room: told when nobody waits any more. */
  callee: Pid | undefined = undefined
  /** Waits for room in the callee's mailbox, for as long as this waits. */
  private offering: AnyFiber | undefined = undefined
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
    if (this.outcome !== undefined) return
    this.settle(this.outcomes.whenTimedOut())
    this.leaveCallee()
  }

  /** Nobody waits for the answer: the callee need not keep who has asked. */
  private leaveCallee(): void {
    const { callee, host } = this
    if (callee === undefined) return
    if (callee.slot !== host.slot) {
      const { incarnation, slot } = callee
      if (this.id !== 0) host.route(slot, incarnation, { _tag: "Abandon", to: callee, call: this.id })
    } else {
      const record = host.processes.get(callee.serial)
      if (record !== undefined) IncomingCall.abandoned(record, undefined)
    }
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

  refuse(contract: string, problem: Refusal): void {
    if (this.outcome !== undefined) return
    const { outcomes } = this
    this.settle(outcomes.whenRefused?.(contract, problem) ?? outcomes.whenDown(ExitReason.noProcess))
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
    if (this.offering !== undefined) this.withdraw()
    if (this.id !== 0) this.host.pending.delete(this.id)
  }

  /** The callee's mailbox is full: `offer` waits for room. Whoever is refused is told by its callee, unless the caller itself has ended. */
  offer(offer: Effect.Effect<unknown>): void {
    this.offering = Effect.runForkWith(this.host.context)(offer)
    this.offering.addObserver((exit) => {
      if (Exit.isSuccess(exit) && exit.value === "gone") this.down(ExitReason.noProcess)
    })
  }

  private withdraw(): void {
    this.offering?.interruptUnsafe()
    this.offering = undefined
  }

  waits(late: boolean): void {
    if (late && this.outcome !== undefined) this.host.enqueue(this, this.priority)
  }

  /** Nobody waits for it any more. What comes is dropped. */
  abandon(): void {
    this.direct = false
    if (this.outcome !== undefined) return
    this.over(abandoned)
    this.leaveCallee()
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
const refused = 4

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
  private refusal: readonly [contract: string, problem: Refusal] | undefined = undefined
  // Its caller says so itself, see IncomingCall.abandoned
  readonly settled = false

  constructor(host: Host, codec: AnswerCodec, slot: number, incarnation: number, call: number) {
    this.host = host
    this.codec = codec
    this.slot = slot
    this.incarnation = incarnation
    this.call = call
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

  refuse(contract: string, problem: Refusal): void {
    this.refusal = [contract, problem]
    this.host.route(this.slot, this.incarnation, this)
  }

  get asker(): Asker {
    return { scheduler: this.slot, pid: undefined, stack: undefined }
  }

  /** Writes what came last: the answer, or that there will be none. */
  write(writer: ByteWriter): void {
    if (this.outcome !== undefined) writeAnswer(this.codec, this.outcome, writer)
    else if (this.refusal !== undefined) writeRefusal(...this.refusal, writer)
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
  writeReason(writer, ExitReason.fromCause(exit.cause))
}

/** The caller of a call from another scheduler. */
export class RemoteCaller implements Caller {
  private readonly host: Host
  private readonly slot: number
  private readonly incarnation: number
  private readonly call: number

  constructor(host: Host, at: { readonly slot: number; readonly incarnation: number }, call: number) {
    this.host = host
    this.slot = at.slot
    this.incarnation = at.incarnation
    this.call = call
  }

  reply(codec: AnswerCodec): ReplyTo {
    return new RemoteReply(this.host, codec, this.slot, this.incarnation, this.call)
  }
}

/**
 * The caller of a call on the same scheduler whose contract is the callee's, but made by another evaluation of its module: question and
 * answer go by bytes, as between schedulers, since each side knows its own classes only.
 */
export class TwinCaller implements Caller {
  private readonly pending: PendingCall

  constructor(pending: PendingCall) {
    this.pending = pending
  }

  reply(codec: AnswerCodec): ReplyTo {
    const { pending } = this
    const answer = (exit: Exit.Exit<unknown, unknown>) => {
      const writer = new ByteWriter()
      try {
        writeAnswer(codec, exit, writer)
      } catch (error) {
        writer.reset()
        writeAnswer(codec, Exit.die(error), writer)
      }
      if (!pending.settled) pending.receive(new ByteReader().over(writer.bytes, writer.start, writer.length))
    }
    return {
      get settled() {
        return pending.settled
      },
      get asker() {
        return pending.asker
      },
      answer,
      succeed: (value) => answer(Exit.succeed(value)),
      down: (reason) => pending.down(reason),
      refuse: (contract, problem) => pending.refuse(contract, problem)
    }
  }
}

/** Writes that the callee does not take the call. */
export const writeRefusal = (contract: string, problem: Refusal, writer: ByteWriter): void => {
  writer.u8(refused)
  writer.string(contract)
  writer.u8(problem === "no-handler" ? 1 : 0)
}

/** Writes that the callee is gone. */
export const writeDown = (reason: ExitReason.ExitReason, writer: ByteWriter): void => {
  writer.u8(gone)
  writeReason(writer, reason)
}

/** Reads what a {@link RemoteReply} wrote. */
export const readAnswer = (
  codec: AnswerCodec,
  reader: ByteReader,
  down: (reason: ExitReason.ExitReason) => Exit.Exit<unknown, unknown>,
  refusal?: (contract: string, problem: Refusal) => Exit.Exit<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  switch (reader.u8()) {
    case answered:
      return Exit.succeed(codec.success.decode(reader))
    case failed:
      return Exit.fail(codec.error.decode(reader))
    case refused: {
      const contract = reader.string()
      const problem = reader.u8() === 1 ? "no-handler" : "other-contract"
      return refusal?.(contract, problem) ?? down(ExitReason.noProcess)
    }
    case gone:
      return down(readReason(reader))
    default: {
      const reason = readReason(reader)
      return Exit.die(reason._tag === "Died" ? reason.defect : reason)
    }
  }
}

/** Calls of a process that nobody waits for any more, and that are in its list still. */
export interface AbandonedCalls {
  count: number
  /** With how many they are taken out. */
  sweepAt: number
  /** Those from other schedulers, by number. */
  readonly remote: Set<number>
}

/** Fewer calls than that are not worth a walk through the list. */
const fewestToSweep = 32

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

  /** Whether it is the call from another scheduler that has that number. */
  isFrom(call: number): boolean {
    return this.replyTo instanceof RemoteReply && this.replyTo.call === call
  }

  /** The callee does not take it. */
  refuse(contract: string, problem: Refusal): void {
    if (this.leave()) this.replyTo.refuse(contract, problem)
  }

  /** Who waits for the answer; nobody once it was given. */
  get asker(): Asker | undefined {
    return this.record === undefined ? undefined : this.replyTo.asker
  }

  /** There will be no answer: it fails as if the callee had ended, with that reason. */
  end(reason: ExitReason.ExitReason): void {
    if (this.leave()) this.replyTo.down(reason)
  }

  /** The callee's mailbox had no room for it. */
  dropped(): void {
    this.leave()
    this.replyTo.down(ExitReason.failed("the call was dropped: the mailbox is full"))
  }

  private leave(): boolean {
    const { next, previous, record } = this
    if (record === undefined) return false
    this.record = undefined
    // A server may keep what it has answered: that must not keep its neighbours alive, and theirs
    if (previous === undefined) record.calls = next
    else {
      previous.next = next
      this.previous = undefined
    }
    if (next !== undefined) {
      next.previous = previous
      this.next = undefined
    }
    return true
  }

  /**
   * A caller of `record` no longer waits; `remote`: the number of the call, when its caller is on another scheduler. Such calls leave
   * the list together, once there are as many as were left in it the last time: so each costs the same, and a server that never
   * answers keeps nothing of those who have asked.
   */
  static abandoned(record: ProcessRecord, remote: number | undefined): void {
    if (record.calls === undefined) return
    const extra = record.extras()
    extra.abandoned ??= { count: 0, sweepAt: fewestToSweep, remote: new Set() }
    const { abandoned } = extra
    if (remote !== undefined) abandoned.remote.add(remote)
    if (++abandoned.count < abandoned.sweepAt) return
    let left = 0
    for (let call: IncomingCall | undefined = record.calls; call !== undefined; ) {
      const { next, replyTo }: IncomingCall = call
      if (replyTo.settled || (replyTo instanceof RemoteReply && abandoned.remote.has(replyTo.call))) call.leave()
      else left++
      call = next
    }
    abandoned.count = 0
    abandoned.sweepAt = Math.max(fewestToSweep, left)
    abandoned.remote.clear()
  }

  /** The callee is gone: everybody who still waits learns why. */
  static allDown(record: ProcessRecord, reason: ExitReason.ExitReason): void {
    let call: IncomingCall | undefined = record.calls
    record.calls = undefined
    while (call !== undefined) {
      const { next }: IncomingCall = call
      call.record = call.previous = call.next = undefined
      call.whenGone(reason)
      call = next
    }
  }

  /** The callee is gone, and has not answered. */
  protected whenGone(reason: ExitReason.ExitReason): void {
    this.replyTo.down(reason)
  }
}

/** A start that waits for the new process to have initialised. */
export class StartingCall extends IncomingCall {
  private failure: Exit.Exit<never, unknown> | undefined = undefined

  constructor(replyTo: ReplyTo) {
    super()
    this.replyTo = replyTo
    this.record = this.previous = this.next = undefined
  }

  /**
   * The process will not run, and why. Whoever started it is told when it is over: its name is free then, and what it acquired is
   * released.
   */
  failWhenGone(failure: Exit.Exit<never, unknown>): void {
    this.failure = failure
  }

  protected override whenGone(reason: ExitReason.ExitReason): void {
    if (this.failure === undefined) super.whenGone(reason)
    else this.replyTo.answer(this.failure)
  }
}

keepShapes(new StartingCall(nothing), new PendingCall(nothing, nothing, undefined))
