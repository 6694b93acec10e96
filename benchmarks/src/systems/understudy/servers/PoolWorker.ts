/**
 * A worker of the pool: it computes what it is called for, one thing at a time.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Schema from "effect/Schema"
import { digest, fib } from "../../../pool/jobs.ts"

/** See the file's header. */
export const PoolWorker = GenServer.define("benchmarks/PoolWorker", {
  protocol: {
    fib: GenServer.call({ payload: { n: Schema.Int }, success: Schema.Int }),
    digest: GenServer.call({
      payload: { id: Schema.Int, text: Schema.String, amounts: Schema.Array(Schema.Int) },
      success: Schema.Struct({ id: Schema.Int, words: Schema.Int, total: Schema.Int })
    })
  }
})

export const PoolWorkerLive = PoolWorker.implement({
  init: () => null,
  handle: {
    fib: (state, { n }) => GenServer.reply(fib(n), state),
    digest: (state, letter) => GenServer.reply(digest(letter), state)
  }
})
