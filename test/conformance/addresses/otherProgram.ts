/**
 * A system in an OS process of its own: reads a line of JSON with the texts of another system's addresses, and writes what became of each
 * there, and the texts of its own.
 */
import { createInterface } from "node:readline"
import { GenServer, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import { Echo, type Kind, program, Scribe } from "./actors.ts"

const line = await new Promise<string>((resolve) => createInterface({ input: process.stdin }).once("line", resolve))
const given = JSON.parse(line) as ReadonlyArray<readonly [Kind, string]>

const main = Effect.gen(function* () {
  const { pid } = yield* GenServer.start(Echo, { as: "other" }, { name: "everywhere" })
  const scribe = yield* GenServer.start(Scribe, {})
  const outcomes = yield* Effect.forEach(given, ([kind, text]) => scribe.use({ kind, text }))
  const kinds: ReadonlyArray<Kind> = ["a pid", "a pid of a mailbox", "a ref", "a structure"]
  const texts = yield* Effect.forEach(kinds, (kind) => Effect.map(scribe.write({ kind, pid }), (text) => [kind, text]))
  // A name means whoever has it here
  const named = yield* Echo.named("everywhere").name()
  console.log(JSON.stringify({ outcomes, texts, named }))
})

await Effect.runPromise(Effect.provide(main, System.layer(program)))
process.stdin.destroy()
