/**
 * How a process ends: the effect of an exit signal, and the announcement of the end, in OTP's order: its name is released,
 * then its links and monitors get their signals, then its unanswered callers.
 */

import { keyOf, type Pid } from "../address/Pid.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { Down, Exit, type MonitorRef } from "../signal/Signal.ts"
import { endMonitorAlias } from "./Aliases.ts"
import { crashOf } from "./CrashReport.ts"
import type { Host } from "./Host.ts"
import { IncomingCall } from "./IncomingCall.ts"
import { LinkEntry } from "./LinkEntry.ts"
import type { Monitor } from "./MonitorTable.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** The living (or unwinding) process behind a pid, if it is on this scheduler. */
export const find = (host: Host, pid: Pid): ProcessRecord | undefined =>
  pid.slot === host.slot ? host.processes.get(pid.serial) : undefined

/** Whether a pid's process is on this scheduler, and of its present incarnation. */
export const isHere = (host: Host, pid: Pid): boolean => pid.slot === host.slot && pid.incarnation === host.incarnation

/**
 * An exit signal reaches a process. Catalogue P02 to P10, P24, L01 to L04, L18.
 * A `kill` that was sent (not one that comes through a link) cannot be trapped. It also ends the unwinding of a process whose end
 * was decided before: with the reason that was decided.
 */
export const receiveExit = (record: ProcessRecord, from: Pid, reason: ExitReason.ExitReason, link: boolean): void => {
  if (record.isDead) return
  if (reason._tag === "Kill" && !link) return kill(record)
  if (record.status === "exiting") return
  if (record.trapExit) {
    record.mailbox.pushSignal(new Exit(from, reason))
    record.wake()
    return
  }
  if (reason._tag === "Normal" && keyOf(from) !== keyOf(record.pid)) return
  terminate(record, reason)
}

/** Sets the exit reason, unless there is one: the first stands. Returns whether it was set. Catalogue P24, P25. */
const decide = (record: ProcessRecord, reason: ExitReason.ExitReason): boolean => {
  if (!record.isRunning) return false
  record.status = "exiting"
  record.exitReason = reason
  return true
}

/** The process will end with `reason`; its code unwinds in its own turn. */
export const terminate = (record: ProcessRecord, reason: ExitReason.ExitReason): void => {
  if (decide(record, reason)) record.wake()
}

/** Ends the process at once: its end is announced now, and its code unwinds later, if there is anything to unwind. */
const kill = (record: ProcessRecord): void => {
  decide(record, ExitReason.killed)
  const reason = reasonOf(record)
  if (!record.unwinding && record.body.forget?.(reason) === true) record.unwinding = true
  else record.wake()
  abandon(record)
}

/** Announces the end of a process whose code still runs, and suppresses that code's further operations. */
const abandon = (record: ProcessRecord): void => {
  finish(record)
  record.body.silence?.()
}

const reasonOf = (record: ProcessRecord): ExitReason.ExitReason => record.exitReason ?? ExitReason.killed

/**
 * The process's own code has returned or failed: sets the exit reason, unless an exit signal was first. The caller then releases
 * its resources, see {@link limitUnwinding}, and calls `record.unwound`. `crash`: the code failed, which is reported for an
 * abnormal reason. As in OTP, a process that a signal ended has not crashed. Catalogue LO01, LO04.
 */
export const conclude = (record: ProcessRecord, reason: ExitReason.ExitReason, crash: boolean): void => {
  record.unwinding = true
  if (decide(record, reason) && crash && ExitReason.isAbnormal(reason)) {
    record.host.report(crashOf(record, reason, linkedTo(record)))
  }
}

/** How long a process's finalizers may take by default, in milliseconds. */
const defaultUnwindTimeout = 5000

/**
 * Limits the time of the process's finalizers. After its `unwindTimeout` the end is announced while they still run, as for a killed
 * process.
 */
export const limitUnwinding = (record: ProcessRecord): void => {
  if (record.isDead) return
  const { host, label, pid, priority } = record
  const extra = record.extras()
  const milliseconds = extra.unwindTimeout ?? defaultUnwindTimeout
  if (milliseconds === Number.POSITIVE_INFINITY) return
  const giveUp = () => {
    if (record.isDead) return
    host.report({ _tag: "UnwindTimeout", pid, label, milliseconds })
    abandon(record)
  }
  extra.unwindTimer = host.timers.set(milliseconds, giveUp, priority)
}

/** The processes a process is linked to. */
export const linkedTo = (record: ProcessRecord): ReadonlyArray<Pid> =>
  LinkEntry.partnersOf(record)
    .map((partner): Pid => partner.pid)
    .concat(remoteLinksOf(record))

const remoteLinksOf = (record: ProcessRecord): ReadonlyArray<Pid> =>
  (record.remoteLinks?.values() ?? []).filter((link) => link.linked).map((link) => link.pid)

