/**
 * Where an effect runs: its scheduler, and the process it is run by.
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

/** The scheduler a fiber's system runs it on. Throws, which is a defect, when there is none: types do not let happen that. */
export const hostOf = (fiber: AnyFiber): Host => {
  const host = processFiber(fiber)?.process.host ?? Context.getOrUndefined(fiber.context, System)
  if (host !== undefined) return host
  throw new Error("this effect needs a running system: provide System.layer, or run it in System.main")
}

/** The process a fiber belongs to. Throws, which is a defect, when it belongs to none: types do not let happen that. */
export const ownProcess = (fiber: AnyFiber): ProcessRecord => {
  const record = currentProcess(fiber)
  if (record !== undefined) return record
  throw new Error("this effect needs a process to run in: run it by Process.run, say")
}

/**
 * An effect that is made from the scheduler it runs on: one step, where asking for the service first would be two.
 * Dies when it runs outside a system, which the type `System` in its requirements does not let happen.
 */
export const withSystem: <A, E, R>(
  use: (host: Host, fiber: AnyFiber) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | System> =
  // What `use` gives is what the step goes on as
  stepKind((fiber, use: (host: Host, fiber: AnyFiber) => Effect.Effect<unknown, unknown>) =>
    use(hostOf(fiber), fiber)
  ) as never

/** As {@link withSystem}, made from the process that runs it. Dies outside a process. */
export const withCurrent: <A, E, R>(
  use: (record: ProcessRecord) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | Current> = stepKind(
  (fiber, use: (record: ProcessRecord) => Effect.Effect<unknown, unknown>) => use(ownProcess(fiber))
) as never

/** What a process does with its own record, at once. */
export const ownStep: <A>(change: (record: ProcessRecord) => A) => Effect.Effect<A, never, Current> = stepKind(
  (fiber, change: (record: ProcessRecord) => unknown) => Exit.succeed(change(ownProcess(fiber)))
) as never

/** A question to the scheduler. */
export interface Question<A> {
  /** The answer, once it was given. */
  value: A | undefined
  /** The answer. When it throws, that is a defect. */
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
 * Makes a class of effects of one that has their parameters: each asks the scheduler something that is answered at once. As
 * {@link withSystem}, for what is asked so often that an `Exit` for each answer would show.
 */
export const readingKind = <Arguments extends ReadonlyArray<unknown>, A>(
  kind: new (...args: Arguments) => Question<A>
): (new (
  ...args: Arguments
) => Effect.Effect<A, never, System>) => operationKind(kind as never, Reading) as never

/** What a process does at once where that is possible, and by an effect otherwise. */
export interface ProcessAction<out E> {
  /** Does it, and says whether it could be done. `false`, or throwing: nothing is changed. */
  now(record: ProcessRecord): boolean
  /** Does it, whatever it takes. */
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
    // After its end a process does nothing any more, see `Silence.ts`
    return record.isDead ? Exit.interrupt() : this.later(record)
  }
}

/** Makes a class of effects of one that has their parameters, for deeds. As {@link withCurrent}, without an `Exit`. */
export const actionKind = <Arguments extends ReadonlyArray<unknown>, E>(
  kind: new (...args: Arguments) => ProcessAction<E>
): (new (
  ...args: Arguments
) => Effect.Effect<void, E, Current>) => operationKind(kind as never, ActionOperation) as never
