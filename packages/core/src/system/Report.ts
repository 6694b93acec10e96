/**
 * Events of the runtime as log lines: what happened, to whom, and why. Defects go to Effect's error reporters as well.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as ExitReason from "../process/ExitReason.ts"
import type { ProcessEvent } from "../process/Host.ts"

/** One log line. `cause` is the defect it is about, whose stack the logger prints. */
export interface Report {
  readonly level: "error" | "warning"
  readonly text: string
  readonly cause: unknown
}

const defectOf = (reason: ExitReason.ExitReason): unknown => (reason._tag === "Died" ? reason.defect : undefined)

/** See {@link Report}. */
export const formatEvent = (event: ProcessEvent): Report => {
  switch (event._tag) {
    case "ProcessCrashed": {
      const who = event.label === undefined ? event.pid.toString() : `${event.label} ${event.pid}`
      const waiting = event.mailboxLength === 0 ? "" : `, ${event.mailboxLength} messages were waiting`
      return {
        level: "error",
        text: `process ${who} crashed: ${ExitReason.format(event.reason)}${waiting}`,
        cause: defectOf(event.reason)
      }
    }
    case "MessageRejected":
      return { level: "warning", text: `a message for ${event.pid} was dropped: ${event.problem}`, cause: undefined }
    case "UnexpectedMessage":
      return {
        level: "warning",
        text: `process ${event.label ?? ""} ${event.pid} has no handler for a message it received`,
        cause: undefined
      }
    case "SupervisorReport":
      return {
        level: "error",
        text: `supervisor ${event.name} ${event.supervisor}: ${event.context} of ${event.child}: ${ExitReason.format(event.reason)}`,
        // The child's own report has the stack
        cause: undefined
      }
    case "LongMailbox":
      return {
        level: "warning",
        text: `${event.length} messages wait for ${event.label ?? ""} ${event.pid}, more than its limit of ${event.limit}`,
        cause: undefined
      }
    case "RuntimeError":
      return { level: "error", text: `error in ${event.during}`, cause: event.error }
  }
}

/** Writes an event to the log, with what is known of it as annotations, and its defect to the error reporters. */
export const logEvent = (event: ProcessEvent): Effect.Effect<void> => {
  const { cause, level, text } = formatEvent(event)
  const log = level === "error" ? Effect.logError : Effect.logWarning
  const written = cause === undefined ? log(text) : log(text, Cause.die(cause))
  const reported = cause === undefined ? Effect.void : ErrorReporter.report(Cause.die(cause))
  return Effect.annotateLogs(Effect.andThen(written, reported), annotationsOf(event))
}

const annotationsOf = (event: ProcessEvent): Record<string, unknown> => {
  switch (event._tag) {
    case "ProcessCrashed":
      return {
        pid: event.pid.toString(),
        ...(event.label === undefined ? {} : { label: event.label }),
        ancestors: event.ancestors.map(String),
        links: event.links.map(String),
        mailboxLength: event.mailboxLength,
        lastMessage: event.lastMessage,
        reason: ExitReason.format(event.reason)
      }
    case "SupervisorReport":
      return {
        supervisor: event.supervisor.toString(),
        child: event.child,
        context: event.context,
        reason: ExitReason.format(event.reason)
      }
    case "RuntimeError":
      return {}
    default:
      return { pid: event.pid.toString() }
  }
}
