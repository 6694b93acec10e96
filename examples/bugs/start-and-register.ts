/** A server that takes its name after its start has been reported: whoever hears of the start may look for the name too early. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, serve } from "./support.ts"

const protocol = { lookup: GenServer.call({ payload: { word: Schema.String }, success: Schema.Int }) }

const name = "bugs/dictionary"
const handle = {
  lookup: (state: undefined, { word }: { readonly word: string }) => GenServer.reply(word.length, state)
}

const Late = GenServer.define("bugs/LateDictionary", { args: {}, protocol })
/** Registers itself when it has started. */
const LateLive = Late.implement({
  init: () => GenServer.noReply(undefined, { continue: "register" }),
  handle,
  continue: (state) =>
    Effect.flatMap(Process.self, (self) => Effect.as(Effect.orDie(Process.register(name, self)), state))
})

const Named = GenServer.define("bugs/NamedDictionary", { args: {}, protocol })
const NamedLive = Named.implement({ init: () => undefined, handle })

const program = (contract: typeof Late, options: GenServer.StartOptions) =>
  function* () {
    yield* serve(contract, {}, options)
    assert.equal(yield* contract.named(name).lookup({ word: "theatre" }), 7)
  }

export const bug: Bug = {
  name: "start-and-register",
  title: "A server has started, and has not registered yet",
  schedulers: 1,
  implementations: [LateLive, NamedLive],
  bears: anything,
  wrong: program(Late, {}),
  // Registered before `init` runs: the start returns when both are done
  right: program(Named, { name })
}
