/**
 * A process's own fiber: a subclass of Effect's that parks without asynchronous bookkeeping, makes its context when it is
 * first asked for, runs one effect after another, and gives way through the run queue. With `EffectFiber.ts`,
 * `EffectKinds.ts` and `Continuations.ts`, the only file that knows Effect's internals.
 */

import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { messageOf } from "../base/Foreign.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { Current, type ProcessScheduler, System } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Runnable } from "../run/RunQueue.ts"
import { handlesFailure, noStack, smallStack } from "./Continuations.ts"
import { type FiberClass, type FiberImpl, type Generating, type Primitive, suspended } from "./EffectFiber.ts"
import { goOnWith, isOnSuccess, isSuccess, type OnSuccess, sourceOf } from "./EffectKinds.ts"
import type { AnyFiber, Code, Owner, Waiter, Waiting } from "./Fibers.ts"
import { isNotNow, notNow, Operation } from "./Operation.ts"
import type { ProcessFiber } from "./ProcessFiber.ts"
import { closeScope } from "./PublicCode.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>

// Here, since V8 looks up what another module exports each time

const evaluate = "~effect/Effect/evaluate"
const successCont = "~effect/Effect/successCont"
/** What only exits have. */
const exitMark = "~effect/Exit"
/** The property of the global object in which Effect keeps the fiber that runs. */
const current = "~effect/Fiber/currentFiber"

/** The global object, as far as it is Effect's. */
const global = globalThis as { [current]?: AnyFiber | undefined }

const suspension: typeof suspended = suspended

/** Effect calls what a suspended fiber has left behind when it goes on. Here there is nothing to clean up. */
const nothingToDo = () => undefined

/** A process's fiber. */
export interface KernelFiber extends FiberImpl, Code {
  /** The process this fiber runs for. Undefined once that has ended before its code, or the context was given another one. */
  readonly process: ProcessRecord | undefined
  /** What its next call may be made with, see `PendingCall.from`. */
  calling: Waiter | undefined
  /** From now on a {@link Code.blank} fiber is another process's. */
  become(record: ProcessRecord, context: Context.Context<never>, owner: Owner): void
  /** Suspends it, for the operation it evaluates. */
  park(waiter: Waiting): Effect.Effect<never>
  /** What it is parked on; `undefined` when it waits for something that is not of this project. */
  readonly parkedOn: Waiting | undefined
  /** Its slice is over: the rest of it, from `effect` on, runs when it is its turn again. What the interpreter goes on with. */
  giveWay(effect: Primitive, scheduler: Partial<ProcessScheduler>): Primitive | typeof suspended
  /** Resumes it, if that is what it waits for. As {@link unpark}. */
  unpark(waiter: Waiting, effect: AnyEffect): void
  unparkWith(waiter: Waiting, value: unknown): void
  /** As {@link unparkWith}, for what it waits for again and again. */
  feed(waiter: Repeated, value: unknown): void
}

/** An effect that gives one value after another, and that a process's own fiber waits for without another object. */
export interface Repeated extends Waiting {
  /** Whether a fiber that asks for the next value is parked as it was for the last: it waits, and nobody else does. */
  readonly staysParked: boolean
  /**
   * The generator that the fiber goes on with, while it has stayed parked: it need not be looked for on the stack, which is
   * somewhere else in memory. The fiber sets it; to be reset when one starts to wait.
   */
  generator: Iterator<unknown> | undefined
}

/** The class, made on Effect's own. */
export interface Kernel {
  readonly KernelFiber: new (record: ProcessRecord, context: Context.Context<never>, owner: Owner) => KernelFiber
}

/** So many operations are done without asking whether the fiber must give way: most often, that is all there is to do. */
const firstOperations = 5

/** What `instanceof` knows all generators by. A plain function: only those can be given a prototype. */
function AnyGenerator(): void {}
AnyGenerator.prototype = Object.getPrototypeOf(function* () {}).prototype
const { next: nextOfGenerator }: Generator = AnyGenerator.prototype

