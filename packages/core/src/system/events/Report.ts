/**
 * Events of the runtime as log lines: what happened, to which process, and why. Defects go to Effect's error reporters as well.
 */

import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type { Pid } from "../../address/Pid.ts"
import type { Asker } from "../../address/Reply.ts"
import { formatCount, formatNumber, formatTime } from "../../base/FormatNumber.ts"
import { show } from "../../base/Inspect.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { EventLevel, GaveUp, ProcessEvent } from "../../signal/ProcessEvent.ts"

type AnyEvent = ProcessEvent | SchedulerEvent

/** One log line. */
export interface Report {
  readonly text: string
  /** The error it is about, which the logger prints with its stack: then the text does not repeat it. */
  readonly cause?: Cause.Cause<unknown> | undefined
}

/** How much an event matters. */
export const levelOf = (event: AnyEvent): EventLevel => {
  switch (event._tag) {
    case "ProcessCrashed":
    case "SupervisorReport":
    case "RuntimeError":
      return "error"
    case "MessageRejected":
    case "UnexpectedMessage":
    case "LongMailbox":
    case "SlowScheduler":
    case "SchedulerBlocked":
    case "SchedulerDown":
    case "UnwindTimeout":
      return "warning"
    case "SchedulerUp":
      return event.incarnation === 1 ? "debug" : "info"
    case "ChildStarted":
    case "LongHandler":
    case "LongTurn":
      return "debug"
  }
}

const milliseconds = (value: number): string => `${formatNumber(Math.round(value))} ms`

/** A process, as far as it is known. */
const nameOf = (pid: Pid, label: string | undefined): string => (label === undefined ? `${pid}` : `${label} ${pid}`)

/** The process that holds a scheduler. */
const holder = (pid: Pid | undefined, label: string | undefined): string =>
  pid === undefined ? "code that belongs to no process" : `process ${nameOf(pid, label)}`

/** The caller that waits for an answer. */
const askerText = ({ pid, scheduler }: Asker): string => (pid === undefined ? `scheduler ${scheduler}` : pid.toString())

const supervisorText = (event: Extract<AnyEvent, { readonly _tag: "SupervisorReport" }>): string => {
  const { child, gaveUp, pid, reason, shutdown } = event
  const supervisor = `supervisor ${nameOf(event.supervisor, event.name)}`
  const who = pid === undefined ? `child ${child}` : `child ${child} ${pid}`
  const why = ExitReason.format(reason)
  switch (event.context) {
    case "child-terminated":
      return `${supervisor}: ${who} ended: ${why}`
    case "start-error":
      return `${supervisor}: ${who} could not be started: ${why}`
    case "shutdown-error":
      return reason._tag === "Killed" && typeof shutdown === "number"
        ? `${supervisor}: ${who} did not end within ${formatTime(shutdown)} and was killed`
        : `${supervisor}: ${who} did not shut down as it was asked to: ${why}`
    case "shutdown":
      return `${supervisor} gives up${gaveUp === undefined ? `: ${why}` : gaveUpText(gaveUp)}`
  }
}

/** So many of the children that were restarted are named. */
const mostNamed = 5

const gaveUpText = ({ of, restarts, within }: GaveUp): string => {
  const times = of.reduce((sum, one) => sum + one.times, 0)
  const named = of.slice(0, mostNamed).map((one) => `${one.child} ${formatCount(one.times, "time", "times")}`)
  const more = of.length - named.length
  const names = [...named, ...(more > 0 ? [formatCount(more, "other child", "other children")] : [])].join(", ")
  const allowed = `its intensity allows ${formatCount(restarts, "restart", "restarts")} within ${formatTime(within)}`
  return `: ${allowed}, and this would be number ${formatNumber(times)} (${names})`
}

