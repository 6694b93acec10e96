/**
 * Types of the parts of Effect's interpreter that `KernelFiber.ts` uses and that are not public. Effect 4.1,
 * `internal/effect.ts` and `internal/core.ts`.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AnyFiber } from "./Fibers.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>

/** The result of an evaluation that has suspended the fiber. */
export const suspended: unique symbol = Symbol.for("effect/Effect/Yield") as never

/** The used members of Effect's fiber class. */
export interface FiberImpl extends AnyFiber {
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
  runLoop(effect: AnyEffect): AnyExit | typeof suspended
  setContext(context: Context.Context<never>): void
  /** Runs the next continuation, without allocating an Exit. */
  succeedWith(value: unknown): Effect.Effect<unknown>
  getCont(kind: keyof Continuation): Continuation | undefined
}

export type FiberClass = new (context: Context.Context<never>, interruptible: boolean) => FiberImpl

/** An effect, as Effect's interpreter sees it. */
export interface Primitive {
  "~effect/Effect/evaluate"(fiber: FiberImpl): Primitive | typeof suspended
}

/** A stack entry that receives the value of the effect before it. */
export interface Continuation {
  "~effect/Effect/successCont"(value: unknown, fiber: FiberImpl): Primitive | typeof suspended
}

/** The continuation of a generator that waits. No other has this field. */
export interface GeneratorContinuation {
  readonly iterator: Iterator<unknown>
}
