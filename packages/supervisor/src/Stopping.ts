/**
 * How a supervisor ends its children: it monitors the child first, asks it to shut down, and kills it when its time is
 * over. The monitor answers even if the child has unlinked itself, is dead already, or was lost with its scheduler.
 * Catalogue SU40, SU41, SU44.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import { equals, type Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import { System } from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Restart, Shutdown } from "./ChildSpec.ts"

/** A running child, and how it is to be stopped. */
export interface Running {
  readonly pid: Pid
  readonly shutdown: Shutdown
}

type CurrentRecord = Process.Current["Service"]

/**
 * Ends processes of the calling supervisor, all at once, and waits until they are gone. Gives what they ended with, in
 * the order of `children`.
 */
export const stopAll = (
  children: ReadonlyArray<Running>
): Effect.Effect<ReadonlyArray<ExitReason.ExitReason>, never, Process.Current | System> =>
  children.length === 0
    ? Effect.succeed([])
    : Effect.flatMap(Process.Current, (supervisor) =>
        Effect.map(inHelper(supervisor, children), (reasons) =>
          children.map(({ pid }, index) => lastWords(supervisor, pid, reasons[index] ?? ExitReason.noProcess))
        )
      )

/**
 * A server's handler cannot receive selectively, so a helper process receives the Downs for it. The helper sends the
 * exit signals in the supervisor's name: a child that traps exits ends only when its parent says so.
 */
const inHelper = (
  supervisor: CurrentRecord,
  children: ReadonlyArray<Running>
): Effect.Effect<ReadonlyArray<ExitReason.ExitReason>, never, System> =>
  Effect.flatMap(System, (host) =>
    Effect.suspend(() => {
      let resumeWaiter: (() => void) | undefined
      let outcome: ReadonlyArray<ExitReason.ExitReason> | undefined
      const helper = Process.spawn(
        Schema.Never,
        (self) =>
          Effect.map(stopAndWait(self, supervisor, children), (reasons) => {
            outcome = reasons
            // Through the run queue: a process's turn never runs another process's code
            host.enqueue({ run: () => resumeWaiter?.() }, supervisor.priority)
          }),
        { label: "supervisor's helper", priority: supervisor.priority }
      )
      return Effect.flatMap(helper, (pid) =>
        Effect.callback<ReadonlyArray<ExitReason.ExitReason>, never, System>((resume) => {
          resumeWaiter = () => resume(Effect.succeed(outcome ?? []))
          if (outcome !== undefined) resumeWaiter()
          return Process.exit(pid, ExitReason.kill)
        })
      )
    })
  )

/** Children that are killed when `at` has come, in the scheduler's time. */
interface Deadline {
  readonly at: number
  readonly pids: Array<Pid>
}

const stopAndWait = (self: Process.Self<never>, supervisor: CurrentRecord, children: ReadonlyArray<Running>) =>
  Effect.gen(function* () {
    const { timers } = supervisor.host
    const signal = (pid: Pid, reason: ExitReason.ExitReason) =>
      Effect.provideService(Process.exit(pid, reason), Process.Current, supervisor)
    const waiting = new Map<Process.MonitorRef, number>()
    const reasons: Array<ExitReason.ExitReason> = []
    const now = timers.now()
    const limits = new Map<number, Deadline>()
    for (const [index, { pid, shutdown }] of children.entries()) {
      waiting.set(yield* Process.monitor(pid), index)
      yield* signal(pid, shutdown === "brutal-kill" ? ExitReason.kill : ExitReason.shutdown)
      if (typeof shutdown !== "number") continue
      const limit = limits.get(shutdown)
      if (limit === undefined) limits.set(shutdown, { at: now + shutdown, pids: [pid] })
      else limit.pids.push(pid)
    }
    const deadlines = [...limits.values()].sort((a, b) => b.at - a.at)
    while (waiting.size > 0) {
      const next = deadlines.at(-1)
      const message =
        next === undefined
          ? yield* self.receive
          : yield* self
              .receiveWithin(Math.max(0, next.at - timers.now()))
              .pipe(Effect.catchTag("ReceiveTimeout", () => Effect.succeed(undefined)))
      if (message === undefined) {
        deadlines.pop()
        // Those that are gone do not mind
        for (const pid of next?.pids ?? []) yield* signal(pid, ExitReason.kill)
      } else if (message instanceof Process.Down) {
        const index = waiting.get(message.ref)
        if (index === undefined) continue
        waiting.delete(message.ref)
        reasons[index] = message.reason
      }
    }
    return reasons
  })

/** A child that was dead before it was watched has told why in its EXIT, which waits in the supervisor's mailbox. */
const lastWords = (supervisor: CurrentRecord, pid: Pid, reason: ExitReason.ExitReason): ExitReason.ExitReason => {
  if (reason._tag !== "NoProcess") return reason
  const { mailbox } = supervisor
  const at = mailbox.find((item) => item instanceof Process.Exit && equals(item.from, pid), 0)
  // What `find` found is an Exit; nothing else takes from this mailbox while its process runs this
  return at < 0 ? reason : (mailbox.takeAt(at) as Process.Exit).reason
}

/** Whether a child that was stopped ended as it was asked to; if not, that is reported. OTP's `supervisor:shutdown/1`. */
export const endedAsAsked = (
  child: { readonly restart: Restart; readonly shutdown: Shutdown },
  reason: ExitReason.ExitReason
): boolean => {
  if (child.shutdown === "brutal-kill" && reason._tag === "Killed") return true
  if (child.shutdown !== "brutal-kill" && reason._tag === "Shutdown" && reason.detail === undefined) return true
  return child.restart !== "permanent" && !ExitReason.isAbnormal(reason)
}
