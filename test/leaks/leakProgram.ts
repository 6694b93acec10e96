/**
 * Measures what a system of so many schedulers keeps of each case, in an OS process of its own, and writes it as a line of JSON for each.
 * All schedulers are virtual: what either side keeps is in this process's memory. Time is virtual too.
 */
import { Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type Case, casesOn } from "./cases.ts"
import { bytesPerOperation, usualTolerance } from "./measure.ts"
import { program } from "./program.ts"

const schedulers = Number(process.argv[2])
/** Only the case of that name. */
const only = process.argv[3]

const usual = 500

/** One case, in a process that lives as long as it is measured. */
const measure = ({ operations = usual, prepare, tolerance = usualTolerance }: Case) =>
  Process.run((self) =>
    Effect.gen(function* () {
      const there = { on: { scheduler: schedulers - 1 } }
      const step = yield* prepare({ self, there })
      const operate = (count: number) =>
        Effect.gen(function* () {
          if (typeof step === "function") yield* step(count)
          else for (let left = count; left > 0; left--) yield* step
          // What is kept for a while is over, and everything that is underway has come
          for (let round = 0; round < 10; round++) {
            yield* TestClock.adjust("1 second")
            yield* Effect.yieldNow
          }
        })
      return yield* bytesPerOperation(operate, operations, tolerance)
    })
  )

const main = Effect.forEach(
  casesOn(schedulers).filter(({ name }) => only === undefined || name === only),
  (one) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(measure(one))
      // The timers of one case are none of the next one's
      yield* TestClock.adjust("2 hours")
      const outcome =
        result._tag === "Success" ? { bytes: Math.round(result.success) } : { error: String(result.failure) }
      console.log(JSON.stringify({ name: one.name, ...outcome }))
    }),
  { discard: true }
)

const layer = System.layer({ ...program, schedulers, virtual: true })

await Effect.runPromise(main.pipe(Effect.provide(layer), Effect.provide(TestClock.layer())))
