/**
 * Code that still runs after its process has ended: finalizers after a kill or past their timeout, and detached fibers. Its
 * messages, calls, signals, timers and spawns are suppressed.
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
 * The result of an operation after the end of its process; `undefined` while the process has not ended. An interruptible fiber
 * is interrupted. An uninterruptible one, such as a finalizer, continues with `otherwise`, if that is given.
 */
export const silenced = <A, E>(fiber: AnyFiber, otherwise?: Effect.Effect<A, E>): Effect.Effect<A, E> | undefined => {
  const process = currentProcess(fiber)
  if (process?.isDead !== true) return undefined
  const { interruptible } = fiber as AnyFiber & { readonly interruptible?: boolean }
  if (otherwise !== undefined && interruptible === false) return otherwise
  return Exit.failCause(ExitReason.toCause(process.exitReason ?? ExitReason.killed))
}

/** As `withSystem`, for effects visible to other processes. `otherwise`: see {@link silenced}. */
export const acting: <A, E, R>(
  use: (host: Host, fiber: AnyFiber) => Effect.Effect<A, E, R>,
  otherwise?: Effect.Effect<A, E>
) => Effect.Effect<A, E, R | System> =
  // The step continues as the effect that `use` returns
  stepKind(
    (
      fiber,
      use: (host: Host, fiber: AnyFiber) => Effect.Effect<unknown, unknown>,
      otherwise: Effect.Effect<unknown, unknown> | undefined
    ) => silenced(fiber, otherwise) ?? use(hostOf(fiber), fiber)
  ) as never
