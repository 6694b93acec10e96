/**
 * A process's own fiber: a subclass of Effect's that parks without asynchronous bookkeeping, makes its context at first use,
 * runs one effect after another, and yields through the run queue. Only this file, `EffectFiber.ts`, `EffectKinds.ts` and
 * `Continuations.ts` depend on Effect's internals.
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
import {
  type FiberClass,
  type FiberImpl,
  type GeneratorContinuation,
  type Primitive,
  suspended
} from "./EffectFiber.ts"
import { applyContinuation, isOnSuccess, isSuccess, type OnSuccess, sourceOf } from "./EffectKinds.ts"
import type { AnyFiber, Code, Owner, Waiter, Waiting } from "./Fibers.ts"
import { isNotNow, notNow, Operation } from "./Operation.ts"
import type { ProcessFiber } from "./ProcessFiber.ts"
import { closeScope } from "./PublicCode.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>

// Local, since V8 loads another module's export at each access

const evaluate = "~effect/Effect/evaluate"
const successCont = "~effect/Effect/successCont"
/** A property that only exits have. */
const exitMark = "~effect/Exit"
/** The property of the global object in which Effect keeps the fiber that runs. */
const current = "~effect/Fiber/currentFiber"

/** The global object, as far as it is Effect's. */
const global = globalThis as { [current]?: AnyFiber | undefined }

const suspension: typeof suspended = suspended

/** The clean-up function of a suspended fiber, which Effect calls at its resumption. Nothing to clean up. */
const nothingToDo = () => undefined

/** A process's fiber. */
export interface KernelFiber extends FiberImpl, Code {
  /** The process this fiber runs for. Undefined once it has ended before its code, or the context was given another process. */
  readonly process: ProcessRecord | undefined
  /** A completed call that the next one can reuse, see `PendingCall.from`. */
  calling: Waiter | undefined
  /** Gives a {@link Code.reusable} fiber to another process. */
  become(record: ProcessRecord, context: Context.Context<never>, owner: Owner): void
  /** Suspends the fiber in the operation it evaluates. */
  park(waiter: Waiting): Effect.Effect<never>
  /** What the fiber is parked on; `undefined` when it waits for something that is not of this project. */
  readonly parkedOn: Waiting | undefined
  /** The slice is used up: the rest of the fiber, from `effect` on, is queued. Returns what the interpreter continues with. */
  giveWay(effect: Primitive, scheduler: Partial<ProcessScheduler>): Primitive | typeof suspension
  /** Resumes the fiber, if it is parked on `waiter`. */
  unpark(waiter: Waiting, effect: AnyEffect): void
  unparkWith(waiter: Waiting, value: unknown): void
  /** As {@link unparkWith}, for a waiter that the fiber parks on repeatedly. */
  deliver(waiter: Repeated, value: unknown): void
}

/** An effect that gives one value after another, such as a receive: the fiber parks on the effect itself. */
export interface Repeated extends Waiting {
  /** Whether a fiber that asks for the next value can stay parked: no value is there, and no other fiber waits. */
  readonly staysParked: boolean
  /**
   * The generator that the fiber resumes while it stays parked: saves the access to the stack. The fiber sets it; reset it when
   * a wait starts.
   */
  generator: Iterator<unknown> | undefined
}

/** The class of kernel fibers, a subclass of Effect's. */
export interface Kernel {
  readonly KernelFiber: new (record: ProcessRecord, context: Context.Context<never>, owner: Owner) => KernelFiber
}

/** The number of effects a run evaluates before it asks whether the fiber must yield: most runs have no more. */
const firstOperations = 5

/** For `instanceof` of generators. A function, since the prototype of a class cannot be assigned. */
function AnyGenerator(): void {}
AnyGenerator.prototype = Object.getPrototypeOf(function* () {}).prototype
const { next: nextOfGenerator }: Generator = AnyGenerator.prototype

/**
 * Resumes a generator. The generators of each closure have a hidden class of their own: with a property access to `next`, V8
 * would deoptimise the fiber's loop for each new closure.
 */
const resume = (iterator: Iterator<unknown>, value: unknown): IteratorResult<unknown> =>
  iterator instanceof AnyGenerator
    ? nextOfGenerator.call(iterator as Generator, value)
    : (iterator as Iterator<unknown, unknown, unknown>).next(value)

/** A fiber whose slice is over, in the run queue. */
class PreemptedFiber implements Waiting, Runnable {
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
    /** The initial context; once there is a scope, the fiber's full context. */
    declare private held: Context.Context<never>
    private scope: Scope.Closeable | undefined = undefined
    /** The event it is parked on. */
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

    /** Sets the initial context. */
    private startWith(context: Context.Context<never>): void {
      this.held = context
      this.cache = cacheOf(Base, context)
    }

    get reusable(): boolean {
      // A change of the context reads it first, which makes the scope
      return this.scope === undefined && this._exit === undefined && !this.suspended && !this.isWatched
    }

