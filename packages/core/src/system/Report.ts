/**
 * Events of the runtime as log lines: what happened, to whom, and why. Defects go to Effect's error reporters as well.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as ExitReason from "../process/ExitReason.ts"
import type { ProcessEvent } from "../process/Host.ts"
import type { Pid } from "../process/Pid.ts"
import type { SchedulerEvent } from "../scheduler/SchedulerEvent.ts"

/** One log line. `cause` is the defect it is about, whose stack the logger prints. */
export interface Report {
  readonly level: "error" | "warning" | "info" | "debug"
  readonly text: string
  readonly cause: unknown
}

const defectOf = (reason: ExitReason.ExitReason): unknown => (reason._tag === "Died" ? reason.defect : undefined)

/** A process, as far as it is known. */
const holder = (pid: Pid | undefined, name: string | undefined): string =>
  pid === undefined ? "code of no known process" : name === undefined ? `process ${pid}` : `${name} ${pid}`

const plain = (level: Report["level"], text: string): Report => ({ level, text, cause: undefined })

const formatSchedulerEvent = (event: SchedulerEvent): Report => {
  const scheduler = `scheduler ${event.slot}`
  switch (event._tag) {
    case "LongHandler": {
      const who = event.items === 1 ? holder(event.pid, event.label ?? event.contract) : `one of ${event.items} items`
      return plain("debug", `${who} held ${scheduler} for ${Math.round(event.milliseconds)} ms`)
    }
    case "LongTurn":
      return plain("debug", `a turn of ${scheduler} took ${Math.round(event.milliseconds)} ms`)
    case "SlowScheduler":
      return plain(
        "warning",
        `${scheduler} is overloaded: who is ready waits ${Math.round(event.milliseconds)} ms, ${event.runQueue} are in its run queue`
      )
    case "SchedulerBlocked": {
      const end = event.ended ? "; it is ended" : ""
      const time = `${Math.round(event.milliseconds)} ms`
      return plain(
        "warning",
        `${scheduler} has not come back from a turn for ${time}, held by ${holder(event.pid, event.contract)}${end}`
      )
    }
    case "SchedulerUp":
      return plain(
        event.incarnation === 1 ? "debug" : "info",
        `${scheduler} is up, its incarnation ${event.incarnation}`
      )
    case "SchedulerDown":
      return plain("warning", `${scheduler} is down (${event.problem}); its slot is refilled`)
  }
}

const loggers = {
  error: Effect.logError,
  warning: Effect.logWarning,
  info: Effect.logInfo,
  debug: Effect.logDebug
} as const

/** See {@link Report}. */
export const formatEvent = (event: ProcessEvent | SchedulerEvent): Report => {
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
    case "UnwindTimeout":
      return plain(
        "warning",
        `the finalizers of ${holder(event.pid, event.label)} have not ended within ${event.milliseconds} ms; the process counts as ended, and what they still send reaches nobody`
      )
    case "RuntimeError":
      return { level: "error", text: `error in ${event.during}`, cause: event.error }
    default:
      return formatSchedulerEvent(event)
  }
}

/**
 * Whether nothing that is given to {@link logEvent} under that context is heard of: no log line, whatever its level, and no
 * error report.
 */
export const isSilent = (context: Context.Context<never>): boolean => {
  const written =
    Context.get(context, Logger.CurrentLoggers).size > 0 &&
    LogLevel.isLessThanOrEqualTo(Context.get(context, References.MinimumLogLevel), "Error")
  return !written && Context.get(context, ErrorReporter.CurrentErrorReporters).size === 0
}

/** Writes an event to the log, with what is known of it as annotations, and its defect to the error reporters. */
export const logEvent = (event: ProcessEvent | SchedulerEvent): Effect.Effect<void> => {
  const { cause, level, text } = formatEvent(event)
  const log = loggers[level]
  const written = cause === undefined ? log(text) : log(text, Cause.die(cause))
  const reported = cause === undefined ? Effect.void : ErrorReporter.report(Cause.die(cause))
  return Effect.annotateLogs(Effect.andThen(written, reported), annotationsOf(event))
}

const annotationsOf = (event: ProcessEvent | SchedulerEvent): Record<string, unknown> => {
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
    case "LongTurn":
    case "SlowScheduler":
    case "SchedulerUp":
    case "SchedulerDown":
      return { slot: event.slot }
    case "LongHandler":
    case "SchedulerBlocked":
      return event.pid === undefined ? { slot: event.slot } : { slot: event.slot, pid: event.pid.toString() }
    default:
      return { pid: event.pid.toString() }
  }
}
