/**
 * Why a process ended. The cases keep every distinction OTP makes: `kill` (the request) is not `killed` (the fact),
 * `shutdown` with a detail is still a shutdown, a typed failure is not a defect.
 */

import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { messageOf, textProperty } from "../base/Foreign.ts"
import { cut, longestText, show } from "../base/Inspect.ts"
import { anyFromText, anyToText } from "../wire/Portable.ts"
import { framesOf } from "./StackFrames.ts"

/** The process returned, or stopped with reason normal. Linked processes that do not trap exits ignore it. */
export interface Normal {
  readonly _tag: "Normal"
}

/** An orderly stop, as a supervisor asks for it. OTP's `shutdown` (no detail) and `{shutdown, Detail}`. */
export interface Shutdown {
  readonly _tag: "Shutdown"
  readonly detail?: unknown
}

/** A reason `kill`: as a signal sent with `Process.exit` it cannot be trapped and turns into {@link Killed}. */
export interface Kill {
  readonly _tag: "Kill"
}

/** The process was killed by an untrappable `Kill` signal. */
export interface Killed {
  readonly _tag: "Killed"
}

/** There was no such process (OTP's `noproc`). */
export interface NoProcess {
  readonly _tag: "NoProcess"
}

/** The scheduler the process lived on is gone (OTP's `noconnection`). */
export interface SchedulerDown {
  readonly _tag: "SchedulerDown"
  /** The slot of the lost scheduler. */
  readonly scheduler: number
}

/** The process failed with a value: a typed failure of its effect, or `Process.exit` with an application-defined reason. */
export interface Failed {
  readonly _tag: "Failed"
  readonly error: unknown
}

/** The process died of a defect: something was thrown. OTP's `{Error, Stacktrace}`. */
export interface Died {
  readonly _tag: "Died"
  readonly defect: unknown
  readonly stack: string
}

/** Every way a process can end. */
export type ExitReason = Normal | Shutdown | Kill | Killed | NoProcess | SchedulerDown | Failed | Died

/** Reason `normal`. */
export const normal: Normal = Object.freeze({ _tag: "Normal" })

/** Reason `shutdown`, without detail. For `{shutdown, Detail}` use {@link shutdownWith}. */
export const shutdown: Shutdown = Object.freeze({ _tag: "Shutdown" })

/** Reason `{shutdown, Detail}`: treated as a shutdown, with a detail that says why. */
export const shutdownWith = (detail: unknown): Shutdown => ({ _tag: "Shutdown", detail })

/** The untrappable request to end. */
export const kill: Kill = Object.freeze({ _tag: "Kill" })

/** The reason a killed process ended with. */
export const killed: Killed = Object.freeze({ _tag: "Killed" })

/** There is no such process. */
export const noProcess: NoProcess = Object.freeze({ _tag: "NoProcess" })

/** The scheduler with this slot is gone. */
export const schedulerDown = (scheduler: number): SchedulerDown => ({ _tag: "SchedulerDown", scheduler })

/**
 * An application-defined reason: any value. On another scheduler, data and errors arrive unchanged; a part that cannot be sent (a
 * function, a promise) is replaced by a placeholder that prints as the original, and the rest of the value arrives.
 */
export const failed = (error: unknown): Failed => ({ _tag: "Failed", error })

/** A defect, with the stack it carries. */
export const died = (defect: unknown): Died => ({
  _tag: "Died",
  defect,
  stack: Error.isError(defect) ? textProperty(defect, "stack", messageOf(defect)) : ""
})

/** Whether a `transient` child is restarted, and the end reported, for this reason: all but normal and shutdown. */
export const isAbnormal = (reason: ExitReason): boolean => reason._tag !== "Normal" && reason._tag !== "Shutdown"

const tags: ReadonlySet<unknown> = new Set([
  "Normal",
  "Shutdown",
  "Kill",
  "Killed",
  "NoProcess",
  "SchedulerDown",
  "Failed",
  "Died"
] satisfies ReadonlyArray<ExitReason["_tag"]>)

/** Whether a value is an exit reason. */
export const isExitReason = (value: unknown): value is ExitReason => {
  try {
    return typeof value === "object" && value !== null && "_tag" in value && tags.has(value._tag)
  } catch {
    // Reading the value threw
    return false
  }
}

/** The schema of exit reasons, for messages and errors. The values they carry need no schema. */
export const schema: Schema.Codec<ExitReason, ExitReason> = Schema.declare(isExitReason, {
  expected: "ExitReason",
  toCodecJson: () =>
    Schema.link<ExitReason>()(
      Schema.String,
      SchemaTransformation.transformEffect<ExitReason, string>({
        decode: (text, options) => {
          const reason = reasonOfText(text)
          return reason !== undefined
            ? Effect.succeed(reason)
            : Effect.fail(new SchemaIssue.InvalidValue({ expected: "an exit reason" }, text, options))
        },
        encode: (reason) => Effect.succeed(anyToText(reason))
      })
    )
})

