import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { checkModel } from "../../src/model/CheckModel.ts"
import type { Program } from "../../src/model/Commands.ts"
import type { Entry } from "../../src/model/History.ts"
import * as Model from "../../src/model/Model.ts"
import { fromSchema } from "../../src/model/SchemaArbitrary.ts"
import { model } from "../../src/vitest/model.ts"
import {
  DeafLive,
  ForgetfulLive,
  Kv,
  KvLive,
  KvStore,
  Missing,
  SlowLive,
  TicketModel,
  Tickets,
  TicketsLive
} from "./servers.ts"

const onSystem = <A, E>(
  implementations: NonNullable<System.Options<never, never>["implementations"]>,
  body: Effect.Effect<A, E, GenServer.Provided>,
  options: System.Settings = {}
): Promise<A> =>
  Effect.runPromise(
    Process.run(body).pipe(
      Effect.provide(System.layer({ virtual: true, implementations, layer: Logger.layer([]), ...options })),
      Effect.scoped
    )
  )

describe("a right server", () => {
  for (const schedulers of [1, 2, 3]) {
    model(`is linearisable under random programs, on ${schedulers} schedulers`, Kv, {
      clients: 3,
      length: 5,
      schedulers,
      runs: 40,
      implementations: [KvLive],
      start: GenServer.start(KvStore, {}, { on: { scheduler: schedulers - 1 } })
    })
  }

  model("may choose its answers where the model lets it", TicketModel, {
    schedulers: 2,
    runs: 30,
    implementations: [TicketsLive],
    start: GenServer.start(Tickets, {}, { on: { scheduler: 1 } })
  })
})

describe("a wrong server", () => {
  it("that answers before it has written is found, shrunk to two clients, and explained with its program and seed", async () => {
    const failure = await checkModel(Kv, {
      schedulers: 1,
      runs: 500,
      implementations: [ForgetfulLive],
      start: GenServer.start(KvStore)
    }).then(
      () => undefined,
      (error: unknown) => error
    )
    expect(failure).toBeInstanceOf(Model.NotLinearisable)
    const { message } = failure as Model.NotLinearisable
    expect(message).toMatch(/^KvStore is not linearisable \(key "[ab]"\): client \d got /)
    expect(message).toMatch(/\* +\d+ {2}client \d {2}\w+ answers /)
    expect(message).toMatch(/The longest order the model allows: .*\nIt leads to .*where \w+ answers/)
    expect(message).toMatch(/seed -?\d+\)$/)
    // What is left are the calls that overlap: one `add` in each of two clients, and perhaps what shows it
    const commands = message.split("\n").filter((line) => /^(setup|client \d): /.test(line))
    expect(commands.length).toBeLessThanOrEqual(3)
    expect(commands.join("; ").split("; ").length).toBeLessThanOrEqual(4)
  })

  it("that ignores casts is found", () =>
    expect(
      checkModel(Kv, { runs: 500, implementations: [DeafLive], start: GenServer.start(KvStore) })
    ).rejects.toBeInstanceOf(Model.NotLinearisable))

  it("fails again with the seed that it printed", async () => {
    const options = { runs: 500, implementations: [DeafLive], start: GenServer.start(KvStore) }
    const first = await checkModel(Kv, options).catch(String)
    const seed = Number(/seed (-?\d+)/.exec(String(first))?.[1])
    expect(await checkModel(Kv, { ...options, seed }).catch(String)).toBe(first)
  })
})

