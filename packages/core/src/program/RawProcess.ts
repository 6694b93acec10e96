/**
 * A raw process: one fiber that runs the program from start to end and parks in `receive`.
 * It is started and woken by the run queue only, never on a sender's stack.
 */

import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Alias, AliasMode } from "../address/Alias.ts"
import type { Address } from "../address/Name.ts"
import type { Pid } from "../address/Pid.ts"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { type AnyFiber, type Code, type KernelFiber, makeCode, type Owner, park } from "../fiber/Fibers.ts"
import type { Repeated } from "../fiber/KernelFiber.ts"
import { Done, isNotNow, notNow, Operation } from "../fiber/Operation.ts"
import { type ProcessFiber, runningFiber } from "../fiber/ProcessFiber.ts"
import { makeAlias } from "../process/Aliases.ts"
import { admitWaiting } from "../process/Delivery.ts"
import { conclude, limitUnwinding } from "../process/Lifecycle.ts"
import { makeRef, monitorAddress } from "../process/Monitors.ts"
import type { Body, ProcessRecord } from "../process/ProcessRecord.ts"
import type { Down, Exit as ExitMessage, MonitorRef } from "../signal/Signal.ts"
import {
  ending,
  type Matches,
  type Receiver,
  type ReceiveTimeout,
  type ReceiveWaiter,
  SelectiveReceive,
  SelectiveWaiter,
  startWaiting,
  stopWaiting,
  takeOldest
} from "./Receive.ts"
import type { Selector } from "./Selector.ts"
import { hasTag } from "./Selector.ts"

/** The contents of a mailbox: messages of the process's type, and the signals it asked for. */
export type Received<M> = M | Down | ExitMessage

/** Options of a selective receive. */
export interface ReceiveOptions {
  /**
   * Fail with {@link ReceiveTimeout} when no message matched in this time. 0 checks the present messages only. Default: no limit.
   * A negative one is a RangeError.
   */
  readonly after?: Duration.Input | undefined
}

/** A process's view of itself: only its own body can receive. */
export interface Self<M> {
  readonly pid: Pid<M>
  /** The oldest message; waits until there is one. */
  readonly receive: Effect.Effect<Received<M>>
  /** The oldest message that matches; the others keep their places and their order. Catalogue R02, R05, R06. */
  receiveWhen<B extends Received<M>>(
    is: (message: Received<M>) => message is B,
    options?: ReceiveOptions
  ): Effect.Effect<B, ReceiveTimeout>
  /** As {@link receiveWhen}, for messages of one tag. */
  receiveTag<const Tag extends Tags<M>>(
    tag: Tag,
    options?: ReceiveOptions
  ): Effect.Effect<Extract<Received<M>, { readonly _tag: Tag }>, ReceiveTimeout>
  /** The oldest message of any kind, or {@link ReceiveTimeout}. */
  receiveWithin(after: Duration.Input): Effect.Effect<Received<M>, ReceiveTimeout>
  /** The oldest message a selector waits for, as what the selector makes of it. Catalogue R16. */
  select<A>(selector: Selector<M, A>, options?: ReceiveOptions): Effect.Effect<A, ReceiveTimeout>
  /** Drops all messages that wait; links and monitors stay. Returns how many there were. Catalogue R15. */
  readonly flush: Effect.Effect<number>
  /** Makes a revocable address of this process. Default mode: explicit. Catalogue M23. */
  alias(mode?: "explicit" | "reply"): Effect.Effect<Alias<M>>
  /** Monitors, and makes an alias that ends with the monitor (or with the first reply). Catalogue M20, M21. */
  monitorWithAlias(of: Address, mode: AliasMode): Effect.Effect<{ readonly ref: MonitorRef; readonly alias: Alias<M> }>
}

type Tags<M> = Received<M> extends infer R ? (R extends { readonly _tag: infer T extends string } ? T : never) : never

type Program<M> = (self: Self<M>) => Effect.Effect<unknown, unknown, never>

/**
 * The body of a raw process, its view of itself, and its receive of any message: one object, since every parked process
 * has them all. Hot path: plain and mutable.
 */
