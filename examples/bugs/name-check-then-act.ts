/** A leader by name: to look whether the name is free and to take it are two steps, and two may find it free. */

import assert from "node:assert/strict"
import { Process, type System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, background } from "./support.ts"

const leader = "bugs/leader"

/** Whether the calling process leads now. */
type Campaign = Effect.Effect<boolean, never, Process.Current | System.System>

/** Two candidates, both of which stay alive until both have said whether they lead. */
const program = (campaign: Campaign) =>
  function* (self: Process.Self<unknown>) {
    const candidate = (name: string) =>
      background(name, Schema.Never, (own) =>
        Effect.gen(function* () {
          const leads = yield* campaign
          yield* Process.send(self.pid, { name, leads })
          yield* own.receive
        })
      )
    yield* candidate("w1")
    yield* candidate("w2")
    const answers = [yield* self.receive, yield* self.receive] as ReadonlyArray<{ readonly leads: boolean }>
    assert.equal(answers.filter(({ leads }) => leads).length, 1, "exactly one leads")
  }

const take = Effect.flatMap(Process.self, (me) => Process.register(leader, me))

export const bug: Bug = {
  name: "name-check-then-act",
  title: "Two find a name free, and both act as if they had it",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program(
    Effect.gen(function* () {
      if ((yield* Process.whereis(leader)) !== undefined) return false
      // Nobody has it, so it will be ours
      yield* Effect.ignore(take)
      return true
    })
  ),
  right: program(Effect.match(take, { onSuccess: () => true, onFailure: () => false }))
}
