/**
 * A raw process: one fiber that runs the process's body from start to end and parks in `receive`.
 * It is started and woken by the run queue only, never on a sender's stack.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { type Alias, type AliasMode, makeAlias } from "./Alias.ts"
import { admitWaiting } from "./Delivery.ts"
import * as ExitReason from "./ExitReason.ts"
import { Current, type Timer } from "./Host.ts"
import { end } from "./Lifecycle.ts"
import { monitorAddress } from "./Monitors.ts"
import type { Address } from "./Name.ts"
import type { Pid } from "./Pid.ts"
import type { Body, ProcessRecord } from "./ProcessRecord.ts"
import type { Selector } from "./Selector.ts"
import type { Down, Exit as ExitMessage, MonitorRef } from "./Signal.ts"

/** No message that was asked for arrived in time. */
export class ReceiveTimeout extends Schema.TaggedError<ReceiveTimeout>()("ReceiveTimeout", {
  /** How long was waited, in milliseconds. */
  after: Schema.Number
}) {}

/** What a process may find in its mailbox: its own messages, and the signals it asked for. */
export type Received<M> = M | Down | ExitMessage

/** How a receive chooses. A tag, or a predicate. Others stay where they are. */
export interface ReceiveOptions {
  /** Fail with {@link ReceiveTimeout} when nothing matched for so long. 0 only looks at what is there. Default: wait forever. */
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

interface Waiter {
  readonly resume: (effect: Effect.Effect<unknown, ReceiveTimeout>) => void
  readonly matches: ((message: unknown) => boolean) | undefined
  /** How many waiting messages have been looked at already. */
  scanned: number
  timer: Timer | undefined
}

/** The body of a raw process. Hot path: plain and mutable. */
export class RawProcess<M> implements Body, Self<M> {
  private readonly program: (self: Self<M>) => Effect.Effect<unknown, unknown, never>
  private readonly context: Context.Context<never> | undefined
  private record: ProcessRecord | undefined = undefined
  private fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private waiter: Waiter | undefined = undefined
  private finish: (() => void) | undefined = undefined

  /**
   * `context` is what the program's fiber starts with, beside the process itself and its scope. Default: what all
   * processes of the scheduler start with.
   */
  constructor(program: (self: Self<M>) => Effect.Effect<unknown, unknown, never>, context?: Context.Context<never>) {
    this.program = program
    this.context = context
  }

  get pid(): Pid<M> {
    // `M` is a phantom; the record is there before the program can ask
    return this.own().pid as unknown as Pid<M>
  }

  private own(): ProcessRecord {
    if (this.record === undefined) throw new Error("a process was used before it was spawned")
    return this.record
  }

  turn(record: ProcessRecord): boolean {
    if (this.fiber === undefined) this.start(record)
    else this.wakeWaiter(record)
    return false
  }

  private start(record: ProcessRecord): void {
    this.record = record
    const scope = Scope.makeUnsafe()
    const inherited = this.context ?? record.host.contextFor(record.priority)
    const context = inherited.pipe(Context.add(Current, record), Context.add(Scope.Scope, scope))
    const fiber = Effect.runForkWith(context)(Effect.suspend(() => this.program(this)))
    this.fiber = fiber
    fiber.addObserver((exit) => {
      if (scope.state._tag === "Empty") this.ended(record, exit)
      // What the process acquired is released before anybody learns that it is gone
      else Effect.runForkWith(context)(Scope.close(scope, exit)).addObserver(() => this.ended(record, exit))
    })
  }

  private ended(record: ProcessRecord, exit: Exit.Exit<unknown, unknown>): void {
    if (this.finish !== undefined) this.finish()
    // `Process.exit` is a decision, what was thrown or failed is a crash
    else end(record, ExitReason.fromExit(exit), Exit.isFailure(exit) && !ExitReason.isSignal(exit.cause))
  }

  private wakeWaiter(record: ProcessRecord): void {
    const waiter = this.waiter
    if (waiter === undefined) return
    const { mailbox } = record
    if (waiter.matches === undefined) {
      if (mailbox.length === 0) return
    } else {
      const at = mailbox.find(waiter.matches, waiter.scanned)
      if (at < 0) {
        waiter.scanned = mailbox.length
        return
      }
      waiter.scanned = at
    }
    this.dropWaiter()
    // The message is taken by the fiber itself: a waiter whose fiber was interrupted meanwhile must not swallow it
    waiter.resume(this.attempt(waiter.matches, undefined, waiter.scanned))
  }

