/**
 * What the programs of the peers have in common: how much work they are told to do, and what they measure it with. A
 * peer's program is a plain function that gives a promise of its figure.
 */
import { performance } from "node:perf_hooks"
import { collectGarbage, VerificationFailed } from "../measure.ts"

export interface Processes {
  readonly processes: number
}

export interface Ring {
  readonly processes: number
  readonly hops: number
}

export interface Calls {
  readonly clients: number
  readonly callsEach: number
}

export interface Latency {
  /** Processes that compute and never wait. */
  readonly hogs: number
  /** Round trips that are not counted, at first. */
  readonly warmUp: number
  readonly roundTrips: number
}

/** So many of the round trips took no longer than this, in microseconds. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly "p99.9": number
}

/** How much work there is, by the key of the workload. */
export interface PeerParameters {
  readonly "spawn-100k": Processes
  readonly "memory-raw": Processes
  readonly churn: Processes
  readonly "ping-pong": { readonly rounds: number }
  readonly "ring-1000": Ring
  readonly "ring-503": Ring
  readonly "fan-in": { readonly senders: number; readonly messagesEach: number }
  /** Every process sends to every other one and is answered; that many times over, with new processes. */
  readonly "all-to-all": { readonly processes: number; readonly games: number }
  readonly "call-1": Calls
  readonly "call-100": Calls
  readonly cast: { readonly casts: number }
  /** Each process computes one Fibonacci number, the slow way. */
  readonly "parallel-cpu": { readonly processes: number; readonly fib: number }
  readonly "kill-monitored": Processes
  readonly "timer-cancel": { readonly timers: number }
  readonly "latency-0": Latency
  readonly "latency-2": Latency
}

/** Programs of a peer: one for each workload it can honestly do. */
export type PeerPrograms = {
  readonly [Key in keyof PeerParameters]?: (
    parameters: PeerParameters[Key]
  ) => Promise<Key extends `latency-${string}` ? Latencies : number>
}

/**
 * For peers that would take minutes: so many of the operations are done, the rate of which is no other. Not for memory,
 * nor for what gets slower the more of it there is.
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

/** What is said about round trips, from how long each of them took, in microseconds. */
export const latencies = (times: Float64Array): Latencies => {
  const sorted = times.toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), "p99.9": at(0.999) }
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
