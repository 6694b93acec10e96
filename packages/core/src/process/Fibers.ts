/**
 * The fibers that run processes' code. This file and `Continuations.ts` are the only ones that know Effect's internals: a process's fiber is a
 * subclass of Effect's own fiber that parks without asynchronous bookkeeping, makes its context when it is first asked
 * for, and runs one effect after another. Where the installed Effect does not look as expected, or when
 * `UNDERSTUDY_FIBERS=public` is set, the same is done through Effect's public API, with the same semantics.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { handlesFailure, noStack, smallStack } from "./Continuations.ts"
import { countCompleted } from "./CountCompleted.ts"
import * as ExitReason from "./ExitReason.ts"
import { works } from "./FiberProbe.ts"
import { Current, System } from "./Host.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { closeScope, PublicCode } from "./PublicCode.ts"
import { keepShapes, nothing } from "./Shape.ts"

export type { CountsCompleted } from "./CountCompleted.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Whose code runs on a fiber. */
export interface Owner {
  /** An effect that was suspended when `run` returned is over. Called in the run queue or by whatever resumed it. */
  ended(exit: AnyExit): void
}

/** The code of one process: runs one effect at a time for its owner. */
export interface Code {
  /** Runs an effect until it is over, and gives its exit; `undefined` when it suspended: `ended` is called later. */
  run(effect: AnyEffect): AnyExit | undefined
  /** Whether an effect is suspended. */
  readonly suspended: boolean
  /** Interrupts what is suspended. */
  interrupt(reason: ExitReason.ExitReason): void
  /**
   * Ends what is suspended on `waiter` as {@link interrupt} does, at once and without running anything, if an interruption
   * would run nothing: no handler, no finalizer, nobody who waits for the fiber. Whether it has; then `ended` is not called.
   */
  forget(waiter: Waiting, reason: ExitReason.ExitReason): boolean
  /** Releases what the process acquired, then calls back. Called once, when nothing runs any more. */
  close(exit: AnyExit, then: () => void): void
  /** Whether something was acquired that is not released. */
  readonly holds: boolean
}

/** What a process's own fiber waits for. */
export interface Waiting {
  /**
   * From now on it is waited for. `late`: other things may have happened since whoever waits decided to, so what it waits
   * for may be there already.
   */
  waits(late: boolean): void
  /** The fiber goes on without it: it was interrupted. */
  abandon(): void
}

/** What any fiber can wait for. Resumed once, through the run queue; see {@link park}. */
export interface Waiter extends Waiting {
  /** The process fiber that is parked on it. Set by {@link park}. */
  fiber: KernelFiber | undefined
  /** How another fiber is resumed. Set by {@link park}. */
  resume: ((effect: AnyEffect) => void) | undefined
}

/** A process's own fiber, that speaks for it. */
export type ProcessFiber = KernelFiber & { readonly process: ProcessRecord }

/** The fiber as what it is, if it is a process's own and speaks for it. */
export const processFiber = (fiber: AnyFiber | undefined): ProcessFiber | undefined =>
  // No other fiber has this field, and looking at one field is the fastest test there is
  (fiber as KernelFiber | undefined)?.process === undefined ? undefined : (fiber as ProcessFiber)

/** The process a fiber belongs to, if it belongs to one. */
export const currentProcess = (fiber: AnyFiber): ProcessRecord | undefined =>
  processFiber(fiber)?.process ?? Context.getOrUndefined(fiber.context, Current)

/** Suspends the fiber that evaluates the result until {@link unpark}. */
export const park = (fiber: AnyFiber, waiter: Waiter): Effect.Effect<never> => {
  const own = processFiber(fiber)
  if (own !== undefined) {
    waiter.fiber = own
    return own.park(waiter)
  }
  return Effect.callback<never>((resume) => {
    // What it is resumed with is of the waiting effect's type
    waiter.resume = resume as (effect: AnyEffect) => void
    // The fiber may have given way on its way here
    waiter.waits(true)
    return Effect.sync(() => {
      waiter.resume = undefined
      waiter.abandon()
    })
  })
}

