/**
 * W16 on Understudy: one GenServer a scheduler, and clients that call them. The workers of a system with one scheduler
 * share it with the clients; of two schedulers the second has nothing but its worker.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import { digest, fib, letter, sumOf, underwayEach } from "../../pool/jobs.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { PoolWorker } from "./servers/PoolWorker.ts"

type Worker = GenServer.Ref<(typeof PoolWorker)["protocol"]>

/** A job may wait behind others for as long as it takes. */
const patiently = { timeout: "Infinity" } as const

/** Runs `jobs` jobs on a worker a scheduler, some at a time for each, and gives how many were done a second. */
const runAll = (
  jobs: number,
  run: (worker: Worker, job: number) => Effect.Effect<void, GenServer.CallError, System.System>
) =>
  asProcess(Schema.Literal("done"), (self) =>
    Effect.gen(function* () {
      const started = yield* Effect.forEach(yield* System.schedulers, ({ slot }) =>
        GenServer.start(PoolWorker, {}, { on: { scheduler: slot } })
      )
      let next = 0
      const client = (worker: Worker) =>
        Effect.gen(function* () {
          while (next < jobs) yield* run(worker, next++)
          yield* Process.send(self.pid, "done")
        })
      const perSecond = yield* rate(
        jobs,
        Effect.gen(function* () {
          for (let count = 0; count < underwayEach; count++) {
            for (const worker of started) yield* Process.spawnLink(Schema.Never, () => client(worker))
          }
          for (let count = 0; count < underwayEach * started.length; count++) yield* self.receive
        })
      )
      for (const worker of started) yield* GenServer.terminate(worker)
      return perSecond
    })
  )

const fibs = ({ fib: n, jobs }: { readonly jobs: number; readonly fib: number }) =>
  Effect.gen(function* () {
    const expected = fib(n)
    let right = 0
    const perSecond = yield* runAll(jobs, (worker) =>
      Effect.map(worker.fib({ n }, patiently), (result) => {
        if (result === expected) right++
      })
    )
    yield* verify("right results", jobs, right)
    return perSecond
  })

const letters = ({ jobs }: { readonly jobs: number }) =>
  Effect.gen(function* () {
    const all = Array.from({ length: jobs }, (_, id) => letter(id))
    const expected = all.reduce((sum, one) => sum + sumOf(digest(one)), 0)
    let sum = 0
    const perSecond = yield* runAll(jobs, (worker, job) =>
      Effect.map(worker.digest(all[job] ?? letter(job), patiently), (result) => {
        sum += sumOf(result)
      })
    )
    yield* verify("sum of the digests", expected, sum)
    return perSecond
  })

export const pool = {
  "pool-cpu-1": fibs,
  "pool-cpu-2": fibs,
  "pool-small-1": fibs,
  "pool-small-2": fibs,
  "pool-payload-1": letters,
  "pool-payload-2": letters
} satisfies Programs<UnderstudyProgram>
