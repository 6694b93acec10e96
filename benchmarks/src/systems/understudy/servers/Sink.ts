/**
 * The server that takes the one-way messages of W15 and counts them.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Schema from "effect/Schema"

/** Counts what it is sent. */
export const Sink = GenServer.define("benchmarks/Sink", {
  protocol: {
    take: GenServer.cast({ number: Schema.Int, from: Process.anyPid, text: Schema.String }),
    /** How many it has taken. */
    taken: GenServer.call({ success: Schema.Int })
  }
})

export const SinkLive = Sink.implement({
  init: () => 0,
  handle: {
    take: (taken) => taken + 1,
    taken: (taken) => GenServer.reply(taken, taken)
  }
})
