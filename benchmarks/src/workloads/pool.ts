/**
 * W16: a pool of workers on one and on two threads, whose owner awaits all results. Few long jobs, many jobs that take
 * longer to hand over than to do, and jobs with some kilobytes to read.
 */
import { workload } from "../Workload.ts"

const long = { full: { jobs: 1000, fib: 25 }, smoke: { jobs: 50, fib: 15 } }
const small = { full: { jobs: 100_000, fib: 10 }, smoke: { jobs: 2_000, fib: 10 } }
const letters = { full: { jobs: 20_000 }, smoke: { jobs: 500 } }

export const pool = {
  "pool-cpu-1": workload({ id: "W16", name: "pool, fib(25), 1 thread", figures: "operations/s", parameters: long }),
  "pool-cpu-2": workload({
    id: "W16",
    name: "pool, fib(25), 2 threads",
    figures: "operations/s",
    schedulers: 2,
    parameters: long
  }),
  "pool-small-1": workload({ id: "W16", name: "pool, fib(10), 1 thread", figures: "operations/s", parameters: small }),
  "pool-small-2": workload({
    id: "W16",
    name: "pool, fib(10), 2 threads",
    figures: "operations/s",
    schedulers: 2,
    parameters: small
  }),
  "pool-payload-1": workload({
    id: "W16",
    name: "pool, letters of 4 KiB, 1 thread",
    figures: "operations/s",
    parameters: letters
  }),
  "pool-payload-2": workload({
    id: "W16",
    name: "pool, letters of 4 KiB, 2 threads",
    figures: "operations/s",
    schedulers: 2,
    parameters: letters
  })
}
