/**
 * W7 and W8 on Understudy: calls with the default timeout and casts; and receives that leave other messages where they
 * are.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, rateOf, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Counter } from "./servers/Counter.ts"

type CounterRef = GenServer.Ref<(typeof Counter)["protocol"]>

const callTimes = Effect.fnUntraced(function* (counter: CounterRef, count: number) {
  for (let call = 0; call < count; call++) yield* counter.next()
})

const call = ({ callsEach, clients }: { readonly clients: number; readonly callsEach: number }) =>
  asProcess(Schema.Literal("done"), (self) =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      const perSecond = yield* rate(
        clients * callsEach,
        clients === 1
          ? callTimes(counter, callsEach)
          : Effect.gen(function* () {
              for (let client = 0; client < clients; client++) {
                yield* Process.spawnLink(Schema.Never, () =>
                  Effect.andThen(callTimes(counter, callsEach), Process.send(self.pid, "done"))
                )
              }
              for (let client = 0; client < clients; client++) yield* self.receive
            })
      )
      yield* verify("handled calls", clients * callsEach, yield* counter.get())
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

/** Gives how many casts were handled. */
const castTimes = Effect.fnUntraced(function* (counter: CounterRef, count: number) {
  for (let cast = 0; cast < count; cast++) yield* counter.increment()
  return yield* counter.get({ timeout: "Infinity" })
})

const cast = ({ casts }: { readonly casts: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      const { perSecond, result } = yield* rateOf(casts, castTimes(counter, casts))
      yield* verify("handled casts", casts, result)
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

const Waiting = Schema.TaggedUnion({ Waiting: { number: Schema.Int }, Answer: { number: Schema.Int } })
type WaitingSelf = Process.Self<(typeof Waiting)["Type"]>

/** Fills the calling process's own mailbox. */
const fill = Effect.fnUntraced(function* (self: WaitingSelf, waiting: number) {
  for (let number = 0; number < waiting; number++) yield* Process.send(self.pid, { _tag: "Waiting", number })
})

const callBehind = ({ calls, waiting }: { readonly waiting: number; readonly calls: number }) =>
  asProcess(Waiting, (self) =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      yield* fill(self, waiting)
      const perSecond = yield* rate(calls, callTimes(counter, calls))
      yield* verify("handled calls", calls, yield* counter.get())
      yield* verify("messages that still wait", waiting, yield* self.flush)
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

const Question = Schema.TaggedUnion({ Question: { number: Schema.Int }, Stop: {} })
type QuestionType = (typeof Question)["Type"]

const echo = Effect.fnUntraced(function* (self: Process.Self<QuestionType>, to: WaitingSelf["pid"]) {
  while (true) {
    const message = yield* self.receive
    if (message._tag !== "Question") return
    yield* Process.send(to, { _tag: "Answer", number: message.number })
  }
})

/** Gives how many questions were answered. */
const ask = Effect.fnUntraced(function* (self: WaitingSelf, echo: Process.Pid<QuestionType>, questions: number) {
  let answers = 0
  for (let number = 0; number < questions; number++) {
    yield* Process.send(echo, { _tag: "Question", number })
    if ((yield* self.receiveTag("Answer")).number === number) answers++
  }
  return answers
})

const receiveTagBehind = ({ rounds, waiting }: { readonly waiting: number; readonly rounds: number }) =>
  asProcess(Waiting, (self) =>
    Effect.gen(function* () {
      const other = yield* Process.spawnLink(Question, (process) => echo(process, self.pid))
      yield* fill(self, waiting)
      const { perSecond, result } = yield* rateOf(rounds, ask(self, other, rounds))
      yield* verify("answers", rounds, result)
      yield* verify("messages that still wait", waiting, yield* self.flush)
      yield* Process.send(other, { _tag: "Stop" })
      return perSecond
    })
  )

export const calls = {
  "call-1": call,
  "call-100": call,
  cast,
  "call-behind-10k": callBehind,
  "receive-tag-behind-10k": receiveTagBehind
} satisfies Programs<UnderstudyProgram>