const reasonOfText = (text: string): ExitReason | undefined => {
  try {
    const reason = anyFromText(text)
    return isExitReason(reason) ? reason : undefined
  } catch {
    return undefined
  }
}

/** One line for people: `normal`, `shutdown: "detail"`, `died: Error: boom`. */
export const format = (reason: ExitReason): string => {
  switch (reason._tag) {
    case "Normal":
      return "normal"
    case "Shutdown":
      return reason.detail === undefined ? "shutdown" : `shutdown: ${valueText(reason.detail)}`
    case "Kill":
      return "kill"
    case "Killed":
      return "killed"
    case "NoProcess":
      return "no process"
    case "SchedulerDown":
      return `scheduler ${reason.scheduler} is down`
    case "Failed":
      return `failed: ${valueText(reason.error)}`
    case "Died":
      return `died: ${valueText(reason.defect)}`
  }
}

const valueText = (value: unknown): string => {
  if (typeof value === "string") return cut(value)
  return Error.isError(value) ? cut(errorText(value)) : show(value, longestText, customText)
}

const errorText = (error: Error): string => {
  return `${textProperty(error, "name", "Error")}: ${textProperty(error, "message", "")}`
}

/** Formats exit reasons and errors that are nested in a reason, as when a supervisor could not start a child. */
const customText = (value: object): string | undefined => {
  return isExitReason(value) ? format(value) : Error.isError(value) ? errorText(value) : undefined
}

/**
 * Annotates an interruption's cause with the exit reason that interrupted the fiber, so that a fiber that ends
 * because of a signal ends with the signal's reason.
 */
export class ExitSignal extends Context.Service<ExitSignal, ExitReason>()("@understudy/core/ExitSignal") {}

/** The cause of a fiber that ends with `reason`: an interruption that carries it. */
export const toCause = (reason: ExitReason): Cause.Cause<never> =>
  Cause.annotate(Cause.interrupt(), Context.make(ExitSignal, reason))

/** The exit of a fiber that `reason` interrupts. The last one is cached: many fibers end with the same reason. */
export const toExit = (reason: ExitReason): Exit.Exit<never> => {
  if (reason !== lastReason) {
    lastExit = Exit.failCause(toCause(reason))
    lastReason = reason
  }
  return lastExit
}

let lastReason: ExitReason = killed
let lastExit: Exit.Exit<never> = Exit.failCause(toCause(killed))

/** The reason a process ends with when its fiber ends with `exit`. Catalogue P13, P15. */
export const fromExit = (exit: Exit.Exit<unknown, unknown>): ExitReason =>
  Exit.isSuccess(exit) ? normal : fromCause(exit.cause)

/** The reason of the exit signal or the `Process.exit` that interrupted the fiber. */
const signalOf = (cause: Cause.Cause<unknown>): ExitReason | undefined => {
  for (const part of cause.reasons) {
    if (part._tag !== "Interrupt") continue
    const signal = Context.getOrUndefined(Cause.reasonAnnotations(part), ExitSignal)
    if (signal !== undefined) return signal
  }
  return undefined
}

/** Whether a fiber ended by an exit signal or `Process.exit`, and not by what its code threw or failed with. */
export const isSignal = (cause: Cause.Cause<unknown>): boolean => signalOf(cause) !== undefined

/** The reason for a cause: the signal it carries, else the defect, else the failure, else a shutdown by interruption. */
export const fromCause = (cause: Cause.Cause<unknown>): ExitReason => {
  const signal = signalOf(cause)
  if (signal !== undefined) return signal
  for (const part of cause.reasons) if (part._tag === "Die") return withCause(withFrames(died(part.defect), part), part)
  for (const part of cause.reasons) if (part._tag === "Fail") return withCause(failed(part.error), part)
  return shutdown
}

/** Appends the frames of the fiber to the defect's stack. */
const withFrames = (reason: Died, part: Cause.Reason<unknown>): Died => {
  const frames = framesOf(part)
  return frames === "" ? reason : { ...reason, stack: [reason.stack, frames].filter((text) => text !== "").join("\n") }
}

/** The causes that reasons were made from, on this scheduler. */
const causesByReason = new WeakMap<ExitReason, Cause.Cause<unknown>>()

const withCause = (reason: ExitReason, part: Cause.Reason<unknown>): ExitReason => {
  causesByReason.set(reason, Cause.fromReasons([part]))
  return reason
}

/**
 * The cause of a reason, to print it: of defects with a stack and of failures with an error, else `undefined`. On the scheduler where
 * the process ended it has the fiber's frames.
 */
export const causeOf = (reason: ExitReason): Cause.Cause<unknown> | undefined => {
  if (reason._tag === "Died") {
    if (Error.isError(reason.defect) || reason.stack !== "")
      return causesByReason.get(reason) ?? Cause.die(reason.defect)
  } else if (reason._tag === "Failed" && Error.isError(reason.error)) {
    return causesByReason.get(reason) ?? Cause.fail(reason.error)
  }
  return undefined
}
