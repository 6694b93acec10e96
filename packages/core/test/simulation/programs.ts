/** Small programs to simulate. */
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A number that anybody can read and set: two steps, of which an update is lost when another one comes between. */
export const Cell = GenServer.define("Cell", {
  protocol: {
    get: GenServer.call({ success: Schema.Int }),
    set: GenServer.call({ payload: { to: Schema.Int } }),
    add: GenServer.cast({ by: Schema.Int })
  }
})

export const CellLive = Cell.implement({
  init: () => 0,
  handle: {
    get: (state: number) => GenServer.reply(state, state),
    set: (_, { to }) => GenServer.reply(undefined, to),
    add: (state, { by }) => state + by
  }
})

/** Asks another one of its kind, and waits for the answer. */
export const Asking = GenServer.define("Asking", {
  protocol: {
    meet: GenServer.cast({ whom: Schema.String }),
    ask: GenServer.call({ success: Schema.Int })
  }
})

export const AskingLive = Asking.implement({
  init: () => 1,
  handle: {
    meet: (state: number, { whom }) => Effect.map(Effect.orDie(Asking.named(whom).ask()), () => state),
    ask: (state) => GenServer.reply(state, state)
  }
})

export const program = { implementations: [CellLive, AskingLive] }

/** Waits for the end of so many processes that were spawned with a monitor. */
export const ends = (self: Process.Self<unknown>, count: number) =>
  Effect.gen(function* () {
    for (let left = count; left > 0; left--) yield* self.receiveTag("Down" as never)
  })

/** Two clients add one to a cell, each by reading and writing. What is in it then. */
export const lostUpdate = (scheduler: number) =>
  function* (self: Process.Self<unknown>) {
    const cell = yield* GenServer.start(Cell, {}, { on: { scheduler } })
    const client = Effect.gen(function* () {
      const value = yield* cell.get()
      yield* cell.set({ to: value + 1 })
    })
    yield* Process.spawnMonitor(Schema.Never, () => client, { label: "ann" })
    yield* Process.spawnMonitor(Schema.Never, () => Effect.andThen(Process.sleep(5), client), { label: "bob" })
    yield* ends(self, 2)
    return yield* cell.get()
  }