/**
 * Resumes a generator. The generators of each closure have a hidden class of their own: where V8 has to look up their method,
 * it compiles the fiber's loop again for each new one.
 */
const resume = (iterator: Iterator<unknown>, value: unknown): IteratorResult<unknown> =>
  iterator instanceof AnyGenerator
    ? nextOfGenerator.call(iterator as Generator, value)
    : (iterator as Iterator<unknown, unknown, unknown>).next(value)

/** A fiber whose slice is over, in the run queue. */
class Pause implements Waiting, Runnable {
  private readonly fiber: KernelFiber
  private readonly effect: Primitive

  constructor(fiber: KernelFiber, effect: Primitive) {
    this.fiber = fiber
    this.effect = effect
  }

  get process(): ProcessRecord | undefined {
    return this.fiber.process
  }

  run(): void {
    this.fiber.process?.runs()
    this.fiber.unpark(this, this.effect as unknown as AnyEffect)
  }

  waits(): void {}

  abandon(): void {}
}

/** Makes the class from Effect's own. */
export const makeKernel = (Base: FiberClass): Kernel => {
  class KernelFiberImpl extends Base implements Code {
    process: ProcessRecord | undefined
    private owner: Owner
    /** What it started with; and, once there is a scope, what it has. */
    declare private held: Context.Context<never>
    private scope: Scope.Closeable | undefined = undefined
    /** What it is parked on. */
    private waiter: Waiting | undefined = undefined
    calling: Waiter | undefined = undefined

    constructor(record: ProcessRecord, context: Context.Context<never>, owner: Owner) {
      super(context, true)
      this.process = record
      this.owner = owner
      this._stack = smallStack()
    }

    become(record: ProcessRecord, context: Context.Context<never>, owner: Owner): void {
      this.process = record
      this.owner = owner
      if (context !== this.held) this.startWith(context)
    }

    /** Takes a context that no effect has made. */
    private startWith(context: Context.Context<never>): void {
      this.held = context
      this.cache = cacheOf(Base, context)
    }

    get blank(): boolean {
      // Whoever changes the context asks for it first, and so for a scope
      return this.scope === undefined && this._exit === undefined && !this.suspended && !this.isWatched
    }

    override setContext(context: Context.Context<never>): void {
      if (this.cache === undefined) this.startWith(context)
      else super.setContext(context)
    }

    // Effect keeps its context in a field, and assigns it; an accessor is what makes it lazy
    override get context(): Context.Context<never> {
      if (this.scope === undefined) {
        this.scope = Scope.makeUnsafe()
        const process = this.process as ProcessRecord
        this.held = this.held.pipe(Context.add(Current, process), Context.add(Scope.Scope, this.scope))
      }
      return this.held
    }

    override set context(context: Context.Context<never>) {
      this.held = context
      // Its code may have been given another process or another system to speak for: then the context is asked each time
      const process = Context.getOrUndefined(context, Current)
      this.process = process?.host === Context.getOrUndefined(context, System) ? process : undefined
    }

    run(effect: AnyEffect, resumed = false): AnyExit | undefined {
      if (resumed) return this.over(this.begin(primitive(effect)))
      // What interrupted the effect before this one is over
      this._interruptedCause = undefined
      const next = this.leap(primitive(effect))
      const done = isSuccess(next) && !this._deferredInterrupt
      return this.over(done ? next : this.begin(next))
    }

    /**
     * What an effect leads to that is an operation and what comes after it: the whole of most handlers. Does what {@link begin}
     * would do with it, without a loop. Gives the effect itself when it is another one.
     */
    private leap(effect: Primitive): Primitive {
      if (!this.speaksPlainly || !isOnSuccess(effect)) return effect
      const previous = global[current]
      const nested = this._running
      global[current] = this
      this._running = true
      this.currentOpCount = 1
      try {
        const next = this.leadOn(effect)
        return isNotNow(next) ? effect : next
      } catch (error) {
        return primitive(Exit.die(error))
      } finally {
        this._running = nested
        global[current] = previous
      }
    }

    /** Whether it speaks for its process, and no tracer wants to see what it evaluates. */
    private get speaksPlainly(): boolean {
      return this.process !== undefined && this.cache.tracerContext === undefined
    }

    private over(exit: AnyExit | typeof suspension): AnyExit | undefined {
      if (exit === suspension) return undefined
      const children = this._children
      if (children === undefined || children.size === 0) return exit
      // As at the end of any fiber: what it forked as its children ends with it
      return this.run(
        Effect.flatMap(Fiber.interruptAll(children), () => exit),
        true
      )
    }

    get parkedOn(): Waiting | undefined {
      return this.waiter
    }

    get suspended(): boolean {
      return this._yielded !== undefined && !this._running
    }

    /** Whoever resumes the fiber comes through here: a callback, a timer, an interruption. */
    override evaluate(effect: AnyEffect): void {
      // Between two effects there is nothing that could go on
      if (!this.suspended) return
      // Whoever suspended the fiber has left how to forget it
      const yielded = this._yielded as () => void
      this._yielded = undefined
      yielded()
      const waiter = this.waiter
      if (waiter !== undefined) {
        this.waiter = undefined
        waiter.abandon()
      }
      const exit = this.run(effect, true)
      if (exit !== undefined) this.owner.ended(exit)
    }

    park(waiter: Waiting): Effect.Effect<never> {
      this._yielded = nothingToDo
      // Interrupted while it ran: it goes on at once with that
      if (this._deferredInterrupt) waiter.abandon()
      else {
        this.waiter = waiter
        waiter.waits(false)
      }
      // Effect's interpreter knows it as the mark of a suspended fiber
      return suspension as never
    }

    unpark(waiter: Waiting, effect: AnyEffect): void {
      if (this.waiter !== waiter) return
      this.waiter = undefined
      this.evaluate(effect)
    }

    unparkWith(waiter: Waiting, value: unknown): void {
      if (this.waiter !== waiter) return
      this.waiter = undefined
      this._yielded = undefined
      this.goOn(this.leapOn(value, undefined))
    }

    feed(waiter: Repeated, value: unknown): void {
      if (this.waiter === waiter) this.goOn(this.leapOn(value, waiter))
    }

    private goOn(next: Primitive | typeof suspension): void {
      // Most often it waits again
      if (next === suspension && typeof this._yielded === "function" && !this._deferredInterrupt) return
      const exit = this.over(this.begin(next))
      if (exit !== undefined) this.owner.ended(exit)
    }

    override runLoop(effect: AnyEffect): AnyExit | typeof suspension {
      return this.begin(primitive(effect))
    }

    /**
     * Runs an effect until the fiber is suspended or over, or sees to it that a fiber whose effect has just been suspended is. What
     * Effect's own loop does, but that most fibers are not asked whether they must give way, and that those who must stand in the
     * run queue themselves.
     */
    private begin(effect: Primitive | typeof suspension): AnyExit | typeof suspension {
      const previous = global[current]
      const nested = this._running
      global[current] = this
      this._running = true
      this.currentOpCount = 0
      try {
        let next = effect
        for (let asked = false; ; ) {
          try {
            while (next !== suspension) {
              if (this._deferredInterrupt) {
                this._deferredInterrupt = false
                next = primitive(Exit.failCause(this._interruptedCause as Cause.Cause<unknown>))
              }
              const { preventYield, scheduler, tracerContext } = this.cache
              if (++this.currentOpCount > firstOperations && !asked && !preventYield && scheduler.shouldYield(this)) {
                asked = true
                next = this.giveWay(next, scheduler as Partial<ProcessScheduler>)
              } else if (tracerContext === undefined) {
                // Nothing waits for it: it is what the fiber was to run
                if (isSuccess(next) && this._stack.length === 0) return next
                next = this.step(next)
              }
              // Effect's tracer is given what its interpreter would evaluate
              else next = primitive(tracerContext(next as never, this))
            }
          } catch (error) {
            next = primitive(Exit.die(isPrimitive(next) ? error : new TypeError(`not an effect: ${messageOf(next)}`)))
            continue
          }
          const yielded = this._yielded
          const over = typeof yielded !== "function"
          if (!over && !this._deferredInterrupt) return suspension
          this._yielded = undefined
          if (over) {
            this._deferredInterrupt = false
            // The interpreter's word for an effect that is over
            return yielded as AnyExit
          }
          yielded()
          next = primitive(Exit.void)
        }
      } finally {
        this._running = nested
        global[current] = previous
      }
    }

    /** Evaluates an effect: what processes do most without asking how. */
    private step(effect: Primitive): Primitive | typeof suspension {
      if (this.process === undefined) return effect[evaluate](this)
      // It speaks for a process
      const own = this as unknown as ProcessFiber
      if (effect instanceof Operation) return primitive(effect.performIn(own))
      const next = isOnSuccess(effect) ? this.leadOn(effect) : notNow
      return isNotNow(next) ? effect[evaluate](this) : next
    }

    /** What is done on the spot does not wait on the stack for itself. */
    private leadOn(effect: OnSuccess): Primitive | typeof notNow {
      const source = sourceOf(effect)
      const value = source instanceof Operation ? source.attempt(this as unknown as ProcessFiber) : notNow
      if (isNotNow(value)) return notNow
      this.currentOpCount++
      // It has ended itself
      if (this._deferredInterrupt) return primitive(Exit.void)
      return goOnWith(effect, value, this) as Primitive
    }

    override succeedWith(value: unknown): Effect.Effect<unknown> {
      // What ends like that is made no exit for
      return value === undefined && this._stack.length === 0 && !this._deferredInterrupt
        ? Exit.void
        : super.succeedWith(value)
    }

    /** Its slice is over. */
    giveWay(effect: Primitive, scheduler: Partial<ProcessScheduler>): Primitive | typeof suspension {
      // The program may have brought a scheduler of its own
      if (scheduler.giveWay === undefined) {
        return primitive(Effect.flatMap(Effect.yieldNow, () => effect as unknown as AnyEffect))
      }
      // The class is this one
      const pause = new Pause(this as unknown as KernelFiber, effect)
      this._yielded = nothingToDo
      this.waiter = pause
      scheduler.giveWay(pause, this.process)
      return suspension
    }

    /**
     * What a value leads to: what waits for it goes on, and if that comes to an operation, it is evaluated. As {@link leap}, for
     * what most processes do that take a message, until they wait for the next. `repeated`: what it is still parked on.
     */
    private leapOn(value: unknown, repeated: Repeated | undefined): Primitive | typeof suspension {
      const previous = global[current]
      const nested = this._running
      global[current] = this
      this._running = true
      this.currentOpCount = 1
      try {
        const next = repeated === undefined ? this.handOn(value) : this.handNext(value, repeated)
        return next instanceof Operation && this.speaksPlainly && !this._deferredInterrupt
          ? primitive(next.performIn(this as unknown as ProcessFiber))
          : next
      } catch (error) {
        return primitive(Exit.die(error))
      } finally {
        this._running = nested
        global[current] = previous
      }
    }

    private handOn(value: unknown): Primitive | typeof suspension {
      const generator = this._deferredInterrupt ? undefined : this.topGenerator
      if (generator !== undefined) return this.drive(generator, value)
      const continuation = this.getCont(successCont)
      return continuation === undefined ? primitive(Exit.succeed(value)) : continuation[successCont](value, this)
    }

    /** As {@link handOn}. A generator that asks for the next value, and has to wait for it, stays as it was, parked. */
    private handNext(value: unknown, repeated: Repeated): Primitive | typeof suspension {
      const generator = repeated.generator ?? this.topGenerator
      let next: Primitive | typeof suspension | undefined
      try {
        if (generator !== undefined) next = this.drive(generator, value)
      } finally {
        if (next === (repeated as unknown) && repeated.staysParked && !this._deferredInterrupt) {
          next = suspension
          if (repeated.generator === undefined) repeated.generator = generator
        } else {
          this.waiter = this._yielded = undefined
          repeated.abandon()
        }
      }
      // What a generator gives may be no effect, and is then found out as that
      return generator === undefined ? this.handOn(value) : (next as Primitive)
    }

    /** The generator that waits for a value, if one does. */
    private get topGenerator(): Iterator<unknown> | undefined {
      const stack = this._stack
      return (stack[stack.length - 1] as Partial<Generating> | undefined)?.iterator
    }

    /** Does what the continuation of a generator does, which stays where it is: most often it waits again at once. */
    private drive(iterator: Iterator<unknown>, value: unknown): Primitive | typeof suspension {
      try {
        for (let given = value; ; ) {
          const state = resume(iterator, given)
          const next = state.value
          if (state.done !== true && !isExit(next)) return next as Primitive
          if (state.done === true || next._tag === "Failure") {
            this._stack.pop()
            return primitive(state.done === true ? Exit.succeed(next) : (next as AnyExit))
          }
          given = next.value
        }
      } catch (error) {
        this._stack.pop()
        throw error
      }
    }

    interrupt(reason: ExitReason.ExitReason): void {
      this.interruptUnsafe(undefined, Context.make(ExitReason.ExitSignal, reason))
    }

    forget(waiter: Waiting, reason: ExitReason.ExitReason): boolean {
      if (this.waiter !== waiter || !this.interruptible || this.holds || this.isWatched) return false
      // Most are parked in their own generator, which knows nothing of interruptions
      if (handlesFailure(this._stack)) return false
      this.waiter = this._yielded = undefined
      this._stack = noStack
      this._exit = ExitReason.toExit(reason)
      waiter.abandon()
      return true
    }

    silence(): void {
      // The context goes on saying whose code this is; by that, what reaches others is known to come too late
      void this.context
      this.process = undefined
    }

    get holds(): boolean {
      return this.scope !== undefined && this.scope.state._tag !== "Empty"
    }

    close(exit: AnyExit, then: () => void): void {
      const scope = this.holds ? this.scope : undefined
      closeScope(scope, this.held, exit, then)
      if (this._exit !== undefined) return
      // Effect's own bookkeeping: whoever watches this fiber learns that it is over
      if (this.isWatched || this.suspended) super.evaluate(exit)
      else this._exit = exit
    }

    /** Whether its end concerns anybody but its owner. */
    private get isWatched(): boolean {
      const { _children: children, _observers: observers, cache } = this
      return observers !== undefined || cache.runtimeMetrics !== undefined || (children?.size ?? 0) > 0
    }
  }
  // It has all that the interface names; the accessor is a property to everybody else
  return { KernelFiber: KernelFiberImpl as unknown as Kernel["KernelFiber"] }
}

/** Looking at the property is faster than asking whether it is there. What a generator gives may be nothing at all. */
const isExit = (effect: unknown): effect is AnyExit =>
  (effect as { [exitMark]?: unknown } | null | undefined)?.[exitMark] !== undefined

const isPrimitive = (effect: unknown): boolean =>
  typeof (effect as Partial<Primitive> | undefined)?.[evaluate] === "function"

/** An effect as the interpreter sees it. */
const primitive = (effect: AnyEffect): Primitive => effect as unknown as Primitive

/** What Effect derives from a context once and shares between all fibers that start with it. */
const cacheOf = (Base: FiberClass, context: Context.Context<never>): AnyFiber["cache"] => {
  const { cacheRoot } = context as unknown as { readonly cacheRoot: { _fiberCache?: AnyFiber["cache"] } }
  return cacheRoot._fiberCache ?? new Base(context, true).cache
}

keepShapes(new Pause(nothing, nothing))
