/** Those whom hostile values reach, on every scheduler, and what they tell of them. */
import { inspect } from "node:util"
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { portable } from "../../packages/core/src/wire/Portable.ts"
import { build } from "../support/hostile.ts"

export const RecipeSchema = Schema.Struct({
  inner: Schema.String,
  other: Schema.String,
  around: Schema.Array(Schema.String)
})

/**
 * What a value looks like, as a text that is the same wherever the same recipe was made: stacks are left out. What has arrived by way of
 * a reason looks as the value it was made of does.
 */
export const portrait = (value: unknown): string =>
  inspect(without(portable(value), 0, new Set()), {
    depth: 9,
    maxArrayLength: 20,
    maxStringLength: 60,
    breakLength: Infinity
  })

const without = (value: unknown, depth: number, seen: Set<unknown>): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (depth > 8) return "deep"
  if (seen.has(value)) return "seen"
  seen.add(value)
  if (Error.isError(value)) {
    const fields = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item, depth + 1, seen)]))
    const { message, name } = value
    const errors = "errors" in value ? without(value.errors, depth + 1, seen) : undefined
    return {
      error: Object.prototype.toString.call(value),
      name,
      message,
      ...fields,
      cause: without(value.cause, depth + 1, seen),
      errors
    }
  }
  if (Array.isArray(value))
    return value.length > 1000 ? "a long array" : value.map((item) => without(item, depth + 1, seen))
  if (value instanceof Map) return { map: [...value].map((entry) => without(entry, depth + 1, seen)) }
  if (value instanceof Set) return { set: [...value].map((item) => without(item, depth + 1, seen)) }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, without(item, depth + 1, seen)]))
}

/** How the value that a recipe makes looks. */
export const portraitOf = (recipe: typeof RecipeSchema.Type): string => portrait(build(recipe))

const recipe = { recipe: RecipeSchema }

/** Takes anything, and tells how what has reached it looks. */
export const Taker = GenServer.define("hostile/Taker", {
  args: { value: Schema.Unknown },
  info: Schema.Unknown,
  protocol: {
    cast: GenServer.cast({ value: Schema.Unknown }),
    call: GenServer.call({ payload: { value: Schema.Unknown }, success: Schema.String }),
    /** How the last value that reached it looks. */
    last: GenServer.call({ success: Schema.String }),
    answer: GenServer.call({ payload: recipe, success: Schema.Unknown }),
    answerLater: GenServer.call({ payload: recipe, success: Schema.Unknown }),
    fail: GenServer.call({ payload: recipe, error: Schema.Unknown }),
    throw: GenServer.call({ payload: recipe }),
    die: GenServer.call({ payload: recipe }),
    stop: GenServer.call({ payload: recipe }),
    shutdown: GenServer.call({ payload: recipe }),
    /** Crashes with such a state, and such a last message. */
    crashWith: GenServer.cast({ recipe: RecipeSchema })
  }
})

export const TakerLive = Taker.implement({
  init: ({ value }): unknown => value,
  handle: {
    cast: (_, { value }) => value,
    call: (_, { value }) => GenServer.reply(portrait(value), value),
    last: (state) => GenServer.reply(portrait(state), state),
    answer: (state, { recipe }) => GenServer.reply(build(recipe), state),
    answerLater: (state, { recipe }, { from }) =>
      Effect.as(GenServer.replyTo(from, build(recipe)), GenServer.noReply(state)),
    fail: (_, { recipe }) => Effect.fail(build(recipe)),
    throw: (_, { recipe }) => {
      throw build(recipe)
    },
    die: (_, { recipe }) => Effect.die(build(recipe)),
    stop: (state, { recipe }) => GenServer.stop(ExitReason.failed(build(recipe)), state),
    shutdown: (state, { recipe }) => GenServer.stop(ExitReason.shutdownWith(build(recipe)), state),
    crashWith: (_, { recipe }) => {
      throw Object.assign(new Error("crash"), { state: build(recipe) })
    }
  },
  info: (state, message) => (message instanceof Process.Down || message instanceof Process.Exit ? state : message)
})

/** Does not start: its `init` fails, dies or stops with the value. */
export const Stillborn = GenServer.define("hostile/Stillborn", {
  args: { recipe: RecipeSchema, way: Schema.Literals(["fail", "die", "stop"]) },
  protocol: { ping: GenServer.call() }
})

export const StillbornLive = Stillborn.implement({
  init: ({ recipe, way }): Effect.Effect<GenServer.InitNext<number>, unknown> => {
    const value = build(recipe)
    if (way === "stop") return Effect.succeed(GenServer.stop(ExitReason.failed(value), 0))
    return way === "fail" ? Effect.fail(value) : Effect.die(value)
  },
  handle: { ping: (state) => GenServer.reply(undefined, state) }
})

/** Ends as a raw process does: its program fails, dies, or exits. */
export const Raw = Process.define("hostile/Raw", {
  mailbox: Schema.Literal("go"),
  args: { recipe: RecipeSchema, way: Schema.Literals(["fail", "die", "exit"]) }
})

export const RawLive = Raw.implement((self, { recipe, way }) =>
  Effect.gen(function* () {
    yield* self.receiveTag("Exit", { after: 0 }).pipe(Effect.ignore)
    yield* self.receive
    const value = build(recipe)
    if (way === "exit") return yield* Process.exit(ExitReason.failed(value))
    return yield* way === "fail" ? Effect.fail(value) : Effect.die(value)
  })
)

/** Keys and values of any kind. */
export const shelf = Registry.duplicate("hostile/shelf", Taker, Schema.Unknown, { value: Schema.Unknown })
