/**
 * The loop of a behaviour process: driven by the scheduler message by message, without a parked fiber. A handler that
 * answers with a plain value costs no fiber at all; one that is an Effect gets a fiber for as long as it runs.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { IncomingCall, ReplyTo } from "../process/Call.ts"
import { admitWaiting } from "../process/Delivery.ts"
import * as ExitReason from "../process/ExitReason.ts"
import { Current, type Registration, type Timer } from "../process/Host.ts"
import { end } from "../process/Lifecycle.ts"
import { unlink } from "../process/Links.ts"
import type { Name } from "../process/Name.ts"
import { keyOf, type Pid } from "../process/Pid.ts"
import type { Body, ProcessRecord } from "../process/ProcessRecord.ts"
import { milliseconds } from "../process/RawProcess.ts"
import { Down, Exit as ExitMessage } from "../process/Signal.ts"
import { StartError } from "../process/StartError.ts"
import { Ignore, NoReply, Reply, Stop, StopWithReply, type Then } from "./Next.ts"
import { badReturn, CallMessage, CastMessage, TerminateMessage } from "./Protocol.ts"

/** A contract's callbacks as the loop sees them: it hands back what it was given. */
export interface Callbacks {
  readonly init: (args: unknown, context: unknown) => unknown
  readonly handle: Readonly<Record<string, (state: unknown, ...args: ReadonlyArray<unknown>) => unknown>>
  readonly info?: (state: unknown, message: unknown, context: unknown) => unknown
  readonly timeout?: (state: unknown, context: unknown) => unknown
  readonly continue?: (state: unknown, what: unknown, context: unknown) => unknown
  readonly terminate?: (state: unknown, reason: ExitReason.ExitReason) => unknown
  readonly trapExit?: boolean
}

/** What all server processes of one contract share. */
export interface ServerKind {
  readonly contract: string
  readonly callbacks: Callbacks
  /** Makes the ref that callbacks know as themselves. */
  readonly self: (pid: Pid) => unknown
}

/** What one server process is started with. Let go when it has initialised. */
export interface Birth {
  readonly args: unknown
  /** The starter's wait for initialisation. */
  readonly started: IncomingCall | undefined
  readonly name: Name | undefined
}

/** Nobody waits for the answer. */
const unanswered: ReplyTo = { answer: () => undefined, down: () => undefined }

/** What is done with a step's outcome. */
type Outcome = (exit: Exit.Exit<unknown, unknown>) => void

/** Hot path: plain and mutable. */
export class ServerLoop implements Body {
  private readonly kind: ServerKind
  private birth: Birth | undefined
  private record!: ProcessRecord
  private state: unknown = undefined
  private context: { readonly self: unknown; readonly pid: Pid } | undefined = undefined
  /** Who started it with a link: its exit stops a server that traps. */
  private parent: Pid | undefined = undefined
  private fibers: Context.Context<never> | undefined = undefined
  private scope: Scope.Closeable | undefined = undefined
  /** The fiber of the step that runs, while it is suspended. */
  private fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private outcome: Outcome | undefined = undefined
  private finished: Exit.Exit<unknown, unknown> | undefined = undefined
  private continuation: { readonly what: unknown } | undefined = undefined
  private idle: number | undefined = undefined
  private idleTimer: Timer | undefined = undefined
  private idleDue = false
  private stopping = false

  constructor(kind: ServerKind, birth: Birth) {
    this.kind = kind
    this.birth = birth
  }

  turn(record: ProcessRecord): boolean {
    if (this.context === undefined) this.begin(record)
    const { mailbox } = record
    for (let left = record.host.slice; left > 0; left--) {
      if (!this.ready()) return false
      if (this.continuation !== undefined) this.runContinue(this.continuation.what)
      else if (mailbox.length > 0) {
        const message = mailbox.take()
        if (record.waiting !== undefined) admitWaiting(record)
        this.message(message)
      } else if (this.idleDue) this.runTimeout()
      else {
        this.rest()
        return false
      }
    }
    return this.ready()
  }

