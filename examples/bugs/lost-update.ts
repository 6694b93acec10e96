/** Two calls, get and set, where one step was meant: an increment that came in between is lost. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, serve } from "./support.ts"

const Counter = GenServer.define("bugs/Counter", {
  args: {},
  protocol: {
    get: GenServer.call({ success: Schema.Int }),
    set: GenServer.call({ payload: { to: Schema.Int } }),
    increment: GenServer.call({ success: Schema.Int })
  }
})

const CounterLive = Counter.implement({
  init: () => 0,
  handle: {
    get: (count) => GenServer.reply(count, count),
    set: (_, { to }) => GenServer.reply(undefined, to),
    increment: (count) => GenServer.reply(count + 1, count + 1)
  }
})

type CounterRef = GenServer.Ref<(typeof Counter)["protocol"]>

const program = (increment: (counter: CounterRef) => Effect.Effect<unknown, GenServer.CallError, GenServer.Provided>) =>
  function* () {
    const counter = yield* serve(Counter, {}, { on: { scheduler: 1 } })
    yield* concurrently({
      ann: increment(counter),
      bob: Effect.andThen(Process.sleep(5), increment(counter))
    })
    assert.equal(yield* counter.get(), 2, "two clients have incremented once each")
  }

export const bug: Bug = {
  name: "lost-update",
  title: "An update is lost between get and set",
  schedulers: 2,
  implementations: [CounterLive],
  bears: anything,
  wrong: program((counter) => Effect.flatMap(counter.get(), (count) => counter.set({ to: count + 1 }))),
  right: program((counter) => counter.increment())
}
