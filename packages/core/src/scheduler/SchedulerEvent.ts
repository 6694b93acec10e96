/**
 * What is worth telling of schedulers as such: what `erlang:system_monitor` reports, and their coming and going.
 */
import type { Pid } from "../address/Pid.ts"

/** A process that had a scheduler to itself for long. */
export interface LongHandler {
  readonly _tag: "LongHandler"
  readonly slot: number
  /**
   * The process, when it is certain: the scheduler ran nothing else in that time. Undefined when it ran several things
   * without a look at the clock in between (all are looked at singly afterwards), or code of no process.
   */
  readonly pid: Pid | undefined
  readonly label: string | undefined
  /** The contract or defined process it is one of; undefined for closures, and when `pid` is. */
  readonly contract: string | undefined
  /** How long that took, in milliseconds. */
  readonly milliseconds: number
  /** How many things ran in that time. */
  readonly items: number
}

/** A turn of a scheduler that kept its event loop (sockets, timers) waiting for long. */
export interface LongTurn {
  readonly _tag: "LongTurn"
  readonly slot: number
  readonly milliseconds: number
  /** How many things ran in it. */
  readonly items: number
}

/** An overloaded scheduler: ready processes wait long. Reported once, and again only after it has recovered. */
export interface SlowScheduler {
  readonly _tag: "SlowScheduler"
  readonly slot: number
  /** How long something of normal priority waited for its turn, in milliseconds. */
  readonly milliseconds: number
  /** How many stand in its run queue. */
  readonly runQueue: number
}

/** A worker scheduler has not come back from a turn for the watchdog's limit. After twice the limit it is ended. */
export interface SchedulerBlocked {
  readonly _tag: "SchedulerBlocked"
  readonly slot: number
  readonly incarnation: number
  /** The process that holds it. Undefined when that is code of no process. */
  readonly pid: Pid | undefined
  /** The contract or defined process it is one of; undefined for closures, and when `pid` is. */
  readonly contract: string | undefined
  /** How long it has been so, in milliseconds. */
  readonly milliseconds: number
  /** Whether that is the end of it: at twice the limit. */
  readonly ended: boolean
}

/** A worker scheduler is ready for processes: at boot, and each time its slot is refilled. */
export interface SchedulerUp {
  readonly _tag: "SchedulerUp"
  readonly slot: number
  readonly incarnation: number
}

/** A worker scheduler is gone, and its processes with it. Its slot is refilled. */
export interface SchedulerDown {
  readonly _tag: "SchedulerDown"
  readonly slot: number
  readonly incarnation: number
  /** Why, as far as it is known: what its thread threw, or how it ended. */
  readonly problem: string
}

/** See the file's header. */
export type SchedulerEvent = LongHandler | LongTurn | SlowScheduler | SchedulerBlocked | SchedulerUp | SchedulerDown
