/** A server that loads its state by a message to itself: another's call can be in the mailbox before that. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, eventually, serve } from "./support.ts"

const protocol = { load: GenServer.cast(), limit: GenServer.call({ success: Schema.Int }) }

/** What it has before it has loaded anything. */
const nothing: number = 0
const loaded: number = 100

const handle = {
  load: () => loaded,
  limit: (limit: number) => GenServer.reply(limit, limit)
}

const Casting = GenServer.define("bugs/CastingSettings", { args: {}, protocol })
const CastingLive = Casting.implement({
  init: () => Effect.flatMap(Process.self, (pid) => Effect.as(Casting.at(pid).load(), nothing)),
  handle
})

const Continuing = GenServer.define("bugs/ContinuingSettings", { args: {}, protocol })
/** `continue` runs before any message, whoever sent it and when. */
const ContinuingLive = Continuing.implement({
  init: () => GenServer.noReply(nothing, { continue: "load" }),
  handle,
  continue: () => loaded
})

const name = "bugs/settings"

const program = (contract: typeof Casting) =>
  function* () {
    const { user } = yield* concurrently({
      owner: Effect.andThen(serve(contract, {}, { name, on: { scheduler: 1 } }), Process.sleep(2000)),
      user: Effect.andThen(Process.sleep(5), eventually(contract.named(name).limit()))
    })
    assert.equal(user, loaded, "settings are read when they have been loaded")
  }

export const bug: Bug = {
  name: "read-before-load",
  title: "State is read before the server has loaded it",
  schedulers: 2,
  implementations: [CastingLive, ContinuingLive],
  bears: anything,
  wrong: program(Casting),
  right: program(Continuing)
}
