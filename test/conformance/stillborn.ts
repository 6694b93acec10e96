/** Servers and raw processes that do not start, each in one of all the ways there are, with finalizers that take their time. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Word } from "./actors.ts"
import { Gate } from "./bounded.ts"

/** Knows who was started. */
export const Roll = GenServer.define("conformance/Roll", {
  protocol: {
    /** Answers how many have entered under the key. */
    enter: GenServer.call({ payload: { key: Schema.String, pid: Process.anyPid }, success: Schema.Int }),
    all: GenServer.call({ payload: { key: Schema.String }, success: Schema.Array(Process.anyPid) })
  }
})

type Entries = ReadonlyArray<{ readonly key: string; readonly pid: Process.Pid }>

/** The code of {@link Roll}. */
export const RollLive = Roll.implement({
  init: (): Entries => [],
  handle: {
    enter: (entries, entry) => {
      const all = [...entries, entry]
      return GenServer.reply(all.filter(({ key }) => key === entry.key).length, all)
    },
    all: (entries, { key }) =>
      GenServer.reply(
        entries.filter((entry) => entry.key === key).map(({ pid }) => pid),
        entries
      )
  }
})

/** What a stillborn process says when it waits for others to end it, and when its finalizer runs. */
export const waiting = "waiting"
/** See {@link waiting}. */
export const releasing = "releasing"

/** How its `init` ends. `well`: it does not fail. */
export const waysToFail = [
  "well",
  "stops",
  "shuts down",
  "fails",
  "dies",
  "throws",
  "exits",
  "answers nobody",
  "ignores",
  "never"
] as const

const args = {
  way: Schema.Literals(waysToFail),
  /** What it acquires is released: not at all, at once, or when somebody opens the gate. */
  release: Schema.Literals(["nothing", "at once", "held"]),
  key: Schema.String,
  to: Process.pid(Word),
  roll: Roll.ref,
  gate: Gate.ref,
  /** Fails in this attempt only, of those under the key. */
  attempt: Schema.optionalKey(Schema.Int)
}

/** See the file's header. */
export const Stillborn = GenServer.define("conformance/Stillborn", {
  args,
  protocol: { ping: GenServer.call(), crash: GenServer.cast() }
})

/** The arguments of a stillborn process. */
export type Birth = typeof Stillborn.args.Type

/** Why it does not start. */
export const why = "not yet"

/** The code of {@link Stillborn}. */
export const StillbornLive = Stillborn.implement({
  init: (args): GenServer.InitNext<number> | Effect.Effect<GenServer.InitNext<number>, unknown, Process.Provided> => {
    if (args.way === "throws") throw new Error(why)
    return Effect.gen(function* () {
      const { pid } = yield* Process.Current
      const attempt = yield* args.roll.enter({ key: args.key, pid })
      if (args.release !== "nothing") {
        yield* Effect.addFinalizer(() =>
          Effect.andThen(
            Process.send(args.to, releasing),
            args.release === "held" ? Effect.ignore(args.gate.pass({ timeout: "Infinity" })) : Effect.void
          )
        )
      }
      if (args.attempt !== undefined && args.attempt !== attempt) return 0
      switch (args.way) {
        case "stops":
          return GenServer.stop(ExitReason.failed(why), 0)
        case "shuts down":
          return GenServer.stop(ExitReason.shutdownWith(why), 0)
        case "fails":
          return yield* Effect.fail(why)
        case "dies":
          return yield* Effect.die(new Error(why))
        case "exits":
          return yield* Process.exit(ExitReason.failed(why))
        case "answers nobody":
          return GenServer.reply(0, 0) as unknown as GenServer.InitNext<number>
        case "ignores":
          return GenServer.ignore
        case "never":
          yield* Process.send(args.to, waiting)
          return yield* Effect.never
        default:
          return 0
      }
    })
  },
  handle: {
    ping: (state) => GenServer.reply(undefined, state),
    crash: (state) => GenServer.stop(ExitReason.failed("crash"), state)
  }
})

/** A raw process, which has no `init`: it only fails to start when it is ended first, or its name is taken. */
export const StillbornRaw = Process.define("conformance/StillbornRaw", { mailbox: Word })

/** The code of {@link StillbornRaw}. */
export const StillbornRawLive = StillbornRaw.implement((self) => self.receive)
