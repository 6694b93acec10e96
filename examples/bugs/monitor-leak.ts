/** A monitor for each question, removed when the answer comes, and forgotten when it does not. */

import assert from "node:assert/strict"
import { ExitReason, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { type Answer, isAnswer, oracle, patience } from "./oracle.ts"
import { anything, type Bug } from "./support.ts"

type Stop = (monitor: Process.MonitorRef, answered: boolean) => Effect.Effect<unknown, never, Process.Current>

const program = (stop: Stop) =>
  function* (self: Process.Self<unknown>) {
    const pid = yield* oracle
    const isRight = (number: number) => (message: unknown) => isAnswer(message) && message.to === number
    for (const number of [3, 4]) {
      const monitor = yield* Process.monitor(pid)
      yield* Process.send(pid, { _tag: "Question", number, from: self.pid as Process.Pid<Answer> })
      const isReply = isRight(number)
      const answer = yield* Effect.option(
        self.receiveWhen((message): message is Answer => isReply(message), { after: patience })
      )
      yield* stop(monitor, answer._tag === "Some")
    }
    yield* Process.exit(pid, ExitReason.kill)
    yield* Process.sleep(50)
    const down = yield* Effect.option(self.receiveWhen((message) => message instanceof Process.Down, { after: 0 }))
    assert.equal(down._tag, "None", "nobody watches the oracle any more")
  }

export const bug: Bug = {
  name: "monitor-leak",
  title: "A monitor is left when the answer does not come in time",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program((monitor, answered) =>
    answered ? Process.demonitor(monitor, { flush: true }) : Effect.succeed(undefined)
  ),
  right: program((monitor) => Process.demonitor(monitor, { flush: true }))
}