describe("a run", () => {
  const program: Program = {
    prefix: [{ tag: "put", payload: { key: "a", value: 1 } }],
    clients: [
      [
        { tag: "clear", payload: { key: "a" } },
        { tag: "get", payload: { key: "a" } }
      ],
      [{ tag: "get", payload: { key: "b" } }]
    ]
  }

  it("records each call, return and cast with its client, in the order of their times", async () => {
    const run = await onSystem(
      [KvLive],
      Effect.flatMap(GenServer.start(KvStore), (ref) => Kv.run(ref, { program }))
    )
    expect(run.verdict._tag).toBe("Linearisable")
    expect(run.problem).toBeUndefined()
    const lines = run.history.map(({ client, command, end }) => [client, command.tag, end?._tag])
    expect(lines.toSorted()).toEqual([
      [0, "put", "Returned"],
      [1, "clear", "Sent"],
      [1, "get", "Failed"],
      [2, "get", "Failed"]
    ])
    const times = run.history.flatMap(({ calledAt, endedAt }) => [calledAt, endedAt])
    expect(new Set(times).size).toBe(times.length)
    expect(run.history.every(({ calledAt, endedAt }) => calledAt < Number(endedAt))).toBe(true)
    // The clients begin when the prefix is over
    expect(run.history.slice(1).every(({ calledAt }) => calledAt > Number(run.history[0]?.endedAt))).toBe(true)
  })

  it("of the same seed gives the same program", async () => {
    const runWith = (seed?: number) =>
      onSystem(
        [KvLive],
        Effect.flatMap(GenServer.start(KvStore), (ref) => Kv.run(ref, { seed, clients: 4 }))
      )
    const first = await runWith()
    const again = await runWith(first.seed)
    expect(again.program).toEqual(first.program)
  })

  it("of a server that ends leaves open what became of its calls, and of casts to it", async () => {
    const Crashing = Model.of(KvStore, {
      init: () => 0,
      commands: {
        put: { step: (_, { value }) => Model.returns(value, undefined) },
        get: { step: (value) => Model.returns(value, value) },
        crash: { step: (value) => Model.returns(value, undefined) },
        clear: { step: () => Model.returns(0, undefined) }
      }
    })
    const tree = Supervisor.supervisor("tree", {
      strategy: "one-for-one",
      children: [Supervisor.child(KvStore, {}, { name: "store" })]
    })
    const run = await onSystem(
      [KvLive, Supervisor.implementation],
      Effect.gen(function* () {
        yield* Supervisor.startLink(tree)
        return yield* Crashing.run(KvStore.named("store"), {
          program: {
            prefix: [],
            clients: [
              [
                { tag: "clear", payload: { key: "a" } },
                { tag: "crash", payload: {} }
              ]
            ]
          }
        })
      })
    )
    expect(run.history.map(({ end }) => end?._tag)).toEqual(["Sent", "Lost"])
    expect(run.verdict._tag).toBe("Linearisable")
  })

  it("of a server that ends unnoticed leaves open whether casts to it got lost", async () => {
    // What it keeps outlives it
    let kept = 0
    const CrashingLive = KvStore.implement({
      init: () => undefined,
      handle: {
        put: (state, { value }) => {
          kept = value
          return GenServer.reply(undefined, state)
        },
        get: (state) => GenServer.reply(kept, state),
        add: (state) => GenServer.reply(0, state),
        clear: () => {
          throw new Error("before anything is cleared")
        },
        crash: (state) => GenServer.reply(undefined, state)
      }
    })
    const store = KvStore.named("store")
    // A client that comes back when the server has been restarted
    const patient = Object.create(store, {
      get: { value: (payload: { readonly key: string }) => Effect.andThen(Process.sleep(50), store.get(payload)) }
    }) as typeof store
    const key = { key: "a" }
    const run = await onSystem(
      [CrashingLive, Supervisor.implementation],
      Effect.gen(function* () {
        const children = [Supervisor.child(KvStore, {}, { name: "store" })]
        yield* Supervisor.startLink(Supervisor.supervisor("tree", { strategy: "one-for-one", children }))
        const clear = { tag: "clear", payload: key }
        const get = { tag: "get", payload: key }
        const put = { tag: "put", payload: { key: "a", value: 1 } }
        return yield* Kv.run(patient, { program: { prefix: [put], clients: [[clear, get]] } })
      })
    )
    expect(run.history.map(({ end }) => end?._tag)).toEqual(["Returned", "Sent", "Returned"])
    expect(run.verdict._tag).toBe("Linearisable")
    // Had nothing ended, the cast would have been done
    expect(Kv.check(run.history)._tag).toBe("NotLinearisable")
  })

  it("of a call that nobody answers goes on after its timeout, and does not know what became of it", async () => {
    const Silent = KvStore.implement({
      init: () => 0,
      handle: {
        put: (state) => GenServer.noReply(state),
        get: (state) => GenServer.reply(3, state),
        add: (state) => GenServer.noReply(state),
        clear: (state) => state,
        crash: (state) => GenServer.noReply(state)
      }
    })
    const put = { tag: "put", payload: { key: "a", value: 3 } }
    const get = { tag: "get", payload: { key: "a" } }
    const run = await onSystem(
      [Silent],
      Effect.flatMap(GenServer.start(KvStore), (ref) =>
        Kv.run(ref, { timeout: 1, program: { prefix: [put], clients: [[get]] } })
      )
    )
    expect(run.history.map(({ end }) => end?._tag)).toEqual(["Lost", "Returned"])
    expect(run.verdict._tag).toBe("Linearisable")
  })

  it("of a client that is killed while it waits leaves open what became of its call", async () => {
    const put = (value: number) => ({ tag: "put", payload: { key: "a", value } })
    const get = { tag: "get", payload: { key: "a" } }
    const run = await onSystem(
      [SlowLive],
      Effect.gen(function* () {
        const ref = yield* GenServer.start(KvStore)
        // Once the server has the call, its caller is killed
        const killer = Effect.gen(function* () {
          while (true) {
            const client = (yield* Process.list).find(({ label }) => label === "client 1")
            if (client !== undefined) return yield* Process.exit(client.pid, ExitReason.kill)
            yield* Process.sleep(0)
          }
        })
        yield* Process.spawn(Schema.Never, () => killer)
        return yield* Kv.run(ref, {
          program: {
            prefix: [],
            clients: [
              [put(1), get],
              [get, get, get]
            ]
          }
        })
      })
    )
    const first = run.history.filter(({ client }) => client === 1)
    // It got no further than its first call, which the server has handled all the same
    expect(first.map(({ command, end }) => [command.tag, end])).toEqual([["put", undefined]])
    expect(run.history.filter(({ client }) => client === 2).map(({ end }) => end?._tag)).toEqual([
      "Returned",
      "Returned",
      "Returned"
    ])
    expect(run.verdict._tag).toBe("Linearisable")
  })

  it("leaves out what was not done, since nobody was there", async () => {
    const run = await onSystem([KvLive], Kv.run(KvStore.named("nobody"), { program }))
    expect(run.history.map(({ end }) => end?._tag).toSorted()).toEqual(["NotDone", "NotDone", "NotDone", "Sent"])
    expect(run.verdict._tag).toBe("Linearisable")
  })

  it.each([
    ["a payload that is not of its type", KvLive, { tag: "put", payload: { key: "a", value: "one" } }, /value/],
    ["a server of another contract", TicketsLive, { tag: "get", payload: { key: "a" } }, /another contract/]
  ])("dies of %s", async (_, implementation, command, message) => {
    const contract = implementation === KvLive ? KvStore : Tickets
    const run = onSystem(
      [implementation as typeof KvLive],
      Effect.gen(function* () {
        const { pid } = yield* GenServer.start(contract as typeof KvStore)
        return yield* Kv.run(KvStore.at(pid), { program: { prefix: [], clients: [[command]] } })
      })
    )
    await expect(run).rejects.toThrow(message)
  })
})

