/**
 * The processes of W9 that may run on any scheduler: each computes once, tells the result, and ends.
 */
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fibonacci } from "../../../measure.ts"

/** What whoever waits for the results takes. */
export const Computed = Schema.TaggedUnion({ Computed: { value: Schema.Int } })

/** See the file's header. */
export const Fibonacci = Process.define("benchmarks/Fibonacci", {
  mailbox: Schema.Never,
  args: { n: Schema.Int, tell: Process.pid(Computed) }
})

export const FibonacciLive = Fibonacci.implement((_, { n, tell }) =>
  Effect.suspend(() => Process.send(tell, { _tag: "Computed", value: fibonacci(n) }))
)
