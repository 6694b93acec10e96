/**
 * Keeps the hidden classes of what every process makes. V8 forgets a hidden class at a full collection when no object of
 * it is left, and with it all code that was compiled for such objects: a scheduler that was idle for a moment would run
 * slowly for the next one. One object of each kind, of no use otherwise, prevents that.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const kept: Array<unknown> = []

/** Keeps objects as examples of their kinds. Made with no real parts, so that nothing else is kept with them. */
export const keepShapes = (...examples: ReadonlyArray<unknown>): void => {
  kept.push(...examples)
}

/** What stands for a part of an example. Nothing ever looks at it. */
export const nothing = undefined as never

// What programs and this package make of Effect most often
keepShapes(
  Exit.succeed(undefined),
  Exit.fail(undefined),
  Exit.die(undefined),
  Exit.interrupt(),
  Effect.sync(nothing),
  Effect.suspend(nothing),
  Effect.withFiber(nothing),
  Effect.callback(() => undefined),
  Effect.map(Effect.void, nothing),
  Effect.flatMap(Effect.void, nothing),
  Effect.gen(nothing),
  // A fiber of Effect's own: what looks at the running fiber sees those too
  Effect.runFork(Effect.void)
)
