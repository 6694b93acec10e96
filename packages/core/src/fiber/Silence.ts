/**
 * Code that goes on after its process has ended: finalizers of a process that was killed, or that took too long; fibers it has
 * detached. What such code does reaches nobody: no message, call, signal, timer or spawn of it gets out.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ExitReason from "../exit/ExitReason.ts"
import type { Host, System } from "../process/Host.ts"
import type { AnyFiber } from "./Fibers.ts"
import { currentProcess } from "./ProcessFiber.ts"
import { hostOf } from "./Running.ts"
import { stepKind } from "./Step.ts"

/**
 * What an operation comes to that the code of a process asks for after its end; `undefined` as long as it may speak. A fiber that can be
 * interrupted is. A finalizer, which must come to its end, goes on with `otherwise`; where there is none, the operation is
 * interrupted.
 */
export const silenced = <A, E>(fiber: AnyFiber, otherwise?: Effect.Effect<A, E>): Effect.Effect<A, E> | undefined => {
  const process = currentProcess(fiber)
  if (process?.isDead !== true) return undefined
  const { interruptible } = fiber as AnyFiber & { readonly interruptible?: boolean }
  if (otherwise !== undefined && interruptible === false) return otherwise
  return Exit.failCause(ExitReason.toCause(process.exitReason ?? ExitReason.killed))
}

/** As `withSystem`, for what reaches others. `otherwise`: see {@link silenced}. */
export const acting: <A, E, R>(
  use: (host: Host, fiber: AnyFiber) => Effect.Effect<A, E, R>,
  otherwise?: Effect.Effect<A, E>
) => Effect.Effect<A, E, R | System> =
  // What `use` gives is what the step goes on as
  stepKind(
    (
      fiber,
      use: (host: Host, fiber: AnyFiber) => Effect.Effect<unknown, unknown>,
      otherwise: Effect.Effect<unknown, unknown> | undefined
    ) => silenced(fiber, otherwise) ?? use(hostOf(fiber), fiber)
  ) as never