describe("against real schedulers", () => {
  /** Up to 50 programs, each against a server of its own on another thread; ends with the first that fails. */
  const problemOf = (entry: string, implementation: typeof KvLive | typeof ForgetfulLive) =>
    onSystem(
      [implementation],
      Effect.gen(function* () {
        expect(yield* System.slot).toBe(0)
        for (let run = 0; run < 50; run++) {
          const ref = yield* GenServer.start(KvStore, {}, { on: { scheduler: 1 } })
          expect(ref.pid.slot).toBe(1)
          const { problem, seed, verdict } = yield* Kv.run(ref, { clients: 4, length: 8 })
          if (problem !== undefined) return `${problem} (seed ${seed})`
          expect(verdict._tag).toBe("Linearisable")
        }
        return undefined
      }),
      { virtual: false, schedulers: 2, entry: new URL(entry, import.meta.url) }
    )

  it("finds nothing wrong with a right server", async () => {
    expect(await problemOf("./entry.ts", KvLive)).toBeUndefined()
  })

  it("finds what is wrong with a wrong one", async () => {
    expect(await problemOf("./forgetfulEntry.ts", ForgetfulLive)).toMatch(/^KvStore is not linearisable/)
  })
})

describe("a model", () => {
  const entry = (client: number, tag: string, payload: object, at: number, end: Entry["end"]): Entry => ({
    client,
    command: { tag, payload },
    calledAt: at,
    endedAt: at + 1,
    end
  })

  it("compares errors by what their schema says", () => {
    const failed = (key: string) => [entry(1, "get", { key: "a" }, 1, { _tag: "Failed", error: new Missing({ key }) })]
    expect(Kv.check(failed("a"))._tag).toBe("Linearisable")
    expect(Kv.check(failed("b"))._tag).toBe("NotLinearisable")
  })

  it("refuses orders that break its invariant", () => {
    const Small = Model.of(Tickets, {
      init: () => 0,
      commands: { draw: { step: (drawn) => Model.replies(drawn + 1, () => true) } },
      invariant: (drawn) => drawn < 3
    })
    const draws = (count: number) =>
      Array.from({ length: count }, (_, index) => entry(1, "draw", {}, index * 2, { _tag: "Returned", value: index }))
    expect(Small.check(draws(2))._tag).toBe("Linearisable")
    expect(Small.check(draws(3))._tag).toBe("NotLinearisable")
  })

  it("may let a server choose among several steps", () => {
    const Lossy = Model.of(Tickets, {
      init: () => 0,
      commands: { draw: { step: (drawn) => [Model.returns(drawn + 1, drawn), Model.returns(drawn, 99)] } }
    })
    const got = (...values: ReadonlyArray<number>) =>
      values.map((value, index) => entry(1, "draw", {}, index * 2, { _tag: "Returned", value }))
    expect(Lossy.check(got(0, 99, 1))._tag).toBe("Linearisable")
    expect(Lossy.check(got(0, 99, 2))._tag).toBe("NotLinearisable")
  })

  it("that names what its contract does not have is refused, with what it has", () => {
    const commands = { pop: { step: () => Model.returns(0, 0) } } as never
    expect(() => Model.of(Tickets, { init: () => 0, commands })).toThrow(
      /messages of the contract \(draw, drawn\); got pop/
    )
    expect(() => Model.of(Tickets, { init: () => 0, commands: {} })).toThrow(/at least one message/)
    const put = { payload: { name: fc.constant("a") } as never, step: () => Model.returns(0, undefined) }
    expect(() => Model.of(KvStore, { init: () => 0, commands: { put } })).toThrow(/\(key, value\); got name/)
    expect(() => Kv.arbitrary({ clients: 0 })).toThrow(/clients: expected a whole number from 1 on; got 0/)
  })
})

