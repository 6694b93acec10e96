/**
 * What a process needs from the scheduler it lives on. The process layer is written against this interface;
 * `scheduler/` and `system/` implement it, so that one process's code is the same on one core and on many.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Scheduler } from "effect/Scheduler"
import type { Asker, PendingCall, StartWait } from "./Call.ts"
import type { Definition } from "./Definition.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import type { MonitorTable } from "./MonitorTable.ts"
import type { Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import type { ProcessTable } from "./ProcessTable.ts"
import type { Signal, SpawnSignal } from "./Signal.ts"
import type { Timed, Timeout, Timer } from "./Timer.ts"
import type { TimerTable } from "./TimerTable.ts"

export type { Timer } from "./Timer.ts"

/** Something the run queue runs: a process, or a wake-up. */
export interface Runnable {
  run(): void
}

/** The BEAM's four classes. A `high` process runs before any `normal` one; `low` ones get an occasional turn. */
export type Priority = "max" | "high" | "normal" | "low"

/**
 * Where a process is started. `"any"`: on this scheduler, or on another one that is idle and takes the start over first. It
 * happens once, and promises nothing about where: an idle scheduler may also take the only start there is. The new process's
 * pid says where it runs. The best choice for thousands of processes of unequal weight.
 */
export type Placement = "here" | "least-loaded" | "any" | { readonly scheduler: number } | { readonly near: Pid }

/** A start that may happen on any scheduler, as long as it has not happened. */
export interface Offer {
  readonly priority: Priority
  /** Whether nobody waits for it any more. */
  readonly abandoned: boolean
  /** Starts it on the scheduler of that slot. Gives its record when that is this one. */
  start(slot: number): ProcessRecord | undefined
}

/** Timers of one scheduler. They follow its clock, and code they run is run by the run queue. */
export interface Timers {
  /** The scheduler's monotonic time, milliseconds. */
  now(): number
  /** Runs `fire` no earlier than `delay` milliseconds from now, for a process of that priority. Default: normal. */
  set(delay: number, fire: () => void, priority?: Priority): Timer
  /** As {@link set}, at a time of {@link now}; one that is past is due now. */
  setAt(deadline: number, fire: () => void): Timer
  /** As {@link set}, with a timer that its owner keeps: sets it, and sets it anew when it is set. */
  start(timer: Timed, delay: number): void
  /** As {@link start}, for what will hardly ever be over. Those of the same deadline come in any order. */
  startTimeout(timeout: Timeout, delay: number): void
  /** As {@link start}, at a time of {@link now}. */
  startAt(timer: Timed, deadline: number): void
  /** Whether a turn runs: timers that are set before its next look at the clock are measured from that. */
  readonly turning: boolean
  /**
   * Takes in timers that were set before and not in the wheel yet, each for its {@link Timed.time}: a chain of so many, which
   * are {@link fresh}.
   */
  enter(first: Timed, last: Timed, count: number): void
  /**
   * Stops a timer: its owner is not told, unless it has been. Returns the whole milliseconds that were left, or
   * `undefined` when it is not set.
   */
  cancel(timer: Timed): number | undefined
  /** As {@link cancel}, for those who need not know what was left: that would cost a look at the clock. */
  clear(timer: Timed): void
  /** The whole milliseconds that are left, or `undefined` when it is not set. */
  left(timer: Timed): number | undefined
}

/** One entry of a table of names: a key, the process that holds it, and a value. */
export interface DirectoryEntry {
  readonly key: string
  readonly pid: Pid
  readonly value: unknown
}

/** What went into or out of a table. */
export interface DirectoryChange {
  readonly table: string
  readonly key: string
  readonly pid: Pid
  readonly event: "registered" | "unregistered"
}

/** How many processes may hold one key of a table. */
export type Keys = "unique" | "duplicate"

/** The result of entering a table: done, the key is taken by `holder`, or the process has a name: it has one at most. */
export type Registration =
  | { readonly _tag: "Registered" }
  | { readonly _tag: "AlreadyRegistered"; readonly holder: Pid }
  | { readonly _tag: "AlreadyNamed"; readonly name: string }
  | { readonly _tag: "NotAlive" }

/** One table of names on one scheduler. It changes as the table does, and lasts as long as the scheduler. */
export interface DirectoryTable {
  /** How often anything went into it or out of it. */
  readonly changes: number
  /** All entries of a key, oldest first. The same array until the key's entries change, if there are several. */
  lookup(key: string): ReadonlyArray<DirectoryEntry>
  /** The oldest entry of a key. */
  first(key: string): DirectoryEntry | undefined
}

/** The tables of one scheduler, for those who look things up often: they can keep the table. */
export interface DirectoryTables {
  table(name: string): DirectoryTable
}

