// The simulated system: what is chosen, what is kept in order, what goes wrong, how a run ends.
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Simulation from "@understudy/core/Simulation"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { beforeAll, describe, expect, it } from "vitest"
import { choosing, failing, random, starving } from "./choosers.ts"
import { Asking, Cell, ends, lostUpdate, program } from "./programs.ts"

const seeds = Array.from({ length: 100 }, (_, index) => index + 1)

const make = (options: Partial<Simulation.WorldOptions<never, never>> = {}) =>
  Simulation.world({ schedulers: 2, program, ...options })

/** Whose step each was, and what it was. */
const storyOf = (world: Simulation.World, body: Simulation.Body, chooser: Simulation.Chooser) => {
  const events: Array<Simulation.StepEvent> = []
  const run = world.run(body, chooser, { step: (event) => events.push(event) })
  const lines = events.map((event) => {
    const { _tag, step, time } = event
    const about =
      _tag === "Step" || _tag === "Preempted"
        ? event.source.name
        : "process" in event
          ? event.process
          : "to" in event
            ? event.to
            : ""
    return `${step} ${time} ${_tag} ${about}`
  })
  return { run, events, lines }
}

/** What the body is told in the order in which it happens. */
const spawnTelling = (
  self: Process.Self<unknown>,
  label: string,
  steps: ReadonlyArray<string>,
  options?: Process.SpawnOptions
) =>
  Process.spawn(
    Schema.Never,
    () => Effect.forEach(steps, (step) => Process.send(self.pid as Process.Pid<unknown>, step), { discard: true }),
    { label, ...options }
  )

const take = (self: Process.Self<unknown>, count: number) =>
  Effect.gen(function* () {
    const taken: Array<unknown> = []
    while (taken.length < count) taken.push(yield* self.receive)
    return taken
  })

const causeOf = ({ ending }: Simulation.Run) => (ending._tag === "Failed" ? Cause.pretty(ending.cause) : ending._tag)

beforeAll(() => Effect.runPromise(Simulation.prepare))

