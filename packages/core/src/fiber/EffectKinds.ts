/**
 * Which of Effect's kinds an effect is. Tested by the prototype: in a program with many kinds, a property access on an effect
 * is megamorphic and slower.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const { isPrototypeOf: hasPrototype } = Object.prototype

const prototypeOf = (effect: Effect.Effect<unknown, unknown>): object => Object.getPrototypeOf(effect)

const success = prototypeOf(Exit.void)

/** Whether it is a completed effect with a value. */
export const isSuccess = (effect: unknown): effect is Exit.Success<unknown> =>
  hasPrototype.call(success, effect as object)

const source = "~effect/Effect/args"
const then = "~effect/Effect/successCont"

/** An effect with a success continuation, as `Effect.map`, `flatMap` and `as` make it. Not public. */
export interface OnSuccess {
  readonly [source]: unknown
  readonly [then]: (value: unknown, fiber: unknown) => unknown
}

const example = Effect.map(Effect.void, () => undefined)

const isAsExpected = (effect: Partial<OnSuccess>): boolean =>
  effect[source] === Effect.void && typeof effect[then] === "function"

// In a version of Effect with another layout, no effect matches
const onSuccess = isAsExpected(example as Partial<OnSuccess>) ? prototypeOf(example) : {}

/** Whether it is an effect with a success continuation. */
export const isOnSuccess = (effect: unknown): effect is OnSuccess => hasPrototype.call(onSuccess, effect as object)

/** The effect whose value the continuation receives. */
export const sourceOf = (effect: OnSuccess): unknown => effect[source]

/** Calls the continuation with `value`. Returns the next effect. */
export const applyContinuation = (effect: OnSuccess, value: unknown, fiber: unknown): unknown =>
  effect[then](value, fiber)