/** See {@link Report}. */
export const formatEvent = (event: AnyEvent): Report => {
  switch (event._tag) {
    case "ProcessCrashed": {
      const { caller, label, mailboxLength, pid, reason } = event
      const call = caller === undefined ? "" : ` while it handled a call from ${askerText(caller)}`
      const cause = ExitReason.causeOf(reason)
      const why = cause === undefined ? `: ${ExitReason.format(reason)}` : ""
      const waiting =
        mailboxLength === 0 ? "" : `; ${formatCount(mailboxLength, "message was", "messages were")} waiting`
      return { text: `process ${nameOf(pid, label)} crashed${call}${why}${waiting}`, cause }
    }
    case "MessageRejected":
      return { text: `a message for process ${event.pid} was dropped: ${event.problem}` }
    case "UnexpectedMessage":
      return { text: `process ${nameOf(event.pid, event.label)} dropped a message: it has no handler for it` }
    case "SupervisorReport":
      return { text: supervisorText(event) }
    case "ChildStarted": {
      const { child, name, pid, restarted, supervisor } = event
      return { text: `supervisor ${nameOf(supervisor, name)} has started ${child} ${pid}${restarted ? " again" : ""}` }
    }
    case "LongMailbox": {
      const { label, length, limit, pid } = event
      const wait = formatCount(length, "message waits", "messages wait")
      return { text: `${wait} for process ${nameOf(pid, label)}, more than its limit of ${formatNumber(limit)}` }
    }
    case "UnwindTimeout": {
      const who = `process ${nameOf(event.pid, event.label)}`
      const within = milliseconds(event.milliseconds)
      return {
        text: `the finalizers of ${who} have not ended within ${within}: it counts as ended, and what they still send reaches nobody`
      }
    }
    case "RuntimeError":
      return { text: `an error in ${event.during}`, cause: Cause.die(event.error) }
    case "LongHandler": {
      const { contract, items, label, pid, slot } = event
      const took = milliseconds(event.milliseconds)
      return items === 1
        ? { text: `${holder(pid, label ?? contract)} held scheduler ${slot} for ${took}` }
        : { text: `scheduler ${slot} ran ${formatNumber(items)} items in ${took}; from now on each is timed` }
    }
    case "LongTurn": {
      const { items, slot } = event
      const ran = formatCount(items, "item", "items")
      return {
        text: `a turn of scheduler ${slot} took ${milliseconds(event.milliseconds)} for ${ran}; its timers and sockets had to wait`
      }
    }
    case "SlowScheduler": {
      const ready = formatCount(event.runQueue, "process is ready", "processes are ready")
      return {
        text: `scheduler ${event.slot} is overloaded: ${ready}, the oldest has waited ${milliseconds(event.milliseconds)}`
      }
    }
    case "SchedulerBlocked": {
      const { contract, ended, pid, slot } = event
      const end = ended ? "; it is ended, and its slot is filled again" : ""
      return {
        text: `scheduler ${slot} is blocked: ${holder(pid, contract)} has held it for ${milliseconds(event.milliseconds)}${end}`
      }
    }
    case "SchedulerUp":
      return { text: `scheduler ${event.slot} is up (incarnation ${event.incarnation})` }
    case "SchedulerDown":
      return { text: `scheduler ${event.slot} is down, and its slot is filled again: ${event.problem}` }
  }
}

const loggers = {
  error: Effect.logError,
  warning: Effect.logWarning,
  info: Effect.logInfo,
  debug: Effect.logDebug
} as const

/** Effect's names of the levels. */
const logLevels: ReadonlyArray<readonly [EventLevel, LogLevel.LogLevel]> = [
  ["debug", "Debug"],
  ["info", "Info"],
  ["warning", "Warn"],
  ["error", "Error"]
]

/** The levels whose events are heard of under that context: as log lines or, those of errors, by error reporters. */
export const loggedLevels = (context: Context.Context<never>): ReadonlySet<EventLevel> => {
  const minimum = Context.get(context, References.MinimumLogLevel)
  const writes = Context.get(context, Logger.CurrentLoggers).size > 0
  const reports = Context.get(context, ErrorReporter.CurrentErrorReporters).size > 0
  const heard = logLevels.filter(
    ([level, logLevel]) => (writes && LogLevel.isLessThanOrEqualTo(minimum, logLevel)) || (reports && level === "error")
  )
  return new Set(heard.map(([level]) => level))
}

/** Writes an event to the log, with what is known of it as annotations, and its defect to the error reporters. */
export const logEvent = (event: AnyEvent): Effect.Effect<void> => {
  const { cause, text } = formatEvent(event)
  const log = loggers[levelOf(event)]
  const written = cause === undefined ? log(text) : readable(cause, (one) => log(text, one))
  const isDefect = cause?.reasons.some(({ _tag }) => _tag === "Die") === true
  const reported = isDefect ? readable(cause, ErrorReporter.report) : Effect.void
  return Effect.annotateLogs(Effect.andThen(written, reported), withoutGaps(annotationsOf(event)))
}

/** Tells of a cause. What was thrown may be something that loggers and reporters cannot read: then they are told its text. */
const readable = (
  cause: Cause.Cause<unknown>,
  tell: (cause: Cause.Cause<unknown>) => Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.catchCause(
    Effect.suspend(() => tell(cause)),
    () => tell(Cause.die(new Error(show(Cause.squash(cause)))))
  )

/** What is not known is not shown. */
const withoutGaps = (facts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))

const annotationsOf = (event: AnyEvent): Readonly<Record<string, unknown>> => {
  switch (event._tag) {
    case "ProcessCrashed":
      return {
        pid: event.pid.toString(),
        label: event.label,
        ancestors: event.ancestors.map(String),
        links: event.links.map(String),
        mailboxLength: event.mailboxLength,
        lastMessage: event.lastMessage,
        state: event.state,
        caller: event.caller && [askerText(event.caller), event.caller.stack].filter(Boolean).join("\n")
      }
    case "SupervisorReport":
      return {
        supervisor: event.supervisor.toString(),
        context: event.context,
        child: event.child,
        childPid: event.pid?.toString(),
        contract: event.contract,
        args: event.args,
        restart: event.restart,
        shutdown: event.shutdown,
        type: event.type
      }
    case "ChildStarted":
      return {
        supervisor: event.supervisor.toString(),
        child: event.child,
        childPid: event.pid.toString(),
        contract: event.contract
      }
    case "UnexpectedMessage":
      return { pid: event.pid.toString(), received: event.received }
    case "RuntimeError":
      return {}
    case "LongTurn":
    case "SlowScheduler":
    case "SchedulerUp":
    case "SchedulerDown":
      return { slot: event.slot }
    case "LongHandler":
    case "SchedulerBlocked":
      return { slot: event.slot, pid: event.pid?.toString() }
    default:
      return { pid: event.pid.toString() }
  }
}
