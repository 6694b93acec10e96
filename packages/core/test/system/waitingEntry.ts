/** An entry whose layer waits for good for something outside, as for a database that does not answer. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { System } from "../../src/index.ts"
import { implementations } from "./actors.ts"

const connect = Effect.callback<void>(() => {
  // What it waits for keeps the thread alive
  setInterval(() => undefined, 60_000)
})

System.main(import.meta, { implementations, layer: Layer.effectDiscard(connect) })
