// What users should be able to write: that it infers, and that mistakes in it do not compile.
import { type ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expectTypeOf, it } from "vitest"

const Counter = GenServer.define("Counter", {
  args: { start: Schema.Int },
  protocol: {
    increment: GenServer.cast({ by: Schema.Int }),
    get: GenServer.call({ success: Schema.Int }),
    reset: GenServer.cast()
  }
})

class NotAMember extends Schema.TaggedError<NotAMember>()("NotAMember", { user: Schema.String }) {}

const Room = GenServer.define("chat/Room", {
  args: { room: Schema.String },
  protocol: {
    join: GenServer.cast({ user: Schema.String }),
    say: GenServer.call({
      payload: { user: Schema.String, text: Schema.String },
      success: Schema.Int,
      error: NotAMember
    })
  },
  mailbox: { capacity: 1024, overflow: "suspend" }
})

class Db extends Context.Service<Db, { readonly save: (text: string) => Effect.Effect<void> }>()("test/Db") {}
class Mail extends Context.Service<Mail, { readonly post: (text: string) => Effect.Effect<void> }>()("test/Mail") {}

declare const counter: GenServer.PidRef<typeof Counter.protocol>
declare const room: GenServer.Ref<typeof Room.protocol>

describe("a contract", () => {
  it("gives refs methods with the payload, the answer and the errors of its messages", () => {
    expectTypeOf(counter.increment({ by: 1 })).toEqualTypeOf<Effect.Effect<void, never, System.System>>()
    expectTypeOf(counter.reset()).toEqualTypeOf<Effect.Effect<void, never, System.System>>()
    expectTypeOf(counter.get({ timeout: "50 millis" })).toEqualTypeOf<
      Effect.Effect<number, GenServer.CallError, System.System>
    >()
    expectTypeOf(room.say({ user: "ada", text: "hi" })).toEqualTypeOf<
      Effect.Effect<number, NotAMember | GenServer.CallError, System.System>
    >()
    expectTypeOf(counter.pid).toEqualTypeOf<Process.Pid>()
  })

  it("gives its inspect hooks messages by name, arguments as they are, and a state of whatever type they say", () => {
    const options = {
      args: { user: Schema.String, pin: Schema.Int },
      protocol: Room.protocol,
      info: Schema.Int
    } as const
    GenServer.define("Account", {
      ...options,
      inspect: {
        state: (state: { readonly user: string }) => state.user,
        message: (message) => {
          expectTypeOf(message.kind).toEqualTypeOf<"cast" | "call" | "info">()
          if (message.name === "join") {
            expectTypeOf(message.payload).toEqualTypeOf<{ readonly user: string }>()
          } else if (message.name === "say") {
            expectTypeOf(message.payload).toEqualTypeOf<{ readonly user: string; readonly text: string }>()
          } else {
            expectTypeOf(message.payload).toEqualTypeOf<number>()
          }
          return message.name
        },
        args: (args) => {
          expectTypeOf(args).toEqualTypeOf<{ readonly user: string; readonly pin: number }>()
          return args.user
        }
      }
    })
    GenServer.define("Account", {
      ...options,
      inspect: (state) => {
        expectTypeOf(state).toEqualTypeOf<unknown>()
        return "a state"
      }
    })
    const asked = GenServer.define("Account", { ...options, inspect: (state: { readonly user: string }) => state.user })
    expectTypeOf(asked.ref.Type.join).parameter(0).toEqualTypeOf<{ readonly user: string }>()
    GenServer.define("Account", {
      ...options,
      // @ts-expect-error no such argument
      inspect: { args: ({ password }) => password }
    })
    // @ts-expect-error no such hook
    GenServer.define("Account", { ...options, inspect: { states: () => "x" } })
  })

  it("does not let a wrong payload or an unknown message compile", () => {
    // @ts-expect-error wrong payload
    counter.increment({ by: "2" })
    // @ts-expect-error no payload
    counter.increment()
    // @ts-expect-error a payload where there is none
    counter.reset({ by: 1 })
    // @ts-expect-error unknown message
    counter.decrement()
  })

  it("is started with its own arguments only", () => {
    expectTypeOf(GenServer.start(Counter, { start: 1 })).toEqualTypeOf<
      Effect.Effect<GenServer.PidRef<typeof Counter.protocol>, GenServer.StartError, System.System>
    >()
    // @ts-expect-error wrong arguments
    GenServer.start(Counter, { start: "1" })
    // @ts-expect-error missing arguments
    GenServer.start(Counter)
    // @ts-expect-error unknown placement
    GenServer.start(Counter, { start: 1 }, { on: "somewhere" })
  })
})

