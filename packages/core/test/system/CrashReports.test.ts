/** What reports say of a process that has crashed: why, in what state, with what message, and for whom; and what they do not say. */

import { inspect } from "node:util"
import { it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect } from "vitest"
import { fiberKind } from "../../src/fiber/Fibers.ts"
import { GenServer, Process, System } from "../../src/index.ts"
import type { IncomingCall } from "../../src/process/IncomingCall.ts"
import { Caller, contracts, program, Recorder, secret } from "./secrets.ts"

const options = { ...program, schedulers: 2, entry: new URL("./secretsEntry.ts", import.meta.url) } as const

const testBoth = (title: string, body: Effect.Effect<unknown, unknown, System.System | Scope.Scope>) => {
  it.live(title, () => Effect.provide(body, System.layer(options)))
  it.live(`${title} (virtual)`, () => Effect.provide(body, System.layer({ ...options, virtual: true })))
}

type Of<Tag extends System.Event["_tag"]> = Extract<System.Event, { readonly _tag: Tag }>

/** The next event of that kind, after `cause` has run. */
const eventAfter = <const Tag extends System.Event["_tag"], A, E, R>(tag: Tag, cause: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const heard = yield* Effect.forkChild(
      System.events.pipe(
        Stream.filter((event): event is Of<Tag> => event._tag === tag),
        Stream.take(1),
        Stream.runCollect
      ),
      { startImmediately: true }
    )
    yield* cause
    const [event] = yield* Fiber.join(heard)
    return event as Of<Tag>
  })

const crashAfter = <A, E, R>(cause: Effect.Effect<A, E, R>) => eventAfter("ProcessCrashed", Effect.exit(cause))

/** What the scheduler of that slot has logged about a process, by its label. */
const logged = (slot: number, label: string) =>
  Effect.gen(function* () {
    const recorder = yield* GenServer.start(Recorder, {}, { on: { scheduler: slot } })
    return (yield* recorder.about({ text: label })).join("\n")
  })

/** Systems that share a thread share what it has logged: labels are different in each. */
let labels = 0
const on = (slot: number) => ({ on: { scheduler: slot }, label: `number ${++labels}` })

const ada = { user: "ada", password: secret }

describe("the report of a crash", () => {
  testBoth(
    "S40 has the state before the message, and the message",
    Effect.gen(function* () {
      for (const slot of [0, 1]) {
        const open = yield* GenServer.start(contracts.Open, ada, on(slot))
        yield* open.logIn({ user: "ada", password: "x" })
        const event = yield* crashAfter(open.crashOn({ password: "y" }))
        expect(event).toMatchObject({
          state: `{ user: 'ada', password: '${secret}', logins: 1 }`,
          lastMessage: "cast crashOn { password: 'y' }",
          caller: undefined
        })
      }
    })
  )

  testBoth(
    "S40 names who was calling, or its scheduler when that is another",
    Effect.gen(function* () {
      for (const slot of [0, 1]) {
        for (const from of [0, 1]) {
          const caller = yield* GenServer.start(Caller, {}, on(from))
          const placed = on(slot)
          const event = yield* crashAfter(caller.ask({ who: yield* GenServer.start(contracts.Open, ada, placed) }))
          expect(event.lastMessage).toBe("call crashAnswering { password: 'x' }")
          expect(event.caller?.scheduler).toBe(from)
          // Where fibers are Effect's own, nobody knows whose they are
          const known = from === slot && fiberKind === "kernel"
          expect(String(event.caller?.pid)).toBe(String(known ? caller.pid : undefined))
          const line = yield* logged(slot, placed.label)
          expect(line).toContain(`while it handled a call from ${known ? caller.pid : `scheduler ${from}`}`)
        }
      }
    })
  )

  it.live("S40 names nobody whose call was answered, or who no longer waits", () =>
    Effect.gen(function* () {
      const answered = yield* GenServer.start(contracts.Open, ada)
      yield* answered.logIn(ada)
      expect((yield* crashAfter(answered.crash())).caller).toBeUndefined()
      const held = yield* GenServer.start(Held)
      const call = yield* Effect.forkChild(held.crashLater(), { startImmediately: true })
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(call)
      const event = yield* crashAfter(Deferred.succeed(mayCrash, undefined))
      expect(event).toMatchObject({ lastMessage: "call crashLater", caller: undefined })
    }).pipe(
      Effect.provide(
        System.layer({ schedulers: 1, implementations: [...program.implementations, HeldLive], layer: program.layer })
      )
    )
  )

  it.live("has no state when there was none yet", () =>
    Effect.gen(function* () {
      const event = yield* crashAfter(GenServer.start(Unready))
      expect(event).toMatchObject({ state: undefined, lastMessage: undefined, caller: undefined })
    }).pipe(Effect.provide(System.layer({ schedulers: 1, implementations: [UnreadyLive] })))
  )

  it.live("S40 is as short for a state that is huge, and for one that throws when it is looked at", () =>
    Effect.gen(function* () {
      for (const kind of ["huge", "trap"] as const) {
        const odd = yield* GenServer.start(Odd, { kind })
        const { state = "" } = yield* crashAfter(odd.crash())
        expect(state.length).toBeGreaterThan(10)
        expect(state.length).toBeLessThanOrEqual(2000)
      }
    }).pipe(Effect.provide(System.layer({ schedulers: 1, implementations: [OddLive] })))
  )
})

