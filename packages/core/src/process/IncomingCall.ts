/**
 * A call at its callee: in the process's list of unanswered calls until it is answered or the process has ended.
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
 * The callee's side of a call from another scheduler. The object is also the signal that carries the answer, which saves
 * allocations in every call.
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
  // The caller's scheduler reports it, see IncomingCall.abandoned
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

  /** Writes the answer, the refusal, or the callee's exit reason. */
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

/** Calls in a process's list whose callers no longer wait. */
export interface AbandonedCalls {
  count: number
  /** The count at which they are removed. */
  sweepAt: number
  /** Those from other schedulers, by number. */
  readonly remote: Set<number>
}

/** The least count of abandoned calls that is worth a walk through the list. */
const fewestToSweep = 32

/**
 * A call that has reached its callee; handlers get it as `from`.
 */
export abstract class IncomingCall {
  // Only declared; the subclasses' constructors assign them, since a base constructor with fields is slower
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

  /** The callee's contract does not accept it. */
  refuse(contract: string, problem: Refusal): void {
    if (this.leave()) this.replyTo.refuse(contract, problem)
  }

  /** The waiting caller; `undefined` once the call has been answered. */
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
    // A server may keep an answered call, which must not retain its neighbours in the list
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
   * A caller of `record` no longer waits. `remote`: the id of the call, when the caller is on another scheduler. Abandoned calls are
   * removed together, once there are as many as calls that remained the last time: amortised constant cost, and a server that
   * never answers does not retain them.
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

  /** The calls of a process whose callers still wait, oldest first. For tests and tools. */
  static unanswered(record: ProcessRecord): ReadonlyArray<IncomingCall> {
    const found: Array<IncomingCall> = []
    for (let call: IncomingCall | undefined = record.calls; call !== undefined; call = call.next) {
      if (!call.replyTo.settled) found.unshift(call)
    }
    return found
  }

  /** The callee has ended: tells all waiting callers its exit reason. */
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

  /** The callee has ended without an answer. */
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
   * The process could not initialise. The starter gets `failure` once the process has ended: then its name is free and its
   * resources are released.
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
