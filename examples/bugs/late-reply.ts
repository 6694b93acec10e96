/** Questions by plain messages: the answer to the first comes after its time is out, and is taken for the second's. */

import assert from "node:assert/strict"
import { Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { type Answer, isAnswer, oracle, patience } from "./oracle.ts"
import { anything, type Bug } from "./support.ts"

/** Which messages a client takes for the answer to its question. */
const program = (isReply: (number: number) => (message: unknown) => message is Answer) =>
  function* (self: Process.Self<unknown>) {
    const pid = yield* oracle
    for (const number of [3, 4]) {
      yield* Process.send(pid, { _tag: "Question", number, from: self.pid as Process.Pid<Answer> })
      const answer = yield* Effect.option(self.receiveWhen(isReply(number), { after: patience }))
      // No answer in time is one that a client knows to deal with
      if (answer._tag === "Some") assert.equal(answer.value.square, number * number, `the answer to ${number}`)
    }
  }

export const bug: Bug = {
  name: "late-reply",
  title: "A late reply is taken for the answer to the next question",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program(() => isAnswer),
  right: program(
    (number) =>
      (message): message is Answer =>
        isAnswer(message) && message.to === number
  )
}
