/**
 * From a fiber to the process it runs for.
 */

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Current } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Priority } from "../run/RunQueue.ts"
import type { AnyFiber } from "./Fibers.ts"
import type { KernelFiber } from "./KernelFiber.ts"

/** A process's own fiber, while it runs for that process. */
export type ProcessFiber = KernelFiber & { readonly process: ProcessRecord }

/** The fiber as {@link ProcessFiber}, if it is one. */
export const processFiber = (fiber: AnyFiber | undefined): ProcessFiber | undefined =>
  // No other fiber has this field, and looking at one field is the fastest test there is
  (fiber as KernelFiber | undefined)?.process === undefined ? undefined : (fiber as ProcessFiber)

/** The process a fiber belongs to, if it belongs to one. */
export const currentProcess = (fiber: AnyFiber): ProcessRecord | undefined =>
  processFiber(fiber)?.process ?? Context.getOrUndefined(fiber.context, Current)

/** The run queue priority for resuming a fiber: that of its process. */
export const priorityOf = (fiber: AnyFiber): Priority => currentProcess(fiber)?.priority ?? "normal"

/** As `Effect.callback`. `register` gets the waiting process's priority, to resume through the run queue with. */
export const callbackIn = <A, E = never>(
  register: (
    resume: (effect: Effect.Effect<A, E>) => void,
    priority: Priority
  ) => Effect.Effect<void> | undefined | void
): Effect.Effect<A, E> =>
  Effect.withFiber<A, E>((fiber) => Effect.callback<A, E>((resume) => register(resume, priorityOf(fiber)) ?? undefined))

/** The running fiber, if it is a process's own and has reductions left in its slice. */
export const runningFiber = (): ProcessFiber | undefined => {
  const fiber = processFiber(Fiber.getCurrent())
  if (fiber === undefined || fiber._deferredInterrupt) return undefined
  const { host } = fiber.process
  return host.inlineReductions < host.slice || host.extendsSlice() ? fiber : undefined
}
