/**
 * Where an effect runs: the fiber's process, if it is one's, and its scheduler.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Current, type Host, System } from "./Host.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { stepKind } from "./Step.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

// A process asks again and again, in the same context: what the last one held is remembered
let known: Context.Context<never> | undefined
let knownHost: Host | undefined
let knownProcess: ProcessRecord | undefined

const look = (context: Context.Context<never>): void => {
  known = context
  knownHost = Context.getOrUndefined(context, System)
  knownProcess = Context.getOrUndefined(context, Current)
}

/** The process a fiber belongs to, if it belongs to one. */
export const currentProcess = (fiber: AnyFiber): ProcessRecord | undefined => {
  if (fiber.context !== known) look(fiber.context)
  return knownProcess
}

/** The scheduler a fiber runs on, if it runs in a system. */
export const hostOf = (fiber: AnyFiber): Host | undefined => {
  if (fiber.context !== known) look(fiber.context)
  return knownHost
}

/** As {@link hostOf}. Throws, which is a defect, when there is none: types do not let happen that. */
export const ownHost = (fiber: AnyFiber): Host => {
  const host = hostOf(fiber)
  if (host !== undefined) return host
  throw new Error("this effect needs a running system: provide System.layer, or run it in System.main")
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
    use(ownHost(fiber), fiber)
  ) as never

/** As {@link withSystem}, made from the process that runs it. Dies outside a process. */
export const withCurrent: <A, E, R>(
  use: (record: ProcessRecord) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | Current> = stepKind(
  (fiber, use: (record: ProcessRecord) => Effect.Effect<unknown, unknown>) => {
    const record = currentProcess(fiber)
    if (record === undefined) throw new Error("this effect needs a process to run in")
    return use(record)
  }
) as never