/**
 * Tables of names, the same on every scheduler: looking up is a local step, changing one returns when every
 * scheduler has seen it, and a process's entries are gone before its death can be observed.
 */
export interface Directory {
  readonly tables: DirectoryTables
  /** All entries of a key, oldest first. */
  lookup(table: string, key: string): ReadonlyArray<DirectoryEntry>
  /** The oldest entry of a key. */
  first(table: string, key: string): DirectoryEntry | undefined
  /** The holder of the oldest entry of a key. */
  whereis(table: string, key: string): Pid | undefined
  entries(table: string): ReadonlyArray<DirectoryEntry>
  /** How many entries a table has. */
  count(table: string): number
  /** What `pid` holds in a table. */
  held(table: string, pid: Pid): ReadonlyArray<DirectoryEntry>
  /** Enters a table. The request is made when this is called; the effect waits for its outcome, if that is not known yet. */
  register(table: string, keys: Keys, key: string, pid: Pid, value: unknown): Effect.Effect<Registration>
  /** As {@link register}, if that succeeds and nobody else has to agree. `false`: nothing is changed. */
  registerNow(table: string, keys: Keys, key: string, pid: Pid, value: unknown): boolean
  /** Takes out what `pid` holds under `key`. Whether there was something. */
  unregister(table: string, key: string, pid: Pid): Effect.Effect<boolean>
  /** Replaces the value `pid` holds under `key`. Whether it holds it. */
  update(table: string, key: string, pid: Pid, value: unknown): Effect.Effect<boolean>
  /** Calls back on this scheduler for every change of a table; returns how to stop that. */
  subscribe(table: string, listener: (change: DirectoryChange) => void): () => void
  /** The process is gone: all its entries go, everywhere, before anything that is sent after this. */
  release(pid: Pid): void
}

/** The table of registered process names. */
export const names = ""

/** More restarts than a supervisor's intensity allows. */
export interface GaveUp {
  /** How many restarts the intensity allows. */
  readonly restarts: number
  /** Within how many milliseconds. */
  readonly within: number
  /** What was restarted within that time, the last attempt that is not made included: how often each child, the most first. */
  readonly of: ReadonlyArray<{ readonly child: string; readonly times: number }>
}

/** How much an event matters: the level it is logged at. */
export type EventLevel = "debug" | "info" | "warning" | "error"

/** Something worth telling an operator. Given to the system's event stream and to the log. */
export type ProcessEvent =
  | {
      /** A process ended abnormally, by its own doing. */
      readonly _tag: "ProcessCrashed"
      readonly pid: Pid
      readonly label: string | undefined
      readonly parent: Pid | undefined
      readonly ancestors: ReadonlyArray<Pid>
      readonly reason: ExitReason
      /** The message it was handling, or had handled last, as text: what its contract's `inspect` shows of it. */
      readonly lastMessage: string | undefined
      /** A server's state before that message, as text: what its contract's `inspect` shows of it. */
      readonly state: string | undefined
      /** Who was calling: set when the last message is a call that was not answered. */
      readonly caller: Asker | undefined
      readonly mailboxLength: number
      readonly links: ReadonlyArray<Pid>
    }
  | {
      /** A message was not one of the mailbox it was for: of another contract, or of another schema. It was dropped. */
      readonly _tag: "MessageRejected"
      readonly pid: Pid
      readonly problem: string
    }
  | {
      /** A process took a message that its behaviour has no handler for. It goes on. */
      readonly _tag: "UnexpectedMessage"
      readonly pid: Pid
      readonly label: string | undefined
      /** As text: what the contract's `inspect` shows of it. */
      readonly received: string | undefined
    }
  | {
      /** A supervisor's account: what happened to which child. */
      readonly _tag: "SupervisorReport"
      readonly supervisor: Pid
      readonly name: string
      /** `shutdown`: it gives up, since it has restarted children as often as its intensity allows. */
      readonly context: "child-terminated" | "start-error" | "shutdown-error" | "shutdown"
      /** The child's id; its label or its contract's name under a dynamic supervisor. */
      readonly child: string
      /** The child's process: the one that has ended. Undefined when it could not be started. */
      readonly pid: Pid | undefined
      /** The name of the child's contract. */
      readonly contract: string
      /** The child's arguments, as text: what its contract's `inspect` shows of them. */
      readonly args: string | undefined
      readonly restart: "permanent" | "transient" | "temporary"
      /** Milliseconds, or how else it is stopped. */
      readonly shutdown: number | "brutal-kill" | "infinity"
      readonly type: "worker" | "supervisor"
      readonly reason: ExitReason
      /** Of a supervisor that gives up. */
      readonly gaveUp: GaveUp | undefined
    }
  | {
      /** A supervisor has started a child: OTP's progress report. */
      readonly _tag: "ChildStarted"
      readonly supervisor: Pid
      readonly name: string
      /** As in a `SupervisorReport`. */
      readonly child: string
      readonly pid: Pid
      readonly contract: string
      /** Whether the supervisor has started it again, and not for the first time. */
      readonly restarted: boolean
    }
  | {
      /** More messages wait for a process than its limit says. */
      readonly _tag: "LongMailbox"
      readonly pid: Pid
      readonly label: string | undefined
      readonly length: number
      readonly limit: number
    }
  | {
      /** A process's finalizers have not come to their end in time: it counts as ended, and its code reaches nobody any more. */
      readonly _tag: "UnwindTimeout"
      readonly pid: Pid
      readonly label: string | undefined
      /** Its `unwindTimeout`. */
      readonly milliseconds: number
    }
  | {
      /** Something in the runtime itself, or in a foreign callback it ran, threw. */
      readonly _tag: "RuntimeError"
      readonly during: string
      readonly error: unknown
    }

