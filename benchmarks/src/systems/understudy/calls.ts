/**
 * W7 and W8 on Understudy: calls with the default timeout and casts; and receives that leave other messages where they
 * are.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Counter } from "./servers/Counter.ts"

type CounterRef = GenServer.Ref<(typeof Counter)["protocol"]>

const callTimes = (counter: CounterRef, count: number) =>
  Effect.gen(function* () {
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

const cast = ({ casts }: { readonly casts: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      let handled = 0
      const perSecond = yield* rate(
        casts,
        Effect.gen(function* () {
          for (let cast = 0; cast < casts; cast++) yield* counter.increment()
          handled = yield* counter.get({ timeout: "Infinity" })
        })
      )
      yield* verify("handled casts", casts, handled)
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

const Waiting = Schema.TaggedUnion({ Waiting: { number: Schema.Int }, Answer: { number: Schema.Int } })
type WaitingSelf = Process.Self<(typeof Waiting)["Type"]>

/** Fills the calling process's own mailbox. */
const fill = (self: WaitingSelf, waiting: number) =>
  Effect.gen(function* () {
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

const receiveTagBehind = ({ rounds, waiting }: { readonly waiting: number; readonly rounds: number }) =>
  asProcess(Waiting, (self) =>
    Effect.gen(function* () {
      const echo = yield* Process.spawnLink(Question, (process) =>
        Effect.gen(function* () {
          while (true) {
            const message = yield* process.receive
            if (message._tag !== "Question") return
            yield* Process.send(self.pid, { _tag: "Answer", number: message.number })
          }
        })
      )
      yield* fill(self, waiting)
      let answers = 0
      const perSecond = yield* rate(
        rounds,
        Effect.gen(function* () {
          for (let number = 0; number < rounds; number++) {
            yield* Process.send(echo, { _tag: "Question", number })
            if ((yield* self.receiveTag("Answer")).number === number) answers++
          }
        })
      )
      yield* verify("answers", rounds, answers)
      yield* verify("messages that still wait", waiting, yield* self.flush)
      yield* Process.send(echo, { _tag: "Stop" })
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
