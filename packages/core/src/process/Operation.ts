/**
 * Operations: the effects that processes are made of, such as sending and receiving. In a process's own generator an
 * operation that can be done at once is done right there, as one reduction, and never reaches Effect's interpreter;
 * everywhere else it is an effect like any other.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import { type AnyFiber, runningFiber } from "./Fibers.ts"
import type { ProcessFiber } from "./Running.ts"

/** The operation cannot be done at once: it has to wait, or it fails. */
export const notNow: unique symbol = Symbol("not now")

const EffectBase = (() => {
  // biome-ignore lint/complexity/useArrowFunction: a constructor, whose prototype is Effect's
  const base = function () {}
  base.prototype = Effectable.Prototype<Operation<unknown, unknown, unknown>>({
    label: "Process",
    evaluate(fiber) {
      return this.perform(fiber)
    }
  })
  return base as unknown as new <A, E, R>() => Effect.Effect<A, E, R>
})()

/** See the file's header. */
export abstract class Operation<out A, out E = never, out R = never> extends EffectBase<A, E, R> {
  /**
   * Does it at once for a process, if that is possible: then its result, else {@link notNow}. What throws is done by
   * {@link perform} again, so it must have changed nothing before.
   */
  abstract attempt(fiber: ProcessFiber): A | typeof notNow
  /** Does it in any fiber. */
  abstract perform(fiber: AnyFiber): Effect.Effect<A, E>

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    // `yield*` asks for the iterator exactly where the operation is to be done
    const fiber = runningFiber()
    if (fiber !== undefined) {
      try {
        const result = this.attempt(fiber)
        if (result !== notNow) {
          fiber.currentOpCount++
          atOnce.result.value = result
          return atOnce as never
        }
      } catch {
        // An effect's way to fail is through the interpreter
      }
    }
    return new Once(this) as never
  }
}

/** The iterator of all operations that are done already: `yield*` takes its only result at once. */
const atOnce = {
  result: { value: undefined as unknown, done: true },
  next() {
    return this.result
  }
}

/** Hands an operation to the interpreter, and its result to the generator. */
class Once {
  value: unknown
  done = true
  private started = false

  constructor(operation: unknown) {
    this.value = operation
  }

  next(result: unknown): { readonly value: unknown; readonly done: boolean } {
    if (!this.started) {
      this.started = true
      return { value: this.value, done: false }
    }
    this.value = result
    return this
  }
}
