/**
 * Monitors: one-way, stacking, each with its own reference. Catalogue area M.
 */
import { monitorOver } from "./Alias.ts"
import * as ExitReason from "./ExitReason.ts"
import { find, forget, isHere, receiveDown } from "./Lifecycle.ts"
import { MonitorEntry } from "./MonitorEntry.ts"
import { type Address, Name, resolve } from "./Name.ts"
import { impl, keyOf, type Pid, PidImpl } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { keepShapes, nothing } from "./Shape.ts"
import { Down, type MonitorRef } from "./Signal.ts"

/** Starts watching `pid`. A dead one is reported at once with reason NoProcess. Catalogue M02 to M05, M12. */
export const monitor = (record: ProcessRecord, pid: Pid, name: string | undefined): MonitorRef => {
  const { host } = record
  const ref = makeRef(record)
  // Watching oneself is allowed and means nothing, and a process that was killed sees nothing any more
  if (keyOf(pid) === keyOf(record.pid) || record.isDead) return ref
  const entry = new MonitorEntry(ref, record.pid, pid, name)
  host.monitors.add(entry)
  entry.enterMonitors(record)
  if (!isHere(host, pid)) {
    host.route(pid.slot, pid.incarnation, { _tag: "Monitor", to: pid, from: record.pid, ref })
    return ref
  }
  // A pid that was made here knows its process
  const watched = impl(pid).record ?? find(host, pid)
  if (watched === undefined) receiveDown(record, pid, ref, ExitReason.noProcess)
  else entry.enterWatchers(watched)
  return ref
}

/** Starts watching a process, or whoever holds a name now. */
export const monitorAddress = (record: ProcessRecord, of: Address): MonitorRef => {
  const pid = resolve(record.host, of)
  const name = of instanceof Name ? of.toString() : undefined
  return pid === undefined ? monitorNobody(record, name ?? "") : monitor(record, pid, name)
}

/** A name that nobody holds is reported at once, by its name. Catalogue M14. */
const monitorNobody = (record: ProcessRecord, name: string): MonitorRef => {
  const ref = makeRef(record)
  record.mailbox.pushSignal(new Down(ref, nobody, name, ExitReason.noProcess))
  record.wake()
  return ref
}

/** The pid in the Down of a name that nobody holds: it is no process's. */
const nobody: Pid = new PidImpl(0, 0, 0, undefined)

// The brand says that the number came from here
const makeRef = (record: ProcessRecord): MonitorRef => record.host.nextReference() as MonitorRef

/** Somebody, here or elsewhere, watches this process from now on. */
export const watch = (record: ProcessRecord, watcher: Pid, ref: number): void => {
  const entry = new MonitorEntry(ref, watcher, record.pid, undefined)
  record.host.monitors.add(entry)
  entry.enterWatchers(record)
}

/** The watcher's side of a monitor that a process was started with. */
export const watchStarted = (record: ProcessRecord, child: Pid, ref: number): void => {
  const { monitors } = record.host
  const known = monitors.get(ref)
  const entry = known ?? new MonitorEntry(ref, record.pid, child, undefined)
  if (known === undefined) monitors.add(entry)
  entry.enterMonitors(record)
}

/** The watcher, which is on another scheduler, has removed its monitor. */
export const unwatch = (record: ProcessRecord, ref: number): void => {
  const { monitors } = record.host
  const entry = monitors.get(ref)
  if (entry?.watched !== record) return
  monitors.take(ref)
  entry.leave()
}

/**
 * Stops watching. Returns whether the monitor was still set: with `flush`, a Down that waits in the mailbox is removed;
 * without, a `false` means that it is there. Catalogue M06 to M09.
 */
export const demonitor = (record: ProcessRecord, ref: MonitorRef, flush: boolean): boolean => {
  const { host } = record
  const entry = host.monitors.take(ref)
  if (record.extra !== undefined) monitorOver(record, ref)
  if (entry !== undefined) {
    if (entry.watcher === record) {
      forget(host, entry)
      return true
    }
    // Another process's: nothing of this one's
    host.monitors.add(entry)
  }
  if (flush) {
    const at = record.mailbox.find((item) => item instanceof Down && item.ref === ref, 0)
    if (at >= 0) record.mailbox.takeAt(at)
  }
  return false
}

keepShapes(new MonitorEntry(nothing, nothing, nothing, undefined), new Down(nothing, nothing, undefined, nothing))
