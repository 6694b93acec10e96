/**
 * Where a process waits for an answer: the line of the `yield*` in its generator. Determined only for errors and reports.
 * `throw` on a generator that waits in `yield*` calls `throw` of the operation's iterator, with the generator on the stack; the
 * iterator records the stack and stays suspended, so none of the generator's code runs.
 */
import * as Exit from "effect/Exit"
import type { GeneratorContinuation } from "./EffectFiber.ts"
import type { KernelFiber } from "./Fibers.ts"
import { CallSiteQuery } from "./Operation.ts"

/**
 * The stack lines of the generator on top of `fiber`'s stack, in an error's format. Only call while the generator waits in
 * `yield*` for an operation, see `wasHandedOver`.
 */
export const siteOf = (fiber: KernelFiber): string | undefined => {
  const { iterator } = (fiber._stack.at(-1) ?? {}) as Partial<GeneratorContinuation>
  if (typeof iterator?.throw !== "function") return undefined
  const asked = new CallSiteQuery()
  iterator.throw(asked)
  const lines = asked.stack.split("\n")
  const first = lines.findIndex((line) => line.startsWith("    at "))
  // The frames below belong to the caller of `throw`
  const end = lines.findIndex((line) => /\bthrow \(<anonymous>\)/.test(line))
  return first < 0 || end <= first ? undefined : lines.slice(first, end).join("\n")
}

/** The same failure. Its error's stack is that of the `yield*` at which `fiber` waited, in place of where the error was made. */
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
