/**
 * Steps: operations that never wait, and need nothing but the fiber they run on.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { keepShapes, nothing } from "../base/Shape.ts"
import { isSuccess } from "./EffectKinds.ts"
import type { AnyFiber } from "./Fibers.ts"
import { done, handOver, type Iterating, type OperationMethods, operationKind } from "./Operation.ts"
import { runningFiber } from "./ProcessFiber.ts"

type AnyEffect = Effect.Effect<unknown, unknown>

/** The function of one kind of steps; gets the fiber and the step's parameters. */
type Run = (fiber: AnyFiber, first: unknown, second: unknown, third: unknown) => AnyEffect

const Step = operationKind(
  class Step implements OperationMethods<unknown, unknown> {
    private readonly run: Run
    private readonly first: unknown
    private readonly second: unknown
    private readonly third: unknown

    constructor(run: Run, first: unknown, second: unknown, third: unknown) {
      this.run = run
      this.first = first
      this.second = second
      this.third = third
    }

    perform(fiber: AnyFiber): AnyEffect {
      return this.run(fiber, this.first, this.second, this.third)
    }

    [Symbol.iterator](): Iterating<unknown, unknown> {
      const fiber = runningFiber()
      if (fiber === undefined) return handOver(this)
      let outcome: AnyEffect
      try {
        outcome = this.perform(fiber)
      } catch (error) {
        // A defect, as in every other effect: a `try` in the generator does not catch it
        outcome = Exit.die(error)
      }
      return isSuccess(outcome) ? done(fiber, outcome.value) : handOver(outcome)
    }
  }
)

/**
 * Makes a kind of steps: a function that returns an effect, which calls `run` with the fiber and the function's parameters.
 * The effect continues as the result of `run`, which is best an `Exit`. Allocates no closure, for frequent steps.
 */
export const stepKind = <A, B, C, R>(
  run: (fiber: AnyFiber, first: A, second: B, third: C) => Effect.Effect<unknown, unknown, R>
): ((first?: A, second?: B, third?: C) => Effect.Effect<unknown, unknown, R>) =>
  // Inside, types of parameters and requirements are not needed: `run` gets what the function was called with
  ((first: unknown, second: unknown, third: unknown) => new Step(run as Run, first, second, third)) as never

keepShapes(new Step(nothing, nothing, nothing, nothing))
