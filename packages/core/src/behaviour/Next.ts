/**
 * What a handler may answer with: a new state, or one of these, each saying what happens next.
 */

import type * as Duration from "effect/Duration"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { Timer } from "../run/Timer.ts"

/** What is to happen after the handler's step. */
export interface Then {
  /**
   * Without any message for so long, the `timeout` handler runs. Any message cancels it. A negative one is a RangeError
   * where the answer is made. Catalogue GS38.
   */
  readonly timeout?: Duration.Input | undefined
  /** Handled by the `continue` handler before the next message. Catalogue GS13. */
  readonly continue?: unknown
  /** Drop what can be dropped until the next message. */
  readonly hibernate?: boolean | undefined
}

/** What a server has been told by {@link Then} and has not done: few have any. */
export interface Plans {
  continuation: { readonly what: unknown } | undefined
  idle: number | undefined
  timer: Timer | undefined
  /** The idle timer has fired. */
  due: boolean
}

/** What {@link Then.timeout} is called in errors. */
export const idleTimeout = "the idle timeout of a handler's answer"

/** Refused where it is written, so that the handler's line is in the error. */
const check = (plan: Then): void => void milliseconds(plan.timeout, idleTimeout)

/** What all answers have in common that are not just a new state. */
abstract class Instruction {}

/** Whether a handler has answered with more than a new state. */
export const isInstruction = (next: unknown): next is Instruction => {
  try {
    return next instanceof Instruction
  } catch {
    // A state that cannot be asked what it is: a revoked proxy, say
    return false
  }
}

/** Answers the call and goes on. Made by {@link reply}. */
export class Reply<out A, out S> extends Instruction {
  readonly _tag = "Reply"
  readonly value: A
  readonly state: S
  readonly plan: Then | undefined
  constructor(value: A, state: S, plan: Then | undefined) {
    super()
    this.value = value
    this.state = state
    this.plan = plan
    if (plan !== undefined) check(plan)
  }
}

/** Goes on without answering (now). Made by {@link noReply}. */
export class NoReply<out S> extends Instruction {
  readonly _tag = "NoReply"
  readonly state: S
  readonly plan: Then | undefined
  constructor(state: S, plan: Then | undefined) {
    super()
    this.state = state
    this.plan = plan
    if (plan !== undefined) check(plan)
  }
}

/** Ends the server. Made by {@link stop}. */
export class Stop<out S> extends Instruction {
  readonly _tag = "Stop"
  readonly reason: ExitReason.ExitReason
  readonly state: S
  constructor(reason: ExitReason.ExitReason, state: S) {
    super()
    this.reason = reason
    this.state = state
  }
}

/** Answers the call and ends the server. Made by {@link stopWithReply}. */
export class StopWithReply<out A, out S> extends Instruction {
  readonly _tag = "StopWithReply"
  readonly reason: ExitReason.ExitReason
  readonly value: A
  readonly state: S
  constructor(reason: ExitReason.ExitReason, value: A, state: S) {
    super()
    this.reason = reason
    this.value = value
    this.state = state
  }
}

/** From `init`: the server deliberately does not start; it ends with reason normal. Catalogue GS05. */
export class Ignore extends Instruction {
  readonly _tag = "Ignore"
}

/** What a call's handler answers with. */
export type CallNext<A, S> = Reply<A, S> | NoReply<S> | Stop<S> | StopWithReply<A, S>

/** What the other handlers answer with: a plain value is the new state. */
export type Next<S> = S | NoReply<S> | Stop<S>

/** What `init` answers with. */
export type InitNext<S> = S | NoReply<S> | Stop<unknown> | Ignore

/** Answers the call with `value`; `state` is the new state. */
export const reply = <A, S>(value: A, state: S, plan?: Then): Reply<A, S> => new Reply(value, state, plan)

/** The new state, and what happens next. In a call's handler: the answer comes later, by `GenServer.replyTo`. */
export const noReply = <S>(state: S, plan?: Then): NoReply<S> => new NoReply(state, plan)

/** Ends the server with `reason`, after `terminate`. A caller that waits fails with NoProcess and that reason. */
export const stop = <S>(reason: ExitReason.ExitReason, state: S): Stop<S> => new Stop(reason, state)

/** Answers the call and ends the server: `terminate` runs before the answer is sent. Catalogue GS22. */
export const stopWithReply = <A, S>(reason: ExitReason.ExitReason, value: A, state: S): StopWithReply<A, S> =>
  new StopWithReply(reason, value, state)

/** From `init`: do not start, and it is no error. */
export const ignore: Ignore = new Ignore()

keepShapes(
  new Reply(nothing, nothing, undefined),
  new NoReply(nothing, undefined),
  new Stop(nothing, nothing),
  new StopWithReply(nothing, nothing, nothing)
)
