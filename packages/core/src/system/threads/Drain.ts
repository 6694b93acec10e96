/**
 * Emptying a scheduler in order: its process trees are ended one after the other, the youngest first, each from its top,
 * so that links and monitors learn the real reasons. Catalogue MC21.
 */
import * as Effect from "effect/Effect"
import { outside } from "../../address/Pid.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import { sendExit } from "../../process/Lifecycle.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import type { Scheduler } from "../../scheduler/Scheduler.ts"

/** How long one tree may take before its top is killed, in milliseconds. Supervisors give their children less. */
const patience = 10_000

/** How long the processes of a scheduler that stops with its system have, all together, before they are killed: milliseconds. */
export const stopPatience = 3000

/**
 * Ends all processes of a scheduler. New ones that are started meanwhile end too.
 *
 * @param limit - milliseconds after which those that are left are killed. Default: none for all of them together.
 */
export const drain = (scheduler: Scheduler, limit: number = Number.POSITIVE_INFINITY): Effect.Effect<void> =>
  Effect.suspend(() => drainUntil(scheduler, scheduler.outsideTime + limit))

const drainUntil = (scheduler: Scheduler, deadline: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const tops = Array.from(scheduler.processes.values()).filter((record) => isTop(scheduler, record))
    if (tops.length === 0) return Effect.void
    const ended = Effect.forEach(tops.reverse(), (top) => endTree(scheduler, top, deadline), { discard: true })
    return Effect.andThen(ended, drainUntil(scheduler, deadline))
  })

/** Whether the process has no living parent on this scheduler. */
const isTop = (scheduler: Scheduler, { parent, status }: ProcessRecord): boolean =>
  status !== "dead" &&
  (parent === undefined || parent.slot !== scheduler.slot || !scheduler.processes.has(parent.serial))

const endTree = (scheduler: Scheduler, top: ProcessRecord, deadline: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (top.isDead) return resume(Effect.void)
    const signal = (reason: ExitReason.ExitReason) => sendExit(scheduler, top.pid, outside(scheduler), reason, false)
    const left = Math.min(patience, deadline - scheduler.outsideTime)
    // Real time: a scheduler under a test's clock ends too
    const stop = left > 0 ? scheduler.patience(left, () => signal(ExitReason.kill)) : undefined
    const extra = top.extras()
    extra.finalizers ??= []
    extra.finalizers.push(() => {
      stop?.()
      scheduler.enqueue(() => resume(Effect.void), "normal")
    })
    if (left <= 0) signal(ExitReason.kill)
    // A server or supervisor that traps exits heeds its parent's only: it is asked instead. One that does not trap ends at
    // once, in any state, as its supervisor's shutdown would end it
    else if (top.trapExit && top.body.requestEnd !== undefined) top.body.requestEnd(top, ExitReason.shutdown)
    else signal(ExitReason.shutdown)
  })
