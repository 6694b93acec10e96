/**
 * W2 on Understudy: raw processes that return at once.
 */
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, processCount, type UnderstudyProgram, verifyProcessCount } from "./program.ts"

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

export const churn = { churn: spawnAndExit, "churn-await": spawnAndAwait } satisfies Programs<UnderstudyProgram>
