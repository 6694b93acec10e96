/**
 * Starts and stops a system of four schedulers again and again, with processes of every kind left running on each of them,
 * and writes as JSON what the OS process holds after each of as many cycles as it was told. What is made once and kept, code
 * that is compiled above all, comes in the first cycles. Needs --expose-gc.
 */
import { readdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import { GenServer, Process, System } from "../../src/index.ts"
import { implementations, Oracle, Worker } from "./actors.ts"

const schedulers = 4
const cycles = Number(process.argv[2])

const use = Effect.forEach(
  Array.from({ length: schedulers }, (_, slot) => slot),
  (slot) =>
    Effect.gen(function* () {
      const worker = yield* GenServer.start(Worker, { name: `w${slot}` }, { on: { scheduler: slot } })
      yield* Process.start(Oracle, {}, { on: { scheduler: slot } })
      if ((yield* worker.where()) !== slot) throw new Error(`not on scheduler ${slot}`)
    }),
  { discard: true }
)

const entry = new URL("./entry.ts", import.meta.url)
const cycle = Effect.provide(use, System.layer({ entry, schedulers, implementations }))

const threads = () => (process.platform === "linux" ? readdirSync("/proc/self/task").length : 0)

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What is held once everything that can be collected is. */
const held = async () => {
  for (let round = 0; round < 10; round++) {
    await nextTurn()
    globalThis.gc?.()
  }
  const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage()
  return {
    threads: threads(),
    resources: process.getActiveResourcesInfo().sort(),
    heapUsed,
    external,
    arrayBuffers,
    rss
  }
}

const samples: Array<Awaited<ReturnType<typeof held>>> = []
for (let count = 0; count < cycles; count++) {
  await Effect.runPromise(cycle)
  samples.push(await held())
}
console.log(JSON.stringify(samples))