describe("choices", () => {
  it("finds the lost update, and only where the chooser makes one", () => {
    const world = make()
    expect(world.run(lostUpdate(1), Simulation.plain)).toMatchObject({ ending: { _tag: "Done" }, value: 2 })
    const values = new Set(seeds.map((seed) => world.run(lostUpdate(1), random(seed)).value))
    expect(values).toEqual(new Set([1, 2]))
  })

  it("tells the same story for the same choices, on a world that has run and on a fresh one", () => {
    const used = make()
    for (const seed of seeds.slice(0, 30)) {
      const story = storyOf(used, lostUpdate(1), random(seed))
      expect(storyOf(used, lostUpdate(1), random(seed)).lines, `seed ${seed}`).toEqual(story.lines)
      expect(storyOf(make(), lostUpdate(1), random(seed)).lines, `seed ${seed}`).toEqual(story.lines)
    }
  })

  it("tells the same story after runs that left processes, names, timers and a killed scheduler behind", () => {
    const used = make()
    const mess: Simulation.Body = function* (self) {
      yield* GenServer.start(Cell, {}, { name: "left", on: { scheduler: 1 } })
      yield* Process.sendAfter(self.pid, "later", 1000)
      yield* Process.spawn(Schema.Never, () => Effect.never)
      yield* System.killScheduler(1)
    }
    const expected = storyOf(make(), lostUpdate(1), random(7))
    for (const end of [mess, lostUpdate(0)]) used.run(end, random(3))
    expect(storyOf(used, lostUpdate(1), random(7)).lines).toEqual(expected.lines)
  })

  it("asks for a pick only where there are two candidates, and takes any number", () => {
    const world = make()
    const run = world.run(
      lostUpdate(1),
      choosing({
        pick: (point) => {
          expect(point.ready.length + (point.timer ? 1 : 0)).toBeGreaterThan(1)
          return -1_000_003
        }
      })
    )
    expect(run.points).toBeGreaterThan(0)
    expect(run.ending._tag).toBe("Done")
  })

  it("names processes by their path of birth, whatever the order of their births", () => {
    const world = make()
    const body: Simulation.Body = function* (self) {
      const child = (label: string | undefined, on: number) =>
        label === undefined
          ? Process.spawnMonitor(Schema.Never, () => Effect.void)
          : Effect.map(GenServer.start(Cell, {}, { label, on: { scheduler: on } }), () => undefined)
      yield* child("a", 1)
      yield* child("a", 0)
      yield* child(undefined, 0)
      yield* Process.spawnMonitor(Schema.Never, () => child("b", 1), { label: "mid" })
      yield* ends(self, 2)
    }
    for (const seed of seeds.slice(0, 20)) {
      const { events } = storyOf(world, body, random(seed))
      const born = events.flatMap((event) => (event._tag === "Born" ? [`${event.process}@${event.slot}`] : []))
      expect(born.sort(), `seed ${seed}`).toEqual([
        "test/3@0",
        "test/a#2@0",
        "test/a@1",
        "test/mid/b@1",
        "test/mid@0",
        "test@0"
      ])
    }
  })

  it("preempts between any two operations, also those done on the spot", () => {
    // Both look before either registers
    const body: Simulation.Body = function* (self) {
      const led: Array<string> = []
      const worker = (name: string) =>
        Effect.gen(function* () {
          if ((yield* Process.whereis("leader")) !== undefined) return
          led.push(name)
          yield* Effect.ignore(Process.register("leader", (yield* Process.self) as Process.Pid))
          yield* Process.sleep(1000)
        })
      for (const name of ["v", "w"]) yield* Process.spawnMonitor(Schema.Never, () => worker(name), { label: name })
      yield* ends(self, 2)
      return led.length
    }
    const world = make({ schedulers: 1 })
    expect(world.run(body, Simulation.plain).value).toBe(1)
    // Whoever comes first gives way once, to the other one
    expect(world.run(body, choosing({ preempt: (source) => source.name === "test/v" })).value).toBe(2)
  })

  it("interleaves the fibers that a process has forked", () => {
    const world = make({ schedulers: 1 })
    const body: Simulation.Body = function* () {
      const order: Array<string> = []
      const step = (name: string) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => order.push(name))
        )
      const fiber = (name: string) => Effect.andThen(step(`${name}1`), step(`${name}2`))
      yield* Effect.all([fiber("a"), fiber("b")], { concurrency: 2 })
      return order.join(" ")
    }
    const orders = new Set(seeds.map((seed) => world.run(body, random(seed)).value))
    expect(orders.size).toBe(6)
  })

  it("places starts on any scheduler by draw, here where that is 0", () => {
    const world = make({ schedulers: 3 })
    const body: Simulation.Body = function* () {
      const { pid } = yield* GenServer.start(Cell, {}, { on: "any" })
      return pid.slot
    }
    expect([0, 1, 2].map((slot) => world.run(body, choosing({ draw: () => slot })).value)).toEqual([0, 1, 2])
  })

  it("draws the seed of Random and Math.random, and keeps clocks virtual", () => {
    const world = make()
    const body: Simulation.Body = function* () {
      yield* Process.sleep(40)
      const now = [yield* Clock.currentTimeMillis, Date.now(), performance.now()]
      return { now, random: [yield* Random.next, Math.random()] }
    }
    const first = world.run(body, Simulation.plain).value
    expect(first).toMatchObject({ now: [40, 40, expect.closeTo(40, 1)] })
    expect(world.run(body, Simulation.plain).value).toEqual(first)
    expect(world.run(body, choosing({ draw: (bound) => bound - 1 })).value).not.toEqual(first)
    expect(Date.now()).toBeGreaterThan(1_000_000)
  })
})

