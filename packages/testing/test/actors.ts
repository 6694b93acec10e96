/** Servers that the tests of the kit use. */
import * as GenServer from "@understudy/core/GenServer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export const Counter = GenServer.define("kit/Counter", {
  args: { start: Schema.Int },
  protocol: {
    increment: GenServer.cast({ by: Schema.Int }),
    get: GenServer.call({ success: Schema.Int }),
    divide: GenServer.call({ payload: { by: Schema.Int }, success: Schema.Int, error: Schema.Literal("by zero") }),
    fall: GenServer.cast()
  }
})

export const CounterLive = Counter.implement({
  init: ({ start }) => start,
  handle: {
    increment: (count, { by }) => count + by,
    get: (count) => GenServer.reply(count, count),
    divide: (count, { by }) => (by === 0 ? Effect.fail("by zero" as const) : GenServer.reply(count / by, count)),
    fall: () => Effect.die(new Error("fallen"))
  }
})

/** Never answers. */
export const Silent = GenServer.define("kit/Silent", { protocol: { ask: GenServer.call({ success: Schema.Int }) } })
export const SilentLive = Silent.implement({
  init: () => 0,
  handle: { ask: () => GenServer.noReply(0) }
})
