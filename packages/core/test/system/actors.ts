/** The servers of the system tests, and ways for a scheduler to go down. */
import { appendFileSync, existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { GenServer, Process, System } from "../../src/index.ts"

export const Worker = GenServer.define("test/Worker", {
  args: { name: Schema.String },
  protocol: {
    where: GenServer.call({ success: Schema.Int }),
    echo: GenServer.call({ payload: { text: Schema.String }, success: Schema.String }),
    length: GenServer.call({ payload: { bytes: Schema.Uint8Array }, success: Schema.Int }),
    spin: GenServer.cast(),
    exitThread: GenServer.cast({ code: Schema.Int }),
    throwOutside: GenServer.cast(),
    crash: GenServer.cast(),
    nothing: GenServer.cast(),
    wait: GenServer.cast(),
    block: GenServer.cast({ milliseconds: Schema.Int }),
    spinUntil: GenServer.cast({ exists: Schema.String })
  }
})

export const WorkerLive = Worker.implement({
  init: ({ name }) => name,
  handle: {
    where: (name) => Effect.map(System.slot, (slot) => GenServer.reply(slot, name)),
    echo: (name, { text }) => GenServer.reply(`${name}: ${text}`, name),
    length: (name, { bytes }) => GenServer.reply(bytes.length, name),
    spin: (name) => {
      while (name !== "") {
        // Never yields: only its scheduler's end ends it
      }
      return name
    },
    exitThread: (_, { code }) => process.exit(code),
    throwOutside: (name) => {
      // In no process's turn: nothing can catch it but the thread itself
      setImmediate(() => {
        throw new Error("thrown outside of any process")
      })
      return name
    },
    crash: () => {
      throw new Error("on purpose")
    },
    nothing: (name) => name,
    wait: () => Effect.never,
    block: (name, { milliseconds }) => {
      const until = performance.now() + milliseconds
      while (performance.now() < until) {
        // Holds its scheduler
      }
      return name
    },
    spinUntil: (name, { exists }) => {
      appendFileSync(`${exists}.awaited`, "")
      while (!existsSync(exists)) {
        // Holds its scheduler until somebody elsewhere makes that file
      }
      return name
    }
  }
})

/** Listens to the system's events where it runs, and answers when it has heard one. */
export const Ear = GenServer.define("test/Ear", {
  protocol: { heard: GenServer.call({ payload: { text: Schema.String }, success: Schema.Void }) }
})

export const EarLive = Ear.implement({
  init: () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const listen = Stream.runForEach(System.events, (event) =>
        Effect.sync(() => events.push("pid" in event ? `${event._tag} ${event.pid}` : event._tag))
      )
      yield* Effect.forkScoped(listen, { startImmediately: true })
      return events
    }),
  handle: {
    heard: (events, { text }) =>
      Effect.as(
        Effect.repeat(Effect.yieldNow.pipe(Effect.map(() => events.includes(text))), { until: (heard) => heard }),
        GenServer.reply(undefined, events)
      )
  }
})

/** Work for its scheduler before it is ready: something idle schedulers may want to take over. */
export const Heavy = GenServer.define("test/Heavy", {
  args: { rounds: Schema.Int },
  protocol: {
    where: GenServer.call({ success: Schema.Int }),
    neighbours: GenServer.call({ success: Schema.Int }),
    die: GenServer.cast()
  }
})

export const HeavyLive = Heavy.implement({
  init: ({ rounds }) => {
    let sum = 0
    for (let n = 0; n < rounds; n++) sum = Math.imul(sum, 31) + n
    return sum
  },
  handle: {
    where: (sum) => Effect.map(System.slot, (slot) => GenServer.reply(slot, sum)),
    neighbours: (sum) => Effect.map(Process.count, (count) => GenServer.reply(count, sum)),
    die: (sum) => GenServer.stop({ _tag: "Shutdown" }, sum)
  }
})

const Answer = Schema.TaggedUnion({ Here: { slot: Schema.Int } })
export const Question = Schema.TaggedUnion({ Where: { from: Process.pid(Answer) } })

/** A raw process that any scheduler can run: it answers once, from where it is. */
export const Oracle = Process.define("test/Oracle", { mailbox: Question })
export const OracleLive = Oracle.implement((self) =>
  Effect.gen(function* () {
    const { from } = yield* self.receiveTag("Where")
    yield* Process.send(from, { _tag: "Here", slot: yield* System.slot })
  })
)
export { Answer }

/** Writes its name into a file when it is ended in order. */
export const Diary = GenServer.define("test/Diary", {
  args: { path: Schema.String, name: Schema.String },
  protocol: { keepThread: GenServer.cast() }
})

export const DiaryLive = Diary.implement({
  trapExit: true,
  init: (args) => args,
  handle: {
    keepThread: (args) => {
      // As a careless application would: it keeps the event loop alive for good
      setInterval(() => undefined, 60_000)
      return args
    }
  },
  terminate: ({ name, path }, reason) => appendFileSync(path, `${name} ${reason._tag}\n`)
})

/** All of them: what each scheduler of the tests' systems knows. */
export const implementations = [WorkerLive, OracleLive, EarLive, HeavyLive, DiaryLive] as const

/** For programs whose crashes are what is tested: they are no news. */
export const unlogged = Logger.layer([])
