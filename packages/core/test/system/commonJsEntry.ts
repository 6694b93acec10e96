/** A program for a CommonJS bundle, where `import.meta` is empty. */

import { pathToFileURL } from "node:url"
import { GenServer, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Place = GenServer.define("test/Place", { protocol: { where: GenServer.call({ success: Schema.Int }) } })
const PlaceLive = Place.implement({
  init: () => 0,
  handle: { where: (state) => Effect.map(System.slot, (slot) => GenServer.reply(slot, state)) }
})

/** Says where a process of the other scheduler is, and ends the program. */
const Main = GenServer.define("test/Main", { protocol: {} })
const MainLive = Main.implement({
  init: () => GenServer.noReply(0, { continue: "ask" }),
  continue: (state) =>
    Effect.gen(function* () {
      const place = yield* GenServer.start(Place, {}, { on: { scheduler: 1 } })
      process.stdout.write(`it runs on ${yield* place.where()}`)
      return GenServer.stop({ _tag: "Normal" }, state)
    }).pipe(Effect.orDie),
  handle: {}
})

System.main(process.argv[2] === "by its file" ? pathToFileURL(__filename) : import.meta, {
  schedulers: 2,
  implementations: [PlaceLive, MainLive],
  root: { definition: MainLive.definition, args: {}, shutdown: 1000, uses: [] }
})
