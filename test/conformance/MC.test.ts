// Catalogue area MC: several schedulers are like one. A scheduler that a scenario killed is refilled for the next.
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { free, Puppet, Word } from "./actors.ts"
import { Errand } from "./errands.ts"
import {
  bury,
  expectNothing,
  forEachSystem,
  inTime,
  long,
  loseScheduler,
  lost,
  nextDown,
  nextExit,
  pending,
  reasonOf,
  rounds,
  slack,
  untilCounted
} from "./systems.ts"

const boom = { _tag: "Failed", error: "boom" } as const

forEachSystem("MC several schedulers", (system) => {
  const { alternate, here, hold, notApplicable, schedulers, there } = system
  const scenario: typeof system.scenario = (title, steps) =>
    schedulers === 1
      ? notApplicable(title, "it is about what happens between two schedulers")
      : system.scenario(title, steps)

  scenario("MC03 exit and message ordering across schedulers", function* (tester) {
    const mayReach = 1
    const mayNotReach = 2
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, { poison: mayNotReach }, there)
      const ref = yield* Process.monitor(puppet.pid)
      for (let times = 0; times < 3; times++) yield* puppet.hear({ value: mayReach })
      yield* Process.exit(puppet.pid, ExitReason.failed("good"))
      for (let times = 0; times < 3; times++) yield* puppet.hear({ value: mayNotReach })
      expect(yield* reasonOf(tester, ref), `to scheduler 1, round ${round}`).toEqual(ExitReason.failed("good"))
    }
    const sender = yield* GenServer.start(Puppet, {}, there)
    for (let round = 0; round < rounds; round++) {
      const process = yield* Process.spawnMonitor(Word, (self) =>
        Effect.forever(
          Effect.flatMap(self.receive, (word) =>
            word === mayNotReach ? Process.exit(ExitReason.failed("bad")) : Effect.void
          )
        )
      )
      const say = (word: Word) => sender.say({ lines: Array.from({ length: 3 }, () => ({ to: process.pid, word })) })
      const exit = sender.sendExit({ to: process.pid, reason: { _tag: "Failed", error: "good" } })
      // Asked for at once, done in this order; a simulation also makes the fibers of one process change places
      const together = system.system.name === "simulated" ? 1 : "unbounded"
      yield* Effect.all([say(mayReach), exit, say(mayNotReach)], { concurrency: together, discard: true })
      expect(yield* reasonOf(tester, process.ref), `from scheduler 1, round ${round}`).toEqual(
        ExitReason.failed("good")
      )
    }
  })

  scenario(
    "MC03 a trapping process sees messages and exits of one sender in the order they were sent",
    function* (tester) {
      const exit = { _tag: "Exit", from: String(tester.pid), reason: ExitReason.failed("good") }
      const heard = (value: number) => ({ _tag: "Heard", value })
      for (let round = 0; round < rounds; round++) {
        const puppet = yield* GenServer.start(Puppet, { trapExit: true }, there)
        yield* puppet.hear({ value: 1 })
        yield* Process.exit(puppet.pid, ExitReason.failed("good"))
        yield* puppet.hear({ value: 2 })
        yield* Process.exit(puppet.pid, ExitReason.failed("good"))
        expect(yield* puppet.received(), `round ${round}`).toEqual([heard(1), exit, heard(2), exit])
      }
    }
  )

  scenario("MC04 spawn-link across schedulers is atomic", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.startLink(Puppet, { end: boom }, there)
      const exit = yield* nextExit(tester)
      expect(Process.equals(exit.from, puppet.pid), `round ${round}`).toBe(true)
      expect(exit.reason, `round ${round}`).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("MC04 spawn-monitor across schedulers is atomic", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const { monitor, ref } = yield* GenServer.startMonitor(Puppet, { end: boom }, there)
      const down = yield* nextDown(tester)
      expect(down.ref, `round ${round}`).toBe(monitor)
      expect(Process.equals(down.pid, ref.pid)).toBe(true)
      expect(down.reason, `round ${round}`).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("MC05 monitor and link to a dead remote pid", function* (tester) {
    const dead = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, dead)
    const ref = yield* Process.monitor(dead.pid)
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.noProcess)
    const plain = yield* Process.spawnMonitor(Word, (self) => Effect.andThen(Process.link(dead.pid), self.receive))
    expect(yield* reasonOf(tester, plain.ref)).toEqual(ExitReason.noProcess)
    yield* Process.trapExit(true)
    yield* Process.link(dead.pid)
    const exit = yield* nextExit(tester)
    expect(Process.equals(exit.from, dead.pid)).toBe(true)
    expect(exit.reason).toEqual(ExitReason.noProcess)
    yield* expectNothing(tester)
  })

  scenario("MC07 scheduler death tells monitor, link, child and pending call, each exactly once", function* (tester) {
    yield* Process.trapExit(true)
    const start = GenServer.start(Puppet, {}, there)
    const [watched, linked, called] = [yield* start, yield* start, yield* start]
    const child = yield* GenServer.startLink(Puppet, {}, there)
    const ref = yield* Process.monitor(watched.pid)
    yield* Process.link(linked.pid)
    const call = yield* Effect.forkChild(Effect.flip(called.never({ timeout: "Infinity" })))
    // Behind this answer all of it is in place
    yield* called.ping()
    yield* System.killScheduler(lost)

    const down = yield* nextDown(tester)
    expect(down.ref).toBe(ref)
    expect(down.reason).toEqual(ExitReason.schedulerDown(lost))
    const exits = [yield* nextExit(tester), yield* nextExit(tester)]
    expect(exits.map((exit) => String(exit.from)).sort()).toEqual([String(linked.pid), String(child.pid)].sort())
    for (const exit of exits) expect(exit.reason).toEqual(ExitReason.schedulerDown(lost))
    expect(yield* Fiber.join(call)).toMatchObject({
      _tag: "NoProcess",
      call: "conformance/Puppet.never",
      callee: String(called.pid),
      reason: ExitReason.schedulerDown(lost)
    })
    // The slot is refilled before this is answered
    const next = yield* GenServer.start(Puppet, {}, there)
    yield* next.ping()
    yield* expectNothing(tester)
  })

  const canHold = system.system.name !== "simulated"
  if (!canHold) {
    notApplicable(
      "MC07 what a scheduler had sent before its death is taken in first",
      "how far its signals have come is chosen by the schedule"
    )
  }
  if (canHold)
    scenario("MC07 what a scheduler had sent before its death is taken in first", function* (tester) {
      yield* loseScheduler(tester)
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* untilCounted(lost, 1, puppet.ping())
      // Its end says when the loss has been noticed: a start there before that would be lost with it
      const witness = yield* Process.monitor((yield* GenServer.start(Puppet, {}, there)).pid)
      // More than is taken in at once, and none of it is when the scheduler dies
      const words = Array.from({ length: 20_000 }, (_, index) => index)
      yield* puppet.lastWords({ to: tester.pid, words, reason: boom })
      expect(yield* hold(2000)).toBe(true)
      yield* System.killScheduler(lost)
      for (const word of words) expect(yield* tester.receive).toBe(word)
      expect(yield* reasonOf(tester, ref)).toEqual(boom)
      expect(yield* reasonOf(tester, witness)).toEqual(ExitReason.schedulerDown(lost))
      yield* expectNothing(tester)
    })

  scenario("MC08 non-trapping processes linked into a dead scheduler die with its reason", function* (tester) {
    const partner = yield* GenServer.start(Puppet, {}, there)
    const linked = yield* GenServer.start(Puppet, {}, here)
    const behind = yield* GenServer.start(Puppet, {}, here)
    yield* linked.link({ to: partner.pid })
    yield* behind.link({ to: linked.pid })
    yield* partner.ping()
    const refs = [yield* Process.monitor(linked.pid), yield* Process.monitor(behind.pid)]
    yield* System.killScheduler(lost)
    for (const ref of refs) {
      const reason = yield* reasonOf(tester, ref)
      expect(reason).toEqual(ExitReason.schedulerDown(lost))
      // So a supervisor restarts them
      expect(ExitReason.isAbnormal(reason)).toBe(true)
    }
  })

  scenario("MC13 a name registered on one scheduler works on the other", function* (tester) {
    for (const first of [0, 1]) {
      const name = `MC13 ${first}`
      const holder = yield* GenServer.start(Puppet, {}, alternate(first))
      const other = yield* GenServer.start(Puppet, {}, alternate(first + 1))
      yield* holder.register({ name })
      expect(String(yield* Process.whereis(name))).toBe(String(holder.pid))
      expect(yield* other.whereis({ name })).toBe(String(holder.pid))
      yield* Puppet.named(name).hear({ value: first })
      expect(yield* Puppet.named(name).received()).toEqual([{ _tag: "Heard", value: first }])
      yield* bury(tester, holder)
      expect(yield* Process.whereis(name)).toBe(undefined)
    }
  })

  scenario("MC13 of two that register a name at once, on two schedulers, one wins", function* (tester) {
    for (let round = 0; round < rounds / 2; round++) {
      const name = `MC13 race ${round}`
      const both = [yield* GenServer.start(Puppet, {}, here), yield* GenServer.start(Puppet, {}, there)]
      const attempts = yield* Effect.forEach(both, (puppet) => Effect.result(puppet.register({ name })), {
        concurrency: "unbounded"
      })
      const winners = both.filter((_, index) => attempts[index]?._tag === "Success")
      expect(winners.length, `round ${round}`).toBe(1)
      for (const attempt of attempts) {
        if (attempt._tag === "Failure") expect(attempt.failure).toMatchObject({ name, problem: "taken" })
      }
      for (const puppet of both) expect(yield* puppet.whereis({ name })).toBe(String(winners[0]?.pid))
      for (const puppet of both) yield* bury(tester, puppet)
    }
  })

  scenario("MC13 a name is gone on every scheduler that has seen its holder's DOWN", function* (tester) {
    for (let round = 0; round < rounds / 2; round++) {
      const name = `MC13 end ${round}`
      const holder = yield* GenServer.start(Puppet, {}, { ...alternate(round), name })
      for (const placement of [here, there]) {
        const watcher = yield* GenServer.start(Puppet, { witness: tester.pid, seeks: name }, placement)
        yield* watcher.monitor({ of: holder.pid })
      }
      yield* Process.exit(holder.pid, ExitReason.kill)
      expect([yield* tester.receive, yield* tester.receive], `round ${round}`).toEqual([free, free])
    }
  })

  scenario("MC17 a pid of an earlier incarnation never addresses a new process", function* (tester) {
    const old = yield* loseScheduler(tester)
    const fresh = yield* GenServer.start(Puppet, { trapExit: true }, there)
    expect(fresh.pid.incarnation).toBeGreaterThan(old.pid.incarnation)
    expect(fresh.pid.slot).toBe(old.pid.slot)
    // Pids are compared by slot and serial: the new incarnation goes on where the old one ended
    expect(fresh.pid.serial).toBeGreaterThan(old.pid.serial)

    const gone = ["NoProcess", "SchedulerDown"]
    yield* old.hear({ value: 1 })
    yield* Process.exit(old.pid, ExitReason.failed("stale"))
    yield* Process.exit(old.pid, ExitReason.kill)
    const refused = yield* Effect.flip(old.ping())
    expect(refused._tag).toBe("NoProcess")
    expect(yield* Process.isAlive(old.pid)).toBe(false)
    expect(gone).toContain((yield* reasonOf(tester, yield* Process.monitor(old.pid)))._tag)
    yield* Process.trapExit(true)
    yield* Process.link(old.pid)
    expect(gone).toContain((yield* nextExit(tester)).reason._tag)
    expect(yield* fresh.received()).toEqual([])
    expect(yield* fresh.ties()).toEqual({ links: [], monitors: [], monitoredBy: [] })
    yield* expectNothing(tester)
  })

  scenario("MC15 timers to a process on another scheduler deliver once", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid }, { ...there, name: "MC15" })
    yield* Process.sendAfter(relay, "to a pid", 10)
    yield* Process.sendAfter(Process.named("MC15", Word), "to a name", 20)
    expect([yield* tester.receive, yield* tester.receive]).toEqual(["to a pid", "to a name"])
    // A destination that is dead by then
    yield* inTime((milliseconds) =>
      Effect.gen(function* () {
        const mortal = yield* Process.start(
          Errand,
          { errand: "relay", to: tester.pid },
          { ...there, name: "MC15 dies" }
        )
        const refs = [
          yield* Process.sendAfter(mortal, "dropped", milliseconds),
          yield* Process.sendAfter(Process.named("MC15 dies", Word), "dropped", milliseconds)
        ]
        yield* bury(tester, { pid: mortal })
        const early = yield* pending(...refs)
        yield* puppet.sayLater({ to: tester.pid, word: "last", milliseconds: milliseconds + 5 })
        yield* Process.sendAfter(tester.pid, "own", milliseconds + 5)
        if (early) expect([yield* tester.receive, yield* tester.receive].sort()).toEqual(["last", "own"])
        else
          for (const word of ["last", "own"]) yield* tester.receiveWhen((message): message is Word => message === word)
        yield* tester.flush
        return early || undefined
      })
    )
    yield* bury(tester, { pid: relay })
    yield* expectNothing(tester)
  })

  scenario("MC15 a timer is cancelled from any scheduler", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const own = yield* Process.sendAfter(tester.pid, "never", long)
    const left = yield* puppet.cancelTimer({ ref: own })
    expect(left).toBeGreaterThan(long - slack)
    expect(left).toBeLessThanOrEqual(long)
    expect(yield* puppet.cancelTimer({ ref: own })).toBe(null)
    expect(yield* Process.cancelTimer(own)).toBe(undefined)
    const ref = (yield* puppet.sayLater({
      to: tester.pid,
      word: "never",
      milliseconds: long
    })) as Process.TimerRef
    expect(yield* Process.cancelTimer(ref)).toBeGreaterThan(long - slack)
    expect(yield* puppet.cancelTimer({ ref })).toBe(null)
    const fired = yield* Process.sendAfter(tester.pid, "fired", 1)
    expect(yield* tester.receive).toBe("fired")
    expect(yield* puppet.cancelTimer({ ref: fired })).toBe(null)
    yield* expectNothing(tester)
  })

  // On one scheduler too: the busy process and those that go on share it
  system.scenario("MC19 a process that is always busy holds up no other", function* (tester) {
    const busy = yield* Process.start(Errand, { errand: "busy", to: tester.pid }, there)
    expect(yield* tester.receive).toBe("busy")
    const players = [
      yield* GenServer.start(Puppet, {}, there),
      yield* GenServer.start(Puppet, {}, there),
      yield* GenServer.start(Puppet, {}, here)
    ]
    // Fewer than elsewhere: two schedulers on one thread take turns of some milliseconds each
    const games = rounds / 10
    for (let game = 0; game < games; game++) for (const player of players) yield* player.ping()
    yield* Process.send(busy, "stop")
    const handled = Number(yield* tester.receive)
    // It was busy all the while, and nobody had to wait for it to end
    expect(handled).toBeGreaterThan(games)
    yield* expectNothing(tester)
  })

  notApplicable("MC20 async stream over schedulers", "Task is not there yet")
  notApplicable("MC20 partitions over schedulers", "PartitionSupervisor is not there yet")
})
