/**
 * What programs measure with: the clock, the heap, and the check that the work was done. A figure of work that was not
 * verified is worth nothing, so every program ends with {@link verify}.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A program did less, or more, than it was to do. Its figure is thrown away. */
export class VerificationFailed extends Schema.TaggedError<VerificationFailed>()("VerificationFailed", {
  /** What was counted. */
  what: Schema.String,
  expected: Schema.Number,
  actual: Schema.Number
}) {
  override get message(): string {
    return `${this.what}: expected ${this.expected}, counted ${this.actual}`
  }
}

/** Fails with {@link VerificationFailed} unless the count is right. */
export const verify = (what: string, expected: number, actual: number): Effect.Effect<void, VerificationFailed> =>
  expected === actual ? Effect.void : Effect.fail(new VerificationFailed({ what, expected, actual }))

/** Runs `work`, and gives what it came to and how many nanoseconds it took. */
export const timed = <A, E, R>(
  work: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly result: A; readonly nanoseconds: number }, E, R> =>
  Effect.suspend(() => {
    const start = process.hrtime.bigint()
    return Effect.map(work, (result) => ({ result, nanoseconds: Number(process.hrtime.bigint() - start) }))
  })

/** Runs `work`, which does `operations` of something, and gives what it came to and the operations per second. */
export const rateOf = <A, E, R>(
  operations: number,
  work: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly result: A; readonly perSecond: number }, E, R> =>
  Effect.map(timed(work), ({ nanoseconds, result }) => ({ result, perSecond: (operations * 1e9) / nanoseconds }))

/** Runs `work`, which does `operations` of something, and gives the operations per second. */
export const rate = <E, R>(operations: number, work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(rateOf(operations, work), ({ perSecond }) => perSecond)

/**
 * Collects garbage as far as it goes. One collection frees what only the finalizers of the one before let go.
 * Throws when Node.js runs without `--expose-gc`.
 */
export const collectGarbage = (): void => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("collectGarbage: Node.js runs without --expose-gc")
  for (let round = 0; round < 3; round++) gc()
}

/** Bytes in use after a collection, on the heap and beside it. */
export const bytesInUse: Effect.Effect<number> = Effect.sync(() => {
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
})

/** Bytes the OS counts as this process's, after a collection. */
export const residentMemory = (): number => {
  collectGarbage()
  return process.memoryUsage.rss()
}

/** As {@link residentMemory}. */
export const residentBytes: Effect.Effect<number> = Effect.sync(residentMemory)

/** So many of some times were no longer than this, in their unit. */
export type Percentiles = Readonly<Record<"p50" | "p99" | "p99.9", number>>

/**
 * The median, the 99th and the 99.9th percentile of some times, in every system of this language; `benchmark.erl` defines
 * them alike. Each is one of the times: the smallest that at least such a share of them does not exceed.
 */
export const percentiles = (times: Float64Array): Percentiles => {
  const sorted = times.toSorted()
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), "p99.9": at(0.999) }
}

/** The slow Fibonacci function: work for a processor. */
export const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2))
