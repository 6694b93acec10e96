/** Links, monitors, exit signals and the trap flag, as the code of a process uses them. */

import * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import type { Alias } from "../address/Alias.ts"
import type { Address } from "../address/Name.ts"
import { isPid, keyOf, outside, type Pid } from "../address/Pid.ts"
import { showGiven } from "../base/Inspect.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import { ownStep } from "../fiber/Running.ts"
import { acting } from "../fiber/Silence.ts"
import { Current, type System } from "../process/Host.ts"
import { receiveExit, sendExit } from "../process/Lifecycle.ts"
import * as Links from "../process/Links.ts"
import { Exit as ExitMessage, type MonitorRef } from "../signal/Signal.ts"
import { DemonitorOperation, MonitorOperation } from "./MonitorOperation.ts"

/** Links the calling process and `pid`: when one ends abnormally, the other gets its exit signal. Catalogue area L. */
export const link = (pid: Pid): Effect.Effect<void, never, Current> => ownStep((record) => Links.link(record, pid))

/** Removes a link; no exit of it is seen after this returns. Nothing happens when there is none. */
export const unlink = (pid: Pid): Effect.Effect<void, never, Current> => ownStep((record) => Links.unlink(record, pid))

/**
 * Watches a process, or the present holder of a name: one {@link Down} arrives when it ends, at once when it has ended
 * already. Catalogue area M.
 */
export const monitor = (of: Address): Effect.Effect<MonitorRef, never, Current> => new MonitorOperation(of)

/** Ends an alias of the calling process. Returns whether it had not ended yet. Catalogue M23, M24. */
export const unalias = (alias: Alias): Effect.Effect<boolean, never, Current> =>
  ownStep((record) => record.extra?.aliases?.delete(alias.ref) ?? false)

/**
 * Stops watching. With `flush`, a Down that has arrived already is removed too. Returns whether the monitor was still
 * set. Catalogue M06 to M09.
 */
export const demonitor = (
  ref: MonitorRef,
  options?: { readonly flush?: boolean | undefined }
): Effect.Effect<boolean, never, Current> => new DemonitorOperation(ref, options?.flush ?? false)

/**
 * With one argument: ends the calling process with `reason`; nothing after it runs but finalizers.
 * With two: sends an exit signal to `pid`. It ends a process that does not trap exits (unless the reason is normal),
 * is a message to one that does, and `ExitReason.kill` cannot be trapped. Catalogue P02 to P10.
 */
export const exit: {
  (reason: ExitReason.ExitReason): Effect.Effect<never, never, Current>
  (pid: Pid, reason: ExitReason.ExitReason): Effect.Effect<void, never, System>
} = ((first: Pid | ExitReason.ExitReason, second?: ExitReason.ExitReason) =>
  second === undefined ? exitSelf(first as ExitReason.ExitReason) : exitOther(first as Pid, second)) as never

const exitSelf = (reason: ExitReason.ExitReason): Effect.Effect<never, never, Current> =>
  Effect.flatMap(Current, () => Exit_.failCause(ExitReason.toCause(reason)))

const exitOther = (pid: Pid, reason: ExitReason.ExitReason): Effect.Effect<void, never, System> =>
  acting((host, fiber) => {
    // For example a name: a signal to it would be lost without an error
    if (!isPid(pid)) return Effect.die(new TypeError(`exit: expected a pid; got ${showGiven(pid)}`))
    const current = currentProcess(fiber)
    if (current !== undefined && keyOf(current.pid) === keyOf(pid)) {
      receiveExit(current, current.pid, reason, false)
      return current.isRunning ? Effect.void : Exit_.failCause(ExitReason.toCause(current.exitReason ?? reason))
    }
    sendExit(host, pid, current?.pid ?? outside(host), reason, false)
    return Effect.void
  }, Effect.void)

/** Whether exit signals become messages from now on. Returns what it was. Catalogue P18, P19. */
export const trapExit = (on: boolean): Effect.Effect<boolean, never, Current> =>
  ownStep((record) => {
    const was = record.trapExit
    record.trapExit = on
    return was
  })

keepShapes(new ExitMessage(nothing, nothing))