/** What a scheduler of processes does for their fibers, beside what Effect's schedulers do. */
export interface ProcessScheduler {
  /** A process's slice is over: runs the rest of its fiber when it is its turn again. See {@link Host.again}. */
  giveWay(rest: Runnable, process: ProcessRecord | undefined): void
  /** Counts an effect that was over before it was yielded. Whether the fiber must give way now. */
  countCompleted(): boolean
}

/** See the file's header. */
export interface Host {
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
  readonly pending: Map<number, PendingCall>
  /** Timers that processes set, by reference. */
  readonly timerRefs: TimerTable
  /** Monitors whose watchers or watched processes are here. */
  readonly monitors: MonitorTable
  /** Whether messages that are shared by reference are frozen first. */
  readonly freeze: boolean
  /** How many reductions a process may use before others get their turn. */
  readonly slice: number
  /** How many operations the process that runs has done on the spot in this slice. */
  onTheSpot: number
  /** Whether the process that runs, whose slice is over, has the next one at once: nobody waits behind it. */
  goesOn(): boolean
  /** How many messages may wait for a process that has no limit of its own before that is reported. */
  readonly longMailbox: number
  /** When more messages wait for a process, who sends it another pays more reductions for it. */
  readonly manyMessages: number
  /** The lower one of {@link longMailbox} and {@link manyMessages}. */
  readonly fewMessages: number
  /**
   * Who runs, where the other schedulers can see it: a process's serial, and its kind (see {@link kindOf}). Whoever runs a
   * process's code writes both first.
   */
  readonly trace: Float64Array
  enqueue(item: Runnable | (() => void), priority: Priority): void
  /**
   * A process's slice is over and it has more to do, with so many messages waiting: its next turn is behind those who
   * wait. With half as many messages as a slice handles, or more, it comes at once, for a while.
   */
  again(item: Runnable, priority: Priority, waiting: number): void
  /** What runs fibers of that priority. */
  effectScheduler(priority: Priority): Scheduler
  /** The context for fibers of that priority. */
  contextFor(priority: Priority): Context.Context<never>
  /** The number of a new process. `suspends`: senders are to wait while its mailbox is full, which the number says everywhere. */
  nextSerial(suspends: boolean): number
  /** A number that is unique in the system, for monitors, timers and calls. */
  nextReference(): number
  /** What is below the counter in this scheduler's references. */
  readonly referenceRest: number
  /** Sends a signal to another scheduler. One that cannot be delivered because that scheduler is gone is answered as OTP answers it. */
  route(slot: number, incarnation: number, signal: Signal): void
  /** As {@link route}, for messages: there are so many that an object for each would show. See `MessageSignal`. */
  routeMessage(
    to: Pid,
    codec: MessageCodec,
    message: unknown,
    alias: number,
    call: number,
    accepted: number,
    wait: boolean
  ): void
  /** Asks another scheduler to start a process. Held until the slot is up when it is being refilled. */
  routeSpawn(signal: SpawnSignal, call: StartWait): void
  /** Starts something here when its turn comes, unless an idle scheduler takes it first. */
  offer(offer: Offer): void
  /** A number for a definition, the same on all schedulers of the system: from 1. 0 for one that is unknown. */
  kindOf(definition: Definition): number
  definition(name: string): Definition | undefined
  /** The slot a placement means now. */
  place(placement: Placement): number
  report(event: ProcessEvent): void
  /** Whether anybody hears of an event of that level: the log, or who listens, on any scheduler. Others need not be made. */
  isHeard(level: EventLevel): boolean
}

/** The scheduler and system that code runs on. Provided by `System.layer` and, inside processes, always there. */
export class System extends Context.Service<System, Host>()("@understudy/core/System") {}

/** The process whose code is running. */
export class Current extends Context.Service<Current, ProcessRecord>()("@understudy/core/Process") {}
