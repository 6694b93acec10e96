// Catalogue area N: names. The holder of a name is away from the tester.
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { Errand } from "./errands.ts"
import { places } from "./places.ts"
import { bury, expectNothing, forEachSystem, reasonOf, rounds } from "./systems.ts"

const refusal = (name: string, pid: Process.Pid) =>
  Effect.map(Effect.flip(Process.register(name, pid)), (error) => error.problem)

forEachSystem("N names", ({ alternate, here, notApplicable, scenario, there }) => {
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

  scenario("N08 a name may still be held right after sending kill, and is free after the DOWN", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const holder = yield* GenServer.start(Puppet, {}, there)
      yield* Process.register("N08", holder.pid)
      const ref = yield* Process.monitor(holder.pid)
      yield* Process.exit(holder.pid, ExitReason.kill)
      expect([String(holder.pid), "undefined"]).toContain(String(yield* Process.whereis("N08")))
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      expect(yield* Process.whereis("N08"), `round ${round}`).toBe(undefined)
    }
  })

  scenario("N09 start with a taken local name", function* (tester) {
    yield* Process.trapExit(true)
    for (const placement of [here, there]) {
      const holder = yield* GenServer.start(Puppet, {}, { ...there, name: "N09" })
      const args = { speaks: { to: tester.pid, as: "second" } }
      const options = { ...placement, name: "N09" }
      const taken = { _tag: "StartError", problem: "already-started", pid: String(holder.pid) }
      expect(yield* Effect.flip(GenServer.start(Puppet, args, options))).toMatchObject(taken)
      expect(yield* Effect.flip(GenServer.startLink(Puppet, args, options))).toMatchObject(taken)
      expect(yield* Effect.flip(GenServer.startMonitor(Puppet, args, options))).toMatchObject(taken)
      expect((yield* Process.info(tester.pid))?.links).toEqual([])
      expect((yield* Process.info(tester.pid))?.monitors).toEqual([])
      expect((yield* holder.ties()).links).toEqual([])
      // A raw process's start says the same
      const errand = yield* Effect.flip(Process.start(Errand, { errand: "wait" }, options))
      expect(errand.problem).toBe("already-started")
      yield* bury(tester, holder)
      yield* expectNothing(tester)
    }
  })

  scenario("N10 of fifty that start a server of one name at once one wins", function* (tester) {
    for (let index = 0; index < 50; index++) {
      const { scheduler } = alternate(Math.floor(index / 2)).on
      const args = { errand: "startNamed", text: "N10", numbers: [scheduler], to: tester.pid }
      yield* Process.start(Errand, args, alternate(index))
    }
    const told = []
    for (let times = 0; times < 50; times++) told.push(String(yield* tester.receive))
    const holder = yield* Process.whereis("N10")
    expect(told.filter((text) => text === `started ${holder}`).length).toBe(1)
    expect(told.filter((text) => text === `already-started ${holder}`).length).toBe(49)
    yield* bury(tester, { pid: holder! })
  })

  scenario("N13 no name means anonymous", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, { ...there, name: undefined })
    expect((yield* Process.info(puppet.pid))?.registeredName).toBe(undefined)
    expect(yield* Process.registered).toEqual([])
    yield* bury(tester, puppet)
  })

  scenario("N14 via names", function* (tester) {
    yield* places.startLink
    for (const placement of [here, there]) {
      const via = places.at("N14")
      const name = via.address as Process.Name
      const started = yield* GenServer.start(Puppet, {}, { ...placement, name })
      yield* via.hear({ value: 1 })
      expect(yield* via.received()).toEqual([{ _tag: "Heard", value: 1 }])
      expect(String(yield* Process.whereis(name))).toBe(String(started.pid))
      expect(String((yield* places.whereis("N14"))?.pid)).toBe(String(started.pid))
      expect(yield* Effect.flip(GenServer.start(Puppet, {}, { ...there, name }))).toMatchObject({
        problem: "already-started",
        pid: String(started.pid)
      })
      yield* GenServer.terminate(via)
      expect(yield* Process.whereis(name)).toBe(undefined)
      expect(yield* Effect.flip(via.ping())).toMatchObject({ _tag: "NoProcess", reason: ExitReason.noProcess })
      yield* via.hear({ value: 2 })
    }
    yield* expectNothing(tester)
  })

  scenario("N15 a name is one in the whole system", function* (tester) {
    const holder = yield* GenServer.start(Puppet, {}, there)
    const other = yield* GenServer.start(Puppet, {}, here)
    yield* holder.register({ name: "N15" })
    expect(yield* refusal("N15", other.pid)).toBe("taken")
    for (const asked of [holder, other]) expect(yield* asked.whereis({ name: "N15" })).toBe(String(holder.pid))
    expect(yield* Process.unregister("N15")).toBe(true)
    expect(yield* Process.unregister("N15")).toBe(false)
    expect(yield* holder.whereis({ name: "N15" })).toBe("free")
    // The process can be named again, and its end frees the name
    yield* Process.register("N15", holder.pid)
    yield* bury(tester, holder)
    expect(yield* Process.whereis("N15")).toBe(undefined)
    expect(yield* Effect.flip(Puppet.named("N15").ping())).toMatchObject({ reason: ExitReason.noProcess })
  })

  notApplicable(
    "N15 a send to a missing global name exits the sender",
    "all names are of one kind: a send to one that nobody holds is dropped, a call to it fails with NoProcess"
  )

  scenario("N17 whereis accepts a pid, a name, an address and a ref's address", function* (tester) {
    const holder = yield* GenServer.start(Puppet, {}, { ...there, name: "N17" })
    const same = [holder.pid, "N17", Puppet.named("N17").address, Process.named("N17", Word), holder.address]
    for (const of of same) expect(String(yield* Process.whereis(of))).toBe(String(holder.pid))
    expect(yield* Process.whereis("N17 nobody")).toBe(undefined)
    expect(yield* Process.whereis(Puppet.named("N17 nobody").address)).toBe(undefined)
    expect(yield* Process.whereis(places.at("N17 nobody").address)).toBe(undefined)
    yield* bury(tester, holder)
    // A pid is its own answer
    expect(String(yield* Process.whereis(holder.pid))).toBe(String(holder.pid))
  })

  notApplicable("N17 whereis of a name on another node", "names are the system's, there is no {name, node}")

  scenario("N18 restart with the same name under a supervisor", function* (tester) {
    const times = 100
    const spec = Supervisor.supervisor("N18 supervisor", {
      strategy: "one-for-one",
      intensity: { restarts: times + 1, within: "1 minute" },
      children: [Supervisor.child(Puppet, { speaks: { to: tester.pid, as: "child" } }, { ...there, name: "N18" })]
    })
    const supervisor = yield* Supervisor.start(spec)
    expect(yield* tester.receive).toBe("child up")
    for (let round = 0; round < times; round++) {
      const pid = yield* Process.whereis("N18")
      yield* Process.exit(pid!, ExitReason.kill)
      expect(yield* tester.receive, `round ${round}`).toBe("child up")
      expect(String(yield* Process.whereis("N18"))).not.toBe(String(pid))
    }
    // Had an attempt failed, it would have counted
    expect((yield* Supervisor.whichChildren(supervisor)).map(({ restarts }) => restarts)).toEqual([times])
    yield* Supervisor.stop(supervisor)
    yield* expectNothing(tester)
  })
})
