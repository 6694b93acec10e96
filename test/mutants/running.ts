/** Mutants of "Running" and "Timers". */
import type { Mutant } from "./Mutant.ts"

const scheduler = "packages/core/src/scheduler"
const timer = "packages/core/src/timer"
const conformance = (area: string): ReadonlyArray<string> => [`test/conformance/${area}.test.ts`]
const wheel = ["packages/core/test/scheduler/TimerWheel.test.ts"]

export const running: ReadonlyArray<Mutant> = [
  {
    name: "next-message-while-a-handler-waits",
    promise: "S04",
    says: "A process handles one message at a time",
    file: "packages/core/src/behaviour/ServerLoop.ts",
    find: "    return this.outcome === undefined && !this.stopping",
    replace: "    return !this.stopping",
    tests: conformance("S"),
    title: "one scheduler > S04"
  },
  {
    name: "woken-process-runs-at-once",
    promise: "S05",
    says: "Sending, exiting and answering run none of another process's code",
    file: "packages/core/src/process/ProcessRecord.ts",
    find: "    this.host.enqueue(this, this.priority)\n",
    replace: "    this.run()\n",
    tests: conformance("S"),
    title: "one scheduler > S05"
  },
  {
    name: "loop-of-effects-keeps-its-scheduler",
    promise: "MC19",
    says: "A process that is always busy holds up no other",
    file: `${scheduler}/Scheduler.ts`,
    find: "++this.inlineReductions >= this.slice && !this.extendsSlice()",
    replace: "++this.inlineReductions < 0",
    tests: ["packages/core/test/process/Fibers.test.ts"],
    title: "MC19",
    limit: 20
  },
  {
    name: "urgent-waits-for-normal",
    promise: "S57",
    says: "Whatever a process waits for",
    file: `${scheduler}/RunQueue.ts`,
    find: "this.max.shift() ?? this.high.shift()",
    replace: "this.high.shift() ?? this.max.shift()",
    tests: ["packages/core/test/scheduler/RunQueue.test.ts"],
    title: "max goes before high"
  },
  {
    name: "low-starves",
    promise: "S57",
    says: "one turn of `low` for eight of `normal`",
    file: `${scheduler}/RunQueue.ts`,
    find: "const lowShare = 8",
    replace: "const lowShare = Number.POSITIVE_INFINITY",
    tests: ["packages/core/test/scheduler/RunQueue.test.ts"],
    title: "low is late"
  },
  {
    name: "answer-wakes-at-normal",
    promise: "S57",
    says: "it goes on at its own priority, whoever wakes it",
    file: "packages/core/src/call/PendingCall.ts",
    find: "    this.complete(outcome)\n    this.host.enqueue(this, this.priority)\n",
    replace: `    this.complete(outcome)\n    this.host.enqueue(this, "normal")\n`,
    tests: ["test/priorities/Priorities.test.ts"],
    title: "S57 an answer, waited for in the code of a process"
  },
  {
    name: "one-dictionary-for-all",
    promise: "P28",
    says: "A process's dictionary, label and trap flag are its own",
    file: "packages/core/src/program/Own.ts",
    find: "    extra.dictionary ??= new Map()\n",
    replace: "    extra.dictionary ??= ((globalThis as { all?: Map<unknown, unknown> }).all ??= new Map())\n",
    tests: conformance("P"),
    title: "one scheduler > P28"
  },
  {
    name: "label-is-not-set",
    promise: "P30",
    says: "A process's dictionary, label and trap flag are its own",
    file: "packages/core/src/program/Own.ts",
    find: "    record.label = label\n",
    replace: "    record.label ??= label\n",
    tests: conformance("P"),
    title: "one scheduler > P30"
  },
  {
    name: "settled-call-is-kept",
    promise: "S56",
    says: "Nothing is kept of what is over, on any scheduler",
    file: "packages/core/src/call/PendingCall.ts",
    find: "    if (this.id !== 0) this.host.pending.delete(this.id)\n",
    replace: "",
    tests: ["test/leaks/Leaks.test.ts"],
    env: { LEAKS: "a call that is answered" }
  },
  {
    name: "watcher-of-an-ended-monitor-is-kept",
    promise: "S56",
    says: "Nothing is kept of what is over, on any scheduler",
    file: "packages/core/src/process/MonitorTable.ts",
    find: "    this.entries.take(entry.ref)\n",
    replace: "",
    tests: ["test/leaks/Leaks.test.ts"],
    env: { LEAKS: "a monitor that is removed" }
  },
  {
    name: "timers-of-equal-deadlines-reversed",
    promise: "T11",
    says: "A timer fires once, never early",
    file: `${scheduler}/TimerWheel.ts`,
    find: `  const last = list.previous
  timer.previous = last
  timer.next = list
  last.next = timer
  list.previous = timer
`,
    replace: `  const first = list.next
  timer.next = first
  timer.previous = list
  first.previous = timer
  list.next = timer
`,
    tests: wheel,
    title: "T11"
  },
  {
    name: "timer-fires-early",
    promise: "T01",
    says: "A timer fires once, never early",
    file: `${scheduler}/TimerWheel.ts`,
    find: "    const tick = Math.max(Math.ceil(deadline), this.tick)\n",
    replace: "    const tick = Math.max(Math.floor(deadline) - 1, this.tick)\n",
    tests: wheel,
    title: "T01"
  },
  {
    name: "timers-in-any-order",
    promise: "T12",
    says: "others in the order of their deadlines",
    file: `${scheduler}/TimerWheel.ts`,
    find: "tick <= last; tick++) this.collect(tick & mask)",
    replace: "tick <= last; tick++) this.collect((this.tick + last - tick) & mask)",
    tests: wheel,
    title: "T12"
  },
  {
    name: "asking-for-the-time-does-not-look",
    promise: "T05",
    says: "A delay counts from the scheduler's next look at its clock",
    file: `${scheduler}/TimerWheel.ts`,
    find: "    const now = this.clock.now()\n    this.stamp(now)\n    return now\n",
    replace: "    return this.clock.now()\n",
    tests: wheel
  },
  {
    name: "late-message-unchecked",
    promise: "T01",
    says: "A message that is to be sent later is checked when its timer is set",
    file: "packages/core/src/program/Send.ts",
    find: "  codec?.check(message)\n",
    replace: "",
    tests: conformance("T"),
    title: "one scheduler > T(01|14)"
  },
  {
    name: "cancel-tells-nothing-left",
    promise: "T03",
    says: "Cancelling and reading tell what was left",
    file: `${timer}/TimerTable.ts`,
    find: "      return this.delay\n",
    replace: "      return 0\n",
    tests: conformance("T"),
    title: "one scheduler > T03"
  },
  {
    name: "cancelled-timer-fires",
    promise: "T03",
    says: "a timer that was cancelled never fires",
    file: `${timer}/TimerTable.ts`,
    find: "    this.remove(entry)\n    return this.timers.cancel(entry)\n",
    replace: "    return this.timers.left(entry)\n",
    tests: conformance("T"),
    title: "one scheduler > T03"
  },
  {
    name: "timer-of-another-scheduler-is-nobodys",
    promise: "MC15",
    says: "from any scheduler; a timer that was cancelled",
    file: "packages/core/src/call/Query.ts",
    find: "      return host.timerRefs.cancel(subject)\n",
    replace: "      return undefined\n",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC15"
  },
  {
    name: "long-delay-is-never-over",
    promise: "P31",
    says: "Any finite delay can be waited for",
    file: `${scheduler}/TimerWheel.ts`,
    find: "      if (this.nextDue !== never) this.wakeBy(this.nextDue, this.clock.now())\n",
    replace: "",
    tests: wheel,
    title: "2\\^31 milliseconds"
  },
  {
    name: "sleeper-takes-no-signals",
    promise: "P32",
    says: "A process that sleeps or waits takes its signals meanwhile",
    file: "packages/core/src/program/RawProcess.ts",
    find: "    code.interrupt(record.exitReason ?? ExitReason.killed)\n",
    replace: "",
    tests: conformance("P"),
    title: "one scheduler > P32"
  },
  {
    name: "interval-ticks-on",
    promise: "T17",
    file: `${timer}/ProcessTimers.ts`,
    find: "            if (ended) return\n",
    replace: "",
    tests: conformance("T"),
    title: "one scheduler > T17"
  }
]
