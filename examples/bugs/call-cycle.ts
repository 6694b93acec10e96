/** Two servers that call each other while they handle a call: each waits for the other, until the time is out. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const protocol = {
  balance: GenServer.call({ success: Schema.Int }),
  deposit: GenServer.call({ payload: { amount: Schema.Int } }),
  transfer: GenServer.call({ payload: { amount: Schema.Int, to: Schema.String } })
}

/** Waits in its handler until the other account has the money. */
const Waiting = GenServer.define("bugs/WaitingAccount", { args: {}, protocol })
const WaitingLive = Waiting.implement({
  init: () => 100,
  handle: {
    balance: (balance) => GenServer.reply(balance, balance),
    deposit: (balance, { amount }) => GenServer.reply(undefined, balance + amount),
    transfer: (balance, { amount, to }) =>
      Waiting.named(to)
        .deposit({ amount })
        .pipe(Effect.orDie, Effect.as(GenServer.reply(undefined, balance - amount)))
  }
})

/** Lets a process of its own wait, which answers the caller; meanwhile it handles what comes. */
const Delegating = GenServer.define("bugs/DelegatingAccount", { args: {}, protocol })
const DelegatingLive = Delegating.implement({
  init: () => 100,
  handle: {
    balance: (balance) => GenServer.reply(balance, balance),
    deposit: (balance, { amount }) => GenServer.reply(undefined, balance + amount),
    transfer: (balance, { amount, to }, { from }) =>
      Process.spawnLink(
        Schema.Never,
        () =>
          Effect.andThen(Effect.orDie(Delegating.named(to).deposit({ amount })), GenServer.replyTo(from, undefined)),
        { label: "transfer" }
      ).pipe(Effect.as(GenServer.noReply(balance - amount)))
  }
})

const program = (Account: typeof Waiting) =>
  function* () {
    const first = yield* serve(Account, {}, { name: "bugs/first" })
    const second = yield* serve(Account, {}, { name: "bugs/second", on: { scheduler: 1 } })
    yield* concurrently({
      ann: first.transfer({ amount: 10, to: "bugs/second" }),
      bob: Effect.andThen(Process.sleep(5), second.transfer({ amount: 30, to: "bugs/first" }))
    })
    assert.deepEqual([yield* first.balance(), yield* second.balance()], [120, 80])
  }

export const bug: Bug = {
  name: "call-cycle",
  title: "Two servers call each other in their handlers",
  schedulers: 2,
  implementations: [WaitingLive, DelegatingLive],
  bears: anything,
  wrong: program(Waiting),
  right: program(Delegating)
}
