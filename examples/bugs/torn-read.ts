/** A sum from two calls: money that is moved in between is counted twice, or not at all. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const account = Schema.Literals(["savings", "checking"])

const Bank = GenServer.define("bugs/Bank", {
  args: {},
  protocol: {
    balance: GenServer.call({ payload: { account }, success: Schema.Int }),
    balances: GenServer.call({ success: Schema.Struct({ savings: Schema.Int, checking: Schema.Int }) }),
    transfer: GenServer.call({ payload: { amount: Schema.Int } })
  }
})

const BankLive = Bank.implement({
  init: () => ({ savings: 100, checking: 0 }),
  handle: {
    balance: (state, { account }) => GenServer.reply(state[account], state),
    balances: (state) => GenServer.reply(state, state),
    transfer: ({ checking, savings }, { amount }) =>
      GenServer.reply(undefined, { savings: savings - amount, checking: checking + amount })
  }
})

type BankRef = GenServer.Ref<(typeof Bank)["protocol"]>

const program = (total: (bank: BankRef) => Effect.Effect<number, GenServer.CallError, GenServer.Provided>) =>
  function* () {
    const bank = yield* serve(Bank, {}, { on: { scheduler: 1 } })
    const { auditor } = yield* concurrently({
      auditor: total(bank),
      customer: Effect.andThen(Process.sleep(5), bank.transfer({ amount: 30 }))
    })
    assert.equal(auditor, 100, "a transfer does not change the sum")
  }

export const bug: Bug = {
  name: "torn-read",
  title: "A sum is read by two calls while money moves",
  schedulers: 2,
  implementations: [BankLive],
  bears: anything,
  wrong: program((bank) =>
    Effect.gen(function* () {
      const savings = yield* bank.balance({ account: "savings" })
      return savings + (yield* bank.balance({ account: "checking" }))
    })
  ),
  right: program((bank) => Effect.map(bank.balances(), ({ checking, savings }) => savings + checking))
}
