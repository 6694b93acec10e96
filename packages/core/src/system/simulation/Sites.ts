/** Where a process waits for something that is not this project's: the line of the `yield*` in its generator. */
import * as Effect from "effect/Effect"
import { siteOf } from "../../fiber/CallSite.ts"
import type { KernelFiber } from "../../fiber/KernelFiber.ts"
import { CallSiteQuery } from "../../fiber/Operation.ts"

/** What the iterators of Effect's own effects are made by. */
const iterators: { throw?: unknown } = Object.getPrototypeOf(Effect.never[Symbol.iterator]())

/** Answers as an operation of ours does: with the stack, and that it still waits. None of the program's code runs. */
const whereabouts = (asked: unknown): IteratorResult<unknown> => {
  if (!(asked instanceof CallSiteQuery)) throw asked
  Error.captureStackTrace(asked, whereabouts)
  return { value: undefined, done: false }
}

/**
 * The lines of the stack of the generator that `fiber` goes on with; `undefined` where it is in none. Only call while it waits for an
 * effect that its `yield*` has handed over.
 */
export const siteOutside = (fiber: KernelFiber): string | undefined => {
  const own = Object.getOwnPropertyDescriptor(iterators, "throw")
  Object.defineProperty(iterators, "throw", { configurable: true, writable: true, value: whereabouts })
  try {
    return siteOf(fiber)
  } catch {
    // The generator waits for an iterator of somebody else's
    return undefined
  } finally {
    if (own === undefined) Reflect.deleteProperty(iterators, "throw")
    else Object.defineProperty(iterators, "throw", own)
  }
}
