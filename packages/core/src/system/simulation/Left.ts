/** What is there when a run is over: what a test has left behind. */
import { names as systemNames } from "../../address/Directory.ts"
import { PendingCall } from "../../call/PendingCall.ts"
import { currentProcess } from "../../fiber/ProcessFiber.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import { Lane, laneOf, type Owned } from "./Lane.ts"
import { type NamesByKey, nameOf } from "./Names.ts"
import type { SimulatedScheduler } from "./SimulatedScheduler.ts"
import { callsOf, pendingOf, type Wait, waitOfProcess } from "./WaitsFor.ts"

/** See the file's header. `made`: the lines of the stack where it was made, where `stacks` of the world is true. */
export interface Left {
  /** Processes, the body's own left out. */
  readonly processes: ReadonlyArray<{
    readonly name: string
    readonly slot: number
    readonly label: string | undefined
    readonly made: string | undefined
    readonly wait: Wait
  }>
  /** Timers, the timeouts of calls left out; in how many milliseconds they would have fired. */
  readonly timers: ReadonlyArray<{
    readonly slot: number
    readonly owner: string | undefined
    readonly milliseconds: number
    readonly made: string | undefined
  }>
  readonly monitors: ReadonlyArray<{ readonly by: string; readonly of: string }>
  /** Names of the system. */
  readonly names: ReadonlyArray<{ readonly name: string; readonly process: string | undefined }>
  /** Calls without an answer. */
  readonly calls: ReadonlyArray<{
    readonly by: string | undefined
    readonly to: string | undefined
    readonly made: string | undefined
  }>
}

interface Made {
  readonly made?: string | undefined
}

/** Looks at all schedulers. */
export const leftOf = (of: {
  readonly schedulers: ReadonlyArray<SimulatedScheduler>
  readonly names: NamesByKey
  readonly except: ProcessRecord | undefined
  readonly now: number
}): Left => {
  const { except, names, now, schedulers } = of
  const alive = schedulers.filter(({ lost }) => !lost)
  const records = alive.flatMap(({ processes }) => [...processes.values()]).filter((record) => record !== except)
  const ownerOf = ({ setBy: by }: Owned): string | undefined => {
    if (by === undefined || by instanceof Lane) return by?.name
    const record = currentProcess(by)
    return record === undefined ? undefined : nameOf(record.pid, names)
  }
  return {
    processes: records.map((record) => ({
      name: nameOf(record.pid, names),
      slot: record.host.slot,
      label: record.label,
      made: laneOf(record)?.made,
      wait: waitOfProcess(record, names)
    })),
    timers: alive.flatMap(({ slot, wheelOfWorld }) =>
      wheelOfWorld.all
        .filter((timer) => !(timer instanceof PendingCall))
        .map((timer) => ({
          slot,
          owner: ownerOf(timer as Owned),
          milliseconds: timer.time - now,
          made: (timer as Made).made
        }))
    ),
    monitors: records.flatMap((record) =>
      record.host.monitors.monitorsOf(record).map(({ by, pid }) => ({ by: nameOf(by, names), of: nameOf(pid, names) }))
    ),
    names: (schedulers[0]?.directory.entries(systemNames) ?? []).map(({ key, pid }) => ({
      name: key,
      process: nameOf(pid, names)
    })),
    calls: records.flatMap((record) =>
      callsOf(record).map((call) => {
        const pending = pendingOf(call, schedulers)
        const known = pending instanceof PendingCall ? pending : undefined
        return {
          by: known === undefined ? undefined : ownerOf(known as unknown as Owned),
          to: nameOf(record.pid, names),
          made: (known as Made | undefined)?.made
        }
      })
    )
  }
}
