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

/** The process returned, or stopped with reason normal. Links that do not trap ignore it. */
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

/** The process failed with a value: a typed failure of its effect, or `Process.exit` with any reason of one's own. */
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

/** Reason `{shutdown, Detail}`: as quiet as a shutdown, and says why. */
export const shutdownWith = (detail: unknown): Shutdown => ({ _tag: "Shutdown", detail })

/** The untrappable request to end. */
export const kill: Kill = Object.freeze({ _tag: "Kill" })

/** What a killed process ended with. */
export const killed: Killed = Object.freeze({ _tag: "Killed" })

/** There is no such process. */
export const noProcess: NoProcess = Object.freeze({ _tag: "NoProcess" })

/** The scheduler with this slot is gone. */
export const schedulerDown = (scheduler: number): SchedulerDown => ({ _tag: "SchedulerDown", scheduler })

/**
 * A reason of one's own: any value. On another scheduler, data and errors arrive as they were; what has no meaning there (a function, a
 * promise) arrives as a placeholder that prints as what was there, alone: all else of the value arrives.
 */
export const failed = (error: unknown): Failed => ({ _tag: "Failed", error })

/** A defect, with the stack it carries. */
export const died = (defect: unknown): Died => ({
  _tag: "Died",
  defect,
  stack: Error.isError(defect) ? textProperty(defect, "stack", messageOf(defect)) : ""
})

/** Whether a process that ended so is restarted when `transient`, and reported: all but normal and shutdown. */
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
    // What cannot be asked is none
    return false
  }
}

/** The schema of exit reasons: they travel in messages and errors, with whatever value they carry. */
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
      return reason.detail === undefined ? "shutdown" : `shutdown: ${shown(reason.detail)}`
    case "Kill":
      return "kill"
    case "Killed":
      return "killed"
    case "NoProcess":
      return "no process"
    case "SchedulerDown":
      return `scheduler ${reason.scheduler} is down`
    case "Failed":
      return `failed: ${shown(reason.error)}`
    case "Died":
      return `died: ${shown(reason.defect)}`
  }
}

const shown = (value: unknown): string => {
  if (typeof value === "string") return cut(value)
  return Error.isError(value) ? cut(errorText(value)) : show(value, longestText, customText)
}

const errorText = (error: Error): string => {
  return `${textProperty(error, "name", "Error")}: ${textProperty(error, "message", "")}`
}

/** Reasons hold reasons (why a supervisor could not start a child): each is told in its own words. */
const customText = (value: object): string | undefined => {
  return isExitReason(value) ? format(value) : Error.isError(value) ? errorText(value) : undefined
}

/**
 * Rides on an interruption's cause and says which exit reason interrupted the fiber, so that a fiber that ends
 * because of a signal ends with the signal's reason.
 */
export class ExitSignal extends Context.Service<ExitSignal, ExitReason>()("@understudy/core/ExitSignal") {}

/** The cause of a fiber that ends with `reason`: an interruption that carries it. */
export const toCause = (reason: ExitReason): Cause.Cause<never> =>
  Cause.annotate(Cause.interrupt(), Context.make(ExitSignal, reason))

/** What a fiber ends with that `reason` interrupts. Many end with the same one: the last is kept. */
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

/** The exit signal that interrupted, or `Process.exit` that was called. */
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
  for (const part of cause.reasons) if (part._tag === "Die") return made(withFrames(died(part.defect), part), part)
  for (const part of cause.reasons) if (part._tag === "Fail") return made(failed(part.error), part)
  return shutdown
}

/** Its stack, and below it where its fiber had come from. */
const withFrames = (reason: Died, part: Cause.Reason<unknown>): Died => {
  const frames = framesOf(part)
  return frames === "" ? reason : { ...reason, stack: [reason.stack, frames].filter((text) => text !== "").join("\n") }
}

/** What reasons were made of, on this scheduler. */
const causes = new WeakMap<ExitReason, Cause.Cause<unknown>>()

const made = (reason: ExitReason, part: Cause.Reason<unknown>): ExitReason => {
  causes.set(reason, Cause.fromReasons([part]))
  return reason
}

/**
 * The cause behind a reason, for printing: only of what was thrown, and of errors. With where its fiber had come
 * from, on the scheduler it happened on.
 */
export const causeOf = (reason: ExitReason): Cause.Cause<unknown> | undefined => {
  if (reason._tag === "Died") {
    if (Error.isError(reason.defect) || reason.stack !== "") return causes.get(reason) ?? Cause.die(reason.defect)
  } else if (reason._tag === "Failed" && Error.isError(reason.error)) {
    return causes.get(reason) ?? Cause.fail(reason.error)
  }
  return undefined
}
