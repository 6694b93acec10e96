/** Which way a message goes: into a mailbox of this scheduler, or to another one. */
import { it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { GenServer, Process, System } from "../../src/index.ts"

const elsewhere = { on: { scheduler: 1 } } as const

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, System.layer({ schedulers: 2, virtual: true, implementations })))

const Parcel = Schema.Struct({ number: Schema.Int, from: Process.pid(Schema.Literal("arrived")) })
type Parcel = (typeof Parcel)["Type"]

/** What schedulers of one thread can hand each other without a message: they share its memory. */
const shared: { pid: Process.Pid<Parcel> | undefined; arrived: unknown } = { pid: undefined, arrived: undefined }

const takeOne = Effect.fnUntraced(function* (self: Process.Self<Parcel>) {
  const message = yield* self.receive
  shared.arrived = message
  if ("from" in message && "number" in message) yield* Process.send(message.from, "arrived")
})

const Sharer = GenServer.define("test/Sharer", { protocol: {} })

const SharerLive = Sharer.implement({
  init: () =>
    Effect.map(Process.spawn(Parcel, takeOne), (pid) => {
      shared.pid = pid
    }),
  handle: {}
})

const Answer = { Answer: { number: Schema.Int } }
const Answers = Schema.TaggedUnion(Answer)

const Answerer = GenServer.define("test/Answerer", {
  protocol: {
    answer: GenServer.call({ payload: { to: Process.pid(Answers) }, success: Schema.Void }),
    answerByName: GenServer.call({ payload: { name: Schema.String }, success: Schema.Void }),
    answerAlias: GenServer.call({ payload: { to: Process.alias(Answers) }, success: Schema.Void })
  }
})

const answer = { _tag: "Answer", number: 7 } as const

const AnswererLive = Answerer.implement({
  init: (): undefined => undefined,
  handle: {
    // What is sent is there before what is replied
    answer: (_, { to }) => Effect.as(Process.send(to, answer), GenServer.reply(undefined, undefined)),
    answerByName: (_, { name }) =>
      Effect.as(Process.send(Process.named(name, Answers), answer), GenServer.reply(undefined, undefined)),
    answerAlias: (_, { to }) => Effect.as(Process.send(to, answer), GenServer.reply(undefined, undefined))
  }
})

/** Takes answers as one of its plain messages. */
const Asker = GenServer.define("test/Asker", {
  protocol: { heard: GenServer.call({ success: Schema.Unknown }) },
  info: Schema.Union([Schema.Int, Schema.TaggedUnion({ Add: { a: Schema.Int }, ...Answer })])
})

const AskerLive = Asker.implement({
  init: (): unknown => undefined,
  handle: { heard: (state) => GenServer.reply(state, state) },
  info: (_, message) => message
})

const implementations = [SharerLive, AnswererLive, AskerLive]

describe("a mailbox that takes more than the pid says that is sent to", () => {
  const mailboxes: ReadonlyArray<readonly [string, Schema.Schema<(typeof Answers)["Type"]>]> = [
    ["cases before it", Schema.TaggedUnion({ Add: { a: Schema.Int }, ...Answer }) as never],
    ["anything", Schema.Unknown as never]
  ]
  for (const [more, mailbox] of mailboxes) {
    test(
      `gets what was sent from another scheduler, by pid, name and alias: ${more}`,
      Effect.gen(function* () {
        const answerer = yield* GenServer.start(Answerer, {}, elsewhere)
        yield* Process.run(() =>
          Effect.gen(function* () {
            const done = yield* Deferred.make<ReadonlyArray<unknown>>()
            yield* Process.spawn(mailbox, (self) =>
              Effect.gen(function* () {
                yield* answerer.answer({ to: self.pid })
                const received: Array<unknown> = [yield* self.receive]
                yield* Process.register("asker", self.pid)
                yield* answerer.answerByName({ name: "asker" })
                received.push(yield* self.receive)
                yield* answerer.answerAlias({ to: yield* self.alias() })
                received.push(yield* self.receive)
                yield* Deferred.succeed(done, received)
              })
            )
            expect(yield* Deferred.await(done)).toEqual([answer, answer, answer])
          })
        )
      })
    )
  }

  test(
    "gets it as a server's plain message",
    Effect.gen(function* () {
      const answerer = yield* GenServer.start(Answerer, {}, elsewhere)
      const asker = yield* GenServer.start(Asker)
      // A server's pid does not say which plain messages it takes
      yield* answerer.answer({ to: asker.pid as never })
      expect(yield* asker.heard()).toEqual(answer)
    })
  )
})

describe("a pid of another scheduler of the same thread", () => {
  test(
    "R17 is sent to across schedulers, also by who holds the very object its own scheduler made",
    Effect.gen(function* () {
      yield* GenServer.start(Sharer, {}, elsewhere)
      const { pid } = shared
      if (pid === undefined) return expect.fail("the server has handed nothing over")
      expect(pid.slot).toBe(1)
      yield* Process.run((self) =>
        Effect.gen(function* () {
          const message: Parcel = { number: 1, from: self.pid }
          yield* Process.send(pid, message)
          yield* self.receive
          expect(shared.arrived).toEqual(message)
          // What crossed schedulers is a copy
          expect(shared.arrived).not.toBe(message)
        })
      )
    })
  )
})