describe("order", () => {
  it("keeps the order of what one process does, and of signals between two schedulers, in every schedule", () => {
    const world = make()
    const words = ["one", "two", "three", "four"]
    const body: Simulation.Body = function* (self) {
      const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      yield* spawnTelling(self, "ann", words)
      yield* cell.set({ to: 1 })
      yield* cell.add({ by: 1 })
      const value = yield* cell.get()
      return [value, ...(yield* take(self, words.length))]
    }
    for (const seed of seeds) expect(world.run(body, random(seed)).value, `seed ${seed}`).toEqual([2, ...words])
  })

  it("runs max before high before all others of a scheduler, in every schedule", () => {
    const world = make({ schedulers: 1 })
    const body: Simulation.Body = function* (self) {
      // Nobody else runs until all three are there
      yield* Process.spawnMonitor(
        Schema.Never,
        () =>
          Effect.gen(function* () {
            for (const priority of ["normal", "high", "max"] as const) {
              yield* spawnTelling(self, priority, [priority], { priority })
            }
          }),
        { priority: "max", label: "starter" }
      )
      return (yield* take(self, 4)).filter((word) => typeof word === "string")
    }
    for (const seed of seeds) {
      expect(world.run(body, random(seed)).value, `seed ${seed}`).toEqual(["max", "high", "normal"])
    }
  })

  it("fires timers of one instant and one scheduler in the order in which they were set, in every schedule", () => {
    // Without slack, no time passes between two of them
    const world = make({ schedulers: 1, slack: 0 })
    const body: Simulation.Body = function* (self) {
      for (const word of ["a", "b", "c"]) yield* Process.sendAfter(self.pid, word, 10)
      yield* Process.sendAfter(self.pid, "first", 9)
      return yield* take(self, 4)
    }
    for (const seed of seeds) {
      expect(world.run(body, random(seed)).value, `seed ${seed}`).toEqual(["first", "a", "b", "c"])
    }
  })

  it("chooses among timers of one instant on different schedulers", () => {
    const world = make()
    const body: Simulation.Body = function* (self) {
      const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      yield* Process.monitor(cell.pid)
      yield* Process.exitAfter(cell.pid, ExitReason.shutdown, 10)
      yield* Process.sendAfter(self.pid, "here", 10)
      return yield* take(self, 2)
    }
    expect(world.run(body, Simulation.plain).ending._tag).toBe("Done")
  })
})

describe("time", () => {
  const late: Simulation.Body = function* (self) {
    // A process that is ready throughout, while an interval goes by again and again
    yield* Process.sendInterval(self.pid, "tick", 50)
    yield* spawnTelling(self, "slow", ["slow"])
    const taken: Array<unknown> = []
    while (taken.at(-1) !== "slow") taken.push(yield* self.receive)
    return taken.length - 1
  }
  /** Lets time pass, or anything happen but the process `slow`, whenever that can be. */
  const impatient = choosing({
    pick: ({ ready, timer }) => {
      if (timer) return ready.length
      return Math.max(
        0,
        ready.findIndex(({ name }) => name !== "test/slow")
      )
    }
  })

  it("passes while something is ready only as far as the slack, summed up", () => {
    expect(make({ slack: 100 }).run(late, impatient).value).toBe(2)
    expect(make({ slack: 400 }).run(late, impatient).value).toBe(8)
    expect(make({ slack: 0 }).run(late, impatient).value).toBe(0)
  })

  it("lets no call of a correct program run into its timeout, in any schedule", () => {
    const world = make()
    const body: Simulation.Body = function* (self) {
      yield* Process.sendInterval(self.pid, "tick", 30)
      const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      for (let left = 10; left > 0; left--) yield* cell.get()
    }
    for (const seed of seeds) expect(causeOf(world.run(body, random(seed))), `seed ${seed}`).toBe("Done")
  })

  it("passes by itself when nothing is ready, and with many steps", () => {
    const world = make({ schedulers: 1 })
    expect(world.run(() => Process.sleep("1 hour"), Simulation.plain).time).toBe(3_600_000)
    const busy: Simulation.Body = function* (self) {
      yield* Process.sendAfter(self.pid, "over", 3)
      while ((yield* Effect.exit(self.receiveWithin(0)))._tag === "Failure") yield* Effect.yieldNow
    }
    const run = world.run(busy, Simulation.plain)
    expect(run.ending._tag).toBe("Done")
    expect(run.time).toBe(3)
  })
})

