/**
 * The workloads on piscina, a pool of threads: a task is copied to a thread with `postMessage` and its result back, and
 * the owner's thread computes nothing. Tasks are not checked against types, and a thread that dies fails its task; there
 * are no processes that keep state, send to each other or are supervised.
 */
import type { Piscina } from "piscina"
import { type Digest, digest, fib, letter, sumOf, underwayEach } from "../../pool/jobs.ts"
import { check, ratePerSecond } from "../PeerPrograms.ts"

/** One round with a pool of threads, and how many tasks a thread of that pool is handed at once. */
export interface PiscinaProgram {
  readonly concurrentTasksPerWorker: number
  readonly run: (pool: Piscina) => Promise<number>
}

/** piscina's default. What is handed to a thread early cannot be done by another: not for long tasks. */
const oneByOne = 1
/** With more than one, a thread need not wait for its next task: piscina does half as many again of the short ones. */
const ahead = 8

/** Runs `jobs` tasks, some at a time, and gives how many were done a second. */
const runAll = (pool: Piscina, jobs: number, run: (job: number) => Promise<void>): Promise<number> => {
  let next = 0
  const client = async () => {
    while (next < jobs) await run(next++)
  }
  const clients = underwayEach * pool.options.maxThreads
  return ratePerSecond(jobs, async () => {
    await Promise.all(Array.from({ length: clients }, client))
  })
}

interface Fibs {
  readonly jobs: number
  readonly fib: number
}

const fibs =
  (concurrentTasksPerWorker: number) =>
  ({ fib: n, jobs }: Fibs): PiscinaProgram => ({
    concurrentTasksPerWorker,
    run: async (pool) => {
      const expected = fib(n)
      let right = 0
      const perSecond = await runAll(pool, jobs, async () => {
        if ((await pool.run(n, { name: "fib" })) === expected) right++
      })
      check("right results", jobs, right)
      return perSecond
    }
  })

const letters = ({ jobs }: Pick<Fibs, "jobs">): PiscinaProgram => ({
  concurrentTasksPerWorker: ahead,
  run: async (pool) => {
    const all = Array.from({ length: jobs }, (_, id) => letter(id))
    const expected = all.reduce((sum, one) => sum + sumOf(digest(one)), 0)
    let sum = 0
    const perSecond = await runAll(pool, jobs, async (job) => {
      const result: Digest = await pool.run(all[job], { name: "digest" })
      sum += sumOf(result)
    })
    check("sum of the digests", expected, sum)
    return perSecond
  }
})

/** See the file's header. */
export const programs = {
  "pool-cpu-1": fibs(oneByOne),
  "pool-cpu-2": fibs(oneByOne),
  "pool-small-1": fibs(ahead),
  "pool-small-2": fibs(ahead),
  "pool-payload-1": letters,
  "pool-payload-2": letters
}
