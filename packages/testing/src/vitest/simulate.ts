/** `it.simulate` and `it.prop`: tests over the interleavings of a program. */
import * as Simulation from "@understudy/core/Simulation"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { expect, type TestOptions, test as vitestTest } from "vitest"
import { DrawnSchedule, followed } from "../choices/Arbitrary.ts"
import { plain } from "../choices/Schedule.ts"
import * as Corpus from "../corpus/Corpus.ts"
import { type SimulatedBody, type SimulateOptions, Simulator, simulate as search } from "../Simulate.ts"

/** How a test searches: the search's options, and vitest's. */
export interface SimulateTestOptions extends SimulateOptions {
  /** Vitest's own: real milliseconds the test may take, and the like. Default: a minute. */
  readonly vitest?: TestOptions | undefined
  /** Whether failures are kept in `__corpus__/` beside the test and run first from then on. Default true. */
  readonly keep?: boolean | undefined
}

const minute = 60_000

/** The file of the running test, if vitest says. */
const testFile = (): string | undefined => expect.getState().testPath

/**
 * A test that fails when some interleaving of its body does, or the body fails by some fault of its palette. The failure is the shrunk
 * story, with the text that replays it. The body is a generator function, and runs as a process of a simulated system.
 *
 * ```ts
 * it.simulate("no update is lost", { schedulers: 2, implementations: [CounterLive], runs: 5000 }, function* () {
 *   const counter = yield* GenServer.start(Counter, {}, { on: { scheduler: 1 } })
 *   yield* concurrently(counter.increment(), counter.increment())
 *   expect(yield* counter.get()).toBe(2)
 * })
 * ```
 */
export const simulate = (title: string, options: SimulateTestOptions, body: SimulatedBody): void => {
  const { keep = true, vitest, ...rest } = options
  vitestTest(title, { timeout: minute, ...vitest }, async () => {
    await Effect.runPromise(Simulation.prepare)
    const file = keep ? testFile() : undefined
    const corpus = rest.corpus ?? (file === undefined ? [] : Corpus.load(file, title))
    const result = search(body, { title, ...rest, corpus })
    if (result._tag === "Passed") return
    if (file !== undefined && result.failure.deterministic) Corpus.add(file, title, result.failure.token)
    throw result.failure
  })
}

/** The values of a property's arbitraries. */
export type ValuesOf<A> = { readonly [K in keyof A]: A[K] extends fc.Arbitrary<infer T> ? T : never }

/** How a property is tried: options of the system, fast-check's and vitest's. */
export interface PropOptions
  extends Pick<SimulateOptions, "schedulers" | "implementations" | "layer" | "leaks" | "slack" | "maxSteps"> {
  /** How many cases. Default 200. */
  readonly runs?: number | undefined
  /** Of fast-check. A failure prints it. */
  readonly seed?: number | undefined
  readonly vitest?: TestOptions | undefined
}

/**
 * A property over values and interleavings: fast-check's arbitraries, one of which may be `Schedule.any(…)`. Without one all cases run in
 * plain order. Values and schedule shrink together.
 *
 * ```ts
 * it.prop("any transfers keep the sum", { transfers: fc.array(transfer), schedule: Schedule.any({ schedulers: 2 }) }, { schedulers: 2 },
 *   function* ({ transfers }) { … })
 * ```
 */
export const prop = <const A extends Readonly<Record<string, fc.Arbitrary<unknown>>>>(
  title: string,
  arbitraries: A,
  options: PropOptions,
  body: (values: ValuesOf<A>) => ReturnType<SimulatedBody>
): void => {
  const { runs = 200, seed, vitest, ...rest } = options
  vitestTest(title, { timeout: minute, ...vitest }, async () => {
    await Effect.runPromise(Simulation.prepare)
    // By name, as they were given
    const record = fc.record(arbitraries) as fc.Arbitrary<Record<string, unknown>>
    let current: ValuesOf<A> | undefined
    const simulator = new Simulator(() => body(current as ValuesOf<A>), rest)
    try {
      fc.assert(
        fc.property(record, (values) => {
          current = values as ValuesOf<A>
          const drawn = Object.values(values).find((value) => value instanceof DrawnSchedule) ?? followed(plain)
          const failure = simulator.check(drawn.strategy(), () => drawn.schedule)
          if (failure !== undefined) throw failure
        }),
        { numRuns: runs, ...(seed === undefined ? undefined : { seed }) }
      )
    } finally {
      simulator.dispose()
    }
  })
}