/** Resumes the fiber that waits, if it still does. For the run queue only: it runs the fiber's code. */
export const unpark = (waiter: Waiter, effect: AnyEffect): void => {
  const { fiber, resume } = waiter
  if (resume !== undefined) {
    waiter.resume = undefined
    resume(effect)
  } else if (fiber !== undefined) fiber.unpark(waiter, effect)
}

/** As {@link unpark}, with a value. */
export const unparkWith = (waiter: Waiter, value: unknown): void => {
  const { fiber, resume } = waiter
  if (resume !== undefined || fiber === undefined) unpark(waiter, Exit.succeed(value))
  else fiber.unparkWith(waiter, value)
}

/** Makes the fiber of a process. `context` is what its code starts with, beside the process and its scope. */
export const makeCode = (record: ProcessRecord, context: Context.Context<never>, owner: Owner): Code =>
  kernel === undefined ? new PublicCode(record, context, owner) : new kernel.KernelFiber(record, context, owner)

// --- on Effect's own fiber ---------------------------------------------------------------------------------------------

/** What is used of Effect's fiber class, and is not public. Effect 4.1, `internal/effect.ts`. */
interface FiberImpl extends AnyFiber {
  context: Context.Context<never>
  cache: AnyFiber["cache"]
  currentOpCount: number
  _stack: Array<unknown>
  _exit: AnyExit | undefined
  _children: Set<AnyFiber> | undefined
  _observers: unknown
  interruptible: boolean
  _interruptedCause: unknown
  _yielded: unknown
  _deferredInterrupt: boolean
  _running: boolean
  evaluate(effect: AnyEffect): void
  runLoop(effect: AnyEffect): AnyExit | typeof suspension
  setContext(context: Context.Context<never>): void
  /** Goes on with the next continuation, without making an Exit. */
  succeedWith(value: unknown): Effect.Effect<unknown>
  getCont(kind: typeof successCont): Continuation | undefined
}

const evaluate = "~effect/Effect/evaluate"
const successCont = "~effect/Effect/successCont"
/** The property of the global object in which Effect keeps the fiber that runs. */
const current = "~effect/Fiber/currentFiber"

/** What an effect is to Effect's interpreter. */
interface Primitive {
  [evaluate](fiber: FiberImpl): Primitive | typeof suspension
}

/** What goes on with the value of an effect before it. */
interface Continuation {
  [successCont](value: unknown, fiber: FiberImpl): Primitive | typeof suspension
}

/** The continuation of a generator that waits. No other has this field. */
interface Generating {
  readonly iterator: Iterator<unknown>
}

/** The global object, as far as it is Effect's. */
const global = globalThis as { [current]?: AnyFiber | undefined }

/** What an effect's evaluation gives when the fiber is suspended. */
const suspension: unique symbol = Symbol.for("effect/Effect/Yield") as never

/** Effect calls what a suspended fiber has left behind when it goes on. Here there is nothing to clean up. */
const nothingToDo = () => undefined

type FiberClass = new (context: Context.Context<never>, interruptible: boolean) => FiberImpl

/** A process's fiber. */
export interface KernelFiber extends FiberImpl, Code {
  /** Whom its code speaks for: the process, as long as that is what its context says. */
  readonly process: ProcessRecord | undefined
  /** Suspends it, for the operation it evaluates. */
  park(waiter: Waiting): Effect.Effect<never>
  /** Resumes it, if that is what it waits for. As {@link unpark}. */
  unpark(waiter: Waiting, effect: AnyEffect): void
  unparkWith(waiter: Waiting, value: unknown): void
}

/** The class, made on Effect's own. */
export interface Kernel {
  readonly KernelFiber: new (record: ProcessRecord, context: Context.Context<never>, owner: Owner) => KernelFiber
}

/** So many operations are done without asking whether the fiber must give way. */
const firstOperations = 5