/** Announces the end of a process whose exit reason is set. Has an effect only once. */
export const finish = (record: ProcessRecord): void => {
  if (record.isDead) return
  const { host, pid } = record
  const reason = reasonOf(record)
  record.status = "dead"
  host.processes.delete(pid.serial)
  pid.record = undefined
  host.directory.release(pid)
  const offers = record.extra?.offers
  if (offers !== undefined) for (const withdraw of offers) withdraw()
  for (let link = record.links; link !== undefined; link = record.links) {
    link.leave()
    receiveExit(link.partnerOf(record), pid, reason, true)
  }
  if (record.remoteLinks !== undefined) {
    const partners = remoteLinksOf(record)
    record.remoteLinks = undefined
    for (const partner of partners) sendExit(host, partner, pid, reason, true)
  }
  const { monitors } = host
  for (let on = monitors.takeOldestWatcher(record); on !== undefined; on = monitors.takeOldestWatcher(record)) {
    fire(host, pid, on, reason)
  }
  for (let own = monitors.takeOldestMonitor(record); own !== undefined; own = monitors.takeOldestMonitor(record)) {
    forget(host, own)
  }
  IncomingCall.allDown(record, reason)
  const { extra } = record
  record.extra = undefined
  if (extra?.unwindTimer !== undefined) host.timers.clear(extra.unwindTimer)
  if (extra?.waiting !== undefined) {
    for (const sender of extra.waiting) {
      if (sender.message instanceof IncomingCall) sender.message.replyTo.down(reason)
      sender.refuse()
    }
  }
  if (extra?.finalizers !== undefined) for (const finalizer of extra.finalizers) finalizer()
  record.mailbox.clear()
}

/** Sends an exit signal from `from`, wherever `to` is. `link`: because `from` ended and the two are linked. */
export const sendExit = (host: Host, to: Pid, from: Pid, reason: ExitReason.ExitReason, link: boolean): void => {
  if (!isHere(host, to)) {
    host.route(to.slot, to.incarnation, { _tag: "Exit", to, from, reason, link })
    return
  }
  const target = find(host, to)
  if (target === undefined) return
  if (link) receiveLinkExit(target, from, reason)
  else receiveExit(target, from, reason, false)
}

/** The exit of a linked process of another scheduler counts only while the link is there, and only if it is this link's. Catalogue L10. */
export const receiveLinkExit = (record: ProcessRecord, from: Pid, reason: ExitReason.ExitReason): void => {
  const link = record.remoteLinks?.get(keyOf(from))
  // While an unlink is not confirmed, what arrives was sent for the link that was removed
  if (link?.unlinking === 0) loseLink(record, from, reason)
}

/** A link to another scheduler has ended: the other process has exited, or its scheduler is lost. */
export const loseLink = (record: ProcessRecord, from: Pid, reason: ExitReason.ExitReason): void => {
  const link = record.remoteLinks?.get(keyOf(from))
  if (link === undefined) return
  record.remoteLinks?.delete(keyOf(from))
  if (link.linked) receiveExit(record, from, reason, true)
}

/** Sends the Down of a monitor that has been removed from the table. */
const fire = (host: Host, pid: Pid, monitor: Monitor, reason: ExitReason.ExitReason): void => {
  const { ref, watcher } = monitor
  if (watcher !== undefined) return tellDown(watcher, pid, ref, monitor.name, reason)
  const { by } = monitor
  // A watcher of an earlier incarnation of this scheduler is gone
  if (!isHere(host, by)) host.route(by.slot, by.incarnation, { _tag: "Down", to: by, from: pid, ref, reason })
}

/** A monitor fires: once, and only while it is set. Catalogue M04, M06. */
export const receiveDown = (record: ProcessRecord, pid: Pid, ref: number, reason: ExitReason.ExitReason): void => {
  const monitor = record.host.monitors.takeMonitor(ref, record)
  if (monitor !== undefined) tellDown(record, pid, ref, monitor.name, reason)
}

/** Puts a Down into the watcher's mailbox. `name`: the monitored name, if it was set by name. */
export const tellDown = (
  record: ProcessRecord,
  pid: Pid,
  ref: number,
  name: string | undefined,
  reason: ExitReason.ExitReason
): void => {
  endMonitorAlias(record, ref)
  if (!record.isRunning) return
  // Monitor references are numbers that nextReference gave out
  record.mailbox.pushSignal(new Down(ref as MonitorRef, pid, name, reason))
  record.wake()
}

/** A monitor has been removed on the watcher's side: tells the watched process's scheduler, if it is another one. */
export const forget = (host: Host, monitor: Monitor): void => {
  if (monitor.watched !== undefined) return
  const { pid, ref } = monitor
  if (!isHere(host, pid)) host.route(pid.slot, pid.incarnation, { _tag: "Demonitor", to: pid, ref })
}
