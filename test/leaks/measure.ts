/** How many bytes stay of each operation once all that can be collected is. Needs --expose-gc. */
import { getHeapSpaceStatistics } from "node:v8"
import * as Effect from "effect/Effect"

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Where V8 keeps code: what it compiles, and how often, is its own business. */
const isCode = (space: string) => /code|trusted/.test(space)

/** What is held, but for code, once everything that can be collected is. */
const held = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    // Weak references last as long as the turn that has looked at them
    await nextTurn()
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" })
  }
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => !isCode(space_name))
  return spaces.reduce((sum, space) => sum + space.space_used_size, process.memoryUsage().external)
}

/** More than that of each operation is a leak: the smallest thing that could be kept, a number in a map, is more. */
export const usualTolerance = 16

/** So often the number of operations doubles before a leak is believed: what is compiled meanwhile comes once, a leak with each. */
const doublings = 6

/**
 * The bytes that each operation leaves behind. Each time as many operations are added as there were before: sets and maps double with
 * them, so an entry never hides in what such a table has in reserve.
 */
export const bytesPerOperation = <E, R>(
  operate: (count: number) => Effect.Effect<unknown, E, R>,
  operations: number,
  tolerance: number
): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    yield* operate(operations)
    let before = yield* Effect.promise(held)
    let done = operations
    for (let left = doublings; ; left--) {
      yield* operate(done)
      const after = yield* Effect.promise(held)
      const bytes = (after - before) / done
      if (bytes <= tolerance || left === 1) return bytes
      before = after
      done *= 2
    }
  })
