/**
 * The report of a process that has crashed: what it had to do, for whom, and what state it was in. Made when it has crashed,
 * so a message that is handled well pays nothing for it; and shown as text only if somebody hears of it.
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
