/** A server that answers in every way there is, also with what is no answer; and a raw process whose choice of messages throws. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { Word } from "./actors.ts"
import { Gate } from "./bounded.ts"

/** What makes the checks of these schemas throw. */
const poison = 13

const Checked = Schema.Int.check(
  Schema.makeFilter((value) => {
    if (value === poison) throw new Error("the check throws")
    return true
  })
)

/** What is given as an answer. `fine` is one. */
export const answers = [
  "fine",
  "not of its type",
  "nothing",
  "a getter that throws",
  "a check that throws",
  "a proxy that refuses",
  "a proxy that is revoked"
] as const
type Answer = (typeof answers)[number]

const refuses = (): never => {
  throw new Error("the proxy refuses")
}

const make = (answer: Answer): { readonly n: number } => {
  switch (answer) {
    case "fine":
      return { n: 1 }
    case "not of its type":
      return { n: "one" as unknown as number }
    case "nothing":
      return undefined as unknown as { readonly n: number }
    case "a getter that throws":
      return {
        get n(): number {
          throw new Error("the getter throws")
        }
      }
    case "a check that throws":
      return { n: poison }
    case "a proxy that refuses":
      return new Proxy(
        { n: 1 },
        {
          get: refuses,
          has: refuses,
          ownKeys: refuses,
          getPrototypeOf: refuses,
          getOwnPropertyDescriptor: refuses,
          isExtensible: refuses
        }
      )
    case "a proxy that is revoked": {
      const { proxy, revoke } = Proxy.revocable({ n: 1 }, {})
      revoke()
      return proxy
    }
  }
}

/** How the server answers. `another process`: one that has been given the call, and whose end is not the server's. */
export const waysToAnswer = [
  "a reply",
  "a reply of an effect",
  "a reply of an effect that waits",
  "a reply as it stops",
  "a reply of an effect as it stops",
  "replyTo in the handler",
  "replyTo in a later handler",
  "replyTo in continue",
  "replyTo in timeout",
  "replyTo in info",
  "replyTo in terminate",
  "replyTo by another process",
  "a failure",
  "a failure that waits",
  "failTo in the handler",
  "failTo in a later handler",
  "failTo by another process"
] as const

const Success = Schema.Struct({ n: Checked })

/** See the file's header. */
export const Answerer = GenServer.define("conformance/Answerer", {
  info: Word,
  protocol: {
    enter: GenServer.cast({ gate: Gate.ref }),
    ask: GenServer.call({
      payload: { way: Schema.Literals(waysToAnswer), answer: Schema.Literals(answers) },
      success: Success,
      error: Success
    }),
    later: GenServer.cast(),
    never: GenServer.call(),
    ping: GenServer.call()
  }
})

type From = GenServer.From<{ readonly n: number }, { readonly n: number }>

interface State {
  readonly from?: From
  readonly value: { readonly n: number }
  readonly fails: boolean
  /** It answers when nobody has asked for a while: other messages put that off, and then it waits again. */
  readonly idles?: boolean
}

const answerKept = ({ fails, from, value }: State) =>
  from === undefined ? Effect.void : fails ? GenServer.failTo(from, value) : GenServer.replyTo(from, value)

const answered = (state: State) => Effect.as(answerKept(state), state)

/** The code of {@link Answerer}. */
export const AnswererLive = Answerer.implement({
  init: (): State => ({ value: { n: 0 }, fails: false }),
  handle: {
    enter: (state, { gate }) => Effect.as(Effect.orDie(gate.pass({ timeout: "Infinity" })), state),
    ask: (state, { answer, way }, { from, pid, self }) => {
      type Next = GenServer.CallNext<{ readonly n: number }, State>
      const value = make(answer)
      const kept = { from, value, fails: way.startsWith("fail") }
      switch (way) {
        case "a reply":
          return GenServer.reply(value, state)
        case "a reply of an effect":
          return Effect.succeed<Next>(GenServer.reply(value, state))
        case "a reply of an effect that waits":
          return Effect.as(Effect.yieldNow, GenServer.reply(value, state) as Next)
        case "a reply as it stops":
          return GenServer.stopWithReply(ExitReason.normal, value, state)
        case "a reply of an effect as it stops":
          return Effect.as(Effect.yieldNow, GenServer.stopWithReply(ExitReason.normal, value, state) as Next)
        case "replyTo in the handler":
        case "failTo in the handler":
          return Effect.as(answerKept(kept), GenServer.noReply(state) as Next)
        case "replyTo in a later handler":
        case "failTo in a later handler":
          return Effect.as(self.later(), GenServer.noReply(kept) as Next)
        case "replyTo in continue":
          return GenServer.noReply(kept, { continue: "answer" })
        case "replyTo in timeout":
          return GenServer.noReply({ ...kept, idles: true }, { timeout: 0 })
        case "replyTo in info":
          return Effect.as(Process.sendUnknown(pid, "answer").pipe(Effect.orDie), GenServer.noReply(kept) as Next)
        case "replyTo in terminate":
          return GenServer.stop(ExitReason.normal, kept)
        case "replyTo by another process":
        case "failTo by another process":
          return Effect.as(
            Process.spawn(Schema.Never, () => answerKept(kept)),
            GenServer.noReply(state) as Next
          )
        case "a failure":
          return Effect.fail(value)
        case "a failure that waits":
          return Effect.andThen(Effect.yieldNow, Effect.fail(value))
      }
    },
    later: answered,
    never: (state) => GenServer.noReply(state, state.idles === true ? { timeout: 0 } : undefined),
    ping: (state) => GenServer.reply(undefined, state)
  },
  continue: answered,
  timeout: answered,
  info: answered,
  terminate: answerKept
})

/** How a raw process waits for the message that its choice throws at. */
export const choices = [
  "receiveWhen",
  "receiveWhen within a time",
  "select",
  "in a child fiber",
  "in a generator"
] as const

/** Says "ready", and receives by a choice that throws at any word but "first". */
export const Picky = Process.define("conformance/Picky", {
  mailbox: Word,
  args: { to: Process.pid(Word), choice: Schema.Literals(choices) }
})

/** What the choice throws. */
export const choiceThrows = "the choice throws"

/** The code of {@link Picky}. */
export const PickyLive = Picky.implement((self, { choice, to }) => {
  const is = (message: Process.Received<Word>): message is "first" => {
    if (message !== "first") throw new Error(choiceThrows)
    return true
  }
  const received: Record<(typeof choices)[number], Effect.Effect<unknown, unknown, Process.Provided>> = {
    receiveWhen: self.receiveWhen(is),
    "receiveWhen within a time": self.receiveWhen(is, { after: "1 hour" }),
    select: self.select(
      Process.selector<Word>().onWhere(
        (message): message is "first" => is(message),
        (message) => message
      )
    ),
    "in a child fiber": Effect.flatMap(Effect.forkChild(self.receiveWhen(is)), Fiber.join),
    "in a generator": Effect.gen(function* () {
      yield* self.receiveWhen(is)
    })
  }
  return Effect.andThen(Process.send(to, "ready"), Effect.forever(received[choice]))
})
