// Catalogue area MC, supervisors and registries: their children and entries are spread over the schedulers.
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Puppet } from "./actors.ts"
import { groups, places } from "./places.ts"
import { bury, expectNothing, forEachSystem, lost, nextExit, reasonOf, rounds, type Tester } from "./systems.ts"

const boom = { _tag: "Failed", error: "boom" } as const

/** The next words are exactly these, in this order. */
const hears = (tester: Tester, ...expected: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const heard = []
    for (const _ of expected) heard.push(yield* tester.receive)
    expect(heard).toEqual(expected)
  })

/** A child that says when it comes and goes, in the order in which its supervisor starts and stops it. */
const child = (tester: Tester, as: string, options: Supervisor.ChildOptions) =>
  Supervisor.child(Puppet, { trapExit: true, speaks: { to: tester.pid, as } }, { name: as, ...options })

const pidOf = (name: string) => Effect.map(Process.whereis(name), (pid) => pid!)

forEachSystem("MC supervision over several schedulers", (system) => {
  const { alternate, here, notApplicable, schedulers, there } = system
  const scenario: typeof system.scenario = (title, steps) =>
    schedulers === 1
      ? notApplicable(title, "it is about what happens between two schedulers")
      : system.scenario(title, steps)

  scenario("MC08 a supervisor restarts its child that a lost scheduler took along", function* (tester) {
    const spec = Supervisor.supervisor("MC08 top", {
      strategy: "one-for-one",
      children: [
        Supervisor.child(
          Puppet,
          { speaks: { to: tester.pid, as: "linked" } },
          { ...here, restart: "transient", name: "MC08" }
        )
      ]
    })
    const supervisor = yield* Supervisor.start(spec)
    yield* hears(tester, "linked up")
    const partner = yield* GenServer.start(Puppet, {}, there)
    yield* partner.link({ to: yield* pidOf("MC08") })
    yield* Puppet.named("MC08").ping()
    yield* System.killScheduler(lost)
    yield* hears(tester, "linked up")
    yield* Puppet.named("MC08").ping()
    yield* Supervisor.stop(supervisor)
  })

  scenario(
    "MC21 a scheduler that is drained ends its trees in order, and links and monitors learn why",
    function* (tester) {
      const spec = Supervisor.supervisor("MC21 top", {
        strategy: "one-for-one",
        child: there,
        children: ["a", "b", "c"].map((name) => child(tester, `MC21 ${name}`, {}))
      })
      const alone = yield* GenServer.start(Puppet, { trapExit: false }, there)
      const top = (as: string) =>
        GenServer.start(Puppet, { trapExit: true, speaks: { to: tester.pid, as: `MC21 ${as}` } }, there)
      yield* top("oldest")
      const supervisor = yield* Supervisor.start(spec)
      yield* top("youngest")
      const inOrder = ["youngest", "c", "b", "a", "oldest"]
      yield* hears(tester, "MC21 oldest up", "MC21 a up", "MC21 b up", "MC21 c up", "MC21 youngest up")
      const refs = [yield* Process.monitor(alone.pid), yield* Process.monitor(supervisor.pid)]
      yield* Process.trapExit(true)
      const linked = [alone.pid, supervisor.pid, yield* pidOf("MC21 b")]
      for (const pid of linked) yield* Process.link(pid)
      const call = yield* Effect.forkChild(Effect.flip(alone.never({ timeout: "Infinity" })))
      // Behind all of that: what is asked of a scheduler does not take the processes' way
      yield* alone.ping()
      yield* System.drainScheduler(lost)
      // The exits come in between
      for (const name of inOrder) {
        expect(yield* tester.receiveWhen((message) => typeof message === "string")).toBe(`MC21 ${name} down`)
      }
      for (const ref of refs) expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.shutdown)
      const exits = []
      for (const _ of linked) exits.push(yield* nextExit(tester))
      expect(exits.map(({ from }) => String(from)).sort()).toEqual(linked.map(String).sort())
      for (const { reason } of exits) expect(reason).toEqual(ExitReason.shutdown)
      expect(yield* Fiber.join(call)).toMatchObject({ _tag: "NoProcess", reason: ExitReason.shutdown })
      const again = yield* GenServer.start(Puppet, {}, there)
      yield* again.ping()
      yield* expectNothing(tester)
    }
  )

  scenario("MC10 a tree with children on several schedulers starts, restarts and stops in order", function* (tester) {
    yield* Process.trapExit(true)
    const names = ["a", "b", "c", "d"].map((name) => `MC10 ${name}`)
    const [a, b, c, d] = names as [string, string, string, string]
    const spec = Supervisor.supervisor("MC10 top", {
      strategy: "rest-for-one",
      children: names.map((name, index) => child(tester, name, alternate(index)))
    })
    const supervisor = yield* Effect.scoped(Supervisor.startLink(spec))
    yield* hears(tester, ...names.map((name) => `${name} up`))
    const slots = []
    for (const name of names) slots.push((yield* pidOf(name)).slot)
    expect(slots).toEqual(names.map((_, index) => alternate(index).on.scheduler))
    const before = yield* pidOf(a)
    // Killed, it says nothing; those after it are stopped in reverse and started in order
    yield* Process.exit(yield* pidOf(b), ExitReason.kill)
    yield* hears(tester, `${d} down`, `${c} down`, `${b} up`, `${c} up`, `${d} up`)
    expect(String(yield* pidOf(a))).toBe(String(before))
    yield* Supervisor.stop(supervisor, { reason: ExitReason.shutdown })
    yield* hears(tester, `${d} down`, `${c} down`, `${b} down`, `${a} down`)
    expect((yield* nextExit(tester)).reason).toEqual(ExitReason.shutdown)
    yield* expectNothing(tester)
  })

  scenario("MC11 children lost with their scheduler are restarted, each counted once", function* (tester) {
    const spec = Supervisor.supervisor("MC11 top", {
      strategy: "one-for-one",
      intensity: { restarts: 2, within: "1 minute" },
      children: [
        child(tester, "MC11 stays", here),
        child(tester, "MC11 permanent", there),
        child(tester, "MC11 transient", { ...there, restart: "transient" }),
        child(tester, "MC11 temporary", { ...there, restart: "temporary" })
      ]
    })
    const supervisor = yield* Supervisor.start(spec)
    yield* hears(tester, "MC11 stays up", "MC11 permanent up", "MC11 transient up", "MC11 temporary up")
    const before = yield* pidOf("MC11 stays")
    yield* System.killScheduler(lost)
    // The slot is refilled before they are started there again
    yield* hears(tester, "MC11 permanent up", "MC11 transient up")
    expect(String(yield* pidOf("MC11 stays"))).toBe(String(before))
    const children = yield* Supervisor.whichChildren(supervisor)
    expect(children.map(({ id, restarts }) => [id, restarts])).toEqual([
      ["MC11 transient", 1],
      ["MC11 permanent", 1],
      ["MC11 stays", 0]
    ])
    for (const name of ["MC11 permanent", "MC11 transient"]) {
      expect((yield* pidOf(name)).incarnation).toBeGreaterThan(1)
      yield* Puppet.named(name).ping()
    }
    yield* Supervisor.stop(supervisor)
    yield* tester.flush
  })

  scenario("MC14 of two that register a key at once, on two schedulers, one holds it", function* (tester) {
    yield* places.startLink
    for (let round = 0; round < rounds / 4; round++) {
      const key = `MC14 ${round}`
      const name = places.at(key).address as Process.Name
      const attempts = yield* Effect.forEach(
        [here, there],
        (placement) => Effect.result(GenServer.start(Puppet, {}, { ...placement, name })),
        { concurrency: "unbounded" }
      )
      const winners = attempts.flatMap((attempt) => (attempt._tag === "Success" ? [attempt.success] : []))
      expect(winners.length, `round ${round}`).toBe(1)
      const holder = String(winners[0]!.pid)
      for (const attempt of attempts) {
        if (attempt._tag === "Failure") {
          expect(attempt.failure).toMatchObject({ problem: "already-started", pid: holder })
        }
      }
      expect(String((yield* places.whereis(key))?.pid)).toBe(holder)
      yield* bury(tester, winners[0]!)
      expect(yield* places.whereis(key)).toBe(undefined)
    }
  })

  scenario("MC14 a group has members of both schedulers, and loses those of a lost one", function* (tester) {
    yield* groups.startLink
    const near = yield* GenServer.start(Puppet, {}, here)
    const far = yield* GenServer.start(Puppet, {}, there)
    const watched = yield* Process.monitor(far.pid)
    const members = Effect.map(groups.lookup("MC14"), (entries) => entries.map(({ ref }) => String(ref.pid)))
    for (const member of [far, near, far]) yield* groups.registerRef(member, "MC14", undefined)
    expect(yield* members).toEqual([far, near, far].map(({ pid }) => String(pid)))
    yield* System.killScheduler(lost)
    expect(yield* reasonOf(tester, watched)).toEqual(ExitReason.schedulerDown(lost))
    expect(yield* members).toEqual([String(near.pid)])
    const next = yield* GenServer.start(Puppet, {}, there)
    yield* groups.registerRef(next, "MC14", undefined)
    expect(yield* members).toEqual([near, next].map(({ pid }) => String(pid)))
    const ref = yield* Process.monitor(near.pid)
    yield* near.stop({ reason: boom })
    yield* reasonOf(tester, ref)
    expect(yield* members).toEqual([String(next.pid)])
  })

  notApplicable("MC11 a placement function", "a child's placement is a value; it is looked up each time it is started")
})