describe("faults", () => {
  const watch: Simulation.Body = function* (self) {
    const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 }, label: "cell" })
    yield* Process.monitor(cell.pid)
    const down = (yield* self.receive) as Process.Down
    return ExitReason.format(down.reason)
  }
  const whenBorn = (label: string) => {
    let born = false
    return {
      observer: {
        step: (event: Simulation.StepEvent) => {
          if (event._tag === "Monitored" && event.of.endsWith(label)) born = true
        }
      },
      // The monitor has arrived
      now: ({ last }: Simulation.Point) => born && last?.name === "0->1"
    }
  }
  const strike = (fault: Simulation.Fault) => {
    const { now, observer } = whenBorn("cell")
    return make().run(watch, failing(fault, now), observer)
  }

  it("kills a process by its name, at a step", () => {
    expect(strike({ kind: "kill", target: "test/cell" }).value).toBe("killed")
  })

  it("sends an exit signal", () => {
    expect(strike({ kind: "exit", target: "test/cell", reason: ExitReason.failed("gone") }).value).toContain("gone")
  })

  it("ends a scheduler and refills its slot; what it had sent arrives before its loss", () => {
    const run = strike({ kind: "killScheduler", slot: 1 })
    expect(run.value).toBe("scheduler 1 is down")
    const body: Simulation.Body = function* (self) {
      const before = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      const ref = yield* Process.monitor(before.pid)
      yield* System.killScheduler(1)
      const down = (yield* self.receive) as Process.Down
      const after = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      yield* after.set({ to: 7 })
      return [down.ref === ref, before.pid.incarnation, after.pid.incarnation, yield* after.get()]
    }
    for (const seed of seeds) {
      expect(make({ schedulers: 3 }).run(body, random(seed)).value, `seed ${seed}`).toEqual([true, 1, 2, 7])
    }
  })

  it("never hits scheduler 0, the body's process, or nobody", () => {
    const hits: Array<boolean> = []
    const faults: ReadonlyArray<Simulation.Fault> = [
      { kind: "killScheduler", slot: 0 },
      { kind: "killScheduler", slot: 9 },
      { kind: "kill", target: "test" },
      { kind: "kill", target: "nobody" },
      { kind: "hold", edge: "5->6", steps: 3 },
      { kind: "pause", slot: 9, steps: 3 },
      { kind: "delay", target: "nobody", steps: 3 }
    ]
    for (const fault of faults) {
      const run = make().run(lostUpdate(1), failing(fault), {
        step: (event) => {
          if (event._tag === "Fault") hits.push(event.hit)
        }
      })
      expect(run.value).toBe(2)
    }
    expect(hits).toEqual(faults.map(() => false))
  })

  /** In how many steps something had been done. */
  const stepOf = (events: ReadonlyArray<Simulation.StepEvent>, is: (event: Simulation.StepEvent) => boolean) =>
    events.find(is)?.step ?? Number.NaN
  const runs = (name: string) => (event: Simulation.StepEvent) => event._tag === "Step" && event.source.name === name

  const busy: Simulation.Body = function* (self) {
    yield* GenServer.start(Cell, {}, { on: { scheduler: 1 }, label: "cell" })
    yield* spawnTelling(self, "ann", ["a"])
    yield* Effect.repeat(Effect.yieldNow, { times: 60 })
    yield* self.receive
  }

  it("holds an edge, pauses a scheduler and delays a process for so many steps", () => {
    const held = storyOf(make(), busy, failing({ kind: "hold", edge: "0->1", steps: 20 }))
    // Nothing else can happen before the first start has arrived
    expect(stepOf(held.events, runs("0->1"))).toBeLessThan(10)
    const delayed = storyOf(
      make(),
      busy,
      failing({ kind: "delay", target: "test/ann", steps: 20 }, ({ ready }) =>
        ready.some(({ name }) => name === "test/ann")
      )
    )
    const plainly = storyOf(make(), busy, Simulation.plain)
    const when = (story: typeof delayed) => stepOf(story.events, runs("test/ann"))
    expect(when(delayed)).toBeGreaterThanOrEqual(when(plainly) + 15)
    const paused = storyOf(make(), lostUpdate(1), failing({ kind: "pause", slot: 1, steps: 1000 }))
    expect(paused.run.value).toBe(2)
  })

  it("lets time pass while all are ready", () => {
    const body: Simulation.Body = function* () {
      const cell = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      return yield* Effect.match(cell.get({ timeout: 100 }), {
        onSuccess: () => "answered",
        onFailure: (error) => error._tag
      })
    }
    const asked = ({ ready }: Simulation.Point) => ready.some(({ name }) => name === "0->1")
    let arrivals = 0
    const second = (point: Simulation.Point) => asked(point) && ++arrivals === 2
    expect(make().run(body, Simulation.plain).value).toBe("answered")
    expect(make().run(body, failing({ kind: "slow", milliseconds: 200 }, second)).value).toBe("CallTimeout")
  })

  it("begins with faults when the body says so", () => {
    let asked = 0
    const chooser = choosing({
      fault: () => {
        asked++
        return undefined
      }
    })
    const world = make({ faults: "when begun" })
    world.run(lostUpdate(1), chooser)
    expect(asked).toBe(0)
    world.run(function* (self) {
      yield* Simulation.faultsBegin
      yield* lostUpdate(1)(self)
    }, chooser)
    expect(asked).toBeGreaterThan(0)
  })
})

