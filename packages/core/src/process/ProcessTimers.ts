/**
 * Timers that processes set: messages and signals after a delay, once or again and again. They are kept by the scheduler
 * that set them, follow its clock, and can be cancelled and read from any scheduler. Catalogue area T.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as ExitReason from "./ExitReason.ts"
import { Current, type Host, type System } from "./Host.ts"
import { sendExit } from "./Lifecycle.ts"
import { monitorAddress } from "./Monitors.ts"
import type { Address } from "./Name.ts"
import { maximumSlots, outside, type Pid, referenceUnit } from "./Pid.ts"
import { answer, ask } from "./Query.ts"
import { milliseconds } from "./RawProcess.ts"
import type { Referenced } from "./ReferenceTable.ts"
import { hostOf, withSystem } from "./Running.ts"
import { deliverTo, prepare, send } from "./Send.ts"
import { Down, type TimerRef } from "./Signal.ts"
import { spawn } from "./SpawnRaw.ts"
import { stepKind } from "./Step.ts"
import { Timer, type TimerEntry } from "./Timer.ts"

/** When a timer fires: after a delay, or at a time of the scheduler's monotonic clock (see {@link now}). */
export type When = Duration.Input | { readonly at: number }

/** The monotonic time of this scheduler, in milliseconds: what `{ at }` deadlines are measured by. */
export const now: Effect.Effect<number, never, System> = withSystem((host) => Exit.succeed(host.timers.now()))

const isDeadline = (when: When): when is { readonly at: number } =>
  typeof when === "object" && "at" in when && typeof when.at === "number"

/** A timer that processes know by its reference. */
abstract class Entry extends Timer implements TimerEntry {
  readonly host: Host
  readonly ref: TimerRef
  sibling: Referenced | undefined = undefined

  constructor(host: Host) {
    super(undefined)
    this.host = host
    // References are numbers that nextReference gave out
    this.ref = host.nextReference() as TimerRef
  }

  protected override expired(): void {
    this.host.timerRefs.take(this.ref)
    this.fire()
  }

  protected abstract fire(): void

  /** Sets it. Dies when `when` is no time one can wait for; a deadline in the past is now. */
  begin(operation: string, when: When): Effect.Effect<TimerRef> {
    const { ref } = this
    const { timerRefs, timers } = this.host
    if (isDeadline(when)) {
      if (!Number.isFinite(when.at)) return badDelay(operation)
      timers.startAt(this, when.at)
    } else {
      const delay = milliseconds(when)
      if (delay === undefined || !(delay >= 0)) return badDelay(operation)
      timers.start(this, delay)
    }
    timerRefs.add(this)
    return Exit.succeed(ref)
  }
}

const badDelay = (operation: string) =>
  Effect.die(new RangeError(`${operation}: expected a delay that is finite and not negative`))

class Later extends Entry {
  private readonly action: (ref: TimerRef) => void
  constructor(host: Host, action: (ref: TimerRef) => void) {
    super(host)
    this.action = action
  }
  protected fire(): void {
    this.action(this.ref)
  }
}

/** A message that is on its way already, but for the time. */
class SendLater extends Entry {
  private readonly to: Address
  message: unknown
  constructor(host: Host, to: Address, message: unknown) {
    super(host)
    this.to = to
    this.message = message
  }
  protected fire(): void {
    deliverTo(this.host, this.to, this.message)
  }
}

/**
 * Sends a message after a delay. A name is resolved when the timer fires; a receiver that is gone by then is no error.
 * Dies when the delay is negative or not finite, and with `InvalidMessage` when the message is not of the mailbox's type.
 * Catalogue T01, T10 to T12, T14, T16.
 */
export const sendAfter: <M>(to: Address<M>, message: M, when: When) => Effect.Effect<TimerRef, never, System> =
  // `M` is checked by its codec
  stepKind((fiber, to: Address, message: unknown, when: When) => {
    const host = hostOf(fiber)
    prepare(host, to, message)
    return new SendLater(host, to, message).begin("sendAfter", when)
  }) as never

