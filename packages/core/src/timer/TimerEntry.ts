/**
 * The timers that processes know by references: of a message, an exit signal, or code to run. Each is in its scheduler's wheel
 * and in the table of references until it has fired or was cancelled.
 */

import type { Alias } from "../address/Alias.ts"
import type { Address } from "../address/Name.ts"
import { Name } from "../address/Name.ts"
import { outside, type Pid, PidImpl } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import { trySend } from "../call/Offer.ts"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { Host } from "../process/Host.ts"
import { isHere, sendExit } from "../process/Lifecycle.ts"
import { deliverTo } from "../program/Send.ts"
import { Timed } from "../run/Timer.ts"
import type { Page } from "./TimerTable.ts"

/** A timer that processes know by its reference. Does not keep its scheduler. Hot path: plain, mutable and small. */
export abstract class TimerEntry extends Timed {
  /** The counter of its reference. Set by its table. */
  number = 0
  /** Its page in the table, once the wheel has it. Set by its table. */
  page: Page | undefined = undefined

  override expire(host: Host): void {
    host.timerRefs.remove(this)
    this.fire(host)
  }

  protected abstract fire(host: Host): void

  /** Whether its receiver has ended. */
  abstract isObsolete(host: Host): boolean
}

/** Whether a process was of this scheduler, and has ended. */
const hasEnded = (host: Host, pid: Pid): boolean => isHere(host, pid) && !host.processes.has(pid.serial)

/** Sends an exit signal. */
export class ExitTimer extends TimerEntry {
  readonly pid: Pid
  readonly reason: ExitReason.ExitReason
  constructor(pid: Pid, reason: ExitReason.ExitReason) {
    super()
    this.pid = pid
    this.reason = reason
  }
  protected fire(host: Host): void {
    sendExit(host, this.pid, outside(host), this.reason, false)
  }
  isObsolete(host: Host): boolean {
    return hasEnded(host, this.pid)
  }
}

/** Puts code into the run queue. */
export class RunTimer extends TimerEntry {
  private readonly code: () => void
  constructor(code: () => void) {
    super()
    this.code = code
  }
  protected fire(host: Host): void {
    host.enqueue(this.code, "normal")
  }
  isObsolete(): boolean {
    return false
  }
}

/** Sends a checked message. */
export class SendTimer extends TimerEntry {
  readonly to: Address
  readonly message: unknown

  constructor(to: Address, message: unknown) {
    super()
    this.to = to
    this.message = message
  }

  protected fire(host: Host): void {
    const { message, to } = this
    // The usual case needs no effect
    if (to instanceof PidImpl && to.codec !== undefined && trySend(host, to, to.codec, message)) return
    deliverTo(host, to, message)
  }

  isObsolete(host: Host): boolean {
    const { to } = this
    // A name is resolved when the timer fires
    if (to instanceof Name) return false
    return hasEnded(host, to instanceof PidImpl ? to : (to as Alias).pid)
  }
}

keepShapes(new SendTimer(nothing, nothing), new ExitTimer(nothing, nothing), new RunTimer(nothing))
