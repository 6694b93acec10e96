/**
 * What the programs of the peers have in common: how much work they are told to do, and what they measure it with. A
 * peer's program is a plain function that gives a promise of its figure.
 */
import { performance } from "node:perf_hooks"
import { collectGarbage, VerificationFailed } from "../measure.ts"
import { type Figures, functionSystem, type Kind, type StartOptions, type System } from "../System.ts"
import type { ParametersOf, WorkloadKey } from "../workloads/index.ts"

/** How much work there is, by the key of the workload. */
export type PeerParameters = { readonly [Key in WorkloadKey]: ParametersOf<Key> }

/** A program of a peer, which runs when it is called. */
export type PeerProgram<P> = (parameters: P, options: StartOptions) => Promise<Figures>

/** Programs of a peer: one for each workload it can honestly do. */
export type PeerPrograms = { readonly [Key in WorkloadKey]?: PeerProgram<ParametersOf<Key>> }

/** Makes a system of a peer's programs. */
export const peerSystem = (kind: Kind, programs: PeerPrograms): System =>
  functionSystem({
    kind,
    // Each program stays under its key
    programs: Object.fromEntries(
      Object.entries(programs).map(([key, program]) => [
        key,
        // A program is given the parameters of the workload under whose key it is
        (parameters: unknown) => (options: StartOptions) => (program as PeerProgram<unknown>)(parameters, options)
      ])
    )
  })

/**
 * For peers that would take minutes: so many of the operations are done. The rate of fewer of them is no worse, since they
 * leave less to the garbage collector.
 */
export const atMost = (most: number, operations: number): number => Math.min(most, operations)

/** Runs `work`, which does `operations` of something, and gives the operations per second. */
export const ratePerSecond = async (operations: number, work: () => void | Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return (operations * 1000) / (performance.now() - start)
}

/** Throws {@link VerificationFailed} unless the count is right. */
export const check = (what: string, expected: number, actual: number): void => {
  if (expected !== actual) throw new VerificationFailed({ what, expected, actual })
}

/** Bytes that each of `count` things made by `make` adds to the heap and beside it. `make` gives what keeps them alive. */
export const bytesOfEach = async <A>(count: number, make: () => A | Promise<A>): Promise<readonly [number, A]> => {
  const before = bytes()
  const kept = await make()
  return [(bytes() - before) / count, kept]
}

const bytes = (): number => {
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** The slow Fibonacci function: work for a processor. */
export const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))

/** What {@link fib} gives, found quickly: to verify it with. */
export const expectedFib = (n: number): number => {
  let [one, next] = [0, 1]
  for (let count = 0; count < n; count++) [one, next] = [next, one + next]
  return one
}

/** A promise and what settles it, for programs whose end is a message. */
export const signal = (): { readonly done: Promise<void>; readonly fire: () => void } => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { done: promise, fire: resolve }
}
