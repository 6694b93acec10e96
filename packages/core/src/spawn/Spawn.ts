/**
 * Starts processes on this scheduler, and ties them to their parents.
 */

import type * as Duration from "effect/Duration"
import type { MessageCodec } from "../address/MessageCodec.ts"
import { type Pid, PidImpl } from "../address/Pid.ts"
import { limitOf } from "../base/Milliseconds.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import type { Host, Placement } from "../process/Host.ts"
import { isHere, sendExit } from "../process/Lifecycle.ts"
import { linkChild, linkParent } from "../process/Links.ts"
import type { Bounds, MailboxLimit } from "../process/Mailbox.ts"
import { watch, watchStarted } from "../process/Monitors.ts"
import { type Body, ProcessRecord } from "../process/ProcessRecord.ts"
import type { Priority } from "../run/RunQueue.ts"

/** How a process is started. */
export interface SpawnOptions {
  /** Where. Default `"here"`. A closure can only run here; definitions run anywhere. */
  readonly on?: Placement | undefined
  /** Default `"normal"`. */
  readonly priority?: Priority | undefined
  /** A name for people, in reports and process lists. */
  readonly label?: string | undefined
  /** The bound of its mailbox. Default: none. */
  readonly mailbox?: Bounds | undefined
  /**
   * What happens when more than `length` messages wait, unlike a bound without loss. Default: a report when it is more than
   * the system's `monitor.longMailbox`.
   */
  readonly mailboxLimit?: MailboxLimit | undefined
  /**
   * How long its finalizers may take once its end has been decided. After that the end is told with its reason, and the process is as
   * dead as one that was killed: its code's further operations are suppressed. Default 5 seconds; `"Infinity"` waits for them however long
   * they take. A negative one is refused: a spawn dies with a RangeError, a start fails.
   */
  readonly unwindTimeout?: Duration.Input | undefined
}

/** The parent, link and monitor of a new process, set from the first instant on. Catalogue L14, MC04. */
export interface Ties {
  readonly parent: Pid | undefined
  readonly ancestors: ReadonlyArray<Pid>
  readonly link: boolean
  /** The parent's monitor, or 0. */
  readonly monitor: number
}

/** No parent and no link. */
const untied: Ties = { parent: undefined, ancestors: [], link: false, monitor: 0 }

/** The ties of a child to `parent`. */
export const lineage = (parent: ProcessRecord | undefined, link = false, monitor = 0): Ties =>
  parent === undefined ? untied : { parent: parent.pid, ancestors: parent.lineage, link, monitor }

/** Makes a process on this scheduler and puts it into the run queue. None of its code has run when this returns. */
export const spawnHere = (
  host: Host,
  body: Body,
  codec: MessageCodec,
  ties: Ties,
  options: SpawnOptions | undefined
): ProcessRecord => {
  const unwindTimeout = limitOf(options?.unwindTimeout, "spawn: unwindTimeout")
  const pid = new PidImpl(host.slot, host.incarnation, host.nextSerial(options?.mailbox?.overflow === "suspend"), codec)
  const record = new ProcessRecord(
    pid,
    host,
    body,
    ties.ancestors,
    options?.priority ?? "normal",
    options?.label,
    options?.mailbox,
    options?.mailboxLimit,
    unwindTimeout
  )
  pid.record = record
  host.processes.add(pid.serial, record)
  if (ties.parent !== undefined) {
    if (ties.link) linkParent(record, ties.parent)
    if (ties.monitor !== 0) watch(record, ties.parent, ties.monitor)
  }
  record.wake()
  return record
}

/** The parent's side of the ties to a new process: set at once on this scheduler, otherwise when its pid is known. */
export const tieParent = (parent: ProcessRecord, child: Pid, ties: Ties): void => {
  if (parent.isDead && !isHere(parent.host, child)) {
    // It died while its child was being started elsewhere: the child's side of the link is there and must break
    if (ties.link) sendExit(parent.host, child, parent.pid, parent.exitReason ?? ExitReason.noProcess, true)
    return
  }
  if (ties.link) linkChild(parent, child)
  if (parent.isDead) return
  if (ties.monitor !== 0) watchStarted(parent, child, ties.monitor)
}
