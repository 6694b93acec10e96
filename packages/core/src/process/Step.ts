/**
 * Effects that are one step: what they do needs the fiber they run on and nothing else. In a generator (`yield* step`)
 * a step is done on the spot, without a way through the fiber's run loop, as long as the fiber's slice lasts.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type AnyEffect = Effect.Effect<unknown, unknown>

/** What one step gives to a generator: an iterator that is done at once. */
interface Answer {
  readonly done: true
  value: unknown
  next(): Answer
}

// One object for all steps: a generator reads the value before anything else can run
const answer: Answer = {
  done: true,
  value: undefined,
  next: () => answer
}

/** Gives an effect to the fiber's run loop, and its value to the generator. */
class Once {
  private readonly effect: Effect.Effect<unknown, unknown>
  private given = false
  constructor(effect: Effect.Effect<unknown, unknown>) {
    this.effect = effect
  }
  next(value: unknown): IteratorResult<unknown> {
    if (this.given) return { done: true, value }
    this.given = true
    return { done: false, value: this.effect }
  }
  /** A generator that ends inside `yield*` closes what it iterates. */
  return(value: unknown): IteratorResult<unknown> {
    return { done: true, value }
  }
}

/** Whether the fiber must give way before its next operation. Counts that operation, as the run loop does. */
const mustYield = (fiber: AnyFiber): boolean => {
  // Read-only to users of fibers; a step is an operation like those that the run loop counts
  ;(fiber as { currentOpCount: number }).currentOpCount++
  const { cache } = fiber
  return cache.tracerContext !== undefined || cache.scheduler.shouldYield(fiber)
}

/** What a success is made of: cheaper to compare with than to ask whether a value is an `Exit`. */
const success: unknown = Object.getPrototypeOf(Exit.void)

/** The implementation of one kind of steps: what they do, with the fiber and the parameters they were made with. */
type Run = (fiber: AnyFiber, first: unknown, second: unknown, third: unknown) => AnyEffect

type Make = (first?: unknown, second?: unknown, third?: unknown) => AnyEffect

const makeKind = (run: Run): Make => {
  class Step {
    readonly first: unknown
    readonly second: unknown
    readonly third: unknown
    constructor(first: unknown, second: unknown, third: unknown) {
      this.first = first
      this.second = second
      this.third = third
    }
  }
  const iterate = function (this: Step): unknown {
    const fiber = Fiber.getCurrent()
    // Its prototype is that of an effect
    if (fiber === undefined || mustYield(fiber)) return new Once(this as unknown as AnyEffect)
    let outcome: AnyEffect
    try {
      outcome = run(fiber, this.first, this.second, this.third)
    } catch (error) {
      // A defect, also when the generator has a `try` around it: as every other effect's
      outcome = Exit.die(error)
    }
    if (Object.getPrototypeOf(outcome) !== success) return new Once(outcome)
    // What is made like a success is one
    answer.value = (outcome as Exit.Success<unknown>).value
    return answer
  }
  Object.setPrototypeOf(
    Step.prototype,
    Effectable.Prototype<AnyEffect & Step>({
      label: "Step",
      evaluate(fiber) {
        return run(fiber, this.first, this.second, this.third)
      }
    })
  )
  Object.defineProperty(Step.prototype, Symbol.iterator, { value: iterate })
  return (first, second, third) => new Step(first, second, third) as unknown as AnyEffect
}

/**
 * Makes a kind of steps: a function whose parameters are given to `run`, with the fiber, when the effect it returns is
 * run. `run` returns what the effect goes on as: best an `Exit`. For what is done most often, since no closure is made.
 */
export const stepKind = <A, B, C, R>(
  run: (fiber: AnyFiber, first: A, second: B, third: C) => Effect.Effect<unknown, unknown, R>
): ((first: A, second: B, third: C) => Effect.Effect<unknown, unknown, R>) =>
  // Inside, types of parameters and requirements are not needed: `run` gets what the function was called with
  makeKind(run as Run) as never

/**
 * An effect that calls `use` with the fiber it runs on and goes on as what that returns: best an `Exit`. The same as
 * `Effect.withFiber`, but cheaper to yield in a generator.
 */
export const step: <A, E, R>(use: (fiber: AnyFiber) => Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = stepKind(
  (fiber, use: (fiber: AnyFiber) => AnyEffect) => use(fiber)
) as never