describe("endings", () => {
  it("fails as the body fails, or is ended", () => {
    const world = make()
    expect(causeOf(world.run(() => Effect.fail(new Error("bad luck")), Simulation.plain))).toContain("bad luck")
    expect(causeOf(world.run(() => Effect.die(new Error("bug")), Simulation.plain))).toContain("bug")
    const killed: Simulation.Body = (self) =>
      Effect.andThen(Process.exit(self.pid as Process.Pid, ExitReason.kill), Effect.never)
    expect(world.run(killed, Simulation.plain).ending._tag).toBe("Failed")
  })

  it("names processes that wait for each other's answers, before their timeouts hide it", () => {
    const body: Simulation.Body = function* (self) {
      const names = ["left", "right"]
      for (const [slot, name] of names.entries()) yield* GenServer.start(Asking, {}, { name, on: { scheduler: slot } })
      for (const [slot, name] of names.entries()) yield* Asking.named(name).meet({ whom: names[1 - slot] as string })
      yield* self.receive
    }
    const { ending, time } = make().run(body, Simulation.plain)
    expect(ending._tag).toBe("Deadlock")
    const cycle = ending._tag === "Deadlock" ? ending.cycle : []
    expect(cycle.map(({ for: what, of, process }) => [process, what, of]).sort()).toEqual([
      ["test/left", "answer", "test/right"],
      ["test/right", "answer", "test/left"]
    ])
    expect(time).toBe(0)
    expect(make({ deadlocks: false }).run(body, Simulation.plain).ending._tag).toBe("Stuck")
  })

  it("tells what each process waits for when nothing can happen", () => {
    const body: Simulation.Body = function* (self) {
      const never = yield* Deferred.make<void>()
      yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
      yield* Process.spawn(Schema.Never, () => Deferred.await(never), { label: "outside" })
      yield* Process.spawn(Schema.Never, () => forPromise(), { label: "promise" })
      yield* Process.spawn(Schema.String, (own) => own.receive, { label: "listening" })
      yield* self.receive
    }
    const forPromise = Effect.fnUntraced(function* () {
      try {
        yield* Effect.promise(() => new Promise(() => undefined))
      } finally {
        finished = true
      }
    })
    let finished = false
    const { ending } = make().run(body, Simulation.plain)
    expect(ending._tag).toBe("Stuck")
    const waits = ending._tag === "Stuck" ? ending.waits : []
    expect(waits.map(({ for: what, process }) => [process, what])).toEqual([
      ["test", "message"],
      ["test/outside", "outside"],
      ["test/promise", "outside"],
      ["test/listening", "message"],
      ["test/Cell", "message"]
    ])
    // With its line, and without running any of its code
    expect(waits[2]?.site).toMatch(/forPromise.*World\.test\.ts|World\.test\.ts/)
    expect(finished).toBe(false)
  })

  it("ends a run that does not end, after as many plain steps as it was given", () => {
    const world = make({ maxSteps: 200, schedulers: 1 })
    const { ending, steps } = world.run(() => Effect.forever(Effect.yieldNow), Simulation.plain)
    expect(ending._tag).toBe("TooLong")
    expect(steps).toBe(401)
    expect(world.run(() => Effect.forever(Effect.void), Simulation.plain).ending._tag).toBe("TooLong")
    // What starves only in a schedule comes to its end in plain order
    const starved = make({ maxSteps: 300, schedulers: 1 }).run(function* (self) {
      yield* Process.spawn(Schema.Never, () => Effect.forever(Effect.yieldNow), { label: "spinning" })
      yield* spawnTelling(self, "ann", ["done"])
      yield* self.receive
    }, starving("test/ann"))
    expect(starved.ending._tag).toBe("Done")
  })

  it("tells what is left over, and where it was made", () => {
    const world = make({ stacks: true })
    const run = world.run(function* (self) {
      const cell = yield* GenServer.start(Cell, {}, { name: "left", on: { scheduler: 1 } })
      yield* Process.spawn(Schema.Never, () => Effect.andThen(Process.monitor(cell.pid), Effect.never), {
        label: "watcher"
      })
      yield* Process.sendAfter(self.pid, "later", 1000)
    }, Simulation.plain)
    const { left } = run
    expect(left.processes.map(({ name, slot }) => [name, slot])).toEqual([
      ["test/watcher", 0],
      ["test/left", 1]
    ])
    expect(left.monitors).toEqual([{ by: "test/watcher", of: "test/left" }])
    expect(left.names).toEqual([{ name: "left", process: "test/left" }])
    expect(left.timers).toMatchObject([{ slot: 0, milliseconds: 1000 }])
    expect(left.processes[0]?.made).toContain("World.test.ts")
    world.run(() => Effect.void, Simulation.plain)
    expect(() => run.left).toThrow("ask before the next run")
  })

  it("tells of crashes", () => {
    const { crashes } = make().run(function* () {
      yield* Process.spawn(Schema.Never, () => Effect.die(new Error("oops")), { label: "clumsy" })
    }, Simulation.plain)
    expect(crashes.map(({ label }) => label)).toEqual(["clumsy"])
  })
})

