/** The servers of the system tests, and ways for a scheduler to go down. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { GenServer, Process, System } from "../../src/index.ts"

export const Worker = GenServer.define("test/Worker", {
  args: { name: Schema.String },
  protocol: {
    where: GenServer.call({ success: Schema.Int }),
    echo: GenServer.call({ payload: { text: Schema.String }, success: Schema.String }),
    length: GenServer.call({ payload: { bytes: Schema.Uint8Array }, success: Schema.Int }),
    spin: GenServer.cast(),
    exitThread: GenServer.cast({ code: Schema.Int }),
    throwOutside: GenServer.cast()
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
    }
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
