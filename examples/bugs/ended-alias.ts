/** Answers through an alias that ends with its first message, from a worker that sometimes tells of its progress first. */

import assert from "node:assert/strict"
import { Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Answer, isAnswer, oracle, patience } from "./oracle.ts"
import { anything, type Bug, background } from "./support.ts"

const News = Schema.Union([Schema.TaggedStruct("StillBusy", {}), Schema.TaggedStruct("Result", { square: Schema.Int })])
type News = typeof News.Type

const isResult = (message: unknown): message is Extract<News, { readonly _tag: "Result" }> =>
  typeof message === "object" && message !== null && "_tag" in message && message._tag === "Result"

const program = (mode: "reply" | "explicit") =>
  function* (self: Process.Self<unknown>) {
    const sage = yield* oracle
    const alias = (yield* self.alias(mode)) as Process.Alias<News>
    // Asks the oracle, and says so when that takes longer than usual
    yield* background("worker", Schema.Unknown, (own) =>
      Effect.gen(function* () {
        yield* Process.send(sage, { _tag: "Question", number: 3, from: own.pid as Process.Pid<Answer> })
        const early = yield* Effect.option(own.receiveWhen(isAnswer, { after: patience }))
        if (early._tag === "None") yield* Process.send(alias, { _tag: "StillBusy" })
        const { square } = early._tag === "Some" ? early.value : yield* own.receiveWhen(isAnswer)
        yield* Process.send(alias, { _tag: "Result", square })
      })
    )
    const result = yield* Effect.option(self.receiveWhen(isResult, { after: 1000 }))
    yield* Process.unalias(alias as unknown as Process.Alias)
    assert.equal(result._tag, "Some", "the result arrives, with or without news before it")
  }

export const bug: Bug = {
  name: "ended-alias",
  title: "A reply alias ends with the first message, and the result is the second",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program("reply"),
  right: program("explicit")
}
