/**
 * W2: processes that are spawned and end at once. First as fast as one process can spawn them, then one after the other,
 * each awaited by its Down.
 */
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../measure.ts"
import { asProcess, processCount, verifyProcessCount } from "../systems/understudy/Understudy.ts"
import { workload } from "../Workload.ts"

interface Parameters {
  readonly processes: number
}

const spawnAndExit = ({ processes }: Parameters) =>
  Effect.gen(function* () {
    let ran = 0
    const brief = () =>
      Effect.sync(() => {
        ran++
      })
    const before = yield* processCount
    const perSecond = yield* rate(
      processes,
      asProcess(Schema.Literal("last"), (self) =>
        Effect.gen(function* () {
          for (let count = 1; count < processes; count++) yield* Process.spawn(Schema.Never, brief)
          yield* Process.spawn(Schema.Never, () => Effect.andThen(brief(), Process.send(self.pid, "last")))
          yield* self.receive
        })
      )
    )
    yield* verify("processes that ran", processes, ran)
    yield* verifyProcessCount(before)
    return perSecond
  })

const spawnAndAwait = ({ processes }: Parameters) =>
  asProcess(Schema.Never, (self) =>
    Effect.gen(function* () {
      let downs = 0
      const perSecond = yield* rate(
        processes,
        Effect.gen(function* () {
          for (let count = 0; count < processes; count++) {
            yield* Process.spawnMonitor(Schema.Never, () => Effect.void)
            const message = yield* self.receive
            if (message._tag === "Down" && message.reason._tag === "Normal") downs++
          }
        })
      )
      yield* verify("Downs", processes, downs)
      return perSecond
    })
  )

export const churn = [
  workload({
    id: "W2",
    key: "churn",
    name: "spawn and exit",
    unit: "processes/s",
    schedulers: 1,
    parameters: { full: { processes: 1_000_000 }, smoke: { processes: 50_000 } },
    run: { understudy: spawnAndExit }
  }),
  workload({
    id: "W2",
    key: "churn-await",
    name: "spawn, exit and await, in sequence",
    unit: "processes/s",
    schedulers: 1,
    parameters: { full: { processes: 300_000 }, smoke: { processes: 20_000 } },
    run: { understudy: spawnAndAwait }
  })
]