/** As {@link sendAfter}, with a message that holds the timer's own reference. Catalogue T02. */
export const startTimer = <M>(
  to: Address<M>,
  message: (ref: TimerRef) => M,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  withSystem((host) => {
    const address = to as unknown as Address
    const later = new SendLater(host, address, undefined)
    const text = message(later.ref)
    prepare(host, address, text)
    later.message = text
    return later.begin("startTimer", when)
  })

/** Sends an exit signal after a delay, in nobody's name. Catalogue T18. */
export const exitAfter = (
  pid: Pid,
  reason: ExitReason.ExitReason,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  withSystem((host) =>
    new Later(host, () => sendExit(host, pid, outside(host), reason, false)).begin("exitAfter", when)
  )

/** Kills after a delay. Catalogue T18. */
export const killAfter = (pid: Pid, when: When): Effect.Effect<TimerRef, never, System> =>
  exitAfter(pid, ExitReason.kill, when)

/** Runs an effect after a delay, in a process of its own: its crash is not the caller's. Catalogue T18. */
export const applyAfter = <A, E>(
  effect: Effect.Effect<A, E, Current | System>,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  withSystem((host) => {
    const start = () => {
      Effect.runForkWith(host.context)(spawn(Schema.Never, () => effect) as Effect.Effect<unknown>)
    }
    return new Later(host, start).begin("applyAfter", when)
  })

/** A timer that has been cancelled without waiting, and the milliseconds that were left (`undefined`: it had fired). */
export interface CancelOptions {
  /** Whether to wait for the scheduler that keeps the timer. Default false: the result is what was left. */
  readonly async?: boolean | undefined
}

/**
 * Stops a timer, of this scheduler or another. Returns the whole milliseconds that were left; `undefined` when it had
 * fired, was cancelled, or is unknown. With `async` it returns at once and tells nothing. Catalogue T03, T06, T07, MC15.
 */
export const cancelTimer: (ref: TimerRef, options?: CancelOptions) => Effect.Effect<number | undefined, never, System> =
  stepKind((fiber, ref: TimerRef, options: CancelOptions | undefined) => {
    const host = hostOf(fiber)
    if (isOwn(host, ref)) {
      const left = answer(host, "cancel-timer", ref)
      return Exit.succeed(options?.async === true ? undefined : left)
    }
    const asked = ask(host, placeOf(ref), "cancel-timer", ref)
    if (options?.async !== true) return asked
    Effect.runForkWith(host.context)(asked)
    return Exit.void
  }) as never

/** The whole milliseconds until a timer fires; `undefined` when it has, was cancelled, or is unknown. Catalogue T05. */
export const readTimer = (ref: TimerRef): Effect.Effect<number | undefined, never, System> =>
  withSystem(
    (host) =>
      (isOwn(host, ref)
        ? Exit.succeed(answer(host, "read-timer", ref))
        : ask(host, placeOf(ref), "read-timer", ref)) as Effect.Effect<number | undefined>
  )

/** Where a reference was made: `nextReference` puts it into the part below the counter. */
const restOf = (ref: number): number => ref - Math.floor(ref / referenceUnit) * referenceUnit

const placeOf = (ref: number) => {
  const rest = restOf(ref)
  return { slot: rest % maximumSlots, incarnation: Math.floor(rest / maximumSlots) }
}

const isOwn = (host: Host, ref: number): boolean => restOf(ref) === host.referenceRest

/** A repeating timer: a process that lives until it is cancelled or its receiver is gone. */
export interface Interval {
  readonly pid: Pid
}

/**
 * Sends `message` every so often, first after one interval. It ends by itself when the receiver (or whoever holds the
 * name at the start) does. Dies when the interval is not positive. Catalogue T17.
 */
export const sendInterval = <M>(
  to: Address<M>,
  message: M,
  every: Duration.Input
): Effect.Effect<Interval, never, System> =>
  withSystem((host) => {
    const period = milliseconds(every)
    if (period === undefined || !(period > 0)) {
      return Effect.die(new RangeError("sendInterval: expected an interval that is finite and positive"))
    }
    // `M` is checked by send; monitoring only needs the address
    const address = to as unknown as Address
    const ticking = spawn(
      Schema.Never,
      (self) =>
        Effect.gen(function* () {
          yield* Effect.map(Current, (record) => monitorAddress(record, address))
          let next = host.timers.now() + period
          while (true) {
            const wait = Math.max(0, next - host.timers.now())
            const ended = yield* Effect.match(
              self.receiveWhen((received) => received instanceof Down, { after: wait }),
              { onSuccess: () => true, onFailure: () => false }
            )
            if (ended) return
            // Ticks keep their rhythm however late one of them was
            next += period
            yield* send(to, message)
          }
        }),
      { label: "interval" }
    )
    return Effect.map(ticking, (pid) => ({ pid }))
  })

/** Ends a repeating timer. No tick follows after this returns, on one scheduler. */
export const cancelInterval = (interval: Interval): Effect.Effect<void, never, System> =>
  withSystem((host) => Effect.sync(() => sendExit(host, interval.pid, outside(host), ExitReason.kill, false)))
