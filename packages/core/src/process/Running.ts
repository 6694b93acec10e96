/**
 * Where an effect runs: its scheduler, and the process it is run by.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type AnyFiber, currentProcess, processFiber } from "./Fibers.ts"
import { type Current, type Host, System } from "./Host.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { stepKind } from "./Step.ts"

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
  throw new Error("this effect needs a process to run in")
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
