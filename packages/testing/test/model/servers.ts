/** Servers to check with models: right ones, and some that are wrong in the ways servers are. */

import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Model from "../../src/model/Model.ts"

export class Missing extends Schema.TaggedError<Missing>()("Missing", { key: Schema.String }) {}

/** A store of numbers by key. */
export const KvStore = GenServer.define("KvStore", {
  args: {},
  protocol: {
    put: GenServer.call({ payload: { key: Schema.String, value: Schema.Int } }),
    get: GenServer.call({ payload: { key: Schema.String }, success: Schema.Int, error: Missing }),
    add: GenServer.call({ payload: { key: Schema.String, by: Schema.Int }, success: Schema.Int }),
    clear: GenServer.cast({ key: Schema.String }),
    crash: GenServer.call()
  }
})

type Entries = ReadonlyMap<string, number>

const without = (entries: Entries, key: string): Entries => {
  const rest = new Map(entries)
  rest.delete(key)
  return rest
}

const get = (entries: Entries, { key }: { readonly key: string }) => {
  const value = entries.get(key)
  return value === undefined ? Effect.fail(new Missing({ key })) : Effect.succeed(GenServer.reply(value, entries))
}

export const KvLive = KvStore.implement({
  init: (): Entries => new Map(),
  handle: {
    put: (entries, { key, value }) => GenServer.reply(undefined, new Map(entries).set(key, value)),
    get,
    add: (entries, { by, key }) => {
      const sum = (entries.get(key) ?? 0) + by
      return GenServer.reply(sum, new Map(entries).set(key, sum))
    },
    clear: (entries, { key }) => without(entries, key),
    crash: () => {
      throw new Error("asked to")
    }
  }
})

/** Answers `add` at once and writes later: two that run at once both add to what was there before. */
export const ForgetfulLive = KvStore.implement({
  init: (): { entries: Map<string, number> } => ({ entries: new Map() }),
  handle: {
    put: (state, { key, value }) => {
      state.entries.set(key, value)
      return GenServer.reply(undefined, state)
    },
    get: (state, payload) => Effect.map(get(state.entries, payload), ({ value }) => GenServer.reply(value, state)),
    add: (state, { by, key }, { from }) =>
      Effect.gen(function* () {
        const before = state.entries.get(key) ?? 0
        yield* Process.spawn(Schema.Never, () =>
          Effect.gen(function* () {
            yield* Process.sleep(1)
            state.entries.set(key, before + by)
            yield* GenServer.replyTo(from, before + by)
          })
        )
        return GenServer.noReply(state)
      }),
    clear: (state, { key }) => {
      state.entries.delete(key)
      return state
    },
    crash: () => {
      throw new Error("asked to")
    }
  }
})

/** Takes its time for each message. */
export const SlowLive = KvStore.implement({
  init: (): Entries => new Map(),
  handle: {
    put: (entries, { key, value }) =>
      Effect.as(Process.sleep(5), GenServer.reply(undefined, new Map(entries).set(key, value))),
    get: (entries, payload) => Effect.andThen(Process.sleep(5), get(entries, payload)),
    add: (entries) => Effect.as(Process.sleep(5), GenServer.reply(0, entries)),
    clear: (entries) => entries,
    crash: () => {
      throw new Error("asked to")
    }
  }
})

/** Ignores what is cast to it. */
export const DeafLive = KvStore.implement({
  init: (): Entries => new Map(),
  handle: {
    put: (entries, { key, value }) => GenServer.reply(undefined, new Map(entries).set(key, value)),
    get,
    add: (entries, { by, key }) => {
      const sum = (entries.get(key) ?? 0) + by
      return GenServer.reply(sum, new Map(entries).set(key, sum))
    },
    clear: (entries) => entries,
    crash: () => {
      throw new Error("asked to")
    }
  }
})

const key = fc.constantFrom("a", "b")

/** What the store should do, key by key: a number, or nothing. */
export const Kv = Model.of(KvStore, {
  init: (): number | undefined => undefined,
  commands: {
    put: { payload: { key }, weight: 2, step: (_, { value }) => Model.returns(value, undefined) },
    get: {
      payload: { key },
      weight: 2,
      step: (value, { key }) =>
        value === undefined ? Model.fails(value, new Missing({ key })) : Model.returns(value, value)
    },
    add: {
      payload: { key, by: fc.integer({ min: 1, max: 3 }) },
      weight: 2,
      step: (value = 0, { by }) => Model.returns(value + by, value + by)
    },
    clear: { payload: { key }, step: () => Model.returns(undefined, undefined) }
  },
  partition: ({ key }) => key
})

/** Gives numbers; the model does not say which, only that each is new. */
export const Tickets = GenServer.define("Tickets", {
  args: {},
  protocol: {
    draw: GenServer.call({ success: Schema.Int }),
    drawn: GenServer.call({ success: Schema.Array(Schema.Int) })
  }
})

export const TicketsLive = Tickets.implement({
  init: (): ReadonlyArray<number> => [],
  handle: {
    draw: (drawn) => {
      const ticket = drawn.length * 7 + 1
      return GenServer.reply(ticket, [...drawn, ticket])
    },
    drawn: (drawn) => GenServer.reply(drawn, drawn)
  }
})

export const TicketModel = Model.of(Tickets, {
  init: (): ReadonlyArray<number> => [],
  commands: {
    draw: {
      step: (drawn) =>
        Model.replies(
          Model.next((ticket: number) => [...drawn, ticket]),
          (ticket) => !drawn.includes(ticket)
        )
    },
    drawn: { step: (drawn) => Model.returns(drawn, drawn) }
  },
  invariant: (drawn) => drawn.length < 100
})
