// Catalogue area N: names. The holder of a name is away from the tester.
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { free, Puppet, Word } from "./actors.ts"
import { Errand } from "./errands.ts"
import { places } from "./places.ts"
import { bury, expectNothing, forEachSystem, nextExit, reasonOf, rounds } from "./systems.ts"

type Ref = GenServer.PidRef<(typeof Puppet)["protocol"]>

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
    // Freed of its name, it can have the other one
    yield* Process.unregister("N03")
    yield* holder.register({ name: "N03 again" })
    expect(yield* refusal("N03", holder.pid)).toBe("already-named")
    yield* bury(tester, holder)
  })

  scenario("N03 of two names given to a process at once, on two schedulers, it gets one", function* (tester) {
    const both = [yield* GenServer.start(Puppet, {}, here), yield* GenServer.start(Puppet, {}, there)]
    for (let round = 0; round < rounds; round++) {
      const { pid } = yield* GenServer.start(Puppet, {}, alternate(round))
      const attempts = yield* Effect.forEach(
        both,
        (puppet, index) => Effect.result(puppet.registerOther({ name: `N03 ${round} ${index}`, pid })),
        { concurrency: "unbounded" }
      )
      const won = attempts.flatMap(({ _tag }, index) => (_tag === "Success" ? [`N03 ${round} ${index}`] : []))
      expect(won.length, `round ${round}`).toBe(1)
      for (const attempt of attempts) {
        if (attempt._tag === "Failure") expect(attempt.failure).toMatchObject({ problem: "already-named" })
      }
      expect((yield* Process.info(pid))?.registeredName).toBe(won[0])
      const names = (yield* Process.registered).filter((name) => name.startsWith(`N03 ${round} `))
      expect(names).toEqual(won)
      yield* bury(tester, { pid })
    }
  })

  scenario("N04 a dead pid cannot be registered, from any scheduler", function* (tester) {
    const alive = yield* GenServer.start(Puppet, {}, there)
    for (const placement of [here, there]) {
      const dead = yield* GenServer.start(Puppet, {}, placement)
      yield* bury(tester, dead)
      expect(yield* refusal("N04", dead.pid)).toBe("not-alive")
      expect(yield* Effect.flip(alive.registerOther({ name: "N04", pid: dead.pid }))).toMatchObject({
        _tag: "RegistrationError",
        name: "N04",
        problem: "not-alive"
      })
      expect(yield* Process.whereis("N04")).toBe(undefined)
      expect(yield* alive.whereis({ name: "N04" })).toBe(free)
    }
    // The refused name is free
    yield* Process.register("N04", alive.pid)
    yield* bury(tester, alive)
  })

  scenario("N04 what is no name, or no pid, is the caller's error and registers nothing", function* (tester) {
    const alive = yield* GenServer.start(Puppet, {}, there)
    expect(yield* refusal("", alive.pid)).toBe("invalid-name")
    const known = yield* Process.registered
    // What code without types could pass; `undefined` is the name that OTP reserves
    const register = (name: unknown, pid: unknown) =>
      Effect.exit(Effect.suspend(() => Process.register(name as string, pid as Process.Pid)))
    const attempts = [
      ...[undefined, null, 4, Symbol("N04"), {}, ["N04"]].map((name) => register(name, alive.pid)),
      ...[undefined, null, 4, "N04", {}].map((pid) => register("N04", pid))
    ]
    for (const [index, attempt] of attempts.entries()) {
      const outcome = yield* attempt
      expect(Exit.isFailure(outcome) && !Exit.hasInterrupts(outcome), `attempt ${index}`).toBe(true)
    }
    expect(yield* Process.registered).toEqual(known)
    expect((yield* Process.info(alive.pid))?.registeredName).toBe(undefined)
    yield* Process.register("N04", alive.pid)
    expect(String(yield* Process.whereis("N04"))).toBe(String(alive.pid))
    yield* bury(tester, alive)
    yield* expectNothing(tester)
  })

  scenario("N04 the error for what is no name, or no pid, says what was expected", function* (tester) {
    const alive = yield* GenServer.start(Puppet, {}, there)
    const problemOf = (name: unknown, pid: unknown) =>
      Effect.map(Effect.exit(Effect.suspend(() => Process.register(name as string, pid as Process.Pid))), (outcome) =>
        ExitReason.format(ExitReason.fromExit(outcome))
      )
    for (const name of [undefined, null, 4, Symbol("N04"), {}, ["N04"]]) {
      expect(yield* problemOf(name, alive.pid), String(typeof name)).toMatch(/regist.*(name|text)/)
    }
    for (const pid of [undefined, null, 4, "N04", {}]) {
      expect(yield* problemOf("N04", pid), String(typeof pid)).toMatch(/regist.*pid/)
    }
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

  scenario("N07 name is free when the EXIT of a link is there, however its holder ended", function* (tester) {
    yield* Process.trapExit(true)
    const ends = [
      (holder: Ref) => Process.exit(holder.pid, ExitReason.kill),
      (holder: Ref) => Process.exit(holder.pid, ExitReason.shutdown),
      (holder: Ref) => holder.stop({ reason: ExitReason.normal }),
      (holder: Ref) => holder.raise({ message: "on purpose" })
    ]
    for (let round = 0; round < rounds; round++) {
      const holder = yield* GenServer.startLink(Puppet, {}, { ...there, name: "N07 linked" })
      yield* ends[round % ends.length]!(holder)
      const exit = yield* nextExit(tester)
      expect(Process.equals(exit.from, holder.pid)).toBe(true)
      expect(yield* Process.whereis("N07 linked"), `round ${round}`).toBe(undefined)
      const next = yield* GenServer.start(Puppet, {}, here)
      yield* Process.register("N07 linked", next.pid)
      yield* bury(tester, next)
    }
    yield* expectNothing(tester)
  })

  scenario("N07 whoever registers a process of another scheduler that is about to end", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const holder = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(holder.pid)
      yield* Process.exit(holder.pid, ExitReason.kill)
      const registering = yield* Effect.forkChild(Effect.exit(Process.register("N07 late", holder.pid)))
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      expect(yield* Process.whereis("N07 late"), `round ${round}`).toBe(undefined)
      expect(yield* Fiber.join(registering)).toMatchObject({ _tag: "Failure" })
      expect(yield* Process.whereis("N07 late"), `round ${round}`).toBe(undefined)
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
    const known = yield* Process.registered
    const puppet = yield* GenServer.start(Puppet, {}, { ...there, name: undefined })
    expect((yield* Process.info(puppet.pid))?.registeredName).toBe(undefined)
    expect(yield* Process.registered).toEqual(known)
    // It can be given one
    yield* puppet.register({ name: "N13" })
    expect((yield* Process.info(puppet.pid))?.registeredName).toBe("N13")
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
    // What is sent to it is dropped
    expect(yield* Puppet.named("N15").hear({ value: 1 })).toBe(undefined)
    expect(yield* Process.send(Process.named("N15", Word), 1)).toBe(undefined)
    const again = yield* GenServer.start(Puppet, {}, { ...there, name: "N15" })
    expect(yield* again.received()).toEqual([])
    yield* bury(tester, again)
    yield* expectNothing(tester)
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
