/**
 * Links: symmetric, at most one per pair, removed for both by either side. Catalogue area L. Across schedulers an
 * unlink is acknowledged, so that the exit of a link that was removed can never be taken for that of a new one.
 */
import * as ExitReason from "./ExitReason.ts"
import { find, isHere, receiveExit } from "./Lifecycle.ts"
import { LinkTable } from "./LinkTable.ts"
import { keyOf, type Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

const add = (record: ProcessRecord, pid: Pid): void => {
  record.links ??= new LinkTable()
  const key = keyOf(pid)
  const known = record.links.get(key)
  if (known === undefined) record.links.add(key, { pid, linked: true, unlinking: 0 })
  else known.linked = true
}

/** A link to a process that has just been started, on one side: nothing can be there. */
export const linkNew = (record: ProcessRecord, pid: Pid): void => {
  record.links ??= new LinkTable()
  record.links.add(keyOf(pid), { pid, linked: true, unlinking: 0 })
}

/** The other side has made a link. */
export const receiveLink = (record: ProcessRecord, from: Pid): void => {
  // Sent before the other side knew of an unlink that it has not confirmed yet: that unlink removes this link there
  if ((record.links?.get(keyOf(from))?.unlinking ?? 0) === 0) add(record, from)
}

/** Links two processes. A partner that has ended, or is about to, breaks the
 * link at once with reason NoProcess. Catalogue L06 to L09. */
export const link = (record: ProcessRecord, pid: Pid): void => {
  const { host } = record
  const key = keyOf(pid)
  if (key === keyOf(record.pid)) return
  const known = record.links?.get(key)
  if (known?.linked === true) return
  if (!isHere(host, pid)) {
    add(record, pid)
    host.route(pid.slot, pid.incarnation, { _tag: "Link", to: pid, from: record.pid })
    return
  }
  const partner = find(host, pid)
  if (partner?.status !== "running") return receiveExit(record, pid, ExitReason.noProcess, true)
  add(record, pid)
  add(partner, record.pid)
}

/** Removes a link. After this no exit of it is seen any more. Catalogue L10 to L13. */
export const unlink = (record: ProcessRecord, pid: Pid): void => {
  const { host } = record
  const known = record.links?.get(keyOf(pid))
  if (known?.linked !== true) return
  if (isHere(host, pid)) {
    record.links?.delete(keyOf(pid))
    find(host, pid)?.links?.delete(keyOf(record.pid))
    return
  }
  known.linked = false
  known.unlinking = host.nextReference()
  host.route(pid.slot, pid.incarnation, { _tag: "Unlink", to: pid, from: record.pid, id: known.unlinking })
}

/** The other side has removed the link. */
export const receiveUnlink = (record: ProcessRecord, from: Pid): void => {
  const known = record.links?.get(keyOf(from))
  if (known === undefined) return
  // Both may unlink at once: ours then still waits for its own acknowledgement
  if (known.unlinking === 0) record.links?.delete(keyOf(from))
  else known.linked = false
}

/** The other side has confirmed that it removed the link. */
export const receiveUnlinkAck = (record: ProcessRecord, from: Pid, id: number): void => {
  const known = record.links?.get(keyOf(from))
  if (known?.unlinking !== id) return
  known.unlinking = 0
  // Linked again meanwhile: from now on an exit is the new link's
  if (!known.linked) record.links?.delete(keyOf(from))
}
