/**
 * What a system costs that has nothing to do: two schedulers with default options call each other for a while, and then
 * nobody does anything. Writes as JSON how much of a core the whole OS process used in that time. Takes the seconds to measure.
 */
import * as Effect from "effect/Effect"
import { GenServer, System } from "../../src/index.ts"
import { implementations, Worker } from "./actors.ts"

const seconds = Number(process.argv[2] ?? 10)
const entry = new URL("./entry.ts", import.meta.url)

/** Each scheduler has a server, and all of them are called from the main thread, one call after the other. */
const traffic = Effect.gen(function* () {
  const workers = yield* Effect.forEach([0, 1], (slot) =>
    GenServer.start(Worker, { name: `w${slot}` }, { on: { scheduler: slot } })
  )
  for (let round = 0; round < 20_000; round++) for (const worker of workers) yield* worker.where()
})

const measure = Effect.gen(function* () {
  yield* traffic
  // Compilers and collectors finish what the traffic left them
  yield* Effect.sleep("2 seconds")
  const started = performance.now()
  const before = process.cpuUsage()
  yield* Effect.sleep(seconds * 1000)
  const { system, user } = process.cpuUsage(before)
  const elapsed = performance.now() - started
  return {
    seconds: Math.round(elapsed / 100) / 10,
    cpuMilliseconds: Math.round((user + system) / 100) / 10,
    percentOfACore: Math.round(((user + system) / 1000 / elapsed) * 10_000) / 100
  }
})

const result = await Effect.runPromise(Effect.provide(measure, System.layer({ entry, schedulers: 2, implementations })))
console.log(JSON.stringify(result))
