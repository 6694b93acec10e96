/**
 * Questions about a process or a timer, answered by its scheduler, after all earlier signals of the asking process.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { names } from "../address/Directory.ts"
import { callbackIn } from "../fiber/ProcessFiber.ts"
import type { Host } from "../process/Host.ts"
import { linkedTo } from "../process/Lifecycle.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Info, Question } from "../signal/Question.ts"
import { readAny } from "../wire/Portable.ts"
import { PendingCall } from "./PendingCall.ts"

/** The facts about a process of this scheduler. */
export const infoOf = (record: ProcessRecord): Info => ({
  pid: record.pid,
  label: record.label,
  registeredName: record.host.directory.held(names, record.pid)[0]?.key,
  parent: record.parent,
  ancestors: record.ancestors,
  links: linkedTo(record),
  monitors: record.host.monitors.monitorsOf(record).map(({ pid }) => pid),
  monitoredBy: record.host.monitors.watchersOf(record).map(({ by }) => by),
  trapExit: record.trapExit,
  messageQueueLength: record.mailbox.length,
  reductions: record.reductions,
  status: record.isRunning ? "running" : "exiting",
  priority: record.priority
})

/** The answer of this scheduler. */
export const answer = (host: Host, question: Question, subject: number): unknown => {
  switch (question) {
    case "alive":
      return host.processes.get(subject)?.isRunning === true
    case "info": {
      const record = host.processes.get(subject)
      return record === undefined ? undefined : infoOf(record)
    }
    case "cancel-timer":
      return host.timerRefs.cancel(subject)
    case "read-timer":
      return host.timerRefs.left(subject)
  }
}

/** Asks the scheduler at `place`, this one or another. `undefined` when that scheduler is gone. */
export const ask = (
  host: Host,
  place: { readonly slot: number; readonly incarnation: number },
  question: Question,
  subject: number
): Effect.Effect<unknown> => {
  const here = place.slot === host.slot && place.incarnation === host.incarnation
  if (here) return Effect.sync(() => answer(host, question, subject))
  return callbackIn<unknown>((resume, priority) => {
    const nothing = () => Exit.succeed(undefined)
    const pending = new PendingCall(
      host,
      { whenDown: nothing, whenTimedOut: nothing, read: (reader) => Exit.succeed(readAny(reader)) },
      (exit) => resume(exit as Effect.Effect<unknown>),
      priority
    )
    const { incarnation, slot } = place
    const from = { slot: host.slot, incarnation: host.incarnation }
    host.route(slot, incarnation, {
      _tag: "Query",
      slot,
      incarnation,
      question,
      subject,
      from,
      call: pending.export(slot)
    })
    return Effect.sync(() => pending.abandon())
  })
}