const Unready = GenServer.define("Unready", { protocol: {} })
const UnreadyLive = Unready.implement({ init: () => Effect.die(new Error("not today")), handle: {} })

/** A server that crashes when it may. */
const reached = Deferred.makeUnsafe<void>()
const mayCrash = Deferred.makeUnsafe<void>()
const Held = GenServer.define("Held", { protocol: { crashLater: GenServer.call() } })
const HeldLive = Held.implement({
  init: () => 0,
  handle: {
    crashLater: () =>
      Effect.gen(function* () {
        yield* Deferred.succeed(reached, undefined)
        yield* Deferred.await(mayCrash)
        return yield* Effect.die(new Error("on purpose"))
      })
  }
})

const Odd = GenServer.define("Odd", {
  args: { kind: Schema.Literals(["huge", "trap"]) },
  protocol: { crash: GenServer.cast() }
})
const OddLive = Odd.implement({
  init: ({ kind }): object => {
    if (kind === "huge") return Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]))
    const bad = () => {
      throw new Error("do not look")
    }
    return {
      get value(): never {
        return bad()
      },
      proxy: new Proxy({}, { get: bad, ownKeys: bad, getPrototypeOf: bad }),
      [inspect.custom]: bad
    }
  },
  handle: {
    crash: () => {
      throw new Error("on purpose")
    }
  }
})

