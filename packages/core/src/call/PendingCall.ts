/**
 * A question one process asks another and the answer's way back. A call is also a temporary monitor: it ends in an
 * answer, in the callee's death, or in a timeout, exactly once; later outcomes are dropped. Answers do not go
 * through the mailbox, so a call costs the same behind ten thousand waiting messages.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Pid } from "../address/Pid.ts"
import type { AnswerCodec, Asker, Caller, Refusal, ReplyTo } from "../address/Reply.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { framesText } from "../exit/StackFrames.ts"
import { failedAt, siteOf } from "../fiber/CallSite.ts"
import { type AnyFiber, type KernelFiber, unpark, unparkWith, type Waiter } from "../fiber/Fibers.ts"
import type { ProcessFiber } from "../fiber/ProcessFiber.ts"
import type { Host } from "../process/Host.ts"
import { IncomingCall } from "../process/IncomingCall.ts"
import type { Priority, Runnable } from "../run/RunQueue.ts"
import { idle, type Timed, type Timeout } from "../run/Timer.ts"
import { writeAnswer } from "../signal/Answer.ts"
import { ByteReader, ByteWriter } from "../wire/Bytes.ts"

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
  /** The process that keeps this wait, as an unanswered call or a sender without room: told when the wait is over. */
  callee: Pid | undefined = undefined
  /** Waits for room in the callee's mailbox, for as long as this waits. */
  private offering: AnyFiber | undefined = undefined
  /** Whether its fiber's generator waits for it directly: then it can be told where, see `CallSite.ts`. */
  direct = false
  /** What to do with the pid of a process this call starts, before anything else it does is seen. */
  spawned: ((pid: Pid) => void) | undefined = undefined

  /** `resume` is called with the outcome. Without it the caller's fiber parks on the call. */
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
    // Only `recycle` sets it
    const call = calling as PendingCall
    call.host = host
    call.priority = priority
    call.outcomes = outcomes
    return call
  }

  /** Its fiber may use it again: it was answered on its own scheduler, which happens once, so there is no other reference to it. */
  protected recycle(fiber: KernelFiber): void {
    this.outcome = this.value = undefined
    this.outcomes = nothing
    fiber.calling = this
  }

  /** What it has come to, once it has. */
  get result(): Exit.Exit<unknown, unknown> | undefined {
    return this.outcome === succeeded ? Exit.succeed(this.value) : this.outcome
  }

  get process(): unknown {
    return this.fiber?.process
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
    this.notifyCallee()
  }

  /** The caller no longer waits: the callee need not keep the call. */
  private notifyCallee(): void {
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
    this.complete(outcome)
    this.host.enqueue(this, this.priority)
  }

  private complete(outcome: Exit.Exit<unknown, unknown>): void {
    this.outcome = outcome
    this.clearTimer()
    if (this.offering !== undefined) this.withdraw()
    if (this.id !== 0) this.host.pending.delete(this.id)
  }

  /** The callee's mailbox is full: `offer` waits for room. The callee tells a caller that it refuses, unless the caller itself has ended. */
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

  /** The caller no longer waits. An answer is dropped. */
  abandon(): void {
    this.direct = false
    if (this.outcome !== undefined) return
    this.complete(abandoned)
    this.notifyCallee()
  }

  run(): void {
    const { fiber, outcome, value } = this
    if (outcome === succeeded) {
      if (fiber !== undefined && this.id === 0) this.recycle(fiber)
      unparkWith(this, value)
    } else if (outcome !== undefined) {
      const failed = this.direct && fiber !== undefined && Exit.isFailure(outcome)
      unpark(this, failed ? failedAt(fiber, outcome) : outcome)
    }
  }
}

const abandoned = Exit.interrupt()
const succeeded = Exit.void

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

keepShapes(new PendingCall(nothing, nothing, undefined))
