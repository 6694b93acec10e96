/**
 * Effects that use the scheduler or the process they run on.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Current, type Host, System } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { AnyFiber } from "./Fibers.ts"
import { doneWith, fail, handOver, notNow, Operation, operationKind, QuickOperation } from "./Operation.ts"
import { currentProcess, type ProcessFiber, processFiber, runningFiber } from "./ProcessFiber.ts"
import { stepKind } from "./Step.ts"

export { keepShapes, nothing } from "../base/Shape.ts"
export type { ProcessRecord } from "../process/ProcessRecord.ts"

/** The scheduler that runs a fiber. Throws, which is a defect, outside a system: the types rule that out. */
export const hostOf = (fiber: AnyFiber): Host => {
  const host = processFiber(fiber)?.process.host ?? Context.getOrUndefined(fiber.context, System)
  if (host !== undefined) return host
  throw new Error("this effect needs a running system: provide System.layer, or run it in System.main")
}

/** The process a fiber belongs to. Throws, which is a defect, outside a process: the types rule that out. */
export const ownProcess = (fiber: AnyFiber): ProcessRecord => {
  const record = currentProcess(fiber)
  if (record !== undefined) return record
  throw new Error("this effect needs a process to run in: run it by Process.run, say")
}

/**
 * An effect made from the scheduler it runs on: one step, where reading the service first would be two.
 * Dies outside a system, which the type `System` in its requirements rules out.
 */
export const withSystem: <A, E, R>(
  use: (host: Host, fiber: AnyFiber) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | System> =
  // The step continues as the effect that `use` returns
  stepKind((fiber, use: (host: Host, fiber: AnyFiber) => Effect.Effect<unknown, unknown>) =>
    use(hostOf(fiber), fiber)
  ) as never

/** As {@link withSystem}, made from the process that runs it. Dies outside a process. */
export const withCurrent: <A, E, R>(
  use: (record: ProcessRecord) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | Current> = stepKind(
  (fiber, use: (record: ProcessRecord) => Effect.Effect<unknown, unknown>) => use(ownProcess(fiber))
) as never

/** Reads or changes the calling process's record, at once. */
export const ownStep: <A>(change: (record: ProcessRecord) => A) => Effect.Effect<A, never, Current> = stepKind(
  (fiber, change: (record: ProcessRecord) => unknown) => Exit.succeed(change(ownProcess(fiber)))
) as never

/** A question to the scheduler. */
export interface Question<A> {
  /** The answer of the last iteration. */
  value: A | undefined
  /** Computes the answer. An exception is a defect. */
  read(host: Host): A
}

abstract class Reading extends QuickOperation implements Question<unknown> {
  abstract value: unknown
  abstract read(host: Host): unknown

  override attempt(fiber: ProcessFiber): unknown {
    return this.read(fiber.process.host)
  }

  perform(fiber: AnyFiber): Effect.Effect<unknown> {
    return Exit.succeed(this.read(hostOf(fiber)))
  }

  override [Symbol.iterator](): never {
    const fiber = runningFiber()
    if (fiber !== undefined) {
      try {
        return doneWith(this, fiber, this.read(fiber.process.host))
      } catch (error) {
        return fail(error)
      }
    }
    return handOver(this)
  }
}

/**
 * Makes a class of effects from a class of questions that the scheduler answers at once. As {@link withSystem}, for frequent
 * questions: no `Exit` is allocated for an answer.
 */
export const readingKind = <Arguments extends ReadonlyArray<unknown>, A>(
  kind: new (...args: Arguments) => Question<A>
): (new (
  ...args: Arguments
) => Effect.Effect<A, never, System>) => operationKind(kind as never, Reading) as never

/** An action of a process: done at once where possible, otherwise by an effect. */
export interface ProcessAction<out E> {
  /** Does it at once, if possible. Returns whether it did; when it returns `false` or throws, nothing has changed. */
  now(record: ProcessRecord): boolean
  /** The effect that does it, which may wait. */
  later(record: ProcessRecord): Effect.Effect<void, E>
}

abstract class ActionOperation<out E> extends Operation<void, E, Current> implements ProcessAction<E> {
  abstract now(record: ProcessRecord): boolean
  abstract later(record: ProcessRecord): Effect.Effect<void, E>

  override attempt(fiber: ProcessFiber): undefined | typeof notNow {
    return this.now(fiber.process) ? undefined : notNow
  }

  perform(fiber: AnyFiber): Effect.Effect<void, E> {
    const record = ownProcess(fiber)
    // Operations after the end of their process have no effect, see `Silence.ts`
    return record.isDead ? Exit.interrupt() : this.later(record)
  }
}

/** Makes a class of effects from a class of actions. As {@link withCurrent}, without allocating an `Exit`. */
export const actionKind = <Arguments extends ReadonlyArray<unknown>, E>(
  kind: new (...args: Arguments) => ProcessAction<E>
): (new (
  ...args: Arguments
) => Effect.Effect<void, E, Current>) => operationKind(kind as never, ActionOperation) as never
