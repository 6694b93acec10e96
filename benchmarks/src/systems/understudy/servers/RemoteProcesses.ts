/**
 * The raw processes of W15 that run on the scheduler on the other side: each has a name, so it can be started there.
 */
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What the player that starts the game takes. */
export const Reply = Schema.TaggedUnion({
  Reply: { number: Schema.Int, from: Process.anyPid, text: Schema.String },
  Counted: { messages: Schema.Int }
})

const Call = { number: Schema.Int, from: Process.pid(Reply), text: Schema.String }

/** What the processes of the other side take. */
export const CallMailbox = Schema.TaggedUnion({ Call })
const EchoMailbox = Schema.TaggedUnion({ Call, Stop: {} })

/** Answers each call with what it got. */
export const Echo = Process.define("benchmarks/Echo", { mailbox: EchoMailbox })

export const EchoLive = Echo.implement(
  Effect.fnUntraced(function* (self: Process.Self<(typeof EchoMailbox)["Type"]>) {
    while (true) {
      const message = yield* self.receive
      if (message._tag !== "Call") return
      const { from, number, text } = message
      yield* Process.send(from, { _tag: "Reply", number, from: self.pid, text })
    }
  })
)

/** Takes so many calls and then says so. */
export const Drain = Process.define("benchmarks/Drain", {
  mailbox: CallMailbox,
  args: { messages: Schema.Int, tell: Process.pid(Reply) }
})

const drain = Effect.fnUntraced(function* (
  self: Process.Self<(typeof CallMailbox)["Type"]>,
  messages: number,
  tell: Process.Pid<(typeof Reply)["Type"]>
) {
  for (let count = 0; count < messages; count++) yield* self.receive
  yield* Process.send(tell, { _tag: "Counted", messages })
})

export const DrainLive = Drain.implement((self, { messages, tell }) => drain(self, messages, tell))
