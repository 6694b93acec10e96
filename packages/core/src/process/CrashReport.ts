/**
 * The report of a crashed process: its last message, the caller, and its state. Made after the crash, so a handled message
 * costs nothing more; formatted only if a logger or observer takes error events.
 */

import type { Pid } from "../address/Pid.ts"
import { show } from "../base/Inspect.ts"
import type { ExitReason } from "../exit/ExitReason.ts"
import type { ProcessEvent } from "../signal/ProcessEvent.ts"
import { IncomingCall } from "./IncomingCall.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** The event of a crash. `links`: the processes it was linked to. */
export const crashOf = (record: ProcessRecord, reason: ExitReason, links: ReadonlyArray<Pid>): ProcessEvent => {
  const { ancestors, body, host, label, lastMessage: last, mailbox, parent, pid } = record
  const heard = host.isHeard("error")
  const shown = heard ? body.describe?.() : undefined
  return {
    _tag: "ProcessCrashed",
    pid,
    label,
    parent,
    ancestors,
    reason,
    lastMessage: shown?.lastMessage ?? (heard && last !== undefined ? show(last) : undefined),
    state: shown?.state,
    caller: heard && last instanceof IncomingCall ? last.asker : undefined,
    mailboxLength: mailbox.length,
    links
  }
}
