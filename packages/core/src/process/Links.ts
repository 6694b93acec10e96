/**
 * Links: symmetric, at most one per pair, removed for both by either side. Catalogue area L. Across schedulers an
 * unlink is acknowledged, so that the exit of a link that was removed can never be taken for that of a new one.
 */

import { keyOf, type Pid } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { find, isHere, receiveExit } from "./Lifecycle.ts"
import { LinkEntry } from "./LinkEntry.ts"
import { LinkTable } from "./LinkTable.ts"
import { ProcessRecord } from "./ProcessRecord.ts"

const add = (record: ProcessRecord, pid: Pid): void => {
  record.remoteLinks ??= new LinkTable()
  const key = keyOf(pid)
  const known = record.remoteLinks.get(key)
  if (known === undefined) record.remoteLinks.add(key, { pid, linked: true, unlinking: 0 })
  else known.linked = true
}

/**
 * The new process's side of a link to its parent: both sides where the parent is here. None where that is dead, see
 * {@link linkChild}.
 */
export const linkParent = (record: ProcessRecord, parent: Pid): void => {
  if (!isHere(record.host, parent)) return receiveLink(record, parent)
  const partner = find(record.host, parent)
  if (partner !== undefined) new LinkEntry(partner, record)
}

/** The parent's side of a link to a process that it has started. */
export const linkChild = (record: ProcessRecord, child: Pid): void => {
  if (!isHere(record.host, child)) return receiveLink(record, child)
  if (!record.isDead) return
  const orphan = find(record.host, child)
  if (orphan !== undefined) receiveExit(orphan, record.pid, record.exitReason ?? ExitReason.noProcess, true)
}

/** Whether a process is linked to another, as far as it knows. */
export const isLinked = (record: ProcessRecord, pid: Pid): boolean => {
  if (!isHere(record.host, pid)) return record.remoteLinks?.get(keyOf(pid))?.linked === true
  const partner = find(record.host, pid)
  return partner !== undefined && LinkEntry.between(record, partner) !== undefined
}

/** The other side has made a link. */
export const receiveLink = (record: ProcessRecord, from: Pid): void => {
  // Sent before the other side knew of an unlink that it has not confirmed yet: that unlink removes this link there
  if ((record.remoteLinks?.get(keyOf(from))?.unlinking ?? 0) === 0) add(record, from)
}

/** Links two processes. A partner that has ended, or is about to, breaks the
 * link at once with reason NoProcess. Catalogue L06 to L09. */
export const link = (record: ProcessRecord, pid: Pid): void => {
  const { host } = record
  const key = keyOf(pid)
  // A killed process may run to the end of its slice, without effect on others
  if (key === keyOf(record.pid) || record.isDead) return
  if (!isHere(host, pid)) {
    if (record.remoteLinks?.get(key)?.linked === true) return
    add(record, pid)
    host.route(pid.slot, pid.incarnation, { _tag: "Link", to: pid, from: record.pid })
    return
  }
  const partner = find(host, pid)
  if (partner !== undefined && LinkEntry.between(record, partner) !== undefined) return
  if (partner?.isRunning !== true) return receiveExit(record, pid, ExitReason.noProcess, true)
  new LinkEntry(record, partner)
}

/** Removes a link. After this no exit of it is seen any more. Catalogue L10 to L13. */
export const unlink = (record: ProcessRecord, pid: Pid): void => {
  const { host } = record
  if (isHere(host, pid)) {
    const partner = find(host, pid)
    if (partner !== undefined) LinkEntry.between(record, partner)?.leave()
    return
  }
  const known = record.remoteLinks?.get(keyOf(pid))
  if (known?.linked !== true) return
  known.linked = false
  known.unlinking = host.nextReference()
  host.route(pid.slot, pid.incarnation, { _tag: "Unlink", to: pid, from: record.pid, id: known.unlinking })
}

/** The other side has removed the link. */
export const receiveUnlink = (record: ProcessRecord, from: Pid): void => {
  const known = record.remoteLinks?.get(keyOf(from))
  if (known === undefined) return
  // Both may unlink at once: ours then still waits for its own acknowledgement
  if (known.unlinking === 0) record.remoteLinks?.delete(keyOf(from))
  else known.linked = false
}

/** The other side has confirmed that it removed the link. */
export const receiveUnlinkAck = (record: ProcessRecord, from: Pid, id: number): void => {
  const known = record.remoteLinks?.get(keyOf(from))
  if (known?.unlinking !== id) return
  known.unlinking = 0
  // Linked again meanwhile: from now on an exit is the new link's
  if (!known.linked) record.remoteLinks?.delete(keyOf(from))
}

const exampleProcess = () =>
  new ProcessRecord(nothing, nothing, nothing, [], "normal", undefined, undefined, undefined, undefined)
keepShapes(new LinkEntry(exampleProcess(), exampleProcess()))
