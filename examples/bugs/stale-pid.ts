/** A pid that was looked up before a restart: it is of a process that is no more, while its successor would answer. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, eventually, supervise } from "./support.ts"

const Printer = GenServer.define("bugs/Printer", {
  args: {},
  protocol: {
    print: GenServer.call({ payload: { text: Schema.String }, success: Schema.String }),
    jam: GenServer.cast()
  }
})

const PrinterLive = Printer.implement({
  init: () => undefined,
  handle: {
    print: (state, { text }) => GenServer.reply(text.toUpperCase(), state),
    jam: () => {
      throw new Error("paper jam")
    }
  }
})

const tree = Supervisor.supervisor("bugs/office", {
  strategy: "one-for-one",
  children: [Supervisor.child(Printer, {}, { name: "bugs/printer", on: { scheduler: 1 } })]
})

const printer = Printer.named("bugs/printer")

const program = (print: (known: Process.Pid) => Effect.Effect<string, GenServer.CallError, GenServer.Provided>) =>
  function* () {
    yield* supervise(tree)
    const known = yield* Process.whereis("bugs/printer")
    assert(known !== undefined, "the tree is up")
    const { ann } = yield* concurrently({
      ann: print(known),
      bob: printer.jam()
    })
    assert.equal(ann, "HELLO")
  }

export const bug: Bug = {
  name: "stale-pid",
  title: "A pid is kept across a restart",
  schedulers: 2,
  implementations: [PrinterLive, Supervisor.implementation],
  bears: anything,
  wrong: program((known) => Printer.at(known).print({ text: "hello" })),
  // The name is resolved at each try; printing twice does no harm
  right: program(() => eventually(printer.print({ text: "hello" })))
}