  private dropWaiter(): void {
    const timer = this.waiter?.timer
    if (timer !== undefined) this.own().host.timers.cancel(timer)
    this.waiter = undefined
  }

  unwind(record: ProcessRecord, finish: () => void): void {
    const fiber = this.fiber
    this.dropWaiter()
    if (fiber === undefined || fiber.pollUnsafe() !== undefined) return finish()
    this.finish = finish
    fiber.interruptUnsafe(undefined, Context.make(ExitReason.ExitSignal, record.exitReason ?? ExitReason.killed))
  }

  /** Takes a matching message if there is one, else parks. */
  private attempt(
    matches: ((message: unknown) => boolean) | undefined,
    after: number | undefined,
    from: number
  ): Effect.Effect<unknown, ReceiveTimeout> {
    return Effect.suspend(() => {
      const record = this.own()
      const { mailbox } = record
      if (record.status !== "running") return Exit.failCause(ExitReason.toCause(record.exitReason ?? ExitReason.killed))
      const at = matches === undefined ? (mailbox.length > 0 ? 0 : -1) : mailbox.find(matches, from)
      if (at >= 0) {
        const message = mailbox.takeAt(at)
        if (record.waiting !== undefined) admitWaiting(record)
        record.lastMessage = message
        return Exit.succeed(message)
      }
      return after === 0 ? Exit.fail(new ReceiveTimeout({ after })) : this.park(record, matches, after)
    })
  }

  private park(
    record: ProcessRecord,
    matches: ((message: unknown) => boolean) | undefined,
    after: number | undefined
  ): Effect.Effect<unknown, ReceiveTimeout> {
    return Effect.callback((resume) => {
      this.dropWaiter()
      const waiter: Waiter = { resume, matches, scanned: record.mailbox.length, timer: undefined }
      this.waiter = waiter
      if (after === undefined) return
      waiter.timer = record.host.timers.set(after, () => {
        if (this.waiter !== waiter) return
        this.waiter = undefined
        // A message that came in the same instant wins over the timeout
        resume(this.attempt(matches, 0, 0).pipe(Effect.mapError(() => new ReceiveTimeout({ after }))))
      })
    })
  }

  // An idle process owns one receive effect, however often it receives
  readonly receive: Effect.Effect<Received<M>> = this.attempt(undefined, undefined, 0) as Effect.Effect<Received<M>>

  receiveWhen<B extends Received<M>>(
    is: (message: Received<M>) => message is B,
    options?: ReceiveOptions
  ): Effect.Effect<B, ReceiveTimeout> {
    // The mailbox holds what its schema allows, and signals: exactly what `is` takes
    const matches = is as (message: unknown) => boolean
    return this.attempt(matches, milliseconds(options?.after), 0) as Effect.Effect<B, ReceiveTimeout>
  }

  receiveTag<const Tag extends Tags<M>>(
    tag: Tag,
    options?: ReceiveOptions
  ): Effect.Effect<Extract<Received<M>, { readonly _tag: Tag }>, ReceiveTimeout> {
    return this.receiveWhen(
      (message): message is Extract<Received<M>, { readonly _tag: Tag }> =>
        typeof message === "object" && message !== null && "_tag" in message && message._tag === tag,
      options
    )
  }

  receiveWithin(after: Duration.Input): Effect.Effect<Received<M>, ReceiveTimeout> {
    return this.attempt(undefined, milliseconds(after), 0) as Effect.Effect<Received<M>, ReceiveTimeout>
  }

  select<A>(selector: Selector<M, A>, options?: ReceiveOptions): Effect.Effect<A, ReceiveTimeout> {
    const matches = (message: unknown) => selector.matches(message)
    return Effect.map(this.attempt(matches, milliseconds(options?.after), 0), (message) => selector.apply(message))
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
      const ref = monitorAddress(record, of)
      return { ref, alias: makeAlias(record, mode, ref) as unknown as Alias<M> }
    })
  }
}

/** A duration in whole milliseconds; infinite ones mean no limit. */
export const milliseconds = (input: Duration.Input | undefined): number | undefined => {
  if (input === undefined) return undefined
  if (typeof input === "number" && input >= 0 && input < Number.POSITIVE_INFINITY) return Math.ceil(input)
  const value = Duration.toMillis(input)
  return value === Number.POSITIVE_INFINITY ? undefined : Math.ceil(value)
}
