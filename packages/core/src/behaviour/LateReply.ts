/** Answers that are given after the handler of the call has returned, by any process of its scheduler. */

import type * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import * as ExitReason from "../exit/ExitReason.ts"
import { silenced } from "../fiber/Silence.ts"
import { stepKind } from "../fiber/Step.ts"
import type { From } from "./Contract.ts"
import type { CallMessage } from "./Protocol.ts"

/**
 * Answers a call that its handler did not answer itself. The first answer counts. Dies when `value` is not of the
 * call's success type; its caller fails with NoProcess then. Catalogue GS23, GS26.
 */
export const replyTo: <A, E>(from: From<A, E>, value: A) => Effect.Effect<void> =
  // A step's parameters and result are what it was made with
  stepKind((fiber, from: From<never, never>, value: unknown) => {
    const silent = silenced(fiber, Exit_.void)
    if (silent !== undefined) return silent
    const call = callOf(from)
    check(call, "replyTo", value)
    call.succeed(value)
    return Exit_.void
  }) as never

/**
 * Answers a call with its typed error. Dies when `error` is not of the call's error type; its caller fails with NoProcess then.
 */
export const failTo: <A, E>(from: From<A, E>, error: E) => Effect.Effect<void> = stepKind(
  (fiber, from: From<never, never>, error: unknown) => {
    const silent = silenced(fiber, Exit_.void)
    if (silent !== undefined) return silent
    const call = callOf(from)
    check(call, "failTo", error)
    call.answer(Exit_.fail(error))
    return Exit_.void
  }
) as never

/** A process that gives an answer of the wrong type dies of it, and the caller is told that there will be no answer. */
const check = (call: CallMessage, by: "replyTo" | "failTo", answer: unknown): void => {
  const { explainFailure, explainSuccess, isFailure, isSuccess, tag } = call.method
  const isReply = by === "replyTo"
  try {
    if (isReply ? isSuccess(answer) : isFailure(answer)) return
    const problem = isReply
      ? `the reply to ${tag} is not of its type: ${explainSuccess(answer)}`
      : `the failure of ${tag} is not of its type: ${explainFailure(answer)}`
    throw new TypeError(`GenServer.${by}: ${problem}`)
  } catch (error) {
    call.end(ExitReason.died(error))
    throw error
  }
}

// Every `From` is the call itself; the interface only hides that
const callOf = (from: From<never, never>): CallMessage => from as unknown as CallMessage
