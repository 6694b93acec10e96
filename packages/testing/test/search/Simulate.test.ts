/** Searching: what is found, how small it gets, and that it is the same again. */
import { GenServer, Process } from "@understudy/core"
import * as Simulation from "@understudy/core/Simulation"
import { Faults, ProgramChanged, Schedule, type SimulateOptions, simulate } from "@understudy/testing"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { beforeAll, describe, expect, it } from "vitest"

const Cell = GenServer.define("search/Cell", {
  protocol: {
    get: GenServer.call({ success: Schema.Int }),
    set: GenServer.call({ payload: { to: Schema.Int } }),
    increment: GenServer.call(),
    ask: GenServer.call({ payload: { whom: Schema.String }, success: Schema.Int })
  }
})
const CellLive = Cell.implement({
  init: () => 0,
  handle: {
    get: (state: number) => GenServer.reply(state, state),
    set: (_, { to }) => GenServer.reply(undefined, to),
    increment: (state) => GenServer.reply(undefined, state + 1),
    ask: (state, { whom }) => Effect.map(Effect.orDie(Cell.named(whom).get()), (value) => GenServer.reply(value, state))
  }
})

const implementations = [CellLive]
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

type CellRef = GenServer.Ref<(typeof Cell)["protocol"]>

/** Two clients add one each. */
const twoClients = (add: (cell: CellRef) => Effect.Effect<unknown, GenServer.CallError, Process.Provided>) =>
  function* (self: Process.Self<unknown>) {
    const cell = yield* GenServer.startLink(Cell, {}, { on: { scheduler: 1 } })
    yield* Process.spawnMonitor(Schema.Never, () => add(cell), { label: "ann" })
    yield* Process.spawnMonitor(Schema.Never, () => Effect.andThen(Process.sleep(5), add(cell)), { label: "bob" })
    yield* self.receiveTag("Down" as never)
    yield* self.receiveTag("Down" as never)
    expect(yield* cell.get()).toBe(2)
    yield* GenServer.terminate(cell)
  }

const lostUpdate = twoClients((cell) => Effect.flatMap(cell.get(), (value) => cell.set({ to: value + 1 })))
const kept = twoClients((cell) => cell.increment())

const options: SimulateOptions = { schedulers: 2, implementations, runs: 2000, seed }

beforeAll(() => Effect.runPromise(Simulation.prepare))

describe(`simulate (seed ${seed})`, () => {
  it("finds an interleaving that loses an update, and says it in one deviation", () => {
    const result = simulate(lostUpdate, options)
    if (result._tag === "Passed") return expect.fail("it was not found")
    const { failure } = result
    expect(failure.schedule.deviations).toHaveLength(1)
    expect(failure.deterministic).toBe(true)
    expect(failure.message).toContain("expected 1 to be 2")
    // Both have read before either has written
    expect(failure.story).toMatch(/takes get[\s\S]*takes get[\s\S]*takes set/)
    expect(failure.story).toMatch(/^ {2}\* /m)
    expect(failure.chart).toMatch(/^sequenceDiagram\n {2}participant/)
  })

  it("finds nothing in the program that makes one step of it, and says how much was tried", () => {
    expect(simulate(kept, options)).toMatchObject({ _tag: "Passed", runs: 2000, allSingles: true, seed })
  })

  it("replays what it has found by its token: the same failure, step by step", () => {
    const found = simulate(lostUpdate, options)
    if (found._tag === "Passed") return expect.fail("it was not found")
    const again = simulate(lostUpdate, { ...options, replay: found.failure.token })
    expect(again).toMatchObject({ _tag: "Failed", runs: expect.any(Number) })
    expect(again._tag === "Failed" && again.failure.story).toBe(found.failure.story)
    expect(simulate(lostUpdate, { ...options, corpus: [found.failure.token] })).toMatchObject({
      _tag: "Failed",
      failure: { strategy: "corpus", run: 1 }
    })
  })

  it("a token of another program is refused, not taken for a pass", () => {
    const found = simulate(lostUpdate, options)
    if (found._tag === "Passed") return expect.fail("it was not found")
    const other = function* () {
      yield* Process.sleep(1)
    }
    expect(() => simulate(other, { ...options, replay: found.failure.token })).toThrow(ProgramChanged)
    expect(() => simulate(other, { ...options, replay: "nonsense" })).toThrow(Schedule.InvalidToken)
    expect(() => simulate(other, { ...options, replay: "u1.!!" })).toThrow(/the token of a schedule/)
  })

  it("names a cycle of calls before its timeouts hide it", () => {
    const result = simulate(function* () {
      const names = ["left", "right"] as const
      for (const name of names) yield* GenServer.startLink(Cell, {}, { name, on: { scheduler: 1 } })
      yield* Process.spawn(Schema.Never, () => Cell.named("left").ask({ whom: "right" }), { label: "one" })
      yield* Process.spawn(Schema.Never, () => Cell.named("right").ask({ whom: "left" }), { label: "two" })
      yield* Process.sleep(1)
    }, options)
    if (result._tag === "Passed") return expect.fail("it was not found")
    expect(result.failure.problem._tag).toBe("Deadlock")
    expect(result.failure.message).toMatch(/deadlock: .*left.*right/)
  })

  it("names what a program waits for outside of the simulation", () => {
    const result = simulate(function* () {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)))
    }, options)
    expect(result._tag === "Failed" && result.failure.problem._tag).toBe("Stuck")
    expect(result._tag === "Failed" && result.failure.message).toContain("something outside of the simulation")
  })

  it("fails a body that leaves a process behind, unless that is said not to matter", () => {
    const leaves = function* () {
      yield* GenServer.start(Cell, {}, { name: "left over" })
    }
    const result = simulate(leaves, options)
    expect(result._tag === "Failed" && result.failure.message).toMatch(/left behind: .*left over/)
    expect(simulate(leaves, { ...options, leaks: "ignore", runs: 20 })._tag).toBe("Passed")
  })

  it("faults come from their palette only, after they have begun, and shrink away where they do not matter", () => {
    const victim = function* (self: Process.Self<unknown>) {
      const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      const ref = yield* Process.monitor(cell.pid)
      yield* Faults.begin
      yield* Effect.orDie(cell.increment())
      yield* GenServer.terminate(cell)
      yield* self.receiveTag("Down" as never)
      return ref
    }
    expect(simulate(victim, { ...options, runs: 300 })._tag).toBe("Passed")
    const result = simulate(victim, { ...options, faults: Faults.of("kill", "hold").atMost(3) })
    if (result._tag === "Passed") return expect.fail("it was not found")
    expect(result.failure.schedule.deviations).toMatchObject([{ _tag: "Disturb", fault: { kind: "kill" } }])
    expect(result.failure.message).toContain("is killed")
    expect(() => Faults.of("nonsense" as never)).toThrow(/Faults.of: expected kill, /)
    expect(() => Faults.all.atMost(-1)).toThrow(RangeError)
  })

  it("buggify is tried both ways, and is off outside of a search", async () => {
    const body = function* () {
      if (yield* Faults.buggify("early")) expect.fail("early")
    }
    const result = simulate(body, options)
    expect(result._tag === "Failed" && result.failure.schedule.deviations).toMatchObject([
      { _tag: "Buggify", name: "early" }
    ])
    expect(await Effect.runPromise(Faults.buggify("early"))).toBe(false)
  })
})
