/** A cache that its clients fill: what one has read before a change is put into it after the change, and stays. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const Source = GenServer.define("bugs/Source", {
  args: {},
  protocol: {
    read: GenServer.call({ success: Schema.Int }),
    write: GenServer.call({ payload: { value: Schema.Int } })
  }
})
const SourceLive = Source.implement({
  init: () => 1,
  handle: { read: (value) => GenServer.reply(value, value), write: (_, { value }) => GenServer.reply(undefined, value) }
})

const Cache = GenServer.define("bugs/Cache", {
  args: {},
  protocol: {
    /** The value, or nothing and the lease that allows to put it. */
    get: GenServer.call({ success: Schema.Struct({ value: Schema.UndefinedOr(Schema.Int), lease: Schema.Int }) }),
    put: GenServer.call({ payload: { value: Schema.Int } }),
    /** Puts it, unless there was a change since the lease was given. */
    putWith: GenServer.call({ payload: { value: Schema.Int, lease: Schema.Int } }),
    invalidate: GenServer.call()
  }
})

interface State {
  readonly value: number | undefined
  readonly lease: number
}

const CacheLive = Cache.implement({
  init: (): State => ({ value: undefined, lease: 0 }),
  handle: {
    get: (state) => GenServer.reply(state, state),
    put: (state, { value }) => GenServer.reply(undefined, { ...state, value }),
    putWith: (state, { lease, value }) =>
      GenServer.reply(undefined, lease === state.lease ? { ...state, value } : state),
    invalidate: ({ lease }) => GenServer.reply(undefined, { value: undefined, lease: lease + 1 })
  }
})

type CacheRef = GenServer.Ref<(typeof Cache)["protocol"]>
type SourceRef = GenServer.Ref<(typeof Source)["protocol"]>
type Put = (
  cache: CacheRef,
  value: number,
  lease: number
) => Effect.Effect<void, GenServer.CallError, GenServer.Provided>

/** The value: from the cache, or from the source and from then on in the cache. */
const read = (cache: CacheRef, source: SourceRef, put: Put) =>
  Effect.gen(function* () {
    const { lease, value } = yield* cache.get()
    if (value !== undefined) return value
    const fresh = yield* source.read()
    yield* put(cache, fresh, lease)
    return fresh
  })

const program = (put: Put) =>
  function* () {
    const source = yield* serve(Source, {}, { on: { scheduler: 1 } })
    const cache = yield* serve(Cache)
    yield* concurrently({
      reader: read(cache, source, put),
      writer: Process.sleep(5).pipe(Effect.andThen(source.write({ value: 2 })), Effect.andThen(cache.invalidate()))
    })
    assert.equal(yield* read(cache, source, put), 2, "what is read after a change is not what was before it")
  }

export const bug: Bug = {
  name: "cache-refill",
  title: "A cache is refilled with what was true before it was emptied",
  schedulers: 2,
  implementations: [SourceLive, CacheLive],
  bears: anything,
  wrong: program((cache, value) => cache.put({ value })),
  right: program((cache, value, lease) => cache.putWith({ value, lease }))
}
