/**
 * What stands on a fiber's stack, as Effect's interpreter has it: what goes on when the effect before it is over.
 */

/** What an interruption runs of a continuation: a handler of failures, and what is to be done whatever comes. */
const failureCont = "~effect/Effect/failureCont"
const ensureCont = "~effect/Effect/ensureCont"

interface Continuation {
  readonly [failureCont]?: unknown
  readonly [ensureCont]?: unknown
}

/** Whether anything on a stack would run if the fiber failed or were interrupted. */
export const handlesFailure = (stack: ReadonlyArray<unknown>): boolean => {
  // Effect puts nothing else on it
  for (const continuation of stack as ReadonlyArray<Continuation>) {
    if (continuation[failureCont] !== undefined || continuation[ensureCont] !== undefined) return true
  }
  return false
}

/** The stack of fibers that are over. */
export const noStack: Array<unknown> = []

/** A stack of a fiber that has not begun. An array that is pushed to for the first time grows to 17 elements; most need two. */
export const smallStack = (): Array<unknown> => {
  const stack = [undefined]
  stack.pop()
  return stack
}
