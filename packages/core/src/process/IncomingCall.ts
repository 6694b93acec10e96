/**
 * A call at its callee: it stands in the process's list of unanswered calls until it is answered or the process has ended.
 */

import * as Exit from "effect/Exit"
import type { AnswerCodec, Asker, Caller, Refusal, ReplyTo } from "../address/Reply.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { writeAnswer, writeDown, writeRefusal } from "../signal/Answer.ts"
import type { ReplySignal } from "../signal/Signal.ts"
import type { ByteWriter } from "../wire/Bytes.ts"
import type { Host } from "./Host.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

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

  /** The calls of a process that somebody waits for, oldest first. For tests and tools. */
  static unanswered(record: ProcessRecord): ReadonlyArray<IncomingCall> {
    const found: Array<IncomingCall> = []
    for (let call: IncomingCall | undefined = record.calls; call !== undefined; call = call.next) {
      if (!call.replyTo.settled) found.unshift(call)
    }
    return found
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

keepShapes(new StartingCall(nothing))
