/**
 * W9 on Understudy: processes that compute. On two schedulers they are processes of a defined name, which are started
 * all at once, and an idle scheduler takes over those that have not begun.
 */
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fibonacci, rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Computed, Fibonacci } from "./servers/Fibonacci.ts"

interface Parameters {
  readonly processes: number
  readonly fib: number
}

type Computing = Process.Self<(typeof Computed)["Type"]>

const results = (self: Computing, { fib, processes }: Parameters) =>
  Effect.gen(function* () {
    const expected = fibonacci(fib)
    let right = 0
    for (let count = 0; count < processes; count++) {
      const message = yield* self.receive
      if (message._tag === "Computed" && message.value === expected) right++
    }
    yield* verify("right results", processes, right)
  })

const onOne = (parameters: Parameters) =>
  asProcess(Computed, (self) =>
    rate(
      parameters.processes,
      Effect.gen(function* () {
        const compute = () =>
          Effect.suspend(() => Process.send(self.pid, { _tag: "Computed", value: fibonacci(parameters.fib) }))
        for (let count = 0; count < parameters.processes; count++) yield* Process.spawn(Schema.Never, compute)
        yield* results(self, parameters)
      })
    )
  )

const placed = (parameters: Parameters, on: Process.Placement) =>
  asProcess(Computed, (self) =>
    rate(
      parameters.processes,
      Effect.andThen(
        Effect.forEach(
          Array.from({ length: parameters.processes }),
          () => Process.start(Fibonacci, { n: parameters.fib, tell: self.pid }, { on }),
          { concurrency: "unbounded", discard: true }
        ),
        results(self, parameters)
      )
    )
  )

const onAll = ({ turns, ...parameters }: Parameters & { readonly turns: number }) =>
  Effect.gen(function* () {
    let secondsOnOne = 0
    let secondsOnTwo = 0
    for (let turn = 0; turn < turns; turn++) {
      secondsOnOne += 1 / (yield* placed(parameters, "here"))
      secondsOnTwo += 1 / (yield* placed(parameters, "any"))
    }
    return { rate: turns / secondsOnTwo, speedup: secondsOnOne / secondsOnTwo }
  })

export const parallel = { "parallel-cpu": onOne, "parallel-cpu-2": onAll } satisfies Programs<UnderstudyProgram>
