/**
 * The server that is called, cast to, spawned and left idle: a count, as the `gen_server` of the BEAM's benchmark.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Schema from "effect/Schema"

/** Counts from 0. */
export const Counter = GenServer.define("benchmarks/Counter", {
  protocol: {
    /** Counts one up and answers with what the count was. */
    next: GenServer.call({ success: Schema.Int }),
    increment: GenServer.cast(),
    get: GenServer.call({ success: Schema.Int })
  }
})

export const CounterLive = Counter.implement({
  init: () => 0,
  handle: {
    next: (count) => GenServer.reply(count, count + 1),
    increment: (count) => count + 1,
    get: (count) => GenServer.reply(count, count)
  }
})
