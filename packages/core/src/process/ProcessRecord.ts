/**
 * The record of one process: everything its scheduler knows about it. Only the files of this folder change it.
 */

import type { AliasMode } from "../address/Alias.ts"
import type { Pid, PidImpl } from "../address/Pid.ts"
import { impl } from "../address/Pid.ts"
import { keepShapes } from "../base/Shape.ts"
import type { ExitReason } from "../exit/ExitReason.ts"
import type { Priority, Runnable } from "../run/RunQueue.ts"
import type { Timer } from "../run/Timer.ts"
import type { Host } from "./Host.ts"
import type { AbandonedCalls, IncomingCall } from "./IncomingCall.ts"
import { finish, limitUnwinding } from "./Lifecycle.ts"
import type { LinkEntry } from "./LinkEntry.ts"
import type { LinkTable } from "./LinkTable.ts"
import { type Bounds, Mailbox, type MailboxLimit } from "./Mailbox.ts"
import type { MonitorList } from "./MonitorTable.ts"

/** The code of a process. A raw process is one fiber; a behaviour runs once per message. */
export interface Body {
  /** Runs one slice. Called by the run queue only. Returns whether the process is still ready. */
  turn(record: ProcessRecord): boolean
  /**
   * The process has an exit reason: stop the code, and call `record.unwound()` (at once or when the code has unwound).
   * Called by the run queue only.
   */
  unwind(record: ProcessRecord): void
  /**
   * The process ends with `reason`: ends the code at once, if no code has to run for that. Returns whether it did; then `unwind` is
   * not called. Runs none of the process's code, so it may be called on any stack.
   */
  forget?(reason: ExitReason): boolean
  /**
   * The process has ended before its code: suppresses the code's further operations. Runs none of it, so it may be called on any
   * stack.
   */
  silence?(): void
  /** Asks the code for an orderly end. Absent: the process gets an exit signal instead. */
  requestEnd?(record: ProcessRecord, reason: ExitReason): void
  /** Whether a turn with an empty mailbox has nothing to do. For simulations only. */
  readonly isIdle?: boolean
  /** The code that is suspended, if any is. For simulations only. */
  readonly suspendedCode?: unknown
  /** The name of a process without a label: the one it is started under, or its contract's. For simulations only. */
  readonly title?: string | undefined
  /** The state and message for the crash report. Absent: the last message as it is. Never throws. */
  describe?(): Description
}

/** A crashed process's state and its last message, as text. */
export interface Description {
  readonly state: string | undefined
  readonly lastMessage: string | undefined
}

/** `running` until the exit reason is set, `exiting` while the code unwinds, `dead` once the end has been announced. */
export type Status = "running" | "exiting" | "dead"

/** A sender that waits for room in a mailbox. */
export interface WaitingSender {
  /** The message is in the mailbox now. */
  accept(): void
  /** The receiver is gone. */
  refuse(): void
  readonly message: unknown
  /** The number under which a sender of another scheduler waits, or 0. */
  readonly number: number
}

/** Rarely used fields, allocated on first use. */
export interface Extra {
  readonly bounds: Bounds | undefined
  readonly limit: MailboxLimit | undefined
  /** The limit of its finalizers, in milliseconds; `undefined`: the default. */
  readonly unwindTimeout: number | undefined
  /** The timer of that limit, while the finalizers run. */
  unwindTimer: Timer | undefined
  /** Whether the limit has been reported since the mailbox was last below it. */
  overLimit: boolean
  /** Its aliases that have not ended, by reference. */
  aliases: Map<number, AliasMode> | undefined
  /** Unanswered calls whose callers no longer wait. */
  abandoned: AbandonedCalls | undefined
  /** Senders that wait for room in the mailbox, oldest first. */
  waiting: Set<WaitingSender> | undefined
  /** Cancels its own waits for room in other mailboxes, at its end. */
  offers: Set<() => void> | undefined
  /** The process's own key-value store. */
  dictionary: Map<unknown, unknown> | undefined
  /** Functions to call when the process has ended. */
  finalizers: Array<() => void> | undefined
  /** The ancestors of its children: made once, shared by all of them. */
  lineage: ReadonlyArray<Pid> | undefined
}

const makeExtra = (
  bounds: Bounds | undefined,
  limit: MailboxLimit | undefined,
  unwindTimeout: number | undefined
): Extra => ({
  bounds,
  limit,
  unwindTimeout,
  unwindTimer: undefined,
  overLimit: false,
  aliases: undefined,
  abandoned: undefined,
  waiting: undefined,
  offers: undefined,
  dictionary: undefined,
  finalizers: undefined,
  lineage: undefined
})

/** A status as the lowest two bits of the flags. */
const statuses = ["running", "exiting", "dead"] as const
const statusBits = 3
const dead = statuses.indexOf("dead")
const isQueued = 4
const isUnwinding = 8
const trapsExit = 16

