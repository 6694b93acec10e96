/** Children that need each other, in the wrong order: the first asks for the second soon after its start. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, supervise } from "./support.ts"

const Store = GenServer.define("bugs/Store", {
  args: {},
  protocol: { greeting: GenServer.call({ success: Schema.String }) }
})
const StoreLive = Store.implement({
  init: () => "hello",
  handle: { greeting: (greeting) => GenServer.reply(greeting, greeting) }
})

const Connect = Schema.TaggedStruct("Connect", {})

const Greeter = GenServer.define("bugs/Greeter", {
  args: {},
  protocol: { problem: GenServer.call({ success: Schema.UndefinedOr(Schema.String) }) },
  info: Connect
})
/** Connects after a moment, when the others will be there. */
const GreeterLive = Greeter.implement({
  init: () =>
    Effect.flatMap(Process.self, (self) =>
      Effect.as(
        Process.sendAfter(self as Process.Pid<typeof Connect.Type>, { _tag: "Connect" }, 5),
        undefined as string | undefined
      )
    ),
  handle: { problem: (problem) => GenServer.reply(problem, problem) },
  info: () =>
    Effect.match(Store.named("bugs/store").greeting(), {
      onSuccess: () => undefined,
      onFailure: (error) => error.message
    })
})

const greeter = Supervisor.child(Greeter, {}, { name: "bugs/greeter" })
const store = Supervisor.child(Store, {}, { name: "bugs/store", on: { scheduler: 1 } })

const program = (children: ReadonlyArray<Supervisor.ChildSpec>) =>
  function* () {
    yield* supervise(Supervisor.supervisor("bugs/shop", { strategy: "rest-for-one", children }))
    yield* Process.sleep(20)
    assert.equal(yield* Greeter.named("bugs/greeter").problem(), undefined, "the greeter has found the store")
  }

export const bug: Bug = {
  name: "sibling-order",
  title: "A child is started before the one it needs",
  schedulers: 2,
  implementations: [StoreLive, GreeterLive, Supervisor.implementation],
  bears: anything,
  wrong: program([greeter, store]),
  right: program([store, greeter])
}
