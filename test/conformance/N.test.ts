// Catalogue area N: names, as far as the scenarios are about processes only. The holder of a name is away from the tester.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { Puppet } from "./actors.ts"
import { bury, forEachSystem, reasonOf, rounds } from "./systems.ts"

const refusal = (name: string, pid: Process.Pid) =>
  Effect.map(Effect.flip(Process.register(name, pid)), (error) => error.problem)

forEachSystem("N names", ({ here, scenario, there }) => {
  scenario("N02 name already taken", function* (tester) {
    const holder = yield* GenServer.start(Puppet, {}, there)
    const other = yield* GenServer.start(Puppet, {}, here)
    yield* Process.register("N02", holder.pid)
    expect(yield* refusal("N02", other.pid)).toBe("taken")
    expect(yield* Effect.flip(other.register({ name: "N02" }))).toMatchObject({ problem: "taken" })
    expect(String(yield* Process.whereis("N02"))).toBe(String(holder.pid))
    expect(yield* holder.whereis({ name: "N02" })).toBe(String(holder.pid))
    yield* bury(tester, holder)
  })

  scenario("N03 one local name per process", function* (tester) {
    const holder = yield* GenServer.start(Puppet, {}, there)
    yield* Process.register("N03", holder.pid)
    expect(yield* refusal("N03 again", holder.pid)).toBe("already-named")
    expect(yield* Effect.flip(holder.register({ name: "N03 again" }))).toMatchObject({ problem: "already-named" })
    expect(yield* Process.whereis("N03 again")).toBe(undefined)
    yield* bury(tester, holder)
  })

  scenario("N04 registering a dead pid or a non-name", function* (tester) {
    const dead = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, dead)
    expect(yield* refusal("N04", dead.pid)).toBe("not-alive")
    expect(yield* Process.whereis("N04")).toBe(undefined)
    const alive = yield* GenServer.start(Puppet, {}, there)
    expect(yield* refusal("", alive.pid)).toBe("invalid-name")
    // @ts-expect-error what is no string is no name
    expect(() => Process.register(undefined, alive.pid)).toBeTypeOf("function")
    // The refused name is free
    yield* Process.register("N04", alive.pid)
    yield* bury(tester, alive)
  })

  scenario("N07 name is free once the death is observable", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const holder = yield* GenServer.start(Puppet, {}, there)
      yield* Process.register("N07", holder.pid)
      const ref = yield* Process.monitor(holder.pid)
      yield* Process.exit(holder.pid, ExitReason.kill)
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      expect(yield* Process.whereis("N07"), `round ${round}`).toBe(undefined)
      const next = yield* GenServer.start(Puppet, {}, here)
      yield* Process.register("N07", next.pid)
      yield* bury(tester, next)
    }
  })
})