describe("random programs", () => {
  it("are of the contract's messages and payloads, and no larger than asked for", () => {
    fc.assert(
      fc.property(Kv.arbitrary({ clients: 2, length: 3, prefix: 1 }), ({ clients, prefix }) => {
        expect(clients.length).toBeLessThanOrEqual(2)
        expect(prefix.length).toBeLessThanOrEqual(1)
        for (const { payload, tag } of [...clients, prefix].flat()) {
          expect(Schema.is(KvStore.protocol[tag as "put"].payload)(payload)).toBe(true)
        }
        return clients.every((commands) => commands.length >= 1 && commands.length <= 3)
      })
    )
  })

  it("shrink: other clients and commands go, and payloads become simple", () => {
    const { counterexample } = fc.check(
      fc.property(
        Kv.arbitrary(),
        ({ clients }) =>
          !clients.some((commands) =>
            commands.some(({ payload, tag }) => tag === "put" && (payload as { value: number }).value >= 5)
          )
      ),
      { numRuns: 1000 }
    )
    expect(counterexample).toEqual([
      { prefix: [], clients: [[{ tag: "put", payload: { key: expect.any(String), value: 5 } }]] }
    ])
  })
})

describe("arbitraries from schemas", () => {
  const schema = Schema.Struct({
    name: Schema.String,
    tags: Schema.Array(Schema.Int),
    at: Schema.Option(Schema.Boolean)
  })

  it("make values of the schema, each again from the same seed", () => {
    const sample = (seed: number) => fc.sample(fromSchema(schema), { numRuns: 200, seed })
    const values = sample(7)
    for (const value of values) expect(Schema.is(schema)(value)).toBe(true)
    expect(sample(7)).toEqual(values)
    expect(new Set(values.map(fc.stringify)).size).toBeGreaterThan(50)
  })

  it("shrink to a smallest value that still fails", () => {
    const shortest = fc.check(
      fc.property(fromSchema(schema), ({ name, tags }) => name.length < 2 || tags.length < 1),
      { numRuns: 1000, seed: 3 }
    )
    const [value] = shortest.counterexample ?? []
    expect(value?.name.length).toBe(2)
    expect(value?.tags).toEqual([0])
  })
})
