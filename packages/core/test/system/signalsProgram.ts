/**
 * A program that says on its standard output what becomes of it when it gets signals: `stops` at once, or `lingers` until it is told to
 * finish, has not booted yet (`boots`), or has a root that initialises (`begins`) until it is told to finish, and may not take longer
 * (`hurries`). It is asked on its standard input.
 */
import { isMainThread } from "node:worker_threads"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ExitReason, GenServer, System } from "../../src/index.ts"

const [mode, schedulers] = process.argv.slice(2)
const say = (line: string) => Effect.sync(() => console.log(line))
const finish = Promise.withResolvers<void>()

const Root = GenServer.define("signals/Root", { protocol: {} })

const RootLive = Root.implement({
  trapExit: true,
  init: () =>
    Effect.gen(function* () {
      yield* say("up")
      if (mode === "begins" || mode === "hurries") yield* Effect.promise(() => finish.promise)
      return 0
    }),
  handle: {},
  terminate: (_, reason) =>
    Effect.gen(function* () {
      yield* say(`stopping: ${ExitReason.format(reason)}`)
      if (mode === "lingers") yield* Effect.promise(() => finish.promise)
      yield* say("stopped")
    })
})

const { definition } = RootLive
System.main(import.meta, {
  schedulers: Number(schedulers),
  implementations: [RootLive],
  root: { definition, args: {}, shutdown: mode === "hurries" ? 100 : "infinity", uses: [definition] },
  layer: mode === "boots" && isMainThread ? Layer.effectDiscard(Effect.andThen(say("up"), Effect.never)) : Layer.empty
})

if (isMainThread) {
  let first: number | undefined
  for (const signal of ["SIGINT", "SIGTERM"]) {
    // Behind what main does with it
    process.on(signal, () => {
      const now = performance.now()
      if (first === undefined) {
        first = now
        setTimeout(() => console.log("a second is over"), 1100)
      }
      console.log(`heard ${signal} after ${Math.ceil(now - first)} ms`)
    })
  }
  process.stdin.on("data", (words) => {
    if (String(words).includes("ping")) console.log("pong")
    if (String(words).includes("finish")) finish.resolve()
  })
  process.stdin.unref()
}