    override setContext(context: Context.Context<never>): void {
      if (this.cache === undefined) this.startWith(context)
      else super.setContext(context)
    }

    // Effect keeps the context in a field; an accessor makes it lazy
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
      // Code that was given another process or system looks both up in the context each time
      const process = Context.getOrUndefined(context, Current)
      this.process = process?.host === Context.getOrUndefined(context, System) ? process : undefined
    }

    run(effect: AnyEffect, resumed = false): AnyExit | undefined {
      if (resumed) return this.finish(this.begin(primitive(effect)))
      // An interruption concerned the previous effect only
      this._interruptedCause = undefined
      const next = this.runFastPath(primitive(effect))
      const done = isSuccess(next) && !this._deferredInterrupt
      return this.finish(done ? next : this.begin(next))
    }

    /**
     * Evaluates an operation with its success continuation, which is the whole of most handlers, as {@link begin} would, without
     * the loop. Returns the next effect; any other effect is returned as it is.
     */
    private runFastPath(effect: Primitive): Primitive {
      if (!this.allowsFastPath || !isOnSuccess(effect)) return effect
      const previous = global[current]
      const nested = this._running
      global[current] = this
      this._running = true
      this.currentOpCount = 1
      try {
        const next = this.attemptSource(effect)
        return isNotNow(next) ? effect : next
      } catch (error) {
        return primitive(Exit.die(error))
      } finally {
        this._running = nested
        global[current] = previous
      }
    }

    /** Whether it runs for its process, and no tracer has to see each effect. */
    private get allowsFastPath(): boolean {
      return this.process !== undefined && this.cache.tracerContext === undefined
    }

    private finish(exit: AnyExit | typeof suspension): AnyExit | undefined {
      if (exit === suspension) return undefined
      const children = this._children
      if (children === undefined || children.size === 0) return exit
      // As at the end of any fiber, its child fibers are interrupted
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

    /** Every resumption enters here: of a callback, a timer, an interruption. */
    override evaluate(effect: AnyEffect): void {
      // Between two effects there is nothing to resume
      if (!this.suspended) return
      // The clean-up function of the suspended effect
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
      // Interrupted while it ran: the loop handles that at once
      if (this._deferredInterrupt) waiter.abandon()
      else {
        this.waiter = waiter
        waiter.waits(false)
      }
      // The interpreter's marker of a suspended fiber
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
      this.continueWith(this.resumeFastPath(value, undefined))
    }

    deliver(waiter: Repeated, value: unknown): void {
      if (this.waiter === waiter) this.continueWith(this.resumeFastPath(value, waiter))
    }

    private continueWith(next: Primitive | typeof suspension): void {
      // The usual case: the fiber is parked again
      if (next === suspension && typeof this._yielded === "function" && !this._deferredInterrupt) return
      const exit = this.finish(this.begin(next))
      if (exit !== undefined) this.owner.ended(exit)
    }

    override runLoop(effect: AnyEffect): AnyExit | typeof suspension {
      return this.begin(primitive(effect))
    }

    /**
     * Evaluates an effect until the fiber is suspended or complete; given `suspension`, completes the suspension. As Effect's own
     * loop, except that most runs never ask whether to yield, and that a preempted fiber enters the run queue.
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
                // No continuation is left: this is the fiber's result
                if (isSuccess(next) && this._stack.length === 0) return next
                next = this.step(next)
              }
              // Effect's tracer evaluates the effect
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
            // The interpreter keeps the exit of a complete fiber here
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

    /** Evaluates an effect; operations directly, without the interpreter's dispatch. */
    private step(effect: Primitive): Primitive | typeof suspension {
      if (this.process === undefined) return effect[evaluate](this)
      // It runs for a process
      const own = this as unknown as ProcessFiber
      if (effect instanceof Operation) return primitive(effect.performIn(own))
      const next = isOnSuccess(effect) ? this.attemptSource(effect) : notNow
      return isNotNow(next) ? effect[evaluate](this) : next
    }

    /** Attempts the operation that `effect` starts with: its continuation is then called without being pushed to the stack. */
    private attemptSource(effect: OnSuccess): Primitive | typeof notNow {
      const source = sourceOf(effect)
      const value = source instanceof Operation ? source.attempt(this as unknown as ProcessFiber) : notNow
      if (isNotNow(value)) return notNow
      this.currentOpCount++
      // The operation has ended its own process
      if (this._deferredInterrupt) return primitive(Exit.void)
      return applyContinuation(effect, value, this) as Primitive
    }

    override succeedWith(value: unknown): Effect.Effect<unknown> {
      // A shared exit, for the most frequent result
      return value === undefined && this._stack.length === 0 && !this._deferredInterrupt
        ? Exit.void
        : super.succeedWith(value)
    }

    /** The slice is used up: the fiber enters the run queue. */
    giveWay(effect: Primitive, scheduler: Partial<ProcessScheduler>): Primitive | typeof suspension {
      // The program may have provided another scheduler
      if (scheduler.giveWay === undefined) {
        return primitive(Effect.flatMap(Effect.yieldNow, () => effect as unknown as AnyEffect))
      }
      // `this` is of the class behind the interface
      const preempted = new PreemptedFiber(this as unknown as KernelFiber, effect)
      this._yielded = nothingToDo
      this.waiter = preempted
      scheduler.giveWay(preempted, this.process)
      return suspension
    }

    /**
     * Resumes the fiber with a value, and evaluates the operation it comes to next. As {@link runFastPath}, for the usual cycle of
     * a process: take a message, wait for the next. `repeated`: the waiter the fiber is still parked on.
     */
    private resumeFastPath(value: unknown, repeated: Repeated | undefined): Primitive | typeof suspension {
      const previous = global[current]
      const nested = this._running
      global[current] = this
      this._running = true
      this.currentOpCount = 1
      try {
        const next = repeated === undefined ? this.passValue(value) : this.passRepeatedValue(value, repeated)
        return next instanceof Operation && this.allowsFastPath && !this._deferredInterrupt
          ? primitive(next.performIn(this as unknown as ProcessFiber))
          : next
      } catch (error) {
        return primitive(Exit.die(error))
      } finally {
        this._running = nested
        global[current] = previous
      }
    }

    private passValue(value: unknown): Primitive | typeof suspension {
      const generator = this._deferredInterrupt ? undefined : this.topGenerator
      if (generator !== undefined) return this.resumeGenerator(generator, value)
      const continuation = this.getCont(successCont)
      return continuation === undefined ? primitive(Exit.succeed(value)) : continuation[successCont](value, this)
    }

    /** As {@link passValue}. A generator that has to wait for the next value stays parked. */
    private passRepeatedValue(value: unknown, repeated: Repeated): Primitive | typeof suspension {
      const generator = repeated.generator ?? this.topGenerator
      let next: Primitive | typeof suspension | undefined
      try {
        if (generator !== undefined) next = this.resumeGenerator(generator, value)
      } finally {
        if (next === (repeated as unknown) && repeated.staysParked && !this._deferredInterrupt) {
          next = suspension
          if (repeated.generator === undefined) repeated.generator = generator
        } else {
          this.waiter = this._yielded = undefined
          repeated.abandon()
        }
      }
      // A generator may yield a value that is no effect; its evaluation fails then
      return generator === undefined ? this.passValue(value) : (next as Primitive)
    }

    /** The generator on top of the stack, if there is one. */
    private get topGenerator(): Iterator<unknown> | undefined {
      const stack = this._stack
      return (stack[stack.length - 1] as Partial<GeneratorContinuation> | undefined)?.iterator
    }

    /** As the continuation of a generator, which stays on the stack: mostly the generator waits again at once. */
    private resumeGenerator(iterator: Iterator<unknown>, value: unknown): Primitive | typeof suspension {
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
      // Mostly the stack has only a generator, which handles no interruption
      if (handlesFailure(this._stack)) return false
      this.waiter = this._yielded = undefined
      this._stack = noStack
      this._exit = ExitReason.toExit(reason)
      waiter.abandon()
      return true
    }

    silence(): void {
      // The context keeps the ended process, by which later operations are suppressed
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
      // Effect's own bookkeeping tells the fiber's observers
      if (this.isWatched || this.suspended) super.evaluate(exit)
      else this._exit = exit
    }

    /** Whether the fiber has observers, children or metrics beside its owner. */
    private get isWatched(): boolean {
      const { _children: children, _observers: observers, cache } = this
      return observers !== undefined || cache.runtimeMetrics !== undefined || (children?.size ?? 0) > 0
    }
  }
  // The class has all members of the interface; its accessor counts as a property
  return { KernelFiber: KernelFiberImpl as unknown as Kernel["KernelFiber"] }
}

/** Reading the property is faster than `in`. A generator may yield `undefined` or `null`. */
const isExit = (effect: unknown): effect is AnyExit =>
  (effect as { [exitMark]?: unknown } | null | undefined)?.[exitMark] !== undefined

const isPrimitive = (effect: unknown): boolean =>
  typeof (effect as Partial<Primitive> | undefined)?.[evaluate] === "function"

/** An effect as the interpreter sees it. */
const primitive = (effect: AnyEffect): Primitive => effect as unknown as Primitive

/** The cache that Effect derives from a context once, and shares between all fibers that start with it. */
const cacheOf = (Base: FiberClass, context: Context.Context<never>): AnyFiber["cache"] => {
  const { cacheRoot } = context as unknown as { readonly cacheRoot: { _fiberCache?: AnyFiber["cache"] } }
  return cacheRoot._fiberCache ?? new Base(context, true).cache
}

keepShapes(new PreemptedFiber(nothing, nothing))
