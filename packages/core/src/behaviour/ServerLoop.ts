/**
 * The loop of a behaviour process: driven by the scheduler message by message, without a parked fiber. A handler that
 * answers with a plain value costs no fiber at all; one that is an Effect gets a fiber for as long as it runs.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Registration } from "../address/Directory.ts"
import { keyOf, type Pid } from "../address/Pid.ts"
import type { ReplyTo } from "../address/Reply.ts"
import { isReadable } from "../base/Foreign.ts"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { acquireCode, type Code, type Owner, releaseCode } from "../fiber/Fibers.ts"
import { admitWaiting } from "../process/Delivery.ts"
import { conclude, limitUnwinding } from "../process/Lifecycle.ts"
import { isLinked, unlink } from "../process/Links.ts"
import type { Body, Description, ProcessRecord } from "../process/ProcessRecord.ts"
import { Down, Exit as ExitMessage } from "../signal/Signal.ts"
import { StartError } from "../spawn/StartError.ts"
import {
  Ignore,
  idleTimeout,
  isInstruction,
  NoReply,
  type Plans,
  Reply,
  Stop,
  StopWithReply,
  type Then
} from "./Next.ts"
import { badReturn, CallMessage, CastMessage, TerminateMessage } from "./Protocol.ts"
import { type Birth, ServerContext, type ServerKind } from "./ServerKind.ts"

/** A reply without a caller. */
const unanswered: ReplyTo = {
  settled: true,
  answer: () => undefined,
  succeed: () => undefined,
  down: () => undefined,
  refuse: () => undefined
}

/** What is done with what a step's effect came to. */
type Outcome = (exit: Exit.Exit<unknown, unknown>) => void

/** Looking at the one property that every effect has is faster than asking whether it is there. */
const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => {
  if (typeof value !== "object" || value === null) return false
  try {
    return (value as { [Effect.TypeId]?: unknown })[Effect.TypeId] !== undefined
  } catch {
    // A proxy that refuses: it is what a callback has given, and no effect
    return false
  }
}

/** What a message is to a server. */
const castMessage = 0
const callMessage = 1
const terminateMessage = 2
const exitMessage = 3
const plainMessage = 4

const kindOf = (message: unknown): 0 | 1 | 2 | 3 | 4 => {
  try {
    if (message instanceof CastMessage) return castMessage
    if (message instanceof CallMessage) return callMessage
    if (message instanceof TerminateMessage) return terminateMessage
    return message instanceof ExitMessage ? exitMessage : plainMessage
  } catch {
    return plainMessage
  }
}

/** Hot path: plain and mutable. */
export class ServerLoop implements Body, Owner {
  private readonly kind: ServerKind
  private birth: Birth | undefined
  private record!: ProcessRecord
  private state: unknown = undefined
  private known: ServerContext | undefined = undefined
  /** The parent that it is linked to: its exit stops a server that traps. */
  private parent: Pid | undefined = undefined
  /** The fiber of its steps, once one of them waited or left something behind. */
  private code: Code | undefined = undefined
  /** What the step that is suspended leads to. */
  private outcome: Outcome | undefined = undefined
  /** What it came to, until the next turn takes it in. */
  private finished: Exit.Exit<unknown, unknown> | undefined = undefined
  private plans: Plans | undefined = undefined
  private stopping = false

  constructor(kind: ServerKind, birth: Birth) {
    this.kind = kind
    this.birth = birth
  }

  get isIdle(): boolean {
    return this.finished === undefined && this.plans?.continuation === undefined && this.plans?.due !== true
  }

  get suspendedCode(): Code | undefined {
    return this.code?.suspended === true ? this.code : undefined
  }

  get title(): string {
    return this.birth?.name?.toString() ?? this.kind.contract
  }

  turn(record: ProcessRecord): boolean {
    try {
      return this.work(record)
    } catch (error) {
      this.record = record
      this.broken(error)
      return false
    }
  }

