/**
 * What is left on a scheduler: for tests that say what a program has left behind. Reads what is there, and costs nothing where it is
 * not asked.
 */
import type { Address } from "../address/Name.ts"
import type { Asker } from "../address/Reply.ts"
import type { Host } from "../process/Host.ts"
import { IncomingCall } from "../process/IncomingCall.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { TimerRef } from "../signal/Signal.ts"
import { ExitTimer, SendTimer } from "../timer/TimerEntry.ts"
import { timerRefsOf } from "../timer/TimerTable.ts"
import { Scheduler } from "./Scheduler.ts"
import { TimerWheel } from "./TimerWheel.ts"

/** A timer that a process has set, and that is not over. */
export interface LeftTimer {
  readonly ref: TimerRef
  /** What it will do. */
  readonly does: "send" | "exit" | "run"
  /** For whom it is. Undefined of code to run. */
  readonly to: Address | undefined
  /** The message, or the exit reason. */
  readonly what: unknown
  /** The whole milliseconds that are left. */
  readonly left: number
}

/** The timers that processes of a scheduler know by references, without those for processes that have ended. */
export const timersLeft = (host: Host): ReadonlyArray<LeftTimer> =>
  [...timerRefsOf(host).all()]
    .filter(([_, timer]) => !timer.isObsolete(host))
    .map(([ref, timer]) => {
      const left = host.timers.left(timer) ?? 0
      if (timer instanceof SendTimer) return { ref, does: "send", to: timer.to, what: timer.message, left }
      if (timer instanceof ExitTimer) return { ref, does: "exit", to: timer.pid, what: timer.reason, left }
      return { ref, does: "run", to: undefined, what: undefined, left }
    })

/** A call that somebody waits for. */
export interface LeftCall {
  /** The message, as it stands or stood in the mailbox. */
  readonly call: unknown
  readonly asker: Asker | undefined
}

/** The calls that a process has received, and whose callers wait. */
export const callsLeft = (record: ProcessRecord): ReadonlyArray<LeftCall> =>
  IncomingCall.unanswered(record).map((call) => ({ call, asker: call.asker }))

/** When the next timer of a scheduler is due, in the time of `host.timers.now()`; `undefined` when none is set. */
export const nextTimer = (host: Host): number | undefined =>
  host.timers instanceof TimerWheel ? host.timers.earliest() : undefined

/** How many stand in a scheduler's run queue. */
export const runQueueLength = (host: Host): number => (host instanceof Scheduler ? host.runQueueLength : 0)

/** The contract a process is a server of; `undefined` for others. */
export const contractOf = (record: ProcessRecord): string | undefined => record.pid.codec?.contract?.name
