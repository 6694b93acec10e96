import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { crash, LeftBehind, Probe, runProcess, settle, startSupervised } from "../src/index.ts"
import { errorOf } from "../src/Run.ts"
import { it } from "../src/vitest.ts"
import { Counter, CounterLive } from "./actors.ts"

const Said = Schema.TaggedStruct("Said", { text: Schema.String, at: Schema.Int })
const Asked = Schema.TaggedStruct("Asked", { replyTo: Process.pid(Schema.Int) })
const Chat = Schema.Union([Said, Asked])

const said = (text: string, at = 0) => ({ _tag: "Said", text, at }) as const

describe("a probe", () => {
  it.process("gives the next message when it is as a part of it says", function* () {
    const probe = yield* Probe.make(Chat)
    yield* Process.send(probe.pid, said("hi", 3))
    const message = yield* probe.expect({ _tag: "Said", text: "hi" })
    const at: number = message.at
    expect(at).toBe(3)
  })

  it.process("takes predicates as leaves, any, a predicate and a schema", function* () {
    const probe = yield* Probe.make(Chat)
    for (let at = 0; at < 4; at++) yield* Process.send(probe.pid, said(`${at}`, at))
    yield* probe.expect({ _tag: "Said", text: (text) => typeof text === "string" && text === "0" })
    yield* probe.expect({ _tag: "Said", text: Probe.any })
    yield* probe.expect((message) => message._tag === "Said" && message.at === 2)
    const message = yield* probe.expect(Said)
    expect(message.at).toBe(3)
  })

  it.process("compares arrays by all their elements, and pids by their process", function* (self) {
    const probe = yield* Probe.make(Schema.Struct({ list: Schema.Array(Schema.Int), of: Process.anyPid }))
    yield* Process.send(probe.pid, { list: [1, 2], of: self.pid })
    const short = yield* Effect.flip(probe.expect({ list: [1] }))
    expect(short._tag).toBe("ProbeFailed")
    yield* probe.expect({ list: [1, 2], of: self.pid })
  })

  it.process("waits in the system's time for what is to come", function* () {
    const probe = yield* Probe.make(Chat)
    yield* Process.sendAfter(probe.pid, said("late"), "4 seconds")
    yield* probe.expect({ text: "late" }, { within: "5 seconds" })
  })

  it.process("says what was expected, what was there and how long it waited when nothing comes", function* () {
    const probe = yield* Probe.make(Chat, { label: "listener" })
    const error = yield* Effect.flip(probe.expect({ _tag: "Said", text: "hi" }, { within: "3 seconds" }))
    expect(error).toMatchObject({ waited: 3000, mailbox: [] })
    expect(error.stack).toMatch(/waited: 3000 ms\n {4}at .*probe\.test\.ts/)
    expect(error.message).toMatch(/^listener .*: expected \{.*text: 'hi'.*\n {2}mailbox: empty\n {2}waited: 3000 ms/s)
  })

  it.process("says what came instead, at once, and leaves it where it is", function* () {
    const probe = yield* Probe.make(Chat)
    yield* Process.send(probe.pid, said("hello"))
    yield* Process.send(probe.pid, said("hi"))
    yield* settle()
    const error = yield* Effect.flip(probe.expect({ text: "hi" }))
    expect(error.waited).toBe(0)
    expect(error.received).toContain("hello")
    expect(error.mailbox).toHaveLength(2)
    yield* probe.expect({ text: "hello" })
    yield* probe.expect({ text: "hi" })
  })

  it.process("fishes the next that matches, and leaves the others in their order", function* () {
    const probe = yield* Probe.make(Chat)
    for (const text of ["a", "b", "c"]) yield* Process.send(probe.pid, said(text))
    yield* probe.fish({ text: "c" })
    const error = yield* Effect.flip(probe.fish({ text: "d" }, { within: "1 second" }))
    expect(error.mailbox).toHaveLength(2)
    yield* probe.expect({ text: "a" })
    yield* probe.expect({ text: "b" })
    expect(probe.messages().map((message) => message._tag === "Said" && message.text)).toEqual(["a", "b", "c"])
  })

  it.process("expects nothing for a while, and fails as soon as something comes", function* () {
    const probe = yield* Probe.make(Chat)
    yield* probe.expectNothing("1 hour")
    yield* Process.sendAfter(probe.pid, said("late"), "2 seconds")
    const error = yield* Effect.flip(probe.expectNothing("1 minute"))
    expect(error.waited).toBe(2000)
    expect(error.received).toContain("late")
  })

  it.process("answers to an address that a message brings", function* (self) {
    const probe = yield* Probe.make(Chat)
    yield* Process.send(probe.pid, { _tag: "Asked", replyTo: self.pid })
    const { replyTo } = yield* probe.expect({ _tag: "Asked" })
    yield* probe.reply(replyTo, 42)
    expect(yield* self.receive).toBe(42)
  })

  it.process("sees the end of what it watches, with its reason, beside its messages", function* () {
    const counter = yield* startSupervised(CounterLive, { start: 0 })
    const probe = yield* Probe.monitor(counter)
    yield* GenServer.terminate(counter, { reason: ExitReason.shutdown })
    const down = yield* probe.expectDown({ of: counter, reason: ExitReason.shutdown })
    expect(down.pid).toBe(counter.pid)
  })

  it.process("says with which reason it ended when that is another", function* () {
    const counter = yield* startSupervised(CounterLive, { start: 0 })
    const probe = yield* Probe.make(Chat)
    yield* probe.monitor(counter)
    yield* crash(counter)
    const error = yield* Effect.flip(probe.expectDown({ reason: "Shutdown" }))
    expect(error.message).toMatch(/a Down with reason Shutdown.*received: Down of .*kill/s)
    yield* probe.expectDown({ reason: "Killed" })
    const none = yield* Effect.flip(probe.expectDown({}, { within: "1 second" }))
    expect(none.received).toBeUndefined()
  })

  it.process("can be linked and registered, and outlives whom it is linked to", function* (self) {
    const probe = yield* Probe.make(Chat)
    yield* probe.as(Process.register("printer", probe.pid))
    expect(yield* Process.whereis("printer")).toEqual(probe.pid)
    const fails = yield* Process.spawn(Schema.String, (other) =>
      Effect.andThen(other.receive, Process.exit(ExitReason.failed("no")))
    )
    yield* probe.as(Process.link(fails))
    yield* Process.exit(fails, ExitReason.failed("no"))
    yield* probe.expectExit({ reason: "Failed" })
    yield* Process.send(probe.pid, said("still here"))
    yield* probe.expect({ text: "still here" })
    expect(self.pid).not.toEqual(probe.pid)
  })
})

describe("a probe that stands in for a server", () => {
  it.process("gives the payload of the next call, and answers it", { implementations: [CounterLive] }, function* () {
    const counter = yield* Probe.of(Counter)
    const asking = yield* Effect.forkScoped(counter.ref.divide({ by: 3 }))
    const call = yield* counter.expectCall("divide", { by: 3 })
    expect(call.payload).toEqual({ by: 3 })
    yield* call.reply(14)
    expect(yield* Fiber.await(asking)).toEqual(Exit.succeed(14))
  })

  it.process("answers with the call's typed error", function* () {
    const counter = yield* Probe.of(Counter)
    const asking = yield* Effect.forkScoped(counter.ref.divide({ by: 0 }))
    yield* (yield* counter.expectCall("divide")).fail("by zero")
    expect(yield* Fiber.await(asking)).toEqual(Exit.fail("by zero"))
  })

  it.process("gives the payload of a cast, and fails for another message", function* () {
    const counter = yield* Probe.of(Counter)
    yield* counter.ref.increment({ by: 2 })
    const error = yield* Effect.flip(counter.expectCall("get"))
    expect(error.message).toMatch(/expected call get.*received: cast increment.*by: 2/s)
    expect(yield* counter.expectCast("increment", { by: (by) => by === 2 })).toEqual({ by: 2 })
  })

  it.process("ends when it is asked to", function* () {
    const counter = yield* Probe.of(Counter)
    const probe = yield* Probe.monitor(counter.ref)
    yield* GenServer.terminate(counter.ref)
    yield* probe.expectDown({ reason: "Normal" })
  })

  it("a call that the test does not answer is a leak", async () => {
    const exit = await runProcess(function* () {
      const counter = yield* Probe.of(Counter)
      yield* Process.spawn(Schema.Never, () => Effect.ignore(counter.ref.get({ timeout: "Infinity" })), {
        label: "asker"
      })
      yield* counter.expectCall("get")
    })
    const error = Exit.isFailure(exit) ? errorOf(exit) : undefined
    expect(error).toBeInstanceOf(LeftBehind)
    expect(`${error}`).toMatch(/call: probe of kit\/Counter .* has not answered call get.* of asker/)
  })

  it("probes are no leaks themselves, however the test ends", async () => {
    const exit = await runProcess(function* () {
      yield* Probe.make(Chat)
      yield* Probe.of(Counter)
      return yield* Effect.fail("ended")
    })
    expect(Exit.isFailure(exit) && errorOf(exit)).toBe("ended")
  })
})
