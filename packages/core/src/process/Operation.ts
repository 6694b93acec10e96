/**
 * Operations: the effects that processes are made of, such as sending and receiving. In a process's own generator an
 * operation that can be done at once is done right there, as one reduction, and never reaches Effect's interpreter;
 * everywhere else it is an effect like any other.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import { type AnyFiber, type ProcessFiber, runningFiber } from "./Fibers.ts"

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
   * {@link perform} again, so it must have changed nothing before. Default: never at once.
   */
  attempt(_fiber: ProcessFiber): A | typeof notNow {
    return notNow
  }
  /** Does it in any fiber. */
  abstract perform(fiber: AnyFiber): Effect.Effect<A, E>

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    // `yield*` asks for the iterator exactly where the operation is to be done
    const fiber = runningFiber()
    if (fiber !== undefined) {
      try {
        const result = this.attempt(fiber)
        if (result !== notNow) return done(fiber, result) as never
      } catch {
        // An effect's way to fail is through the interpreter
      }
    }
    return new Once(this) as never
  }
}

/** What a generator gets of an operation that is done: one reduction of its fiber. */
export const done = (fiber: ProcessFiber, value: unknown): typeof atOnce => {
  fiber.currentOpCount++
  atOnce.result.value = value
  return atOnce
}

/** The iterator of all operations that are done already: `yield*` takes its only result at once. */
const atOnce = {
  result: { value: undefined as unknown, done: true },
  next() {
    return this.result
  }
}

/** Hands an effect to the interpreter, and its result to the generator. */
export class Once {
  value: unknown
  done = true
  private started = false

  constructor(effect: unknown) {
    this.value = effect
  }

  /** A generator that ends inside `yield*` closes what it iterates. */
  return(value: unknown): { readonly value: unknown; readonly done: boolean } {
    return { value, done: true }
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
