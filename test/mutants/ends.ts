/** Mutants of "Ends, links and monitors" and "Calls". */
import type { Mutant } from "./Mutant.ts"

const process = "packages/core/src/process"
const server = "packages/core/src/behaviour/ServerLoop.ts"
const conformance = (area: string): ReadonlyArray<string> => [`test/conformance/${area}.test.ts`]
const genServer = ["packages/core/test/behaviour/GenServer.test.ts"]

export const ends: ReadonlyArray<Mutant> = [
  {
    name: "last-reason-wins",
    promise: "P24",
    says: "A process ends once, with one reason",
    file: `${process}/Lifecycle.ts`,
    find: "  if (!record.isRunning) return false\n  record.status",
    replace: "  if (record.isDead) return false\n  record.status",
    tests: [...conformance("P"), ...conformance("Reasons")],
    title: "one scheduler > (P2|S54 P24)"
  },
  {
    name: "normal-signal-ends-others",
    promise: "P02",
    says: "An exit signal of reason normal ends nobody else",
    file: `${process}/Lifecycle.ts`,
    find: `  if (reason._tag === "Normal" && keyOf(from) !== keyOf(record.pid)) return\n`,
    replace: "",
    tests: conformance("P"),
    title: "one scheduler > P02"
  },
  {
    name: "normal-signal-is-no-message",
    promise: "P03",
    says: "reaches one that traps exits as a message",
    file: `${process}/Lifecycle.ts`,
    find: "  if (record.trapExit) {\n",
    replace: `  if (reason._tag === "Normal" && keyOf(from) !== keyOf(record.pid)) return\n  if (record.trapExit) {\n`,
    tests: conformance("P"),
    title: "one scheduler > P03"
  },
  {
    name: "unwind-timeout-is-another",
    promise: "S52",
    says: "Finalizers run before the end is told",
    file: `${process}/Lifecycle.ts`,
    find: "const defaultUnwindTimeout = 5000",
    replace: "const defaultUnwindTimeout = 6000",
    tests: ["packages/core/test/process/UnwindTimeout.test.ts"],
    title: "S52 of a spawned process, in its code"
  },
  {
    name: "unwind-timeout-is-not-told",
    promise: "S52",
    says: "the event `UnwindTimeout` says so",
    file: `${process}/Lifecycle.ts`,
    find: `    host.report({ _tag: "UnwindTimeout", pid, label, milliseconds })\n`,
    replace: "",
    tests: ["packages/core/test/process/UnwindTimeout.test.ts"],
    title: "S52 of a spawned process, in its code"
  },
  {
    name: "kill-is-trapped",
    promise: "P06",
    says: "`kill` cannot be trapped",
    file: `${process}/Lifecycle.ts`,
    find: `  if (reason._tag === "Kill" && !link) return kill(record)\n`,
    replace: "",
    tests: conformance("P"),
    title: "one scheduler > P06 kill cannot"
  },
  {
    name: "kill-keeps-its-name",
    promise: "P09",
    says: "links and monitors are told `killed` now",
    file: `${process}/Lifecycle.ts`,
    find: "  decide(record, ExitReason.killed)\n",
    replace: "  decide(record, ExitReason.kill)\n",
    tests: conformance("P"),
    title: "one scheduler > P09"
  },
  {
    name: "kill-waits-for-the-unwinding",
    promise: "P06",
    says: "It is a fact at once",
    file: `${process}/Lifecycle.ts`,
    find: "  else record.wake()\n  abandon(record)\n",
    replace: "  else record.wake()\n",
    tests: [...conformance("P"), "test/conformance/Ends.test.ts"],
    title: "one scheduler > P06"
  },
  {
    name: "the-dead-speak",
    promise: "S51",
    says: "A process says nothing after its end has been told",
    file: "packages/core/src/fiber/Silence.ts",
    find: "  if (process?.isDead !== true) return undefined\n",
    replace: "  if (process !== undefined || fiber !== undefined) return undefined\n",
    tests: ["test/conformance/Ends.test.ts"],
    title: "one scheduler > S51 a message to a pid: by it the code of a process that was killed"
  },
  {
    name: "end-of-no-error-is-not-told",
    promise: "S60",
    says: "An end is told whatever it was of",
    file: "packages/core/src/exit/ExitReason.ts",
    find: `  stack: Error.isError(defect) ? textProperty(defect, "stack", messageOf(defect)) : ""\n`,
    replace: '  stack: (defect as Error).stack ?? ""\n',
    tests: ["test/hostile/hostile.test.ts"],
    title: "one scheduler.*S61 what a handler throws: each kind alone"
  },
  {
    name: "function-takes-its-neighbours-along",
    promise: "S60",
    says: "is replaced alone, by something that prints as it did",
    file: "packages/core/src/wire/Portable.ts",
    find: "        return new Placeholder(nameOf(value as () => unknown))\n",
    replace: `        throw new Error("a function")\n`,
    tests: ["packages/core/test/process/codec/Portable.test.ts"]
  },
  {
    name: "reasons-lose-their-cause",
    promise: "P16",
    says: "Exit reasons, answers and reports arrive as they were given",
    file: "packages/core/src/wire/Portable.ts",
    find: `    for (const key of ["cause", "errors"]) {\n`,
    replace: `    for (const key of ["errors"]) {\n`,
    tests: ["packages/core/test/process/codec/Portable.test.ts"]
  },
  {
    name: "raised-error-loses-its-stack",
    promise: "P13",
    says: "what was thrown arrives with its stack",
    file: "packages/core/src/exit/ExitReason.ts",
    find: `  stack: Error.isError(defect) ? textProperty(defect, "stack", messageOf(defect)) : ""\n`,
    replace: `  stack: ""\n`,
    tests: conformance("P"),
    title: "one scheduler > P13"
  },
  {
    name: "failed-start-told-before-its-end",
    promise: "S53",
    says: "A start that has failed",
    file: server,
    find: "    this.birth?.started?.failWhenGone(Exit.fail(error))\n",
    replace: "    this.birth?.started?.answer(Exit.fail(error))\n",
    tests: conformance("Starts"),
    title: "one scheduler > S53"
  },
  {
    name: "reply-of-another-type",
    promise: "S55",
    says: "A reply or a failure that is not of its type",
    file: server,
    find: "    if (method.isSuccess(value)) return true\n",
    replace: "    if (method !== undefined) return true\n",
    tests: conformance("Answers"),
    title: "one scheduler > S55 GS21 a reply, of what is no answer"
  },
  {
    name: "failure-of-another-type",
    promise: "S55",
    says: "A reply or a failure that is not of its type",
    file: server,
    find: "    if (method.isFailure(error)) return message.answer(exit)\n",
    replace: "    if (method !== undefined) return message.answer(exit)\n",
    tests: conformance("Answers"),
    title: "one scheduler > S55 GS21 a failure, of what is no answer"
  },
  {
    name: "late-answer-unchecked",
    promise: "S55",
    says: "From another process that was given the call",
    file: "packages/core/src/behaviour/LateReply.ts",
    find: "    call.end(ExitReason.died(error))\n    throw error\n",
    replace: "    throw error\n",
    tests: conformance("Answers"),
    title: "one scheduler > S55 GS21 replyTo by another process, of what is no answer"
  },
  {
    name: "crash-leaves-calls-waiting",
    promise: "GS21",
    says: "and every call of it with NoProcess",
    file: `${process}/Lifecycle.ts`,
    find: "  IncomingCall.allDown(record, reason)\n",
    replace: "",
    tests: genServer,
    title: "GS32 GS21"
  },
  {
    name: "second-link-of-a-pair",
    promise: "L06",
    says: "A link is symmetric, at most one per pair",
    file: `${process}/Links.ts`,
    find: "  if (partner !== undefined && LinkEntry.between(record, partner) !== undefined) return\n",
    replace: "",
    tests: conformance("L"),
    title: "one scheduler > L06"
  },
  {
    name: "unlink-by-one-side-only",
    promise: "L13",
    says: "removed for both by either side",
    file: `${process}/Links.ts`,
    find: "  if (known.unlinking === 0) record.remoteLinks?.delete(keyOf(from))\n",
    replace: "  if (known.unlinking === 0) return\n",
    tests: conformance("L"),
    title: "two virtual schedulers > L13"
  },
  {
    name: "shutdown-ends-no-partner",
    promise: "L03",
    says: "An abnormal end, or a shutdown, of one end of a link",
    file: `${process}/Lifecycle.ts`,
    find: `  if (reason._tag === "Normal" && keyOf(from)`,
    replace: `  if ((reason._tag === "Normal" || reason._tag === "Shutdown") && keyOf(from)`,
    tests: conformance("L"),
    title: "one scheduler > L03"
  },
  {
    name: "partner-ends-with-another-reason",
    promise: "L01",
    says: "An abnormal end, or a shutdown, of one end of a link",
    file: `${process}/Lifecycle.ts`,
    find: "    receiveExit(link.partnerOf(record), pid, reason, true)\n",
    replace: "    receiveExit(link.partnerOf(record), pid, ExitReason.killed, true)\n",
    tests: conformance("L"),
    title: "one scheduler > L01"
  },
  {
    name: "trapped-exit-twice",
    promise: "L04",
    says: "one that traps exits gets one EXIT message instead",
    file: `${process}/Lifecycle.ts`,
    find: "    record.mailbox.pushSignal(new Exit(from, reason))\n",
    replace:
      "    record.mailbox.pushSignal(new Exit(from, reason))\n    record.mailbox.pushSignal(new Exit(from, reason))\n",
    tests: conformance("L"),
    title: "one scheduler > L04"
  },
  {
    name: "unlink-acknowledgement-dropped",
    promise: "L10",
    says: "After `unlink` has returned",
    file: "packages/core/src/system/mesh/Inbound.ts",
    find: "      if (record !== undefined) receiveUnlinkAck(record, from, id)\n",
    replace: "      if (id < 0 && record !== undefined) receiveUnlinkAck(record, from, id)\n",
    tests: conformance("L"),
    title: "two virtual schedulers > L10 a link that is made again"
  },
  {
    name: "exit-underway-survives-unlink",
    promise: "L10",
    says: "After `unlink` has returned",
    file: `${process}/Links.ts`,
    find: "  known.linked = false\n  known.unlinking = host.nextReference()\n",
    replace: "  known.unlinking = 0\n",
    tests: conformance("L"),
    title: "two virtual schedulers > L10"
  },
  {
    name: "exit-of-an-old-link-breaks-the-new",
    promise: "L10",
    says: "After `unlink` has returned",
    file: `${process}/Lifecycle.ts`,
    find: "  if (link?.unlinking === 0) loseLink(record, from, reason)\n",
    replace: "  if (link !== undefined) loseLink(record, from, reason)\n",
    tests: conformance("L"),
    title: "two virtual schedulers > L10 the exit of a link that was removed"
  },
  {
    name: "spawn-link-is-late",
    promise: "L14",
    says: "A process that is started linked or monitored is so from its first instant",
    file: "packages/core/src/spawn/Spawn.ts",
    find: "    if (ties.link) linkParent(record, ties.parent)\n",
    replace: `    const { parent } = ties
    if (ties.link) host.enqueue(() => linkParent(record, parent), "low")
`,
    tests: conformance("L"),
    title: "one scheduler > L14"
  },
  {
    name: "child-outlives-its-parent",
    promise: "L15",
    says: "A process that is started linked or monitored is so from its first instant",
    file: "packages/core/src/spawn/Spawn.ts",
    find: "    if (ties.link) linkParent(record, ties.parent)\n",
    replace: "",
    tests: conformance("L"),
    title: "one scheduler > L15"
  },
  {
    name: "monitored-start-is-not-monitored",
    promise: "MC04",
    says: "its end is always told, once, with its real reason",
    file: "packages/core/src/spawn/Spawn.ts",
    find: "  if (ties.monitor !== 0) watchStarted(parent, child, ties.monitor)\n",
    replace: "",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC04 spawn-monitor"
  },
  {
    name: "link-to-the-dead-is-silent",
    promise: "L09",
    says: "A link to a process that is gone ends at once with NoProcess",
    file: `${process}/Links.ts`,
    find: "  if (partner?.isRunning !== true) return receiveExit(record, pid, ExitReason.noProcess, true)\n",
    replace: "  if (partner?.isRunning !== true) return\n",
    tests: conformance("L"),
    title: "one scheduler > L09"
  },
  {
    name: "link-to-the-dead-elsewhere-is-silent",
    promise: "MC05",
    says: "A link to a process that is gone ends at once with NoProcess",
    file: "packages/core/src/system/mesh/Inbound.ts",
    find: "      if (record?.isRunning === true) return receiveLink(record, from)\n",
    replace: "      if (record !== undefined || from !== undefined) return record && receiveLink(record, from)\n",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC05"
  },
  {
    name: "down-twice",
    promise: "M02",
    says: "Every monitor tells of the end exactly once",
    file: `${process}/Lifecycle.ts`,
    find: "  record.mailbox.pushSignal(new Down(ref as MonitorRef, pid, name, reason))\n",
    replace: `  record.mailbox.pushSignal(new Down(ref as MonitorRef, pid, name, reason))
  record.mailbox.pushSignal(new Down(ref as MonitorRef, pid, name, reason))
`,
    tests: conformance("M"),
    title: "one scheduler > M(02|16)"
  },
  {
    name: "no-down-of-the-dead",
    promise: "M03",
    says: "at once when the process is gone already",
    file: `${process}/Monitors.ts`,
    find: "  if (watched === undefined) return tellDown(record, pid, ref, name, ExitReason.noProcess)\n",
    replace: "  if (watched === undefined) return\n",
    tests: conformance("M"),
    title: "one scheduler > M03"
  },
  {
    name: "monitors-do-not-stack",
    promise: "M04",
    says: "Every monitor tells of the end exactly once",
    file: `${process}/MonitorTable.ts`,
    find: "    if (!Number.isNaN(this.newest)) this.settleNewest()\n",
    replace: "",
    tests: conformance("M"),
    title: "one scheduler > M04"
  },
  {
    name: "demonitored-down-arrives",
    promise: "M06",
    says: "After `demonitor` has returned, no DOWN arrives",
    file: `${process}/Lifecycle.ts`,
    find: "  if (monitor !== undefined) tellDown(record, pid, ref, monitor.name, reason)\n",
    replace: "  tellDown(record, pid, ref, monitor?.name, reason)\n",
    tests: conformance("M"),
    title: "two virtual schedulers > M06"
  },
  {
    name: "demonitor-without-effect",
    promise: "M06",
    says: "After `demonitor` has returned, no DOWN arrives",
    file: `${process}/Monitors.ts`,
    find: "  return record.host.monitors.removeNewest(ref, record) || demonitorAny(record, ref, flush)\n",
    replace: "  return demonitorAny(record, ref, flush) && flush\n",
    tests: conformance("M"),
    title: "one scheduler > M0[69]"
  },
  {
    name: "flush-leaves-the-down",
    promise: "M08",
    says: "one that is in the mailbox is removed by `flush`",
    file: `${process}/Monitors.ts`,
    find: "    if (at >= 0) record.mailbox.takeAt(at)\n",
    replace: "",
    tests: conformance("M"),
    title: "one scheduler > M08"
  },
  {
    name: "watched-ends-with-its-watcher",
    promise: "M05",
    says: "Watching has no effect on the process that is watched",
    file: `${process}/Lifecycle.ts`,
    find: "    forget(host, own)\n",
    replace: "    forget(host, own)\n    if (own.watched !== undefined) terminate(own.watched, reason)\n",
    tests: conformance("M"),
    title: "one scheduler > M05"
  },
  {
    name: "exiting-counts-as-alive",
    promise: "P21",
    says: "A question about a process",
    file: "packages/core/src/call/Query.ts",
    find: "      return host.processes.get(subject)?.isRunning === true\n",
    replace: "      return host.processes.get(subject) !== undefined\n",
    tests: conformance("P"),
    title: "one scheduler > P21"
  },
  {
    name: "info-without-links",
    promise: "P23",
    says: "A question about a process",
    file: "packages/core/src/call/Query.ts",
    find: "  links: linkedTo(record),\n",
    replace: "  links: [],\n",
    tests: conformance("P"),
    title: "one scheduler > P23"
  },
  {
    name: "call-never-times-out",
    promise: "GS17",
    says: "A call ends exactly once",
    file: "packages/core/src/call/PendingCall.ts",
    find: "    this.settle(this.outcomes.whenTimedOut())\n",
    replace: "",
    tests: genServer,
    title: "GS17 GS18"
  },
  {
    name: "call-to-nobody-waits",
    promise: "GS14",
    says: "A call ends exactly once",
    file: `${process}/Delivery.ts`,
    find: "    if (message instanceof IncomingCall) message.replyTo.down(target?.exitReason ?? ExitReason.noProcess)\n",
    replace: "",
    tests: genServer,
    title: "GS14 GS15"
  },
  {
    name: "late-answer-is-that-of-a-later-call",
    promise: "GS18",
    says: "A reply that comes after that, or a second reply, is dropped",
    file: "packages/core/src/call/PendingCall.ts",
    find: "    if (outcome === succeeded) {\n",
    replace:
      "    if (outcome !== succeeded && fiber !== undefined && this.id === 0) this.giveBack(fiber)\n    if (outcome === succeeded) {\n",
    tests: ["packages/core/test/behaviour/Scenarios.test.ts"],
    title: "one scheduler > GS18"
  },
  {
    name: "negative-time-is-none",
    promise: "S43",
    says: "A time that nobody can wait for",
    file: "packages/core/src/base/Milliseconds.ts",
    find: `  if (typeof input === "number") return input >= 0 ? Math.ceil(input) : undefined\n`,
    replace: `  if (typeof input === "number") return input >= 0 ? Math.ceil(input) : 0\n`,
    tests: ["packages/core/test/Errors.test.ts"],
    title: "S43"
  },
  {
    name: "answer-before-the-continuation-of-stop",
    promise: "GS22",
    file: server,
    find: "      this.stop(reason, () => message.succeed(value))\n",
    replace: "      message.succeed(value)\n      this.stop(reason, undefined)\n",
    tests: genServer,
    title: "GS22"
  },
  {
    name: "ignored-start-is-a-failure",
    promise: "GS05",
    file: server,
    find: `      return this.fail({ problem: "ignored" }, ExitReason.normal)\n`,
    replace: "      return this.failInit(ExitReason.normal)\n",
    tests: genServer,
    title: "GS05"
  },
  {
    name: "server-outlives-its-parent",
    promise: "GS34",
    file: server,
    find: "        if (this.parent !== undefined && keyOf(from) === keyOf(this.parent)) return this.stop(reason, undefined)\n",
    replace: "        if (this.parent === undefined && keyOf(from) < 0) return this.stop(reason, undefined)\n",
    tests: genServer,
    title: "GS34"
  },
  {
    name: "idle-timeout-not-restarted",
    promise: "GS38",
    file: server,
    find: "    this.record.reductions++\n    if (this.plans !== undefined) this.stopIdle(this.plans)\n",
    replace: "    this.record.reductions++\n",
    tests: [...genServer, "packages/core/test/behaviour/Scenarios.test.ts"],
    title: "GS38|GS41"
  },
  {
    name: "continuation-waits-for-messages",
    promise: "GS13",
    file: server,
    find: "      if (this.plans?.continuation !== undefined) this.runContinue(this.plans)\n",
    replace: "      if (this.plans?.continuation !== undefined && mailbox.length === 0) this.runContinue(this.plans)\n",
    tests: genServer,
    title: "GS13"
  }
]