  /**
   * The result of a callback could not be read: an answer with a getter that throws, a plan whose timeout is none. The
   * server dies of it, as of what a callback throws, and its callers learn of that.
   */
  private broken(error: unknown): void {
    const reason = ExitReason.died(error)
    this.outcome = this.finished = undefined
    try {
      if (this.stopping || this.birth !== undefined) this.end(reason)
      else this.stop(reason, undefined)
    } catch {
      this.conclude(reason)
    }
  }

  /** Ends at once: as a failed start where it has not initialised. */
  private end(reason: ExitReason.ExitReason): void {
    if (this.birth === undefined) this.conclude(reason)
    else this.failInit(reason)
  }

  private work(record: ProcessRecord): boolean {
    if (this.record === undefined) this.begin(record)
    const { host, mailbox } = record
    // A message is one reduction, and so is each operation of its handler
    for (let left = host.slice; left > host.inlineReductions; left--) {
      if (!this.ready()) return false
      if (this.plans?.continuation !== undefined) this.runContinue(this.plans)
      else if (mailbox.length > 0) {
        const message = mailbox.take()
        if (record.extra?.waiting !== undefined) admitWaiting(record)
        this.message(message)
      } else if (this.plans?.due === true) this.runTimeout(this.plans)
      else {
        this.rest()
        return false
      }
    }
    return this.ready()
  }

  /** Whether the next message can be handled. Takes in what a suspended step came to. */
  private ready(): boolean {
    if (this.finished !== undefined && this.outcome !== undefined) {
      const { finished, outcome } = this
      this.finished = this.outcome = undefined
      outcome(finished)
    }
    return this.outcome === undefined && !this.stopping && this.record.isRunning
  }

