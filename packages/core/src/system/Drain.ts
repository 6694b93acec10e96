/**
 * Emptying a scheduler in order: its process trees are ended one after the other, the youngest first, each from its top,
 * so that links and monitors learn the real reasons. Catalogue MC21.
 */
import * as Effect from "effect/Effect"
import * as ExitReason from "../process/ExitReason.ts"
import { sendExit } from "../process/Lifecycle.ts"
import { outside } from "../process/Pid.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Scheduler } from "../scheduler/Scheduler.ts"

/** How long one tree may take before its top is killed, in milliseconds. Supervisors give their children less. */
const patience = 10_000

/** Ends all processes of a scheduler. New ones that are started meanwhile end too. */
export const drain = (scheduler: Scheduler): Effect.Effect<void> =>
  Effect.suspend(() => {
    const top = Array.from(scheduler.processes.values()).findLast((record) => isTop(scheduler, record))
    return top === undefined ? Effect.void : Effect.andThen(endTree(scheduler, top), drain(scheduler))
  })

/** Whether nobody on this scheduler is responsible for it. */
const isTop = (scheduler: Scheduler, { parent, status }: ProcessRecord): boolean =>
  status !== "dead" &&
  (parent === undefined || parent.slot !== scheduler.slot || !scheduler.processes.has(parent.serial))

const endTree = (scheduler: Scheduler, top: ProcessRecord): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const signal = (reason: ExitReason.ExitReason) => sendExit(scheduler, top.pid, outside(scheduler), reason, false)
    const force = scheduler.timers.set(patience, () => signal(ExitReason.kill))
    const extra = top.extras()
    extra.finalizers ??= []
    extra.finalizers.push(() => {
      scheduler.timers.cancel(force)
      scheduler.enqueue(() => resume(Effect.void), "normal")
    })
    // A server or supervisor that traps exits heeds its parent's only: it is asked instead
    if (top.body.requestEnd === undefined) signal(ExitReason.shutdown)
    else top.body.requestEnd(top, ExitReason.shutdown)
  })