describe.skipIf(fiberKind !== "kernel")("a line of the program", () => {
  const Sink = GenServer.define("Sink", {
    protocol: {
      add: GenServer.cast({ by: Schema.Int }),
      get: GenServer.call({ payload: { by: Schema.Int } }),
      never: GenServer.call(),
      crash: GenServer.call(),
      where: GenServer.call({ success: Schema.String }),
      askYourself: GenServer.call({ success: Schema.String })
    }
  })
  const SinkLive = Sink.implement({
    init: () => 0,
    handle: {
      add: (state) => state,
      get: (state) => GenServer.reply(undefined, state),
      never: (state) => GenServer.noReply(state),
      crash: () => {
        throw new Error("on purpose")
      },
      // A call is what its handler knows as `from`
      where: (state, { from }) => GenServer.reply((from as unknown as IncomingCall).asker?.stack ?? "", state),
      askYourself: (state, { self }) =>
        Effect.gen(function* () {
          const calls = Effect.gen(function* () {
            yield* self.never()
            return undefined
          })
          const error = yield* Effect.catch(calls, Effect.succeed)
          return GenServer.reply(error?.stack ?? "", state)
        })
    }
  })
  const layer = System.layer({ schedulers: 1, implementations: [SinkLive] })
  const bad = { by: "x" } as never

  type Run = (sink: GenServer.PidRef<typeof Sink.protocol>) => Effect.Effect<unknown, unknown, Process.Provided>
  const failures: Readonly<Record<string, Run>> = {
    "a call to nobody": () =>
      Effect.gen(function* () {
        return yield* Sink.named("nobody").get({ by: 1 })
      }),
    "a call without an answer": (sink) =>
      Effect.gen(function* () {
        return yield* sink.never({ timeout: 1 })
      }),
    "a call of what crashes": (sink) =>
      Effect.gen(function* () {
        return yield* sink.crash()
      }),
    "a call with a bad payload": (sink) =>
      Effect.gen(function* () {
        return yield* sink.get(bad)
      }),
    "a call with a bad timeout": (sink) =>
      Effect.gen(function* () {
        return yield* sink.never({ timeout: -1 })
      }),
    "a cast with a bad payload": (sink) =>
      Effect.gen(function* () {
        return yield* sink.add(bad)
      }),
    "a bad message": (sink) =>
      Effect.gen(function* () {
        return yield* Process.send(sink.pid, 1 as never)
      }),
    "a bad message that is to be sent later": (sink) =>
      Effect.gen(function* () {
        return yield* Process.sendAfter(sink.pid, 1 as never, 1)
      }),
    "a bad duration": () =>
      Effect.gen(function* () {
        return yield* Process.sleep(-1)
      }),
    "what is thrown": () =>
      Effect.gen(function* () {
        yield* Effect.yieldNow
        throw new Error("on purpose")
      }),
    "what is failed with": () =>
      Effect.gen(function* () {
        yield* Effect.yieldNow
        return yield* Effect.fail(new Error("on purpose"))
      })
  }
  for (const [what, run] of Object.entries(failures)) {
    it.live(`S40 is in the error of ${what}, in Effect.gen`, () =>
      Effect.gen(function* () {
        const sink = yield* GenServer.start(Sink)
        const exit = yield* Effect.exit(Process.run(run(sink)))
        const [reason] = exit._tag === "Failure" ? exit.cause.reasons : []
        const error = reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : undefined
        expect(error).toBeInstanceOf(Error)
        expect((error as Error).stack).toMatch(/^ {4}at .*CrashReports\.test\.ts:\d+:\d+/m)
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("is in the report of the process that it ends, with the names of the functions it is in", () =>
    Effect.gen(function* () {
      const asks = Effect.fn("asks nobody")(function* () {
        return yield* Sink.named("nobody").never()
      })
      const event = yield* crashAfter(Process.run(asks()))
      const [line, ...frames] =
        (event.reason._tag === "Failed" ? (event.reason.error as Error).stack : "")?.split("\n").slice(1) ?? []
      expect(line).toMatch(/CrashReports\.test\.ts:\d+:\d+\)?$/)
      expect(frames).toEqual([])
    }).pipe(Effect.provide(layer))
  )

  it.live("S40 is told of who calls, and the functions it is in; the generator goes on as if nobody had asked", () =>
    Effect.gen(function* () {
      const sink = yield* GenServer.start(Sink)
      const steps: Array<string> = []
      const helper = function* () {
        const stack = yield* sink.where()
        steps.push("answered")
        return stack
      }
      const asks = Effect.fn("asks")(function* () {
        try {
          return yield* helper()
        } catch (error) {
          steps.push(`caught ${error}`)
          throw error
        } finally {
          steps.push("finally")
        }
      })
      const stack = yield* Process.run(asks())
      expect(steps).toEqual(["answered", "finally"])
      const lines = stack.split("\n")
      expect(lines[0]).toMatch(/^ {4}at helper .*CrashReports\.test\.ts:\d+:\d+\)$/)
      expect(lines[1]).toMatch(/^ {4}at .*CrashReports\.test\.ts:\d+:\d+\)?$/)
      expect(lines[2]).toMatch(/^ {4}at asks \(.*CrashReports\.test\.ts:\d+:\d+\)$/)
    }).pipe(Effect.provide(layer))
  )

  it.live("is asked for only where the generator itself waits for the call", () =>
    Effect.gen(function* () {
      const sink = yield* GenServer.start(Sink)
      const caught: Array<unknown> = []
      const careful = (call: Effect.Effect<string, unknown, Process.Provided>) =>
        Effect.gen(function* () {
          try {
            return yield* call
          } catch (error) {
            caught.push(error)
            throw error
          }
        })
      const where = sink.where()
      const indirect = [Effect.map(where, String), Effect.suspend(() => where), Effect.andThen(Effect.void, where)]
      // Asked for before, by a generator of another process
      expect(yield* Process.run(careful(where))).toContain("CrashReports.test.ts")
      for (const call of indirect) expect(yield* Process.run(careful(call))).toBe("")
      expect(caught).toEqual([])
    }).pipe(Effect.provide(layer))
  )

  it.live("is in the error of a server that calls itself", () =>
    Effect.gen(function* () {
      const sink = yield* GenServer.start(Sink)
      expect(yield* sink.askYourself()).toMatch(/cannot call itself.*\n {4}at .*CrashReports\.test\.ts:\d+:\d+/)
    }).pipe(Effect.provide(layer))
  )
})

describe("a contract's inspect", () => {
  const hides = { Careful: contracts.Careful, Plain: contracts.Plain, Clumsy: contracts.Clumsy } as const
  const shown = {
    state: "(not shown: the contract's inspect threw TypeError)",
    lastMessage: "(not shown: the contract's inspect threw string)"
  }
  const expected: Readonly<Record<keyof typeof hides, Readonly<Record<"state" | "cast" | "call" | "info", string>>>> = {
    Careful: {
      state: "{ user: 'ada', password: '…', logins: 0 }",
      cast: "cast crashOn 'cast of password'",
      call: "call crashAnswering 'call of password'",
      info: "'info of password'"
    },
    Plain: {
      state: "{ user: 'ada' }",
      cast: "cast crashOn (not shown: the contract's inspect has no hook for it)",
      call: "call crashAnswering (not shown: the contract's inspect has no hook for it)",
      info: "(not shown: the contract's inspect has no hook for it)"
    },
    Clumsy: {
      state: shown.state,
      cast: `cast crashOn ${shown.lastMessage}`,
      call: `call crashAnswering ${shown.lastMessage}`,
      info: shown.lastMessage
    }
  }

  for (const [name, contract] of Object.entries(hides) as ReadonlyArray<[keyof typeof hides, typeof contracts.Plain]>) {
    testBoth(
      `S41 hides a secret in reports, events and log lines, on any scheduler: ${name}`,
      Effect.gen(function* () {
        const texts = expected[name]
        for (const slot of [0, 1]) {
          const everything: Array<string> = []
          const crashes: ReadonlyArray<
            readonly [
              string,
              (
                server: GenServer.PidRef<typeof contracts.Plain.protocol>
              ) => Effect.Effect<unknown, unknown, System.System>
            ]
          > = [
            [texts.cast, (server) => server.crashOn({ password: secret })],
            [texts.call, (server) => server.crashAnswering({ password: secret })]
          ]
          for (const [lastMessage, crash] of crashes) {
            const placed = on(slot)
            const server = yield* GenServer.start(contract, ada, placed)
            const event = yield* crashAfter(crash(server))
            expect(event).toMatchObject({ state: texts.state, lastMessage })
            everything.push(inspect(event, { depth: 9 }), yield* logged(slot, placed.label))
          }
          const placed = on(slot)
          const server = yield* GenServer.start(contract, ada, placed)
          const text = yield* Schema.encodeEffect(Schema.toCodecJson(Process.pid(Schema.Never)))(server.pid)
          const address = yield* Schema.decodeUnknownEffect(
            Schema.toCodecJson(Process.pid(Schema.Struct({ password: Schema.String })))
          )(text)
          const dropped = yield* eventAfter("UnexpectedMessage", Process.send(address, { password: secret }))
          expect(dropped.received).toBe(texts.info)
          everything.push(inspect(dropped, { depth: 9 }), yield* logged(slot, placed.label))
          for (const text of everything) expect(text).not.toContain(secret)
        }
      })
    )
  }

  it("is a function, or functions for states, messages and arguments", () => {
    for (const inspect of [5, null, { state: "x" }, { states: () => 0 }]) {
      expect(() => GenServer.define("X", { protocol: {}, inspect: inspect as never })).toThrow(
        /^GenServer.define: X: inspect: expected a function, or functions named state, message and args; got /
      )
    }
  })
})
