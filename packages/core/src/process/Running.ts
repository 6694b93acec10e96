/**
 * Where an effect runs: the fiber's process, if it is one's, and its scheduler.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AnyFiber, KernelFiber } from "./Fibers.ts"
import { Current, type Host, System } from "./Host.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** A process's own fiber, that speaks for it. */
export type ProcessFiber = KernelFiber & { readonly process: ProcessRecord }

/** The fiber as what it is, if it is a process's own and speaks for it. */
export const processFiber = (fiber: AnyFiber | undefined): ProcessFiber | undefined =>
  // No other fiber has this field, and looking at one field is the fastest test there is
  (fiber as KernelFiber | undefined)?.process === undefined ? undefined : (fiber as ProcessFiber)

/** The process a fiber belongs to, if it belongs to one. */
export const currentProcess = (fiber: AnyFiber): ProcessRecord | undefined =>
  processFiber(fiber)?.process ?? Context.getOrUndefined(fiber.context, Current)

/** The scheduler a fiber runs on, if it runs in a system. */
export const hostOf = (fiber: AnyFiber): Host | undefined =>
  processFiber(fiber)?.process.host ?? Context.getOrUndefined(fiber.context, System)

/** What an effect dies with that needs a system and has none, which its type does not let happen. */
export const noSystem = (): Effect.Effect<never> =>
  Effect.die(new Error("this effect needs a running system: provide System.layer, or run it in System.main"))

/**
 * An effect that is made from the scheduler it runs on: one step, where asking for the service first would be two.
 * Dies when it runs outside a system, which the type `System` in its requirements does not let happen.
 */
export const withSystem = <A, E, R>(
  use: (host: Host, fiber: AnyFiber) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | System> =>
  Effect.withFiber((fiber) => {
    const host = hostOf(fiber)
    return host === undefined ? noSystem() : use(host, fiber)
  })