describe("what it has found", () => {
  it("S53 a start that ran out of time is told when its name is free, also where its process gave way before it asked for that", () => {
    const world = make()
    const body: Simulation.Body = function* () {
      for (let round = 0; round < 3; round++) {
        const options = { name: "late", on: { scheduler: 1 }, timeout: round % 2 }
        const started = yield* Effect.result(GenServer.start(Cell, {}, options))
        const holder = yield* Process.whereis("late")
        if (started._tag === "Failure") expect(String(holder)).toBe("undefined")
        else {
          yield* Process.exit(started.success.pid, ExitReason.kill)
          while ((yield* Process.whereis("late")) !== undefined) yield* Process.sleep(1)
        }
      }
    }
    for (let seed = 1; seed < 300; seed++) expect(causeOf(world.run(body, random(seed))), `seed ${seed}`).toBe("Done")
  })
})

describe("a program around it", () => {
  it("builds its layer on each scheduler, for each run, and refuses one that waits", () => {
    let built = 0
    const layer = Layer.effectDiscard(Effect.sync(() => built++))
    const world = Simulation.world({ schedulers: 2, program: { ...program, layer } })
    for (let runs = 1; runs <= 3; runs++) {
      world.run(lostUpdate(1), Simulation.plain)
      expect(built).toBe(2 * runs)
    }
    const waiting = Layer.effectDiscard(Effect.promise(() => Promise.resolve()))
    const stuck = Simulation.world({ schedulers: 1, program: { layer: waiting } })
    expect(() => stuck.run(() => Effect.void, Simulation.plain)).toThrow("cannot wait")
  })

  it("refuses bad options, runs within runs, and runs after its end", () => {
    expect(() => make({ schedulers: 0 })).toThrow("schedulers from 1 to 64, got 0")
    expect(() => make({ slack: -1 })).toThrow("slack")
    const world = make()
    const nested = world.run(() => Effect.sync(() => make().run(() => Effect.void, Simulation.plain)), Simulation.plain)
    expect(causeOf(nested)).toContain("a simulation runs already")
    world.dispose()
    expect(() => world.run(() => Effect.void, Simulation.plain)).toThrow("disposed")
  })
})