const makeKernel = (Base: FiberClass): Kernel => {
  class KernelFiberImpl extends Base implements Code {
    process: ProcessRecord | undefined
    private readonly owner: Owner
    /** What it started with; and, once there is a scope, what it has. */
    declare private held: Context.Context<never>
    private scope: Scope.Closeable | undefined = undefined
    /** What it is parked on. */
    private waiter: Waiting | undefined = undefined

    constructor(record: ProcessRecord, context: Context.Context<never>, owner: Owner) {
      super(context, true)
      this.process = record
      this.owner = owner
      this._stack = smallStack()
    }

    override setContext(context: Context.Context<never>): void {
      if (this.cache !== undefined) return super.setContext(context)
      this.held = context
      this.cache = cacheOf(Base, context)
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
      // What interrupted the effect before this one is over
      if (!resumed) this._interruptedCause = undefined
      return this.over(this.begin(primitive(effect), undefined))
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
      const exit = this.over(this.begin(undefined, value))
      if (exit !== undefined) this.owner.ended(exit)
    }

    /**
     * Does the first few operations of an effect, or hands a value to what waits for it and does those that follow: most
     * often, that is all until the fiber waits again or is done. What is left is for the interpreter's loop, whose costs
     * this saves.
     */
    private begin(effect: Primitive | undefined, value: unknown): AnyExit | typeof suspension {
      const previous = global[current]
      global[current] = this
      this._running = true
      this.currentOpCount = 0
      let next: Primitive | typeof suspension
      try {
        next = effect ?? this.goOn(value)
        if (this.cache.tracerContext === undefined) {
          while (next !== suspension && this.currentOpCount < firstOperations) {
            this.currentOpCount++
            next = next[evaluate](this)
          }
        }
      } catch (error) {
        next = primitive(Exit.die(error))
      }
      this._running = false
      global[current] = previous
      if (next !== suspension) return this.runLoop(next as unknown as AnyEffect)
      const yielded = this._yielded
      if (typeof yielded !== "function") {
        this._yielded = undefined
        // The interpreter's word for an effect that is over
        return yielded as AnyExit
      }
      if (!this._deferredInterrupt) return suspension
      this._yielded = undefined
      yielded()
      // Its loop begins with the interruption
      return this.runLoop(Exit.void)
    }

    private goOn(value: unknown): Primitive | typeof suspension {
      const stack = this._stack
      const waiting = stack[stack.length - 1] as Partial<Generating> | undefined
      if (waiting?.iterator !== undefined && !this._deferredInterrupt) return this.drive(waiting.iterator, value)
      const continuation = this.getCont(successCont)
      return continuation === undefined ? primitive(Exit.succeed(value)) : continuation[successCont](value, this)
    }

    /** Does what the continuation of a generator does, which stays where it is: most often it waits again at once. */
    private drive(iterator: Iterator<unknown>, value: unknown): Primitive | typeof suspension {
      try {
        for (let given = value; ; ) {
          const state = iterator.next(given)
          const next = state.value
          if (state.done !== true && !Exit.isExit(next)) return next as Primitive
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

/** An effect as the interpreter sees it. */
const primitive = (effect: AnyEffect): Primitive => effect as unknown as Primitive

/** What Effect derives from a context once and shares between all fibers that start with it. */
const cacheOf = (Base: FiberClass, context: Context.Context<never>): AnyFiber["cache"] => {
  const { cacheRoot } = context as unknown as { readonly cacheRoot: { _fiberCache?: AnyFiber["cache"] } }
  return cacheRoot._fiberCache ?? new Base(context, true).cache
}

/** Looks whether Effect is as this file expects it: the class, its fields, and what they do. */
const probe = (): Kernel | undefined => {
  if (process.env.UNDERSTUDY_FIBERS === "public") return undefined
  try {
    const Base = Effect.runFork(Effect.void).constructor as FiberClass
    const kernel = makeKernel(Base)
    return works(kernel) ? kernel : undefined
  } catch {
    return undefined
  }
}

const kernel: Kernel | undefined = probe()

if (kernel !== undefined) keepShapes(new kernel.KernelFiber(nothing, Context.empty(), nothing))

if (kernel !== undefined) countCompleted()

/** Whether processes run on Effect's own fiber class, or through the public API only. */
export const fiberKind: "kernel" | "public" = kernel === undefined ? "public" : "kernel"

/** The running fiber, if it is a process's own and may do one more step of its slice at once. */
export const runningFiber = (): ProcessFiber | undefined => {
  const fiber = processFiber(Fiber.getCurrent())
  if (fiber === undefined || fiber._deferredInterrupt) return undefined
  const { host } = fiber.process
  return host.onTheSpot < host.slice ? fiber : undefined
}
