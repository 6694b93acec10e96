import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

/** A server whose handlers are an operation and what comes after it, in each way that can go. */
const After = GenServer.define("test/After", {
  args: { to: Process.pid(Schema.Unknown) },
  protocol: {
    count: GenServer.call({ success: Schema.Int }),
    value: GenServer.cast(),
    sleeps: GenServer.cast(),
    throws: GenServer.cast(),
    fails: GenServer.cast(),
    noEffect: GenServer.cast(),
    link: GenServer.cast()
  }
})

interface State {
  readonly to: Process.Pid<unknown>
  readonly count: number
}

const send = ({ to }: State) => Process.send(to, { _tag: "Sent" })
const counted = (state: State): State => ({ ...state, count: state.count + 1 })

const AfterLive = After.implement({
  init: ({ to }): State => ({ to, count: 0 }),
  handle: {
    count: (state) => GenServer.reply(state.count, state),
    value: (state) => Effect.as(send(state), counted(state)),
    sleeps: (state) => Effect.flatMap(send(state), () => Effect.as(Effect.yieldNow, counted(state))),
    throws: (state) =>
      Effect.map(send(state), (): State => {
        throw new Error("after it was sent")
      }),
    fails: (state) => Effect.flatMap(send(state), () => Effect.die("after it was sent")),
    // What code without types could do
    noEffect: (state) => Effect.flatMap(send(state), () => undefined as never),
    link: (state) => Effect.as(Process.link(state.to), counted(state))
  }
})

const layer = System.layer({ schedulers: 1, virtual: true, implementations: [AfterLive] })

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, layer))

/** What the server ends with when it gets this message, and whether its operation was done before. */
const endOf = (message: "throws" | "fails" | "noEffect") =>
  Process.run((self) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(After, { to: self.pid })
      yield* Process.monitor(server.pid)
      yield* server[message]()
      expect(yield* self.receive).toEqual({ _tag: "Sent" })
      const down = yield* self.receive
      return down instanceof Process.Down ? down.reason : undefined
    })
  )

describe("what a handler does after an operation", () => {
  test(
    "a value is the new state, at once or after a wait",
    Process.run((self) =>
      Effect.gen(function* () {
        const server = yield* GenServer.start(After, { to: self.pid })
        yield* server.value()
        yield* server.sleeps()
        yield* server.value()
        expect(yield* server.count()).toBe(3)
        expect(yield* self.flush).toBe(3)
      })
    )
  )

  test(
    "what it throws, dies with, or gives in place of an effect ends the server, after the operation was done",
    Effect.gen(function* () {
      expect(yield* endOf("throws")).toMatchObject({ _tag: "Died", defect: { message: "after it was sent" } })
      expect(yield* endOf("fails")).toMatchObject({ _tag: "Died", defect: "after it was sent" })
      expect(yield* endOf("noEffect")).toMatchObject({ _tag: "Died" })
    })
  )

  test(
    "an operation that ends its own server, as a link to nobody does, is the last it does",
    Process.run((self) =>
      Effect.gen(function* () {
        const gone = yield* Process.spawn(Schema.Unknown, () => Effect.void)
        yield* Process.monitor(gone)
        yield* self.receive
        const server = yield* GenServer.start(After, { to: gone })
        yield* Process.monitor(server.pid)
        yield* server.link()
        yield* server.value()
        expect(yield* self.receive).toMatchObject({ reason: ExitReason.noProcess })
      })
    )
  )
})
