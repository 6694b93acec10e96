/** A producer that casts to a consumer: when the consumer falls behind, nothing makes the producer wait. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const protocol = { append: GenServer.cast({ line: Schema.String }), written: GenServer.call({ success: Schema.Int }) }
const spec = {
  init: () => 0,
  handle: {
    append: (written: number) => written + 1,
    written: (written: number) => GenServer.reply(written, written)
  }
}

const bound = 1
const lines = 8

const Log = GenServer.define("bugs/Log", { args: {}, protocol })
const LogLive = Log.implement(spec)

const BoundedLog = GenServer.define("bugs/BoundedLog", {
  args: {},
  protocol,
  mailbox: { capacity: bound, overflow: "suspend" }
})
const BoundedLogLive = BoundedLog.implement(spec)

const program = (contract: typeof Log) =>
  function* () {
    const log = yield* serve(contract)
    const { producer } = yield* concurrently({
      producer: Effect.gen(function* () {
        let longest = 0
        for (let line = 0; line < lines; line++) {
          yield* log.append({ line: `line ${line}` })
          const info = yield* Process.info(log.pid)
          longest = Math.max(longest, info?.messageQueueLength ?? 0)
          yield* Process.sleep(1)
        }
        return longest
      })
    })
    assert.equal(yield* log.written(), lines)
    assert(producer <= bound, `${producer} lines waited for a log that is to have at most ${bound}`)
  }

export const bug: Bug = {
  name: "mailbox-growth",
  title: "Nothing holds back who sends faster than the receiver handles",
  schedulers: 1,
  implementations: [LogLive, BoundedLogLive],
  bears: anything,
  wrong: program(Log),
  right: program(BoundedLog)
}
