/**
 * The caller's side of a call. A call is also a temporary monitor: it ends in an answer, in the callee's death, or in a
 * timeout, exactly once; later outcomes are dropped. Answers do not go through the caller's mailbox, so its length does not
 * matter.
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

/** Maps the ways a call can end to the caller's result; an answer on the same scheduler is the result itself. */
export interface CallOutcomes {
  /** The callee is gone. */
  whenDown(reason: ExitReason.ExitReason): Exit.Exit<unknown, unknown>
  /** The callee does not accept such calls, see {@link ReplyTo.refuse}. Absent where the request is no call of a contract. */
  whenRefused?(contract: string, problem: Refusal): Exit.Exit<unknown, unknown>
  /** The timeout has passed. */
  whenTimedOut(): Exit.Exit<unknown, unknown>
  /** Reads an answer that came from another scheduler. */
  read(reader: ByteReader): Exit.Exit<unknown, unknown>
}

/**
 * Settles once; the caller is resumed through the run queue. Hot path: plain and mutable. Implements a timer without extending
 * its class: a base constructor is a measurable part of a call.
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
  /** The caller's. */
  private priority: Priority
  protected outcomes: CallOutcomes
  protected outcome: Exit.Exit<unknown, unknown> | undefined = undefined
  /** The answer, when the outcome is {@link succeeded}. */
  private value: unknown = undefined
  /** The id another scheduler answers to, once the call has left this one; 0 before. */
  id = 0
  /** The callee's slot, for calls that left this scheduler. */
  slot = -1
  /** The process that keeps this call in its lists; it is told when the caller no longer waits. */
  callee: Pid | undefined = undefined
  /** The fiber that waits for room in the callee's mailbox, if one does. */
  private offering: AnyFiber | undefined = undefined
  /** Whether its fiber's generator waits for it in `yield*`: then the line is known, see `CallSite.ts`. */
  direct = false
  /** Called with the pid of a process this call starts, before any other signal of that process. */
  spawned: ((pid: Pid) => void) | undefined = undefined

  /** `resume`: called with the outcome. Without it the caller parks on the call. */
  constructor(host: Host, outcomes: CallOutcomes, resume: Waiter["resume"], priority: Priority = "normal") {
    this.host = host
    this.priority = priority
    this.outcomes = outcomes
    this.resume = resume
  }

  /**
   * The call that a process's own fiber makes: mostly the object of its previous call. A waiting call is stored in the timer wheel,
   * the run queue and its fiber; storing a new object in old ones would take V8's write barrier each time.
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

  /** Lets its fiber reuse the object: it was answered on its own scheduler, once, so no reference is left. */
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

  /** Removes the time limit. */
  protected clearTimer(): void {
    this.host.timers.clear(this)
  }

  expire(): void {
    if (this.outcome !== undefined) return
    this.settle(this.outcomes.whenTimedOut())
    this.notifyCallee()
  }

  /** Tells the callee that the caller no longer waits. */
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

  /** The callee's mailbox is full: `offer` waits for room. A refusal arrives as the callee's answer, unless the caller has ended. */
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

  /** The caller no longer waits. Later outcomes are dropped. */
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
 * The caller of a call on the same scheduler whose contract comes from another evaluation of the callee's module: request and
 * answer are encoded, as between schedulers, since each side has classes of its own.
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
      if (!pending.settled) pending.receive(new ByteReader().wrap(writer.bytes, writer.start, writer.length))
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
