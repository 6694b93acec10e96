/**
 * Operations: the effects that processes are made of, such as sending and receiving. In a process's own generator an
 * operation that can be done at once is done right there, as one reduction, and never reaches Effect's interpreter;
 * everywhere else it is an effect like any other.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import { keepShapes } from "../base/Shape.ts"
import type { AnyFiber } from "./Fibers.ts"
import { type ProcessFiber, processFiber, runningFiber } from "./ProcessFiber.ts"

/** The operation cannot be done at once: it has to wait, or it fails. */
export const notNow: unique symbol = Symbol("not now")

/** Whether a result is {@link notNow}. Asks for the type first: V8 calls a function to compare a symbol with any value. */
export const isNotNow = (result: unknown): result is typeof notNow => typeof result === "symbol" && result === notNow

const EffectBase = (() => {
  // A class, since V8 makes objects of classes without calling the constructors that only hand on
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
  /** Does it in a process's own fiber, where the interpreter has come to it. */
  performIn(fiber: ProcessFiber): Effect.Effect<A, E> {
    const result = this.attempt(fiber)
    // It succeeds with what the attempt gave
    return isNotNow(result) ? this.perform(fiber) : (fiber.succeedWith(result) as Effect.Effect<A>)
  }
  /** Does it in any fiber. */
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
 * What a generator gets of an operation that threw: an effect's way to fail is through the interpreter. The error itself, since
 * it was made on the generator's stack: the line with the `yield*` is in its own.
 */
export const fail = (error: unknown): never => handOver(Exit.die(error))

/** What `yield*` asks an operation for. */
export type Iterating<A, E> = Effect.EffectIterator<Effect.Effect<A, E>>

/** What one kind of operations has of its own: see {@link Operation} for what each method does. */
export interface OperationMethods<out A, out E> {
  attempt?(fiber: ProcessFiber): A | typeof notNow
  performIn?(fiber: ProcessFiber): Effect.Effect<A, E>
  perform(fiber: AnyFiber): Effect.Effect<A, E>
  [Symbol.iterator]?(): Iterating<A, E>
}

/**
 * Makes a class of operations of one that has their methods. For those that are made for each message, in place of `extends`: where
 * V8 does not compile a constructor into its caller, each that calls another cost 10 to 20 ns. `base`: what it inherits from.
 */
export const operationKind = <Arguments extends ReadonlyArray<unknown>, A, E>(
  kind: new (...args: Arguments) => OperationMethods<A, E>,
  base: { readonly prototype: Operation<unknown, unknown, unknown> } = Operation
): (new (
  ...args: Arguments
) => Operation<A, E>) => {
  Object.setPrototypeOf(kind.prototype, base.prototype)
  // It inherits the rest now
  return kind as new (
    ...args: Arguments
  ) => Operation<A, E>
}

/**
 * What a generator gets of an operation that is done: the iterator and its only result in one. A new object each time is
 * cheaper than a shared one: that would be an old object, and V8 notes down each new value that goes into an old object.
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

/** Most operations have no result: theirs is this one. */
const doneWithout = new Done(undefined)

// With values of several kinds, since a field that has only seen one kind takes others no faster than a new field
keepShapes(new Done(0), new Done({}), new Done(""))

/** As {@link Done}, for one reduction of its fiber. */
export const done = (fiber: ProcessFiber, value: unknown): never => {
  fiber.process.host.inlineReductions++
  return (value === undefined ? doneWithout : new Done(value)) as never
}

// A generator asks for an iterator and at once for its first step, and looks at a step before anything else can run. So an
// operation can be done again that is its own step, and one object does for all operations that are handed over

/** What an iterator gives. */
interface Step {
  readonly value: unknown
  readonly done: boolean
}

/** Whether the iterator that was asked for last is yet to give its step. */
let starting = false

/**
 * The step of an iterator that is a step itself; what the generator is resumed with after that is the result. One function for
 * operations that are done and that are handed over: where a `yield*` has met two, V8 calls what it finds each time.
 */
const stepOn = function (this: Step, result: unknown): Step {
  if (!starting) return new Done(result)
  starting = false
  return this
}

/**
 * An operation that, once it is done, is what the generator gets for it. Each kind has an iterator of its own, where the one of
 * all operations has to ask for a kind's method. For a monitor and its removal both together took 82 ns down to 63.
 */
export abstract class QuickOperation extends Operation<unknown> {
  declare next: typeof stepOn
  get done(): true {
    return true
  }
}

QuickOperation.prototype.next = stepOn

/** What {@link done} gives, without an object for it. */
export const doneWith = <A>(operation: { value: A | undefined }, fiber: ProcessFiber, value: A): never => {
  fiber.process.host.inlineReductions++
  operation.value = value
  starting = true
  return operation as never
}

/** Asks a generator where it stands, see `CallSite.ts`. */
export class CallSiteQuery {
  /** The answer, as the stack of an error. */
  stack = ""
}

/** The iterator of what the interpreter runs, and its step: a suspended generator holds none of its own. */
const handedOver = {
  value: undefined as unknown,
  done: false,
  next: stepOn,
  throw: (asked: unknown) => {
    if (!(asked instanceof CallSiteQuery)) throw asked
    Error.captureStackTrace(asked, handedOver.throw)
    // The generator waits on
    return { value: undefined, done: false }
  }
}

/** Whether `effect` is what a generator was handed over last, by its `yield*` itself. Asked where it is evaluated, once. */
export const wasHandedOver = (effect: unknown): boolean => {
  const was = handedOver.value === effect
  handedOver.value = undefined
  return was
}

/** What a generator gets of an effect that the interpreter is to run. */
export const handOver = (
  effect: Effect.Effect<unknown, unknown, unknown> | OperationMethods<unknown, unknown>
): never => {
  handedOver.value = effect
  starting = true
  return handedOver as never
}
