/** `it.process`: tests whose body is a process. */
import * as Exit from "effect/Exit"
import { type TestContext, type TestOptions, test as vitestTest } from "vitest"
import { type Body, errorOf, type ProcessOptions, runProcess } from "../Run.ts"

/** How a test runs: its system, and vitest's own options. */
export interface ProcessTestOptions<R = never, E = never> extends Omit<ProcessOptions<R, E>, "signal"> {
  /** Vitest's: real milliseconds the test may take, how often it is repeated or retried. */
  readonly vitest?: TestOptions | undefined
}

/** Registers a test whose body is a process. */
export interface ProcessTest {
  (title: string, body: Body<never>): void
  <R = never, E = never>(title: string, options: ProcessTestOptions<R, E>, body: Body<R>): void
}

/** {@link ProcessTest}, and its variants as vitest has them. */
export interface ProcessTester extends ProcessTest {
  readonly only: ProcessTest
  readonly skip: ProcessTest
  /** The test must fail. */
  readonly fails: ProcessTest
  readonly skipIf: (condition: unknown) => ProcessTest
  readonly runIf: (condition: unknown) => ProcessTest
}

type Register = (title: string, options: TestOptions, run: (context: TestContext) => Promise<void>) => void

const registering =
  (register: Register): ProcessTest =>
  (title: string, ...given: ReadonlyArray<unknown>) => {
    const [options, body] = (given.length === 1 ? [{}, given[0]] : given) as [
      ProcessTestOptions<never, unknown>,
      Body<never>
    ]
    const { vitest, ...rest } = options
    register(title, vitest ?? {}, async ({ signal }) => {
      const exit = await runProcess(body, { ...rest, signal })
      if (Exit.isFailure(exit)) throw errorOf(exit)
    })
  }

/**
 * A test whose body runs as a process of a fresh system, under virtual time, and that fails when it leaves anything behind. The body
 * is a generator function, an Effect, or a function that gives one; see `runProcess` for what it can fail with.
 *
 * ```ts
 * it.process("counts", { implementations: [CounterLive] }, function* () {
 *   const counter = yield* startSupervised(Counter, { start: 0 })
 *   yield* counter.increment({ by: 1 })
 *   expect(yield* counter.get()).toBe(1)
 * })
 * ```
 */
export const process: ProcessTester = Object.assign(registering(vitestTest as Register), {
  only: registering(vitestTest.only as Register),
  skip: registering(vitestTest.skip as Register),
  fails: registering(vitestTest.fails as Register),
  skipIf: (condition: unknown) => registering(vitestTest.skipIf(condition) as Register),
  runIf: (condition: unknown) => registering(vitestTest.runIf(condition) as Register)
})