  /** What callbacks know of their server. Made when one is called. */
  private get context(): ServerContext {
    this.known ??= new ServerContext(this.kind, this.record.pid)
    return this.known
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  /** Runs an effect; `undefined` when it is suspended. */
  private run(effect: Effect.Effect<unknown, unknown>): Exit.Exit<unknown, unknown> | undefined {
    const { record } = this
    const own = this.code
    if (own !== undefined) return own.run(effect)
    const code = acquireCode(record, record.host.contextFor(record.priority), this)
    // Known while it runs: it may end its own process, and is silenced then
    this.code = code
    // Callbacks only require what every process has: their types say so
    const exit = code.run(effect)
    // Most steps leave nothing behind
    if (exit !== undefined && releaseCode(code)) this.code = undefined
    return exit
  }

  /** Hands on what a callback came to: at once, or later for an effect that suspends. */
  private step(result: unknown, outcome: Outcome): void {
    const exit = isEffect(result) ? this.run(result) : Exit.succeed(result)
    if (exit === undefined) this.outcome = outcome
    else outcome(exit)
  }

  /** A suspended step is over: the next turn takes that in, or the end goes on. */
  ended(exit: Exit.Exit<unknown, unknown>): void {
    if (this.record.unwinding) return this.release(() => this.record.unwound())
    this.finished = exit
    this.record.wake()
  }

  // --- initialisation ----------------------------------------------------------------------------------------------

  private begin(record: ProcessRecord): void {
    const { callbacks, contract } = this.kind
    const name = this.birth?.name
    this.record = record
    record.label ??= name?.toString() ?? contract
    if (callbacks.trapExit === true) record.trapExit = true
    const { parent } = record
    if (parent !== undefined && isLinked(record, parent)) this.parent = parent
    if (name === undefined) return this.initialise()
    this.step(record.host.directory.register(name.table, "unique", name.key, record.pid, undefined), (exit) => {
      // Registering never fails: what it found is its value
      const result = Exit.isSuccess(exit) ? (exit.value as Registration) : undefined
      if (result?._tag === "Registered") this.initialise()
      else this.refuse(result?._tag === "AlreadyRegistered" ? result.holder : undefined)
    })
  }

  /** The name is taken: as if this process had never been. Catalogue N09. */
  private refuse(holder: Pid | undefined): void {
    const { record } = this
    if (this.parent !== undefined) unlink(record, this.parent)
    this.fail({ problem: "already-started", pid: holder?.toString() }, ExitReason.normal)
  }

  private initialise(): void {
    let result: unknown
    try {
      result = this.kind.callbacks.init(this.birth?.args, this.context)
    } catch (error) {
      return this.failInit(ExitReason.died(error))
    }
    if (!isEffect(result)) return this.initialised(result)
    this.step(result, (exit) => {
      if (Exit.isFailure(exit)) this.failInit(ExitReason.fromCause(exit.cause))
      else this.initialised(exit.value)
    })
  }

  private initialised(next: unknown): void {
    if (!isInstruction(next)) return this.begun(next)
    if (next instanceof Stop) return this.failInit(next.reason)
    if (next instanceof Ignore) {
      return this.fail({ problem: "ignored" }, ExitReason.normal)
    }
    if (next instanceof Reply || next instanceof StopWithReply) {
      return this.failInit(badReturn(`${this.kind.contract}.init`, "a reply, but nobody has called"))
    }
    this.begun(next)
  }

  /** It has initialised. */
  private begun(next: unknown): void {
    this.birth?.started?.succeed(undefined)
    this.birth = undefined
    this.proceed(next)
  }

  private failInit(reason: ExitReason.ExitReason): void {
    this.fail({ problem: "failed", reason }, reason)
  }

  /** Ends before it has begun. Its starter learns why when it is over. */
  private fail(
    details: Pick<StartError, "problem"> & { pid?: string | undefined; reason?: ExitReason.ExitReason },
    end: ExitReason.ExitReason
  ): void {
    const registeredName = this.birth?.name?.toString()
    const error = new StartError({ contract: this.kind.contract, registeredName, ...details })
    this.birth?.started?.failWhenGone(Exit.fail(error))
    this.birth = undefined
    this.conclude(end)
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  private message(message: unknown): void {
    this.record.lastMessage = message
    this.record.reductions++
    if (this.plans !== undefined) this.stopIdle(this.plans)
    // Each is what its kind says
    switch (kindOf(message)) {
      case castMessage:
        return this.cast(message as CastMessage)
      case callMessage:
        return this.call(message as CallMessage)
      case terminateMessage:
        return this.stop((message as TerminateMessage).reason, undefined)
      case exitMessage: {
        const { from, reason } = message as ExitMessage
        if (this.parent !== undefined && keyOf(from) === keyOf(this.parent)) return this.stop(reason, undefined)
      }
    }
    this.info(message)
  }

  private cast(message: CastMessage): void {
    const { method, payload } = message
    const handler = this.kind.handlers[method.index]
    if (handler === undefined) return this.unexpected(message)
    let result: unknown
    try {
      result = method.hasPayload ? handler(this.state, payload, this.context) : handler(this.state, this.context)
    } catch (error) {
      return this.stop(ExitReason.died(error), undefined)
    }
    this.next(result, method.tag)
  }

  private call(message: CallMessage): void {
    const { method, payload } = message
    const handler = this.kind.handlers[method.index]
    if (handler === undefined) {
      message.refuse(this.kind.contract, "no-handler")
      return this.unexpected(message)
    }
    message.server = this.context
    let result: unknown
    try {
      result = method.hasPayload ? handler(this.state, payload, message) : handler(this.state, message)
    } catch (error) {
      return this.stop(ExitReason.died(error), undefined)
    }
    if (result instanceof Reply) return this.replied(message, result)
    if (!isEffect(result)) return this.called(message, result)
    this.step(result, (exit) => {
      if (Exit.isSuccess(exit)) return this.called(message, exit.value)
      // A typed failure is the call's answer. Anything else ends the server, and through it the call
      const defect = exit.cause.reasons.some((reason) => reason._tag !== "Fail")
      if (defect) this.stop(ExitReason.fromCause(exit.cause), undefined)
      else this.failed(message, exit)
    })
  }

  /** What a call's handler came to. */
  private called(message: CallMessage, next: unknown): void {
    if (next instanceof Reply) return this.replied(message, next)
    const { tag } = message.method
    if (next instanceof StopWithReply) {
      const { reason, state, value } = next
      if (!this.isSuccess(message, value)) return
      this.state = state
      this.stop(reason, () => message.succeed(value))
    } else if (next instanceof NoReply || next instanceof Stop) this.stepped(next, tag)
    else {
      const problem = "neither reply, noReply, stop nor stopWithReply"
      this.stop(badReturn(`${this.kind.contract}.${tag}`, problem), undefined)
    }
  }

  private replied(message: CallMessage, next: Reply<unknown, unknown>): void {
    if (!this.isSuccess(message, next.value)) return
    message.succeed(next.value)
    this.proceed(next)
  }

  /** A call's handler has failed with nothing but errors. */
  private failed(message: CallMessage, exit: Exit.Failure<unknown, unknown>): void {
    const { method } = message
    const [reason] = exit.cause.reasons
    const error = reason?._tag === "Fail" ? reason.error : undefined
    if (method.isFailure(error)) return message.answer(exit)
    const problem = `a failure that is not of its type: ${method.explainFailure(error)}`
    this.stop(badReturn(`${this.kind.contract}.${method.tag}`, problem), undefined)
  }

  /** Whether the answer is of the call's type; if not, the server ends. */
  private isSuccess({ method }: CallMessage, value: unknown): boolean {
    if (method.isSuccess(value)) return true
    const problem = `a reply that is not of its type: ${method.explainSuccess(value)}`
    this.stop(badReturn(`${this.kind.contract}.${method.tag}`, problem), undefined)
    return false
  }

  private info(message: unknown): void {
    const { callbacks } = this.kind
    if (callbacks.info === undefined) return this.unexpected(message)
    this.callback("info", callbacks.info, message, this.context)
  }

  private unexpected(message: unknown): void {
    // A Down or an Exit one did not ask to handle is no news worth a report
    if (isReadable(message) && (message instanceof Down || message instanceof ExitMessage)) return
    const { host, label, pid } = this.record
    const received = host.isHeard("warning") ? this.kind.inspector.message(message) : undefined
    host.report({ _tag: "UnexpectedMessage", pid, label, received })
  }

  private runContinue(plans: Plans): void {
    const what = plans.continuation?.what
    plans.continuation = undefined
    const handler = this.kind.callbacks.continue
    if (handler === undefined) {
      return this.stop(badReturn(`${this.kind.contract}`, "continue, but it has no continue handler"), undefined)
    }
    this.callback("continue", handler, what, this.context)
  }

  private runTimeout(plans: Plans): void {
    plans.due = false
    const handler = this.kind.callbacks.timeout
    if (handler !== undefined) this.callback("timeout", handler, this.context, undefined)
  }

  /** Runs a callback without an answer. */
  private callback(
    name: string,
    handler: (state: unknown, first: never, second: never) => unknown,
    first: unknown,
    second: unknown
  ): void {
    let result: unknown
    try {
      // It gets what its own place in the specification says
      result = handler(this.state, first as never, second as never)
    } catch (error) {
      return this.stop(ExitReason.died(error), undefined)
    }
    this.next(result, name)
  }

  // --- outcomes ----------------------------------------------------------------------------------------------------

  /** The result of a callback without an answer, or the effect that gives it. */
  private next(result: unknown, callback: string): void {
    if (!isEffect(result)) return this.stepped(result, callback)
    const exit = this.run(result)
    if (exit === undefined) this.outcome = (late) => this.steppedTo(late, callback)
    else this.steppedTo(exit, callback)
  }

  private steppedTo(exit: Exit.Exit<unknown, unknown>, callback: string): void {
    if (Exit.isFailure(exit)) this.stop(ExitReason.fromCause(exit.cause), undefined)
    else this.stepped(exit.value, callback)
  }

  private stepped(next: unknown, callback: string): void {
    if (!isInstruction(next)) {
      this.state = next
      return
    }
    if (next instanceof Stop) {
      this.state = next.state
      return this.stop(next.reason, undefined)
    }
    if (next instanceof Reply || next instanceof StopWithReply) {
      return this.stop(badReturn(`${this.kind.contract}.${callback}`, "a reply, but nobody has called"), undefined)
    }
    this.proceed(next)
  }

  /** Goes on with a new state. */
  private proceed(next: unknown): void {
    if (!isInstruction(next) || !(next instanceof Reply || next instanceof NoReply)) {
      this.state = next
      return
    }
    this.state = next.state
    if (next.plan !== undefined) this.plan(next.plan)
  }

  private plan(then: Then): void {
    this.plans ??= { continuation: undefined, idle: undefined, timer: undefined, due: false }
    if (then.continue !== undefined) this.plans.continuation = { what: then.continue }
    if (then.timeout !== undefined) this.plans.idle = milliseconds(then.timeout, idleTimeout)
    // The fiber of its steps is made again when one is needed; what was acquired stays
    if (then.hibernate === true && this.code?.holds !== true) this.code = undefined
  }

  /** Nothing to do: the idle timeout, if one was asked for, starts now. */
  private rest(): void {
    const { plans, record } = this
    // It was handled in full: no crash of a later day is about it
    record.lastMessage = undefined
    const after = plans?.idle
    if (plans === undefined || after === undefined) return
    plans.idle = undefined
    const expired = () => {
      plans.timer = undefined
      plans.due = true
      record.wake()
    }
    plans.timer = record.host.timers.set(after, expired, record.priority)
  }

  private stopIdle(plans: Plans): void {
    plans.idle = undefined
    plans.due = false
    if (plans.timer === undefined) return
    this.record.host.timers.clear(plans.timer)
    plans.timer = undefined
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Ends by the server's own decision: `terminate` runs first, then `last`, then the end is published. */
  private stop(reason: ExitReason.ExitReason, last: (() => void) | undefined): void {
    const { terminate } = this.kind.callbacks
    this.stopping = true
    // An exit signal was faster, its own say: that runs no terminate. The next turn stops the code
    if (!this.record.isRunning) return
    if (this.plans !== undefined) this.stopIdle(this.plans)
    if (terminate === undefined) {
      last?.()
      return this.conclude(reason)
    }
    const over = (end: ExitReason.ExitReason) => {
      last?.()
      this.conclude(end)
    }
    let result: unknown
    try {
      result = terminate(this.state, reason)
    } catch (error) {
      return over(ExitReason.died(error))
    }
    this.step(result, (exit) => {
      this.stopping = true
      // A crash in terminate is what the process ends with. Catalogue GS37
      over(Exit.isFailure(exit) ? ExitReason.fromCause(exit.cause) : reason)
    })
    // It suspended: a later turn takes in what it comes to
    if (this.outcome !== undefined) this.stopping = false
  }

  private conclude(reason: ExitReason.ExitReason): void {
    const { record } = this
    this.stopping = true
    conclude(record, reason, true)
    this.release(() => record.unwound())
    limitUnwinding(record)
  }

  /** What the callbacks acquired is released before the end is published. */
  private release(then: () => void): void {
    if (this.code === undefined) then()
    else this.code.close(Exit.void, then)
  }

  describe(): Description {
    const { inspector } = this.kind
    const { lastMessage } = this.record
    return {
      // Until init has given one, there is none
      state: this.state === undefined ? undefined : inspector.state(this.state),
      lastMessage: lastMessage === undefined ? undefined : inspector.message(lastMessage)
    }
  }

  /** The runtime wants it to end in order: handled behind the messages that wait. */
  requestEnd(record: ProcessRecord, reason: ExitReason.ExitReason): void {
    record.mailbox.push(new TerminateMessage(reason, unanswered))
    record.wake()
  }

  silence(): void {
    this.code?.silence()
  }

  /** An exit signal ends it: no `terminate`, as in OTP. */
  unwind(record: ProcessRecord): void {
    const { code, plans } = this
    this.record = record
    this.stopping = true
    if (plans !== undefined) this.stopIdle(plans)
    if (code?.suspended === true) code.interrupt(record.exitReason ?? ExitReason.killed)
    else this.release(() => record.unwound())
  }
}

keepShapes(new ServerLoop(nothing, nothing))