describe("an implementation", () => {
  it("infers the state from init, and the payload and the context of each handler", () => {
    const live = Counter.implement({
      init: ({ start }) => ({ count: start }),
      handle: {
        increment: (state, { by }) => {
          expectTypeOf(state).toEqualTypeOf<{ count: number }>()
          expectTypeOf(by).toEqualTypeOf<number>()
          return { count: state.count + by }
        },
        get: (state, { from, self }) => {
          expectTypeOf(from).toEqualTypeOf<GenServer.From<number, never>>()
          expectTypeOf(self).toEqualTypeOf<GenServer.Ref<typeof Counter.protocol>>()
          return GenServer.reply(state.count, state)
        },
        reset: () => ({ count: 0 })
      },
      info: (state, message) => {
        expectTypeOf(message).toEqualTypeOf<Process.Down | Process.Exit>()
        return state
      },
      terminate: (state, reason) => {
        expectTypeOf(reason).toEqualTypeOf<ExitReason.ExitReason>()
        expectTypeOf(state.count).toEqualTypeOf<number>()
      }
    })
    expectTypeOf(live["~R"]).toEqualTypeOf<never>()
  })

  it("collects the services of all its callbacks, but for what every process has", () => {
    const live = Room.implement({
      init: () =>
        Effect.as(
          Effect.flatMap(Db, (db) => db.save("start")),
          new Set<string>()
        ),
      handle: {
        join: (members, { user }) =>
          Effect.as(
            Effect.flatMap(Mail, (mail) => mail.post(user)),
            new Set([...members, user])
          ),
        say: (members, { user }) =>
          Effect.gen(function* () {
            if (!members.has(user)) return yield* new NotAMember({ user })
            yield* Process.self
            yield* counter.increment({ by: 1 })
            return GenServer.reply(members.size, members)
          })
      }
    })
    expectTypeOf(live["~R"]).toEqualTypeOf<Db | Mail>()
    // @ts-expect-error the layer does not give Mail
    System.layer({ implementations: [live], layer: Layer.succeed(Db, { save: () => Effect.void }) })
    System.layer({
      implementations: [live],
      layer: Layer.mergeAll(
        Layer.succeed(Db, { save: () => Effect.void }),
        Layer.succeed(Mail, { post: () => Effect.void })
      )
    })
  })

  it("does not compile with a missing handler, an extra one, a wrong reply or a wrong state", () => {
    // @ts-expect-error the handlers for `get` and `reset` are missing
    Counter.implement({ init: ({ start }) => start, handle: { increment: (n: number) => n } })
    Counter.implement({
      init: ({ start }) => start,
      handle: {
        increment: (n) => n,
        // @ts-expect-error a reply of the wrong type
        get: (n) => GenServer.reply("x", n),
        reset: () => 0
      }
    })
    Counter.implement({
      init: ({ start }) => start,
      handle: {
        // @ts-expect-error a state of another type
        increment: () => "one",
        get: (n) => GenServer.reply(n, n),
        reset: () => 0
      }
    })
    Counter.implement({
      init: ({ start }) => start,
      handle: {
        increment: (n) => n,
        // @ts-expect-error a call answers by reply, noReply or stop
        get: (n) => n,
        reset: () => 0
      }
    })
    Counter.implement({
      init: ({ start }) => start,
      handle: {
        increment: (n) => n,
        get: (n) => GenServer.reply(n, n),
        reset: () => 0,
        // @ts-expect-error the protocol has no such message
        decrement: (n: number) => n
      }
    })
    Room.implement({
      init: () => 0,
      handle: {
        join: (n) => n,
        // @ts-expect-error an error that is not in the protocol
        say: () => Effect.fail("no")
      }
    })
  })
})

const Lamp = GenServer.define("types/Lamp", { protocol: { on: GenServer.cast() } })

describe("a server that takes no arguments", () => {
  it("is started with none, or with options behind none", () => {
    GenServer.start(Lamp)
    GenServer.start(Lamp, {}, { priority: "high" })
    GenServer.start(Lamp, undefined, { priority: "high" })
    // @ts-expect-error options where the arguments are
    GenServer.start(Lamp, { priority: "high" })
  })
})

const Reply = Schema.TaggedUnion({ Welcome: { name: Schema.String } })
const Greeting = Schema.TaggedUnion({ Hello: { from: Process.pid(Reply), name: Schema.String } })

describe("a raw process", () => {
  it("receives its messages and the signals it asked for, and nothing else", () => {
    const greeter = Process.spawn(Greeting, (self) =>
      Effect.gen(function* () {
        const message = yield* self.receive
        expectTypeOf(message).toEqualTypeOf<typeof Greeting.Type | Process.Down | Process.Exit>()
        if (message._tag === "Hello") yield* Process.send(message.from, { _tag: "Welcome", name: message.name })
        const hello = yield* self.receiveTag("Hello", { after: 10 })
        expectTypeOf(hello.name).toEqualTypeOf<string>()
      })
    )
    expectTypeOf(greeter).toEqualTypeOf<Effect.Effect<Process.Pid<typeof Greeting.Type>, never, System.System>>()
  })

  it("only takes its own messages", () => {
    const pid = {} as Process.Pid<typeof Greeting.Type>
    // @ts-expect-error not a Greeting
    Process.send(pid, { _tag: "Goodbye" })
    // @ts-expect-error a Greeting without its sender
    Process.send(pid, { _tag: "Hello", name: "Ada" })
  })

  it("links, monitors and traps only inside processes", () => {
    expectTypeOf(Process.link({} as Process.Pid)).toEqualTypeOf<Effect.Effect<void, never, Process.Current>>()
    expectTypeOf(Process.run(Process.trapExit(true))).toEqualTypeOf<
      Effect.Effect<boolean, Process.ProcessExited, System.System>
    >()
  })
})
