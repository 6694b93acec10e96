/** What the log says of events: plain sentences, with the facts a person needs. */

import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ErrorReporter from "effect/ErrorReporter"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { kinds } from "../../../../test/support/hostile.ts"
import { PidImpl } from "../../src/address/Pid.ts"
import * as ExitReason from "../../src/exit/ExitReason.ts"
import type { SchedulerEvent } from "../../src/scheduler/SchedulerEvent.ts"
import type { ProcessEvent } from "../../src/signal/ProcessEvent.ts"
import { formatEvent, levelOf, logEvent, loggedLevels } from "../../src/system/events/Report.ts"

type Event = ProcessEvent | SchedulerEvent
type Of<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

const pid = new PidImpl(0, 1, 7, undefined)
const child = new PidImpl(1, 1, 9, undefined)

const crash: Of<"ProcessCrashed"> = {
  _tag: "ProcessCrashed",
  pid,
  label: "counter",
  parent: undefined,
  ancestors: [],
  reason: ExitReason.failed("boom"),
  lastMessage: undefined,
  state: undefined,
  caller: undefined,
  mailboxLength: 0,
  links: []
}
const report: Of<"SupervisorReport"> = {
  _tag: "SupervisorReport",
  supervisor: pid,
  name: "root",
  context: "child-terminated",
  child: "cache",
  pid: child,
  contract: "Cache",
  args: "{}",
  restart: "permanent",
  shutdown: 5000,
  type: "worker",
  reason: ExitReason.failed("boom"),
  gaveUp: undefined
}
const handler: Of<"LongHandler"> = {
  _tag: "LongHandler",
  slot: 1,
  pid: child,
  label: "cache",
  contract: "Cache",
  milliseconds: 1203.7,
  items: 1
}
const blocked: Of<"SchedulerBlocked"> = {
  _tag: "SchedulerBlocked",
  slot: 1,
  incarnation: 2,
  pid: child,
  contract: "Cache",
  milliseconds: 10_004,
  ended: false
}

const table: ReadonlyArray<readonly [Event, ReturnType<typeof levelOf>, string]> = [
  [crash, "error", "process counter <0.1.7> crashed: failed: boom"],
  [{ ...crash, label: undefined }, "error", "process <0.1.7> crashed: failed: boom"],
  [{ ...crash, mailboxLength: 1 }, "error", "process counter <0.1.7> crashed: failed: boom; 1 message was waiting"],
  [
    { ...crash, caller: { scheduler: 0, pid: child, stack: undefined }, mailboxLength: 27_207 },
    "error",
    "process counter <0.1.7> crashed while it handled a call from <1.1.9>: failed: boom; 27,207 messages were waiting"
  ],
  [
    { ...crash, caller: { scheduler: 3, pid: undefined, stack: undefined } },
    "error",
    "process counter <0.1.7> crashed while it handled a call from scheduler 3: failed: boom"
  ],
  [{ ...crash, reason: ExitReason.died("a text") }, "error", "process counter <0.1.7> crashed: died: a text"],
  // The cause, which the logger prints with its stack, says why
  [{ ...crash, reason: ExitReason.died(new Error("boom")) }, "error", "process counter <0.1.7> crashed"],
  [{ ...crash, reason: ExitReason.failed(new Error("boom")) }, "error", "process counter <0.1.7> crashed"],
  [report, "error", "supervisor root <0.1.7>: child cache <1.1.9> ended: failed: boom"],
  [
    { ...report, context: "start-error", pid: undefined },
    "error",
    "supervisor root <0.1.7>: child cache could not be started: failed: boom"
  ],
  [
    { ...report, context: "shutdown-error", reason: ExitReason.killed },
    "error",
    "supervisor root <0.1.7>: child cache <1.1.9> did not end within 5 seconds and was killed"
  ],
  [
    { ...report, context: "shutdown-error", shutdown: 1250, reason: ExitReason.killed },
    "error",
    "supervisor root <0.1.7>: child cache <1.1.9> did not end within 1,250 ms and was killed"
  ],
  [
    { ...report, context: "shutdown-error" },
    "error",
    "supervisor root <0.1.7>: child cache <1.1.9> did not shut down as it was asked to: failed: boom"
  ],
  [
    {
      ...report,
      context: "shutdown",
      pid: undefined,
      gaveUp: {
        restarts: 3,
        within: 5000,
        of: [
          { child: "cache", times: 3 },
          { child: "database", times: 1 }
        ]
      }
    },
    "error",
    "supervisor root <0.1.7> gives up: its intensity allows 3 restarts within 5 seconds, and this would be number 4 (cache 3 times, database 1 time)"
  ],
  [
    {
      ...report,
      context: "shutdown",
      gaveUp: {
        restarts: 1,
        within: 500,
        of: ["a", "b", "c", "d", "e", "f", "g"].map((one) => ({ child: one, times: 2 }))
      }
    },
    "error",
    "supervisor root <0.1.7> gives up: its intensity allows 1 restart within 500 ms, and this would be number 14 (a 2 times, b 2 times, c 2 times, d 2 times, e 2 times, 2 other children)"
  ],
  [
    {
      _tag: "ChildStarted",
      supervisor: pid,
      name: "root",
      child: "cache",
      pid: child,
      contract: "Cache",
      restarted: false
    },
    "debug",
    "supervisor root <0.1.7> has started cache <1.1.9>"
  ],
  [
    {
      _tag: "ChildStarted",
      supervisor: pid,
      name: "root",
      child: "cache",
      pid: child,
      contract: "Cache",
      restarted: true
    },
    "debug",
    "supervisor root <0.1.7> has started cache <1.1.9> again"
  ],
  [
    { _tag: "MessageRejected", pid, problem: "record ends early" },
    "warning",
    "a message for process <0.1.7> was dropped: record ends early"
  ],
  [
    { _tag: "UnexpectedMessage", pid, label: "counter", received: "'hello'" },
    "warning",
    "process counter <0.1.7> dropped a message: it has no handler for it"
  ],
  [
    { _tag: "LongMailbox", pid, label: undefined, length: 100_001, limit: 100_000 },
    "warning",
    "100,001 messages wait for process <0.1.7>, more than its limit of 100,000"
  ],
  [{ _tag: "RuntimeError", during: "a timer", error: new Error("x") }, "error", "an error in a timer"],
  [handler, "debug", "process cache <1.1.9> held scheduler 1 for 1,204 ms"],
  [{ ...handler, label: undefined }, "debug", "process Cache <1.1.9> held scheduler 1 for 1,204 ms"],
  [
    { ...handler, pid: undefined, label: undefined, contract: undefined },
    "debug",
    "code that belongs to no process held scheduler 1 for 1,204 ms"
  ],
  [
    { ...handler, pid: undefined, items: 64 },
    "debug",
    "scheduler 1 ran 64 items in 1,204 ms; from now on each is timed"
  ],
  [
    { _tag: "LongTurn", slot: 0, milliseconds: 300, items: 12 },
    "debug",
    "a turn of scheduler 0 took 300 ms for 12 items; its timers and sockets had to wait"
  ],
  [
    { _tag: "SlowScheduler", slot: 0, milliseconds: 1004.2, runQueue: 27_207 },
    "warning",
    "scheduler 0 is overloaded: 27,207 processes are ready, the oldest has waited 1,004 ms"
  ],
  [blocked, "warning", "scheduler 1 is blocked: process Cache <1.1.9> has held it for 10,004 ms"],
  [
    { ...blocked, pid: undefined, contract: undefined, ended: true },
    "warning",
    "scheduler 1 is blocked: code that belongs to no process has held it for 10,004 ms; it is ended, and its slot is filled again"
  ],
  [{ _tag: "SchedulerUp", slot: 1, incarnation: 1 }, "debug", "scheduler 1 is up (incarnation 1)"],
  [{ _tag: "SchedulerUp", slot: 1, incarnation: 2 }, "info", "scheduler 1 is up (incarnation 2)"],
  [
    { _tag: "SchedulerDown", slot: 1, incarnation: 1, problem: "killed" },
    "warning",
    "scheduler 1 is down, and its slot is filled again: killed"
  ]
]

