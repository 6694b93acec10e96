/**
 * The registered processes of W12, and their registries: one process that registers many unique names, and many that
 * register one duplicate name and answer what they are told.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Registry from "@understudy/registry/Registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Registers its names when it is called. */
export const NameHolder = GenServer.define("benchmarks/NameHolder", {
  args: { names: Schema.Array(Schema.String) },
  protocol: { registerAll: GenServer.call() }
})

export const names = Registry.unique("benchmarks/names", NameHolder, Schema.String)

const registerAll = Effect.fnUntraced(function* (all: ReadonlyArray<string>) {
  // By index: V8 does not compile an array's iterator into a generator. `as string`: it is inside the array
  for (let at = 0; at < all.length; at++) yield* names.register(all[at] as string)
  return GenServer.reply(undefined, all)
}, Effect.orDie)

export const NameHolderLive = NameHolder.implement({
  init: ({ names }) => names,
  handle: { registerAll: (all) => registerAll(all) }
})

/** What whoever dispatches takes. */
export const Answer = Schema.Literal("answer")

/** Answers what it is told. */
export const Listener = GenServer.define("benchmarks/Listener", {
  protocol: { tell: GenServer.cast({ from: Process.pid(Answer) }) }
})

export const listeners = Registry.duplicate("benchmarks/listeners", Listener, Schema.String)

/** What all listeners are registered under. */
export const topic = "topic"

// It has no state: what its effects come to, nothing, is kept as one
export const ListenerLive = Listener.implement({
  init: () => listeners.register(topic),
  handle: { tell: (_, { from }) => Process.send(from, "answer") }
})
