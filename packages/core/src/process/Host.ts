/**
 * The scheduler, as its processes use it. The process layer depends on this interface; `scheduler/` and `system/` implement
 * it, so that a process's code is the same on one core and on many.
 */

import * as Context from "effect/Context"
import type { Scheduler } from "effect/Scheduler"
import type { Directory } from "../address/Directory.ts"
import type { Pid } from "../address/Pid.ts"
import type { AwaitedReply, AwaitedStart } from "../address/Reply.ts"
import { SystemId } from "../address/SystemId.ts"
import type { Priority, Runnable, RunQueue } from "../run/RunQueue.ts"
import type { Timed } from "../run/Timer.ts"
import type { Timers } from "../run/Timers.ts"
import type { Reporter } from "../signal/ProcessEvent.ts"
import type { Router } from "../signal/Router.ts"
import type { SpawnSignal } from "../signal/Signal.ts"
import type { Definition } from "./Definition.ts"
import type { MonitorTable } from "./MonitorTable.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import type { ProcessTable } from "./ProcessTable.ts"

/**
 * Where a process is started. `"any"`: on this scheduler, or on another one that is idle and takes the start over first. It
 * happens once, and promises nothing about where: an idle scheduler may also take the only start there is. The new process's
 * pid says where it runs. The best choice for thousands of processes of unequal weight.
 */
export type Placement = "here" | "least-loaded" | "any" | { readonly scheduler: number } | { readonly near: Pid }

/** A pending start that any scheduler may take. */
export interface Offer {
  readonly priority: Priority
  /** Whether the starter no longer waits. */
  readonly abandoned: boolean
  /** Starts the process on the scheduler of `slot`. Returns its record when that is this scheduler. */
  start(slot: number): ProcessRecord | undefined
}

/** The methods of a process scheduler that Effect's `Scheduler` does not have. */
export interface ProcessScheduler {
  /** Queues the rest of a fiber whose slice is used up. See {@link Host.again}. */
  giveWay(rest: Runnable, process: ProcessRecord | undefined): void
  /** Counts an effect that was complete before it was yielded. Returns whether the fiber must yield now. */
  countCompleted(): boolean
}

/** Timers that processes know by references: `timer/TimerTable.ts` has them. */
export interface TimerRefs {
  /** Stops a timer. The whole milliseconds that were left; `undefined` when it is over, or not of this scheduler. */
  cancel(ref: number): number | undefined
  /** The whole milliseconds that are left. As {@link cancel}. */
  left(ref: number): number | undefined
  /** One of its timers is over. */
  remove(timer: Timed): void
}

/** See the file's header. */
export interface Host extends RunQueue, Router, Reporter {
  /** The system's id: no other system, in this OS process or another, has the same. */
  readonly system: string
  readonly slot: number
  readonly incarnation: number
  /** How many schedulers the system has. */
  readonly slots: number
  /** What every fiber of this scheduler starts with: the scheduler, the system, the application's services. */
  readonly context: Context.Context<never>
  readonly timers: Timers
  readonly directory: Directory
  /** Living processes by serial. */
  readonly processes: ProcessTable
  /** Calls to other schedulers that have no answer yet, by call id. */
  readonly pending: Map<number, AwaitedReply>
  /** Timers that processes set, by reference. */
  readonly timerRefs: TimerRefs
  /** Monitors whose watchers or watched processes are here. */
  readonly monitors: MonitorTable
  /** Whether messages that are shared by reference are frozen first. */
  readonly freeze: boolean
  /** How many reductions a process may use in one slice. */
  readonly slice: number
  /** How many operations the running process has completed without the interpreter in this slice. */
  inlineReductions: number
  /** Whether the running process, whose slice is used up, gets another one at once: no other process is ready. */
  extendsSlice(): boolean
  /** The mailbox length above which a process without a limit of its own is reported. */
  readonly longMailbox: number
  /** The mailbox length above which a send costs the sender more reductions. */
  readonly manyMessages: number
  /** The lower one of {@link longMailbox} and {@link manyMessages}. */
  readonly fewMessages: number
  /**
   * The running process, visible to the other schedulers: its serial, and its kind (see {@link kindOf}). Both are written before
   * a process's code runs.
   */
  readonly trace: Float64Array
  /** Effect's scheduler for fibers of that priority. */
  effectScheduler(priority: Priority): Scheduler
  /** The context for fibers of that priority. */
  contextFor(priority: Priority): Context.Context<never>
  /** The serial of a new process. `suspends`: senders wait while its mailbox is full; the serial encodes it for all schedulers. */
  nextSerial(suspends: boolean): number
  /** A number that is unique in the system, for monitors, timers and calls. */
  nextReference(): number
  /** The part of this scheduler's references below the counter. */
  readonly referenceRest: number
  /** Asks another scheduler to start a process. Held until the slot is up when it is being refilled. */
  routeSpawn(signal: SpawnSignal, call: AwaitedStart): void
  /** Queues a start on this scheduler, unless an idle scheduler takes it first. */
  offer(offer: Offer): void
  /** A number for a definition, the same on all schedulers of the system: from 1. 0 for one that is unknown. */
  kindOf(definition: Definition): number
  definition(name: string): Definition | undefined
  /** The slot a placement means now. */
  place(placement: Placement): number
}

/** The scheduler and system that code runs on. Provided by `System.layer` and, inside processes, always there. */
export class System extends Context.Service<System, Host>()("@understudy/core/System") {}

/** The services that say in which system code runs. */
export const systemContext = (host: Host): Context.Context<System> =>
  // Code with a system also has its id
  Context.make(System, host).pipe(Context.add(SystemId, host.system)) as Context.Context<System>

/** The process whose code is running. */
export class Current extends Context.Service<Current, ProcessRecord>()("@understudy/core/Process") {}
