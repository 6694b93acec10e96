/**
 * What timers do that processes know by references: a message, an exit signal, or code to run, each on its way but for the
 * time. Each stands in its scheduler's wheel and in its table of references until it is over.
 */
import type * as ExitReason from "./ExitReason.ts"
import type { Host } from "./Host.ts"
import { sendExit } from "./Lifecycle.ts"
import type { Address } from "./Name.ts"
import { outside, type Pid } from "./Pid.ts"
import type { Referenced } from "./ReferenceTable.ts"
import { deliverTo } from "./Send.ts"
import { keepShapes, nothing } from "./Shape.ts"
import type { TimerRef } from "./Signal.ts"
import { Timed, type TimerEntry } from "./Timer.ts"

/** A timer that processes know by its reference. Its scheduler is whoever uses it. */
export abstract class Later extends Timed implements TimerEntry {
  readonly ref: TimerRef
  sibling: Referenced | undefined = undefined

  constructor(ref: TimerRef) {
    super()
    this.ref = ref
  }

  override expire(host: Host): void {
    host.timerRefs.remove(this.ref)
    this.fire(host)
  }

  protected abstract fire(host: Host): void
}

/** An exit signal that is on its way already, but for the time. */
export class ExitLater extends Later {
  private readonly pid: Pid
  private readonly reason: ExitReason.ExitReason
  constructor(ref: TimerRef, pid: Pid, reason: ExitReason.ExitReason) {
    super(ref)
    this.pid = pid
    this.reason = reason
  }
  protected fire(host: Host): void {
    sendExit(host, this.pid, outside(host), this.reason, false)
  }
}

/** Code that is run later: when its turn in the run queue comes. */
export class RunLater extends Later {
  private readonly code: () => void
  constructor(ref: TimerRef, code: () => void) {
    super(ref)
    this.code = code
  }
  protected fire(host: Host): void {
    host.enqueue(this.code, "normal")
  }
}

/** What {@link SendLater.ref} is while it is not used: no number is the same as this one. */
export const noRef = Number.NaN as TimerRef

/** A message that is on its way already, but for the time. Hot path: plain and mutable. */
export class SendLater extends Timed implements TimerEntry {
  ref: TimerRef
  sibling: Referenced | undefined = undefined
  to: Address
  message: unknown

  constructor(ref: TimerRef, to: Address, message: unknown) {
    super()
    this.ref = ref
    this.to = to
    this.message = message
  }

  override expire(host: Host): void {
    host.timerRefs.remove(this.ref)
    deliverTo(host, this.to, this.message)
  }

  /** It is over: nothing is kept alive, and it may be used again. */
  forget(): void {
    this.ref = noRef
    this.to = nothing
    this.message = undefined
  }
}

// Numbers that are not small have a box: so have references
const exampleRef = 0.5 as TimerRef
keepShapes(
  new SendLater(exampleRef, nothing, nothing),
  new ExitLater(exampleRef, nothing, nothing),
  new RunLater(exampleRef, nothing)
)