  /** Whether the next message can be handled. Takes in the outcome of a step whose fiber has ended. */
  private ready(): boolean {
    if (this.finished !== undefined && this.outcome !== undefined) {
      const { finished, outcome } = this
      this.fiber = this.finished = this.outcome = undefined
      outcome(finished)
    }
    return this.outcome === undefined && !this.stopping && this.record.status === "running"
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  /** Runs one callback and hands its outcome on: at once for plain values, later for effects that suspend. */
  private step(callback: () => unknown, outcome: Outcome): void {
    let result: unknown
    try {
      result = callback()
    } catch (error) {
      return outcome(Exit.die(error))
    }
    if (!Effect.isEffect(result)) return outcome(Exit.succeed(result))
    if (Exit.isExit(result)) return outcome(result)
    // Callbacks only require what `fiberContext` provides: their types say so
    const fiber = Effect.runForkWith(this.fiberContext())(result as Effect.Effect<unknown, unknown>)
    const done = fiber.pollUnsafe()
    if (done !== undefined) return outcome(done)
    this.fiber = fiber
    this.outcome = outcome
    fiber.addObserver((exit) => {
      this.finished = exit
      this.record.wake()
    })
  }

  private fiberContext(): Context.Context<never> {
    if (this.fibers === undefined) {
      this.scope = Scope.makeUnsafe()
      this.fibers = this.record.host
        .contextFor(this.record.priority)
        .pipe(Context.add(Current, this.record), Context.add(Scope.Scope, this.scope))
    }
    return this.fibers
  }

  // --- initialisation ----------------------------------------------------------------------------------------------

  private begin(record: ProcessRecord): void {
    const { callbacks, contract } = this.kind
    const name = this.birth?.name
    this.record = record
    this.context = { self: this.kind.self(record.pid), pid: record.pid }
    record.label ??= name?.toString() ?? contract
    if (callbacks.trapExit === true) record.trapExit = true
    if (record.parent !== undefined && record.links?.has(keyOf(record.parent)) === true) this.parent = record.parent
    if (name === undefined) return this.initialise()
    this.step(
      () => record.host.directory.register(name.table, "unique", name.key, record.pid, undefined),
      (exit) => {
        // Registering never fails: what it found is its value
        const result = Exit.isSuccess(exit) ? (exit.value as Registration) : undefined
        if (result?._tag === "Registered") this.initialise()
        else this.refuse(result?._tag === "AlreadyRegistered" ? result.holder : undefined)
      }
    )
  }

  /** The name is taken: as if this process had never been. Catalogue N09. */
  private refuse(holder: Pid | undefined): void {
    const { record } = this
    if (this.parent !== undefined) unlink(record, this.parent)
    this.fail({ problem: "already-started", pid: holder?.toString() })
    this.conclude(ExitReason.normal)
  }

  private initialise(): void {
    const { callbacks } = this.kind
    const args = this.birth?.args
    this.step(
      () => callbacks.init(args, this.context),
      (exit) => this.initialised(exit)
    )
  }

  private initialised(exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isFailure(exit)) return this.failInit(ExitReason.fromCause(exit.cause))
    const next = exit.value
    if (next instanceof Stop) return this.failInit(next.reason)
    if (next instanceof Ignore) {
      this.fail({ problem: "ignored" })
      return this.conclude(ExitReason.normal)
    }
    if (next instanceof Reply || next instanceof StopWithReply) {
      return this.failInit(badReturn(`${this.kind.contract}.init`, "a reply, but nobody has called"))
    }
    this.tellStarter(Exit.void)
    this.proceed(next)
  }

  private failInit(reason: ExitReason.ExitReason): void {
    this.fail({ problem: "failed", reason })
    this.conclude(reason)
  }