describe("the log line of", () => {
  for (const [event, level, text] of table) {
    it(`${event._tag} at level ${level}: ${text}`, () => {
      expect(formatEvent(event).text).toBe(text)
      expect(levelOf(event)).toBe(level)
    })
  }

  it("a crash has the error as its cause, and its reason nowhere else", () => {
    for (const reason of [ExitReason.died(new Error("boom")), ExitReason.failed(new RangeError("boom"))]) {
      const { cause, text } = formatEvent({ ...crash, reason })
      const written = `${text} ${Cause.pretty(cause ?? Cause.empty)}`
      expect(written.split("boom")).toHaveLength(2)
      expect(written).toContain("Report.test.ts")
    }
  })
})

describe("what was thrown", () => {
  for (const [kind, make] of Object.entries(kinds)) {
    it.effect(`is logged and reported once, whatever it is: ${kind}`, () =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const reported: Array<Cause.Cause<unknown>> = []
        const loggers = [Logger.formatLogFmt, Logger.formatJson]
        const event: Event = { ...crash, reason: ExitReason.died(make()) }
        yield* logEvent(event).pipe(
          Effect.provide([
            Logger.layer(loggers.map((format) => Logger.map(format, (line) => void lines.push(line)))),
            ErrorReporter.layer([ErrorReporter.make(({ error }) => void reported.push(Cause.die(error)))])
          ])
        )
        for (const line of lines) expect(line).toContain("process counter <0.1.7> crashed")
        expect(lines).toHaveLength(loggers.length)
        expect(reported).toHaveLength(ExitReason.causeOf(event.reason) === undefined ? 0 : 1)
      })
    )
  }
})

describe("the events that are made for the log", () => {
  const levels = (context: Context.Context<never>) => [...loggedLevels(context)]
  const writes = Context.make(References.MinimumLogLevel, "Info")

  it("are those of levels that it writes", () => {
    expect(levels(writes)).toEqual(["info", "warning", "error"])
    expect(levels(Context.make(References.MinimumLogLevel, "All"))).toEqual(["debug", "info", "warning", "error"])
    expect(levels(Context.make(References.MinimumLogLevel, "None"))).toEqual([])
  })

  it("are none where nobody writes", () => {
    expect(levels(Context.add(writes, Logger.CurrentLoggers, new Set()))).toEqual([])
  })
})