export class RawProcess<M>
  extends Operation<unknown>
  implements Body, Self<M>, Owner, Receiver, ReceiveWaiter, Repeated
{
  /** The program; from the first turn on, the fiber that runs it. */
  private code: Program<M> | Code
  private context: Context.Context<never> | undefined
  private record: ProcessRecord | undefined = undefined
  /** The receive that its fibers wait in, if they do. */
  waiter: ReceiveWaiter | undefined = undefined
  generator: Iterator<unknown> | undefined = undefined

  /**
   * `context` is what the program's fiber starts with, beside the process itself and its scope. Default: what all
   * processes of the scheduler start with.
   */
  constructor(program: Program<M>, context?: Context.Context<never>) {
    super()
    this.code = program
    this.context = context
  }

  get pid(): Pid<M> {
    // `M` is a phantom; the record is there before the program can ask
    return this.own().pid as unknown as Pid<M>
  }

  /** The process's record. */
  own(): ProcessRecord {
    if (this.record === undefined) throw new Error("a process was used before it was spawned")
    return this.record
  }

  get suspendedCode(): Code | undefined {
    const { code } = this
    return typeof code !== "function" && code.suspended ? code : undefined
  }

  turn(record: ProcessRecord): boolean {
    const { code, waiter } = this
    if (waiter !== undefined) waiter.checkMailbox(record)
    else if (typeof code === "function") this.start(record, code)
    return false
  }

  private start(record: ProcessRecord, program: Program<M>): void {
    const code = makeCode(record, this.context ?? record.host.contextFor(record.priority), this)
    this.record = record
    this.code = code
    // The fiber has it now
    this.context = undefined
    const exit = code.run(begin(program, this))
    if (exit !== undefined) this.ended(exit)
  }

  /** The program has ended. Resources are released before links and monitors get their signals. */
  ended(exit: Exit.Exit<unknown, unknown>): void {
    const record = this.own()
    // The program has started, so this is its fiber
    const code = this.code as Code
    const isOwn = !record.unwinding
    // `Process.exit` is no crash; an exception or a failure is
    if (isOwn) {
      conclude(record, ExitReason.fromExit(exit), Exit.isFailure(exit) && !ExitReason.isSignal(exit.cause))
    }
    code.close(exit, () => record.unwound())
    // A signal's unwinding has its limit already
    if (isOwn) limitUnwinding(record)
  }

  forget(reason: ExitReason.ExitReason): boolean {
    const { code, waiter } = this
    if (waiter !== undefined) return (code as Code).forget(waiter, reason)
    // A program that has not started need not run
    return typeof code === "function"
  }

  silence(): void {
    const { code } = this
    if (typeof code !== "function") code.silence()
  }

  unwind(record: ProcessRecord): void {
    const { code } = this
    if (typeof code === "function" || !code.suspended) return record.unwound()
    code.interrupt(record.exitReason ?? ExitReason.killed)
  }

  // --- its receive of any message ----------------------------------------------------------------------------------------

  get receive(): Effect.Effect<Received<M>> {
    // The mailbox holds what its schema allows, and signals
    return this as Effect.Effect<unknown> as Effect.Effect<Received<M>>
  }

  // The object is also the iterator and its step, for a waiting message and for the interpreter: no allocation per message

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    const { record } = this
    step = waits
    // Mostly the mailbox is empty: then nothing else is tested
    if (record !== undefined && record.mailbox.length > 0 && record.isRunning) {
      const fiber = runningFiber()
      if (fiber !== undefined) {
        fiber.process.host.inlineReductions++
        step = takes
      }
    }
    return this as never
  }

  next(message: unknown): unknown {
    if (step === waits) step = noStep
    else if (step !== takes) return new Done(message)
    return this
  }

  get value(): unknown {
    if (step !== takes) return this
    step = taken
    return takeOldest(this.own())
  }

  get done(): boolean {
    return step >= takes
  }

  override attempt(): unknown {
    const record = this.own()
    return record.isRunning && record.mailbox.length > 0 ? takeOldest(record) : notNow
  }

  override performIn(fiber: ProcessFiber): Effect.Effect<unknown> {
    const record = this.own()
    const message = this.attempt()
    if (!isNotNow(message)) return fiber.succeedWith(message)
    // Its own fiber parks without an object for the wait
    return record.isRunning && fiber.process === record ? fiber.park(this) : this.perform(fiber)
  }

  perform(fiber: AnyFiber): Effect.Effect<unknown> {
    const record = this.own()
    if (!record.isRunning) return ending(record)
    if (record.mailbox.length > 0) return Exit.succeed(takeOldest(record))
    return park(fiber, new SelectiveWaiter(this, record, undefined))
  }

  checkMailbox(record: ProcessRecord): void {
    if (record.mailbox.length === 0) return
    // Only the process's own fiber parks on this object
    const fiber = this.code as KernelFiber
    fiber.deliver(this, takeOldest(record))
  }

  get staysParked(): boolean {
    // With several waiting fibers, this one must go behind the others
    return this.waiter === this && this.own().mailbox.length === 0
  }

  waits(late: boolean): void {
    this.generator = undefined
    startWaiting(this, this)
    // Looked at by the process's next turn
    if (late) this.record?.wake()
  }

  abandon(): void {
    stopWaiting(this, this)
  }

  // --- receives that choose ----------------------------------------------------------------------------------------------

  private matching(matches: Matches, options: ReceiveOptions | undefined): Effect.Effect<unknown, ReceiveTimeout> {
    return new SelectiveReceive(this, matches, milliseconds(options?.after, "receive: after"))
  }

  receiveWhen<B extends Received<M>>(
    is: (message: Received<M>) => message is B,
    options?: ReceiveOptions
  ): Effect.Effect<B, ReceiveTimeout> {
    // The mailbox holds what its schema allows, and signals: exactly what `is` takes
    const matches = is as (message: unknown) => boolean
    return this.matching(matches, options) as Effect.Effect<B, ReceiveTimeout>
  }

  receiveTag<const Tag extends Tags<M>>(
    tag: Tag,
    options?: ReceiveOptions
  ): Effect.Effect<Extract<Received<M>, { readonly _tag: Tag }>, ReceiveTimeout> {
    return this.receiveWhen(
      (message): message is Extract<Received<M>, { readonly _tag: Tag }> => hasTag(message, tag),
      options
    )
  }

  receiveWithin(after: Duration.Input): Effect.Effect<Received<M>, ReceiveTimeout> {
    return this.matching(undefined, { after }) as Effect.Effect<Received<M>, ReceiveTimeout>
  }

  select<A>(selector: Selector<M, A>, options?: ReceiveOptions): Effect.Effect<A, ReceiveTimeout> {
    const matches = (message: unknown) => selector.matches(message)
    return Effect.map(this.matching(matches, options), (message) => selector.apply(message))
  }

  get flush(): Effect.Effect<number> {
    return Effect.sync(() => {
      const record = this.own()
      const dropped = record.mailbox.length
      record.mailbox.clear()
      admitWaiting(record)
      return dropped
    })
  }

  alias(mode: "explicit" | "reply" = "explicit"): Effect.Effect<Alias<M>> {
    // A process's aliases take what its mailbox takes
    return Effect.sync(() => makeAlias(this.own(), mode, this.own().host.nextReference()) as unknown as Alias<M>)
  }

  monitorWithAlias(of: Address, mode: AliasMode) {
    return Effect.sync(() => {
      const record = this.own()
      const ref = makeRef(record)
      // Before the monitor: on an ended process it fires at once, and ends the alias
      const alias = makeAlias(record, mode, ref) as unknown as Alias<M>
      return { ref: monitorAddress(record, of, ref), alias }
    })
  }
}

// The next step for a generator, which asks for a receive's iterator and at once for its step
const noStep = 0
/** The receive itself, for the interpreter. */
const waits = 1
/** The oldest message, which is taken when the generator asks for the step's value. */
const takes = 2
/** The message has been taken, for code that reads `value` before `done`. */
const taken = 3
let step = noStep

/** Calls the program; an exception before it returns an effect is a defect too. */
const begin = <M>(program: Program<M>, self: Self<M>): Effect.Effect<unknown, unknown> => {
  try {
    return program(self)
  } catch (error) {
    return Exit.die(error)
  }
}

keepShapes(new RawProcess(nothing))
