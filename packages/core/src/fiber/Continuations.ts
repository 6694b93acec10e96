/**
 * The continuations on a fiber's stack, as Effect's interpreter keeps them.
 */

/** The methods of a continuation that an interruption runs: the handler of failures, and the one for every exit. */
const failureCont = "~effect/Effect/failureCont"
const ensureCont = "~effect/Effect/ensureCont"

interface Continuation {
  readonly [failureCont]?: unknown
  readonly [ensureCont]?: unknown
}

/** Whether anything on a stack would run if the fiber failed or were interrupted. */
export const handlesFailure = (stack: ReadonlyArray<unknown>): boolean => {
  // Effect pushes only continuations
  for (const continuation of stack as ReadonlyArray<Continuation>) {
    if (continuation[failureCont] !== undefined || continuation[ensureCont] !== undefined) return true
  }
  return false
}

/** The stack of finished fibers. */
export const noStack: Array<unknown> = []

/** The stack of a new fiber. V8 gives an empty array room for many elements at its first push; most fibers need two. */
export const smallStack = (): Array<unknown> => {
  const stack = [undefined]
  stack.pop()
  return stack
}