/** Hot path: plain and mutable, one hidden class. Rare parts are undefined until used. */
export class ProcessRecord extends Mailbox implements Runnable {
  readonly pid: PidImpl
  readonly host: Host
  readonly body: Body
  readonly priority: Priority
  /** See {@link Extra}; {@link extras} makes it. */
  extra: Extra | undefined
  /** The pids of its parent, its parent's parent, and so on. */
  readonly ancestors: ReadonlyArray<Pid>
  /** The number of its definition, see `Host.kindOf`. 0: a closure. */
  kind = 0
  /** The status and the booleans below: one field for all of them. */
  private flags = 0
  exitReason: ExitReason | undefined = undefined
  label: string | undefined
  reductions = 0
  /** The message being handled, or the last one that was: for crash reports. */
  lastMessage: unknown = undefined
  /** The oldest link to a process of this scheduler, which leads to the others. */
  links: LinkEntry | undefined = undefined
  /** Links to processes of other schedulers. */
  remoteLinks: LinkTable | undefined = undefined
  /** Its monitors on others, as the scheduler's table of monitors keeps them. */
  monitors: MonitorList | undefined = undefined
  /** The monitors of other processes on it. */
  watchers: MonitorList | undefined = undefined
  /** Calls it has received and not answered. */
  calls: IncomingCall | undefined = undefined

  constructor(
    pid: PidImpl,
    host: Host,
    body: Body,
    ancestors: ReadonlyArray<Pid>,
    priority: Priority,
    label: string | undefined,
    bounds: Bounds | undefined,
    limit: MailboxLimit | undefined,
    unwindTimeout: number | undefined
  ) {
    super()
    this.pid = pid
    this.host = host
    this.body = body
    this.ancestors = ancestors
    this.priority = priority
    this.label = label
    this.extra =
      bounds === undefined && limit === undefined && unwindTimeout === undefined
        ? undefined
        : makeExtra(bounds, limit, unwindTimeout)
  }

  get status(): Status {
    return statuses[this.flags & statusBits] as Status
  }
  set status(status: Status) {
    this.flags = (this.flags & ~statusBits) | statuses.indexOf(status)
  }

  /** Whether no exit reason is set. */
  get isRunning(): boolean {
    return (this.flags & statusBits) === 0
  }

  /** Whether its end has been announced. */
  get isDead(): boolean {
    return (this.flags & statusBits) === dead
  }

  /** Whether it is in the run queue. */
  get queued(): boolean {
    return (this.flags & isQueued) !== 0
  }
  set queued(queued: boolean) {
    this.flags = queued ? this.flags | isQueued : this.flags & ~isQueued
  }

  /** Whether its code has ended, or has been told to end. */
  get unwinding(): boolean {
    return (this.flags & isUnwinding) !== 0
  }
  set unwinding(unwinding: boolean) {
    this.flags = unwinding ? this.flags | isUnwinding : this.flags & ~isUnwinding
  }

  get trapExit(): boolean {
    return (this.flags & trapsExit) !== 0
  }
  set trapExit(trapExit: boolean) {
    this.flags = trapExit ? this.flags | trapsExit : this.flags & ~trapsExit
  }

  /** A process's turn is of itself, see `Runnable.process`. */
  get process(): this {
    return this
  }

  /** The record itself: saves an object per process. */
  get mailbox(): Mailbox {
    return this
  }

  extras(): Extra {
    this.extra ??= makeExtra(undefined, undefined, undefined)
    return this.extra
  }

  /** The pid of the process that started it. */
  get parent(): Pid | undefined {
    return this.ancestors[0]
  }

  /** Its pid, and those of its own ancestors, nearest first. */
  get lineage(): ReadonlyArray<Pid> {
    const extra = this.extras()
    extra.lineage ??= [this.pid, ...this.ancestors]
    return extra.lineage
  }

  /** Puts the process into the run queue, unless it is there. Never runs any of its code. */
  wake(): void {
    if (this.queued || this.isDead) return
    this.queued = true
    this.host.enqueue(this, this.priority)
  }

  /** Records that its code runs now, see `Host.trace`. */
  runs(): void {
    const { trace } = this.host
    trace[0] = this.pid.serial
    trace[1] = this.kind
  }

  run(): void {
    this.queued = false
    this.runs()
    if (this.isRunning) {
      if (!this.body.turn(this) || this.queued || this.isDead) return
      this.queued = true
      this.host.again(this, this.priority, this.length)
    } else if (!this.unwinding) {
      // Its code is stopped, once
      this.unwinding = true
      const reason = this.exitReason
      if (reason !== undefined && this.body.forget?.(reason) === true) finish(this)
      else {
        this.body.unwind(this)
        limitUnwinding(this)
      }
    }
  }

  /** The code has stopped. */
  unwound(): void {
    finish(this)
  }
}

/** The process behind a pid, while it lives and if the pid was made on its scheduler. Only records are ever put into pids. */
export const recordOf = (pid: Pid): ProcessRecord | undefined => impl(pid).record as ProcessRecord | undefined

keepShapes(makeExtra(undefined, undefined, undefined))
