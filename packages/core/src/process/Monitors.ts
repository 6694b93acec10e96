/**
 * Monitors: one-way, stacking, each with its own reference. Catalogue area M.
 */

import { type Address, Name } from "../address/Name.ts"
import { type Pid, PidImpl } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { Down, type MonitorRef } from "../signal/Signal.ts"
import { endMonitorAlias } from "./Aliases.ts"
import { find, forget, isHere, tellDown } from "./Lifecycle.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { recordOf } from "./ProcessRecord.ts"
import { resolve } from "./Resolve.ts"

/** Starts watching `pid`. A dead one is reported at once with reason NoProcess. Catalogue M02 to M05, M12. */
export const monitor = (
  record: ProcessRecord,
  pid: Pid,
  name: string | undefined,
  ref: MonitorRef = makeRef(record)
): MonitorRef => {
  const { host } = record
  // The usual case: a pid made on this scheduler has its record
  const watched = recordOf(pid)
  if (watched !== undefined && watched !== record && watched.host === host && !record.isDead)
    host.monitors.add(ref, record, watched, name)
  else monitorSlow(record, pid, ref, name)
  return ref
}

/** A function of its own for the rare cases, so that V8 inlines its short caller. */
const monitorSlow = (record: ProcessRecord, pid: Pid, ref: MonitorRef, name: string | undefined): void => {
  const { host } = record
  // A killed process gets no signals
  if (record.isDead) return
  if (!isHere(host, pid)) {
    host.monitors.addMonitor(ref, record, pid, name)
    return host.route(pid.slot, pid.incarnation, { _tag: "Monitor", to: pid, from: record.pid, ref })
  }
  const watched = find(host, pid)
  if (watched === undefined) return tellDown(record, pid, ref, name, ExitReason.noProcess)
  // Watching oneself is allowed and means nothing
  if (watched !== record) host.monitors.add(ref, record, watched, name)
}

/** Starts watching a process, or the present holder of a name. `ref`: a reference made by {@link makeRef}. */
export const monitorAddress = (record: ProcessRecord, of: Address, ref: MonitorRef = makeRef(record)): MonitorRef => {
  const pid = resolve(record.host, of)
  const name = of instanceof Name ? of.toString() : undefined
  return pid === undefined ? monitorUnregistered(record, name ?? "", ref) : monitor(record, pid, name, ref)
}

/** An unregistered name: its Down arrives at once, with the name. Catalogue M14. */
const monitorUnregistered = (record: ProcessRecord, name: string, ref: MonitorRef): MonitorRef => {
  endMonitorAlias(record, ref)
  record.mailbox.pushSignal(new Down(ref, nobody, name, ExitReason.noProcess))
  record.wake()
  return ref
}

/** The pid in the Down of an unregistered name; no process has it. */
const nobody: Pid = new PidImpl(0, 0, 0, undefined)

/** A reference for a monitor. The brand says that the number came from here. */
export const makeRef = (record: ProcessRecord): MonitorRef => record.host.nextReference() as MonitorRef

/** The watched process's side of a monitor, of a watcher on any scheduler. */
export const watch = (record: ProcessRecord, watcher: Pid, ref: number): void =>
  record.host.monitors.addWatcher(ref, watcher, record)

/** The watcher's side of a monitor that a process was started with. */
export const watchStarted = (record: ProcessRecord, child: Pid, ref: number): void =>
  record.host.monitors.setWatcher(ref, record, child)

/** The watcher, which is on another scheduler, has removed its monitor. */
export const unwatch = (record: ProcessRecord, ref: number): void => {
  record.host.monitors.takeWatcher(ref, record)
}

/**
 * Stops watching. Returns whether the monitor was still set: with `flush`, a Down that waits in the mailbox is removed;
 * without, a `false` means that it is there. Catalogue M06 to M09.
 */
export const demonitor = (record: ProcessRecord, ref: MonitorRef, flush: boolean): boolean => {
  if (record.extra?.aliases !== undefined) endMonitorAlias(record, ref)
  return record.host.monitors.removeNewest(ref, record) || demonitorAny(record, ref, flush)
}

/** As {@link demonitor}, for any monitor but the newest. */
const demonitorAny = (record: ProcessRecord, ref: MonitorRef, flush: boolean): boolean => {
  const { host } = record
  const monitor = host.monitors.takeMonitor(ref, record)
  if (monitor !== undefined) {
    forget(host, monitor)
    return true
  }
  if (flush) {
    const at = record.mailbox.find((item) => item instanceof Down && item.ref === ref, 0)
    if (at >= 0) record.mailbox.takeAt(at)
  }
  return false
}

keepShapes(new Down(nothing, nothing, undefined, nothing))
