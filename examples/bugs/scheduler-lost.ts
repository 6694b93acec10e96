/** A payment whose answer is lost with a scheduler: it has been made, and who tries again pays twice. */

import assert from "node:assert/strict"
import { GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const payment = { id: Schema.String, amount: Schema.Int }

/** What is kept, on a scheduler that stays. */
const Ledger = GenServer.define("bugs/Ledger", {
  args: {},
  protocol: {
    book: GenServer.call({ payload: { amount: Schema.Int } }),
    /** Books a payment of that id once, however often it is asked to. */
    bookOnce: GenServer.call({ payload: payment }),
    total: GenServer.call({ success: Schema.Int })
  }
})

const LedgerLive = Ledger.implement({
  init: () => ({ total: 0, known: new Set<string>() as ReadonlySet<string> }),
  handle: {
    book: ({ known, total }, { amount }) => GenServer.reply(undefined, { known, total: total + amount }),
    bookOnce: (state, { amount, id }) =>
      GenServer.reply(
        undefined,
        state.known.has(id) ? state : { known: new Set([...state.known, id]), total: state.total + amount }
      ),
    total: (state) => GenServer.reply(state.total, state)
  }
})
const ledger = Ledger.named("bugs/ledger")

const Till = GenServer.define("bugs/Till", {
  args: {},
  protocol: { pay: GenServer.call({ payload: { ...payment, once: Schema.Boolean } }) }
})
const TillLive = Till.implement({
  init: () => undefined,
  handle: {
    pay: (state, { amount, id, once }) =>
      Effect.as(
        Effect.orDie(once ? ledger.bookOnce({ id, amount }) : ledger.book({ amount })),
        GenServer.reply(undefined, state)
      )
  }
})

const program = (once: boolean) =>
  function* () {
    yield* serve(Ledger, {}, { name: "bugs/ledger" })
    const far = yield* serve(Till, {}, { on: { scheduler: 1 } })
    const near = yield* serve(Till)
    const order = { id: "order 7", amount: 30, once }
    yield* concurrently({
      customer: far.pay(order).pipe(Effect.catchTag("NoProcess", () => near.pay(order))),
      outage: Effect.andThen(Process.sleep(5), System.killScheduler(1))
    })
    assert.equal(yield* ledger.total(), 30, "one order is paid once")
  }

export const bug: Bug = {
  name: "scheduler-lost",
  title: "A scheduler is lost between a call and its answer, and the call is made again",
  schedulers: 2,
  implementations: [LedgerLive, TillLive],
  bears: anything,
  wrong: program(false),
  right: program(true)
}
