/** A process that answers questions by plain messages, in its own time: what the programs about replies ask. */

import { Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { background } from "./support.ts"

/** How long it takes to answer, in milliseconds. */
export const thinking = 10

/** How long its clients wait for an answer. */
export const patience = 20

/** An answer, and to which question. */
export const Answer = Schema.TaggedStruct("Answer", { to: Schema.Int, square: Schema.Int })
export type Answer = typeof Answer.Type

export const isAnswer = (message: unknown): message is Answer =>
  typeof message === "object" && message !== null && "_tag" in message && message._tag === "Answer"

const Question = Schema.TaggedStruct("Question", { number: Schema.Int, from: Process.pid(Answer) })

/** Starts one. It answers each number with its square. */
export const oracle = background("oracle", Question, (self) =>
  Effect.gen(function* () {
    while (true) {
      const question = yield* self.receiveTag("Question")
      yield* Process.sleep(thinking)
      const { from, number } = question
      yield* Process.send(from, { _tag: "Answer", to: number, square: number * number })
    }
  })
)
