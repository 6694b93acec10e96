/**
 * Keeps the hidden classes of frequently allocated objects alive. A full collection drops a hidden class that has no
 * instances, and with it the code that V8 optimised for the class: a scheduler that was idle would then run slowly until V8
 * optimises again. One retained instance of each class prevents that.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const kept: Array<unknown> = []

/** Retains one instance of each hidden class. Its fields hold {@link nothing}, so that no other object is retained. */
export const keepShapes = (...examples: ReadonlyArray<unknown>): void => {
  kept.push(...examples)
}

/** The value of the fields of a retained instance, which is never read. */
export const nothing = undefined as never

// The effects and exits that programs and this package allocate most often
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
  // Effect's fiber class: code that reads the running fiber sees it beside this package's own
  Effect.runFork(Effect.void)
)
