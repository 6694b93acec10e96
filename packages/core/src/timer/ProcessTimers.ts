/**
 * Timers that processes set: messages and signals after a delay, once or repeatedly. They are kept by the scheduler
 * that set them, follow its clock, and can be cancelled and read from any scheduler. Catalogue area T.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Address } from "../address/Name.ts"
import { maximumSlots, outside, type Pid, PidImpl, referenceUnit } from "../address/Pid.ts"
import { invalidDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import { answer, ask } from "../call/Query.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import type { AnyFiber } from "../fiber/Fibers.ts"
import {
  doneWith,
  fail,
  handOver,
  type Iterating,
  isNotNow,
  notNow,
  type OperationMethods,
  operationKind,
  QuickOperation
} from "../fiber/Operation.ts"
import { type ProcessFiber, runningFiber } from "../fiber/ProcessFiber.ts"
import { hostOf, withSystem } from "../fiber/Running.ts"
import { acting, silenced } from "../fiber/Silence.ts"
import { Current, type Host, type System } from "../process/Host.ts"
import { sendExit } from "../process/Lifecycle.ts"
import { monitorAddress } from "../process/Monitors.ts"
import { prepare, send } from "../program/Send.ts"
import { spawn } from "../program/SpawnRaw.ts"
import { Timed, Timer } from "../run/Timer.ts"
import { Down, type TimerRef } from "../signal/Signal.ts"
import { ExitTimer, RunTimer, SendTimer, type TimerEntry } from "./TimerEntry.ts"
import { timerRefsOf } from "./TimerTable.ts"

/** When a timer fires: after a delay, or at a time of the scheduler's monotonic clock (see {@link now}). */
export type When = Duration.Input | { readonly at: number }

/** The monotonic time of this scheduler, in milliseconds: what `{ at }` deadlines are measured by. */
export const now: Effect.Effect<number, never, System> = withSystem((host) => Exit.succeed(host.timers.now()))

const isDeadline = (when: When): when is { readonly at: number } =>
  typeof when === "object" && when !== null && "at" in when

/** A delay in whole milliseconds; `undefined` if it is invalid or infinite. */
const delayOf = (when: Duration.Input): number | undefined => {
  const delay = wholeMilliseconds(when)
  return delay === Number.POSITIVE_INFINITY ? undefined : delay
}

/** Sets a timer. Returns `false` if `when` is invalid. A deadline in the past fires now. */
const set = (host: Host, entry: TimerEntry, ref: TimerRef, when: When): boolean => {
  if (isDeadline(when)) {
    if (!Number.isFinite(when.at)) return false
    timerRefsOf(host).startAt(entry, ref, when.at)
  } else {
    const delay = delayOf(when)
    if (delay === undefined) return false
    timerRefsOf(host).start(entry, ref, delay)
  }
  return true
}

/** The reference of a timer that is not set. */
const noTimer = (host: Host): Effect.Effect<TimerRef> => Exit.succeed(timerRefsOf(host).nextRef())

const badDelay = (operation: string, when: When) =>
  Effect.die(invalidDuration(operation, when, "a delay that is finite and not negative, or { at: time }"))

/** Sets a timer, and dies when that is not possible. */
const begin = (
  host: Host,
  entry: TimerEntry,
  operation: string,
  when: When,
  ref = timerRefsOf(host).nextRef()
): Effect.Effect<TimerRef> => (set(host, entry, ref, when) ? Exit.succeed(ref) : badDelay(operation, when))

const SendAfter = operationKind(
  class SendAfter implements OperationMethods<TimerRef, never> {
    private readonly to: Address
    private readonly message: unknown
    private readonly when: When
    value: TimerRef | undefined = undefined

    constructor(to: Address, message: unknown, when: When) {
      this.to = to
      this.message = message
      this.when = when
    }

    attempt(fiber: ProcessFiber): TimerRef | typeof notNow {
      const { message, to, when } = this
      const isPlain = typeof when === "number" && (when | 0) === when && when >= 0
      if (!isPlain || !(to instanceof PidImpl) || to.codec === undefined) return this.attemptAny(fiber)
      const { host } = fiber.process
      prepare(host, to, message)
      return timerRefsOf(host).send(to, message, when)
    }

    /** A function of its own for the rare cases, so that V8 inlines its short caller. */
    private attemptAny(fiber: ProcessFiber): TimerRef | typeof notNow {
      const { message, to, when } = this
      if (isDeadline(when)) return notNow
      const delay = delayOf(when)
      if (delay === undefined) return notNow
      const { host } = fiber.process
      prepare(host, to, message)
      return timerRefsOf(host).send(to, message, delay)
    }

    perform(fiber: AnyFiber): Effect.Effect<TimerRef> {
      const { message, to, when } = this
      const host = hostOf(fiber)
      prepare(host, to, message)
      return silenced(fiber, noTimer(host)) ?? begin(host, new SendTimer(to, message), "sendAfter", when)
    }

    [Symbol.iterator](): Iterating<TimerRef, never> {
      const fiber = runningFiber()
      if (fiber !== undefined) {
        try {
          const ref = this.attempt(fiber)
          if (!isNotNow(ref)) return doneWith(this, fiber, ref)
        } catch (error) {
          return fail(error)
        }
      }
      return handOver(this)
    }
  },
  QuickOperation
)

/**
 * Sends a message after a delay. A name is resolved when the timer fires; a receiver that is gone by then is no error.
 * Dies when the delay is negative or not finite, and with `InvalidMessage` when the message is not of the mailbox's type.
 * Catalogue T01, T10 to T12, T14, T16.
 */
