/** A child that asks its supervisor something while it starts: the supervisor waits for the start, and the start for the supervisor. */

import assert from "node:assert/strict"
import { GenServer } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, supervise } from "./support.ts"

const parent = "bugs/family"

const protocol = { siblings: GenServer.call({ success: Schema.Int }) }
const siblings = Effect.map(Supervisor.countChildren(parent), ({ specs }) => specs)
const handle = { siblings: (count: number) => GenServer.reply(count, count) }

const Curious = GenServer.define("bugs/CuriousChild", { args: {}, protocol })
const CuriousLive = Curious.implement({ init: () => siblings, handle })

const Waiting = GenServer.define("bugs/WaitingChild", { args: {}, protocol })
/** Asks when its start is over. */
const WaitingLive = Waiting.implement({
  init: () => GenServer.noReply(0, { continue: "count" }),
  handle,
  continue: () => Effect.orDie(siblings)
})

const program = (contract: typeof Curious) =>
  function* () {
    yield* supervise(
      Supervisor.supervisor(parent, {
        strategy: "one-for-one",
        children: [Supervisor.child(contract, {}, { name: "bugs/child" })]
      })
    )
    assert.equal(yield* contract.named("bugs/child").siblings(), 1)
  }

export const bug: Bug = {
  name: "init-asks-supervisor",
  title: "A child's init calls the supervisor that waits for it",
  schedulers: 1,
  implementations: [CuriousLive, WaitingLive, Supervisor.implementation],
  bears: anything,
  plain: "fails",
  wrong: program(Curious),
  right: program(Waiting)
}
