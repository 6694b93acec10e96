/**
 * Timers that processes set: messages and signals after a delay, once or again and again. They are kept by the scheduler
 * that set them, follow its clock, and can be cancelled and read from any scheduler. Catalogue area T.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as ExitReason from "./ExitReason.ts"
import { Current, type Host, System, type Timer } from "./Host.ts"
import { sendExit } from "./Lifecycle.ts"
import { monitorAddress } from "./Monitors.ts"
import type { Address } from "./Name.ts"
import { maximumSlots, outside, type Pid } from "./Pid.ts"
import { ask } from "./Query.ts"
import { milliseconds } from "./RawProcess.ts"
import { withSystem } from "./Running.ts"
import { send } from "./Send.ts"
import { Down, type TimerRef } from "./Signal.ts"
import { spawn } from "./SpawnRaw.ts"

/** When a timer fires: after a delay, or at a time of the scheduler's monotonic clock (see {@link now}). */
export type When = Duration.Input | { readonly at: number }

/** The monotonic time of this scheduler, in milliseconds: what `{ at }` deadlines are measured by. */
export const now: Effect.Effect<number, never, System> = Effect.map(System, (host) => host.timers.now())

const isDeadline = (when: When): when is { readonly at: number } =>
  typeof when === "object" && "at" in when && typeof when.at === "number"

/** Sets a timer; `undefined` when `when` is no time one can wait for. A deadline in the past is now. */
const setTimer = ({ timers }: Host, when: When, fire: () => void): Timer | undefined => {
  if (isDeadline(when)) return Number.isFinite(when.at) ? timers.setAt(when.at, fire) : undefined
  const delay = milliseconds(when)
  return delay === undefined || delay < 0 || Number.isNaN(delay) ? undefined : timers.set(delay, fire)
}

const badDelay = (operation: string) =>
  Effect.die(new RangeError(`${operation}: expected a delay that is finite and not negative`))

/** Sets a timer that does `fire` once, and gives the reference it is cancelled by. */
const setOnce = (
  operation: string,
  when: When,
  fire: (host: Host, ref: TimerRef) => void
): Effect.Effect<TimerRef, never, System> =>
  withSystem((host) => {
    // References are numbers that nextReference gave out
    const ref = host.nextReference() as TimerRef
    const timer = setTimer(host, when, () => {
      host.timerRefs.delete(ref)
      fire(host, ref)
    })
    if (timer === undefined) return badDelay(operation)
    host.timerRefs.set(ref, timer)
    return Effect.succeed(ref)
  })

const sendFrom = <M>(host: Host, to: Address<M>, message: M): void => {
  Effect.runForkWith(host.context)(send(to, message) as Effect.Effect<void>)
}

/**
 * Sends `message` after a delay. A name is resolved when the timer fires; a receiver that is gone by then is no error.
 * Dies when the delay is negative or not finite. Catalogue T01, T10 to T12, T14, T16.
 */
export const sendAfter = <M>(to: Address<M>, message: M, when: When): Effect.Effect<TimerRef, never, System> =>
  setOnce("sendAfter", when, (host) => sendFrom(host, to, message))

/** As {@link sendAfter}, with a message that holds the timer's own reference. Catalogue T02. */
export const startTimer = <M>(
  to: Address<M>,
  message: (ref: TimerRef) => M,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  setOnce("startTimer", when, (host, ref) => sendFrom(host, to, message(ref)))

/** Sends an exit signal after a delay, in nobody's name. Catalogue T18. */
export const exitAfter = (
  pid: Pid,
  reason: ExitReason.ExitReason,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  setOnce("exitAfter", when, (host) => sendExit(host, pid, outside(host), reason, false))

/** Kills after a delay. Catalogue T18. */
export const killAfter = (pid: Pid, when: When): Effect.Effect<TimerRef, never, System> =>
  exitAfter(pid, ExitReason.kill, when)

/** Runs an effect after a delay, in a process of its own: its crash is not the caller's. Catalogue T18. */
export const applyAfter = <A, E>(
  effect: Effect.Effect<A, E, Current | System>,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  setOnce("applyAfter", when, (host) => {
    Effect.runForkWith(host.context)(spawn(Schema.Never, () => effect) as Effect.Effect<unknown>)
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
export const cancelTimer = (ref: TimerRef, options?: CancelOptions): Effect.Effect<number | undefined, never, System> =>
  withSystem((host) => {
    const asked = ask(host, placeOf(ref), "cancel-timer", ref) as Effect.Effect<number | undefined>
    if (options?.async !== true) return asked
    Effect.runForkWith(host.context)(asked)
    return Exit.succeed(undefined)
  })

/** The whole milliseconds until a timer fires; `undefined` when it has, was cancelled, or is unknown. Catalogue T05. */
export const readTimer = (ref: TimerRef): Effect.Effect<number | undefined, never, System> =>
  withSystem((host) => ask(host, placeOf(ref), "read-timer", ref) as Effect.Effect<number | undefined>)

/** Where a reference was made: `nextReference` puts it there. */
const placeOf = (ref: number) => ({
  slot: ref % maximumSlots,
  incarnation: Math.floor(ref / maximumSlots) % 4096
})

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
