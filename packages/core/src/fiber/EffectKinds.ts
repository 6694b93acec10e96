/**
 * Which of Effect's kinds an effect is. Asked by the prototype: with many kinds in a program, looking at any property of an
 * effect costs V8 four times as much.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const { isPrototypeOf } = Object.prototype

const prototypeOf = (effect: Effect.Effect<unknown, unknown>): object => Object.getPrototypeOf(effect)

const success = prototypeOf(Exit.void)

/** Whether it is a success: over, with a value. */
export const isSuccess = (effect: unknown): effect is Exit.Success<unknown> =>
  isPrototypeOf.call(success, effect as object)

const source = "~effect/Effect/args"
const then = "~effect/Effect/successCont"

/** An effect and what its value leads to: what `Effect.map`, `flatMap`, `as` and their like make. Not public. */
export interface OnSuccess {
  readonly [source]: unknown
  readonly [then]: (value: unknown, fiber: unknown) => unknown
}

const example = Effect.map(Effect.void, () => undefined)

const isAsExpected = (effect: Partial<OnSuccess>): boolean =>
  effect[source] === Effect.void && typeof effect[then] === "function"

// With an Effect that is built in another way, nothing is one
const onSuccess = isAsExpected(example as Partial<OnSuccess>) ? prototypeOf(example) : {}

/** Whether it is an effect that leads to another one. */
export const isOnSuccess = (effect: unknown): effect is OnSuccess => isPrototypeOf.call(onSuccess, effect as object)

/** The effect whose value it waits for. */
export const sourceOf = (effect: OnSuccess): unknown => effect[source]

/** What its value leads to, on a fiber: another effect. */
export const applyContinuation = (effect: OnSuccess, value: unknown, fiber: unknown): unknown =>
  effect[then](value, fiber)
