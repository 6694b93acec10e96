/** A call that is handed to a worker, and a guard that answers in its place when it is slow: both answer, and only one is heard. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { patience, thinking } from "./oracle.ts"
import { anything, type Bug, serve } from "./support.ts"

const protocol = {
  /** Whether the seat was reserved. */
  reserve: GenServer.call({ success: Schema.Boolean }),
  reserved: GenServer.call({ success: Schema.Int }),
  /** From the worker: the venue has agreed. */
  agreed: GenServer.cast(),
  /** From the guard: nobody should wait any longer. */
  overdue: GenServer.cast()
}

interface State {
  readonly reserved: number
  /** Who has not been answered. */
  readonly waiting: GenServer.From<boolean, never> | undefined
}

/** Runs an effect in a process of its own, after so long. */
const later = <E>(label: string, milliseconds: number, effect: Effect.Effect<unknown, E, GenServer.Provided>) =>
  Process.spawnLink(Schema.Never, () => Effect.andThen(Process.sleep(milliseconds), effect), { label })

const init = (): State => ({ reserved: 0, waiting: undefined })

const Hasty = GenServer.define("bugs/HastyBoxOffice", { args: {}, protocol })
/** Worker and guard each answer the caller; the first counts. The reservation is made in any case. */
const HastyLive = Hasty.implement({
  init,
  handle: {
    reserve: (state, { from, self }) =>
      Effect.gen(function* () {
        yield* later("worker", thinking, Effect.andThen(self.agreed(), GenServer.replyTo(from, true)))
        yield* later("guard", patience, GenServer.replyTo(from, false))
        return GenServer.noReply(state)
      }),
    reserved: (state) => GenServer.reply(state.reserved, state),
    agreed: (state) => ({ ...state, reserved: state.reserved + 1 }),
    overdue: (state) => state
  }
})

const Deciding = GenServer.define("bugs/DecidingBoxOffice", { args: {}, protocol })
/** Worker and guard tell the server, which decides once what the answer is and does what it has answered. */
const DecidingLive = Deciding.implement({
  init,
  handle: {
    reserve: (state, { from, self }) =>
      Effect.gen(function* () {
        yield* later("worker", thinking, self.agreed())
        yield* later("guard", patience, self.overdue())
        return GenServer.noReply({ ...state, waiting: from })
      }),
    reserved: (state) => GenServer.reply(state.reserved, state),
    agreed: (state) =>
      state.waiting === undefined
        ? state
        : Effect.as(GenServer.replyTo(state.waiting, true), { reserved: state.reserved + 1, waiting: undefined }),
    overdue: (state) =>
      state.waiting === undefined
        ? state
        : Effect.as(GenServer.replyTo(state.waiting, false), { ...state, waiting: undefined })
  }
})

const program = (contract: typeof Hasty) =>
  function* () {
    const office = yield* serve(contract)
    const reserved = yield* office.reserve()
    // Worker and guard are both over by then
    yield* Process.sleep(500)
    assert.equal(yield* office.reserved(), reserved ? 1 : 0, `the caller was told ${reserved}`)
  }

export const bug: Bug = {
  name: "double-reply",
  title: "A call that was handed on is answered twice, and what was done is not what was answered",
  schedulers: 1,
  implementations: [HastyLive, DecidingLive],
  bears: anything,
  wrong: program(Hasty),
  right: program(Deciding)
}