  private fail(
    details: Pick<StartError, "problem"> & { pid?: string | undefined; reason?: ExitReason.ExitReason }
  ): void {
    this.tellStarter(Exit.fail(new StartError({ contract: this.kind.contract, ...details })))
  }

  private tellStarter(exit: Exit.Exit<void, StartError>): void {
    this.birth?.started?.answer(exit)
    this.birth = undefined
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  private message(message: unknown): void {
    this.record.lastMessage = message
    this.record.reductions++
    this.stopIdle()
    if (message instanceof CastMessage) this.cast(message)
    else if (message instanceof CallMessage) this.call(message)
    else if (message instanceof TerminateMessage) this.stop(message.reason, undefined)
    else if (
      message instanceof ExitMessage &&
      this.parent !== undefined &&
      keyOf(message.from) === keyOf(this.parent)
    ) {
      this.stop(message.reason, undefined)
    } else this.info(message)
  }

  private cast(message: CastMessage): void {
    const { method, payload } = message
    const handler = this.kind.callbacks.handle[method.tag]
    if (handler === undefined) return this.unexpected(message)
    this.step(
      () => (method.hasPayload ? handler(this.state, payload, this.context) : handler(this.state, this.context)),
      (exit) => this.stepped(exit, method.tag)
    )
  }

  private call(message: CallMessage): void {
    const { method, payload } = message
    const handler = this.kind.callbacks.handle[method.tag]
    if (handler === undefined) return this.unexpected(message)
    const context = { self: this.context?.self, pid: this.record.pid, from: message }
    this.step(
      () => (method.hasPayload ? handler(this.state, payload, context) : handler(this.state, context)),
      (exit) => this.called(message, exit)
    )
  }

  private called(message: CallMessage, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isFailure(exit)) {
      // A typed failure is the call's answer. Anything else ends the server, and through it the call
      const defect = exit.cause.reasons.some((reason) => reason._tag !== "Fail")
      if (defect) return this.stop(ExitReason.fromCause(exit.cause), undefined)
      return message.answer(exit)
    }
    const next = exit.value
    const { method } = message
    if (next instanceof Reply || next instanceof StopWithReply) {
      if (!method.isSuccess(next.value)) {
        return this.stop(badReturn(`${this.kind.contract}.${method.tag}`, method.explainSuccess(next.value)), undefined)
      }
      if (next instanceof Reply) {
        message.answer(Exit.succeed(next.value))
        return this.proceed(next)
      }
      this.state = next.state
      return this.stop(next.reason, () => message.answer(Exit.succeed(next.value)))
    }
    if (next instanceof NoReply || next instanceof Stop) return this.stepped(exit, method.tag)
    const problem = "neither reply, noReply, stop nor stopWithReply"
    this.stop(badReturn(`${this.kind.contract}.${method.tag}`, problem), undefined)
  }

  private info(message: unknown): void {
    const { callbacks } = this.kind
    if (callbacks.info === undefined) return this.unexpected(message)
    const handler = callbacks.info
    this.step(
      () => handler(this.state, message, this.context),
      (exit) => this.stepped(exit, "info")
    )
  }

  private unexpected(message: unknown): void {
    // A Down or an Exit one did not ask to handle is no news worth a report
    if (message instanceof Down || message instanceof ExitMessage) return
    const { host, label, pid } = this.record
    host.report({ _tag: "UnexpectedMessage", pid, label, received: message })
  }

  private runContinue(what: unknown): void {
    this.continuation = undefined
    const handler = this.kind.callbacks.continue
    if (handler === undefined) {
      return this.stop(badReturn(`${this.kind.contract}`, "continue, but it has no continue handler"), undefined)
    }
    this.step(
      () => handler(this.state, what, this.context),
      (exit) => this.stepped(exit, "continue")
    )
  }

  private runTimeout(): void {
    this.idleDue = false
    const handler = this.kind.callbacks.timeout
    if (handler === undefined) return
    this.step(
      () => handler(this.state, this.context),
      (exit) => this.stepped(exit, "timeout")
    )
  }

