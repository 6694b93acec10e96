/**
 * Operations: the effects of processes, such as sending and receiving. In a process's own generator, an operation that need not
 * wait is done in `yield*` itself, as one reduction, without Effect's interpreter; elsewhere it is an effect like any other.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import { keepShapes } from "../base/Shape.ts"
import type { AnyFiber } from "./Fibers.ts"
import { type ProcessFiber, processFiber, runningFiber } from "./ProcessFiber.ts"

/** The operation cannot be done at once: it has to wait, or it fails. */
export const notNow: unique symbol = Symbol("not now")

/** Whether a result is {@link notNow}. Tests the type first: V8 calls a runtime function to compare a symbol with any value. */
export const isNotNow = (result: unknown): result is typeof notNow => typeof result === "symbol" && result === notNow

const EffectBase = (() => {
  // A class, since V8 skips default constructors when it makes an object
  class Base {}
  const prototype = Effectable.Prototype<Operation<unknown, unknown, unknown>>({
    label: "Process",
    evaluate(fiber) {
      const own = processFiber(fiber)
      return own === undefined ? this.perform(fiber) : this.performIn(own)
    }
  })
  Object.setPrototypeOf(Base.prototype, prototype)
  return Base as unknown as new <A, E, R>() => Effect.Effect<A, E, R>
})()

/** See the file's header. */
export abstract class Operation<out A, out E = never, out R = never> extends EffectBase<A, E, R> {
  /**
   * Does it at once for a process, if that is possible: then its result, else {@link notNow}. When it throws it must have
   * changed nothing. Default: never at once.
   */
  attempt(_fiber: ProcessFiber): A | typeof notNow {
    return notNow
  }
  /** Called by the interpreter in a process's own fiber. */
  performIn(fiber: ProcessFiber): Effect.Effect<A, E> {
    const result = this.attempt(fiber)
    // It succeeds with the attempt's result
    return isNotNow(result) ? this.perform(fiber) : (fiber.succeedWith(result) as Effect.Effect<A>)
  }
  /** Called by the interpreter in any other fiber. */
  abstract perform(fiber: AnyFiber): Effect.Effect<A, E>

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    // `yield*` asks for the iterator exactly where the operation is to be done
    const fiber = runningFiber()
    if (fiber !== undefined) {
      try {
        const result = this.attempt(fiber)
        if (!isNotNow(result)) return done(fiber, result)
      } catch (error) {
        return fail(error)
      }
    }
    return handOver(this)
  }
}

/**
 * The iterator of an operation that threw: the interpreter fails the fiber. The error is kept as it is, since its stack has the
 * line of the `yield*`.
 */
export const fail = (error: unknown): never => handOver(Exit.die(error))

/** An operation's iterator, as `yield*` takes it. */
export type Iterating<A, E> = Effect.EffectIterator<Effect.Effect<A, E>>

/** The methods one kind of operations defines, see {@link Operation}. */
export interface OperationMethods<out A, out E> {
  attempt?(fiber: ProcessFiber): A | typeof notNow
  performIn?(fiber: ProcessFiber): Effect.Effect<A, E>
  perform(fiber: AnyFiber): Effect.Effect<A, E>
  [Symbol.iterator]?(): Iterating<A, E>
}

/**
 * Makes a class of operations from a class with their methods. In place of `extends`, for operations made once per message: a
 * constructor that V8 does not inline is slower when it calls another. `base`: the class it inherits from.
 */
export const operationKind = <Arguments extends ReadonlyArray<unknown>, A, E>(
  kind: new (...args: Arguments) => OperationMethods<A, E>,
  base: { readonly prototype: Operation<unknown, unknown, unknown> } = Operation
): (new (
  ...args: Arguments
) => Operation<A, E>) => {
  Object.setPrototypeOf(kind.prototype, base.prototype)
  // The prototype has the other methods now
  return kind as new (
    ...args: Arguments
  ) => Operation<A, E>
}

/**
 * The iterator of a completed operation, and its only step, in one. A new object each time is cheaper than a shared one, which
 * would be in V8's old generation: each store of a new value into it takes the write barrier.
 */
export class Done {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
  get done(): true {
    return true
  }
  next(): this {
    return this
  }
}

/** Shared by operations without a result. */
const doneWithout = new Done(undefined)

// Values of several representations, so that the field's representation does not change later
keepShapes(new Done(0), new Done({}), new Done(""))

/** Makes a {@link Done}, and counts one reduction. */
export const done = (fiber: ProcessFiber, value: unknown): never => {
  fiber.process.host.inlineReductions++
  return (value === undefined ? doneWithout : new Done(value)) as never
}

// A generator asks for an iterator and at once for its first step, and reads the step before other code can run. So an
// operation can be its own step, and one shared iterator serves all operations that go to the interpreter

/** The result of an iterator's `next`. */
interface Step {
  readonly value: unknown
  readonly done: boolean
}

/** Whether the latest iterator has not given its step yet. */
let starting = false

/**
 * `next` of an iterator that is its own step; the value of the second call is the result. One function for completed and
 * handed over operations, so that the call in a `yield*` stays monomorphic.
 */
const stepOn = function (this: Step, result: unknown): Step {
  if (!starting) return new Done(result)
  starting = false
  return this
}

/**
 * An operation that is its own iterator and step once it is complete, which saves an allocation. Each kind defines its own
 * `[Symbol.iterator]`, so that its call of `attempt` stays monomorphic.
 */
export abstract class QuickOperation extends Operation<unknown> {
  declare next: typeof stepOn
  get done(): true {
    return true
  }
}

QuickOperation.prototype.next = stepOn

/** As {@link done}, without an allocation. */
export const doneWith = <A>(operation: { value: A | undefined }, fiber: ProcessFiber, value: A): never => {
  fiber.process.host.inlineReductions++
  operation.value = value
  starting = true
  return operation as never
}

/** Asks a suspended generator for its stack, see `CallSite.ts`. */
export class CallSiteQuery {
  /** The answer, as the stack of an error. */
  stack = ""
}

/** The shared iterator and step of effects for the interpreter: a suspended generator holds no object of its own. */
const handedOver = {
  value: undefined as unknown,
  done: false,
  next: stepOn,
  throw: (asked: unknown) => {
    if (!(asked instanceof CallSiteQuery)) throw asked
    Error.captureStackTrace(asked, handedOver.throw)
    // The generator stays suspended
    return { value: undefined, done: false }
  }
}

/** Whether `effect` is the latest one that a `yield*` gave to the interpreter by {@link handOver}. Ask once, where it is evaluated. */
export const wasHandedOver = (effect: unknown): boolean => {
  const was = handedOver.value === effect
  handedOver.value = undefined
  return was
}

/** The iterator of an effect that the interpreter is to run. */
export const handOver = (
  effect: Effect.Effect<unknown, unknown, unknown> | OperationMethods<unknown, unknown>
): never => {
  handedOver.value = effect
  starting = true
  return handedOver as never
}
