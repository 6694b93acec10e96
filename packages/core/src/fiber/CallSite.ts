/**
 * Where a process waits for an answer: the line of the `yield*` in its generator. Found out when something went wrong, for
 * errors and reports. A generator that waits for an operation of ours hands on what is thrown into it to that operation's
 * iterator, with itself on the stack; the iterator answers that it still waits, and none of the generator's code has run.
 */
import * as Exit from "effect/Exit"
import type { GeneratorContinuation } from "./EffectFiber.ts"
import type { KernelFiber } from "./Fibers.ts"
import { CallSiteQuery } from "./Operation.ts"

/**
 * The lines of the stack of the generator that `fiber` goes on with, as those of an error. Only call while it waits for an
 * operation that it was handed over by `yield*` itself, see `wasHandedOver`.
 */
export const siteOf = (fiber: KernelFiber): string | undefined => {
  const { iterator } = (fiber._stack.at(-1) ?? {}) as Partial<GeneratorContinuation>
  if (typeof iterator?.throw !== "function") return undefined
  const asked = new CallSiteQuery()
  iterator.throw(asked)
  const lines = asked.stack.split("\n")
  const first = lines.findIndex((line) => line.startsWith("    at "))
  // Below it is who asked
  const end = lines.findIndex((line) => /\bthrow \(<anonymous>\)/.test(line))
  return first < 0 || end <= first ? undefined : lines.slice(first, end).join("\n")
}

/** The same failure, whose error says where `fiber` has waited for it in place of where it was made. */
export const failedAt = <A, E>(fiber: KernelFiber, failure: Exit.Exit<A, E>): Exit.Exit<A, E> => {
  if (Exit.isSuccess(failure)) return failure
  for (const reason of failure.cause.reasons) {
    const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
    if (!(error instanceof Error)) continue
    const site = siteOf(fiber)
    if (site !== undefined) error.stack = `${error.name}: ${error.message}\n${site}`
  }
  return failure
}