export const sendAfter = <M>(to: Address<M>, message: M, when: When): Effect.Effect<TimerRef, never, System> =>
  // `M` is checked by its codec
  new SendAfter(to as unknown as Address, message, when)

/** As {@link sendAfter}, with a message that holds the timer's own reference. Catalogue T02. */
export const startTimer = <M>(
  to: Address<M>,
  message: (ref: TimerRef) => M,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  acting((host) => {
    const address = to as unknown as Address
    const ref = timerRefsOf(host).nextRef()
    const text = message(ref)
    prepare(host, address, text)
    return begin(host, new SendTimer(address, text), "startTimer", when, ref)
  })

/** Sends an exit signal after a delay, without a sending process. Catalogue T18. */
export const exitAfter = (
  pid: Pid,
  reason: ExitReason.ExitReason,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  acting((host) => begin(host, new ExitTimer(pid, reason), "exitAfter", when))

/** Kills after a delay. Catalogue T18. */
export const killAfter = (pid: Pid, when: When): Effect.Effect<TimerRef, never, System> =>
  exitAfter(pid, ExitReason.kill, when)

/** Runs an effect after a delay, in a process of its own: its crash is not the caller's. Catalogue T18. */
export const applyAfter = <A, E>(
  effect: Effect.Effect<A, E, Current | System>,
  when: When
): Effect.Effect<TimerRef, never, System> =>
  acting((host) => {
    const start = () => {
      Effect.runForkWith(host.context)(spawn(Schema.Never, () => effect) as Effect.Effect<unknown>)
    }
    return begin(host, new RunTimer(start), "applyAfter", when)
  })

/** A timer that has been cancelled without waiting, and the milliseconds that were left (`undefined`: it had fired). */
export interface CancelOptions {
  /** Whether to wait for the scheduler that keeps the timer. Default false: the result is what was left. */
  readonly async?: boolean | undefined
}

const CancelTimer = operationKind(
  class CancelTimer implements OperationMethods<number | undefined, never> {
    private readonly ref: TimerRef
    private readonly async: boolean
    value: number | undefined = undefined

    constructor(ref: TimerRef, async: boolean) {
      this.ref = ref
      this.async = async
    }

    attempt(fiber: ProcessFiber): number | undefined | typeof notNow {
      const { ref } = this
      const { host } = fiber.process
      // Only timers of this scheduler are in its table
      const left = timerRefsOf(host).cancel(ref)
      if (left === undefined && !isOwn(host, ref)) return notNow
      return this.async ? undefined : left
    }

    perform(fiber: AnyFiber): Effect.Effect<number | undefined> {
      const { async, ref } = this
      const host = hostOf(fiber)
      const silent = silenced(fiber, Exit.succeed(undefined))
      if (silent !== undefined) return silent
      if (isOwn(host, ref)) {
        const left = answer(host, "cancel-timer", ref) as number | undefined
        return Exit.succeed(async ? undefined : left)
      }
      // The answer to this question is a number, or nothing
      const asked = ask(host, placeOf(ref), "cancel-timer", ref) as Effect.Effect<number | undefined>
      if (!async) return asked
      Effect.runForkWith(host.context)(asked)
      return Exit.succeed(undefined)
    }

    [Symbol.iterator](): Iterating<number | undefined, never> {
      const fiber = runningFiber()
      const left = fiber === undefined ? notNow : this.attempt(fiber)
      return fiber === undefined || isNotNow(left) ? handOver(this) : doneWith(this, fiber, left)
    }
  },
  QuickOperation
)

/**
 * Stops a timer, of this scheduler or another. Returns the whole milliseconds that were left; `undefined` when it had
 * fired, was cancelled, or is unknown. One of a process that has ended may be unknown. With `async` it returns at once and
 * tells nothing. Catalogue T03, T06, T07, MC15.
 */
export const cancelTimer = (ref: TimerRef, options?: CancelOptions): Effect.Effect<number | undefined, never, System> =>
  new CancelTimer(ref, options?.async ?? false)

/** The whole milliseconds until a timer fires; `undefined` when it has, was cancelled, or is unknown. Catalogue T05. */
export const readTimer = (ref: TimerRef): Effect.Effect<number | undefined, never, System> =>
  withSystem(
    (host) =>
      (isOwn(host, ref)
        ? Exit.succeed(answer(host, "read-timer", ref))
        : ask(host, placeOf(ref), "read-timer", ref)) as Effect.Effect<number | undefined>
  )

/** The part of a reference below the counter: the scheduler that made it. */
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
 * Sends `message` once per interval, first after one interval. It ends by itself when the receiver (or the holder of the
 * name at the start) ends. Dies when the interval is not positive. Catalogue T17.
 */
export const sendInterval = <M>(
  to: Address<M>,
  message: M,
  every: Duration.Input
): Effect.Effect<Interval, never, System> =>
  acting((host) => {
    const period = delayOf(every)
    if (period === undefined || !(period > 0)) {
      return Effect.die(invalidDuration("sendInterval", every, "an interval that is finite and positive"))
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
            // A late tick does not delay the next ones
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
  acting((host) => Effect.sync(() => sendExit(host, interval.pid, outside(host), ExitReason.kill, false)))

keepShapes(new SendAfter(nothing, nothing, nothing), new CancelTimer(nothing, false), new Timed(), new Timer(nothing))
