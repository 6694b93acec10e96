/**
 * Events of the runtime as log lines: what happened, to whom, and why.
 */
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
    case "RuntimeError":
      return { level: "error", text: `error in ${event.during}`, cause: event.error }
  }
}