  // --- outcomes ----------------------------------------------------------------------------------------------------

  /** The outcome of a step that answers nobody. */
  private stepped(exit: Exit.Exit<unknown, unknown>, callback: string): void {
    if (Exit.isFailure(exit)) return this.stop(ExitReason.fromCause(exit.cause), undefined)
    const next = exit.value
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
    if (!(next instanceof Reply || next instanceof NoReply)) {
      this.state = next
      return
    }
    this.state = next.state
    if (next.plan !== undefined) this.plan(next.plan)
  }

  private plan(then: Then): void {
    if (then.continue !== undefined) this.continuation = { what: then.continue }
    if (then.timeout !== undefined) this.idle = milliseconds(then.timeout)
    // What fibers of this process start with is made again when one is needed; what was acquired stays
    if (then.hibernate === true && this.scope?.state._tag === "Empty") {
      this.fibers = this.scope = undefined
      this.record.lastMessage = undefined
    }
  }

  /** Nothing to do: the idle timeout, if one was asked for, starts now. */
  private rest(): void {
    if (this.idle === undefined) return
    const after = this.idle
    this.idle = undefined
    this.idleTimer = this.record.host.timers.set(after, () => {
      this.idleTimer = undefined
      this.idleDue = true
      this.record.wake()
    })
  }

  private stopIdle(): void {
    this.idle = undefined
    this.idleDue = false
    if (this.idleTimer === undefined) return
    this.record.host.timers.cancel(this.idleTimer)
    this.idleTimer = undefined
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Ends by the server's own doing: `terminate` runs first, then `last`, then the world is told. */
  private stop(reason: ExitReason.ExitReason, last: (() => void) | undefined): void {
    const { callbacks } = this.kind
    this.stopping = true
    this.stopIdle()
    if (callbacks.terminate === undefined) {
      last?.()
      return this.conclude(reason)
    }
    const handler = callbacks.terminate
    this.step(
      () => handler(this.state, reason),
      (exit) => {
        last?.()
        // A crash in terminate is what the process ends with. Catalogue GS37
        this.conclude(Exit.isFailure(exit) ? ExitReason.fromCause(exit.cause) : reason)
      }
    )
    if (this.outcome !== undefined) this.awaitTerminate()
  }

  /** `terminate` suspended: its outcome is taken in by a later turn. */
  private awaitTerminate(): void {
    const { outcome } = this
    this.stopping = false
    this.outcome = (exit) => {
      this.stopping = true
      outcome?.(exit)
    }
  }

  private conclude(reason: ExitReason.ExitReason): void {
    this.stopping = true
    this.release(() => end(this.record, reason, true))
  }

  /** What the callbacks acquired is released before the world is told. */
  private release(then: () => void): void {
    const { scope } = this
    if (scope === undefined || scope.state._tag === "Empty") return then()
    Effect.runForkWith(this.fiberContext())(Scope.close(scope, Exit.void)).addObserver(then)
  }

  /** The runtime wants it to end in order: handled behind the messages that wait. */
  requestEnd(record: ProcessRecord, reason: ExitReason.ExitReason): void {
    record.mailbox.push(new TerminateMessage(reason, unanswered))
    record.wake()
  }

  /** An exit signal ends it: no `terminate`, as in OTP. */
  unwind(record: ProcessRecord, finish: () => void): void {
    this.record = record
    this.stopping = true
    if (this.idleTimer !== undefined) record.host.timers.cancel(this.idleTimer)
    const { fiber } = this
    if (fiber === undefined || fiber.pollUnsafe() !== undefined) return this.release(finish)
    fiber.addObserver(() => this.release(finish))
    fiber.interruptUnsafe(undefined, Context.make(ExitReason.ExitSignal, record.exitReason ?? ExitReason.killed))
  }
}
