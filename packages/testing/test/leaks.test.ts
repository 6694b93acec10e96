import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { expectCrash, expectLeft, type Leak, LeftBehind, runProcess, startSupervised } from "../src/index.ts"
import { type Body, errorOf } from "../src/Run.ts"
import { Counter, CounterLive, Silent, SilentLive } from "./actors.ts"

const options = { implementations: [CounterLive, SilentLive] } as const

/** The leaks a body fails with. */
const leaksOf = async (body: Body<never>): Promise<ReadonlyArray<Leak>> => {
  const exit = await runProcess(body, options)
  if (Exit.isSuccess(exit)) return []
  const error = errorOf(exit)
  if (error instanceof LeftBehind) return error.leaks
  throw error
}

const kinds = (leaks: ReadonlyArray<Leak>) => leaks.map(({ kind }) => kind).sort()

const idle = (self: Process.Self<string>) => self.receive

describe("a test that leaves something behind fails, and says what and where it was made", () => {
  it("a process: its label, its pid, who has started it, and the line", async () => {
    let pid = ""
    const [leak, ...others] = await leaksOf(function* () {
      pid = `${yield* Process.spawn(Schema.String, idle, { label: "idler" })}`
    })
    expect(others).toEqual([])
    expect(leak).toMatchObject({ kind: "process", label: "idler" })
    expect(leak?.what).toContain(`idler ${pid}`)
    expect(leak?.startedBy).toMatch(/^test <?/)
    expect(leak?.madeAt).toContain("leaks.test.ts")
  })

  it("a server that was not started under the test's supervisor: its contract", async () => {
    const [leak, ...others] = await leaksOf(function* () {
      yield* GenServer.start(Counter, { start: 0 })
    })
    expect(others).toEqual([])
    expect(leak?.kind).toBe("process")
    expect(leak?.what).toContain("kit/Counter")
  })

  it("a process that a process of the test has started: both, and who has started whom", async () => {
    const leaks = await leaksOf(function* () {
      yield* Process.spawn(
        Schema.String,
        (self) => Effect.andThen(Process.spawn(Schema.String, idle, { label: "child" }), self.receive),
        { label: "parent" }
      )
    })
    expect(kinds(leaks)).toEqual(["process", "process"])
    expect(leaks.find(({ label }) => label === "child")?.startedBy).toMatch(/^parent .*, started by test /)
  })

  it("a timer: what it sends to whom, in how long, and the line", async () => {
    const [leak, ...others] = await leaksOf(function* (self) {
      yield* Process.sendAfter(self.pid, "tick", "3 seconds")
    })
    expect(others).toEqual([])
    expect(leak?.kind).toBe("timer")
    expect(leak?.what).toMatch(/sends 'tick' to test .* in 3000 ms/)
    expect(leak?.madeAt).toContain("leaks.test.ts")
  })

  it("a timer that was cancelled, or that is over, is none", async () => {
    const leaks = await leaksOf(function* (self) {
      const timer = yield* Process.sendAfter(self.pid, "tick", "3 seconds")
      yield* Process.cancelTimer(timer)
      yield* Process.sendAfter(self.pid, "tock", "3 seconds")
      expect(yield* self.receive).toBe("tock")
    })
    expect(leaks).toEqual([])
  })

  it("a monitor of the test itself: who watches whom, and the line", async () => {
    const leaks = await leaksOf(function* () {
      const pid = yield* Process.spawn(Schema.String, idle, { label: "idler" })
      yield* expectLeft(pid)
      yield* Process.monitor(pid)
    })
    expect(kinds(leaks)).toEqual(["monitor"])
    expect(leaks[0]?.what).toMatch(/^test .* watches idler/)
    expect(leaks[0]?.madeAt).toContain("leaks.test.ts")
  })

  it("a monitor that was removed, or whose process is gone, is none", async () => {
    const leaks = await leaksOf(function* () {
      const counter = yield* startSupervised(CounterLive, { start: 0 })
      yield* Process.monitor(counter.pid)
      yield* Process.demonitor(yield* Process.monitor(counter.pid))
    })
    expect(leaks).toEqual([])
  })

  it("a name: it, and who holds it", async () => {
    const leaks = await leaksOf(function* (self) {
      yield* Process.register("printer", self.pid)
    })
    expect(kinds(leaks)).toEqual(["name"])
    expect(leaks[0]).toMatchObject({ name: "printer" })
    expect(leaks[0]?.what).toMatch(/^"printer", held by test /)
  })

  it("a call that is not answered: of whom, and its line", async () => {
    const leaks = await leaksOf(function* () {
      const silent = yield* GenServer.start(Silent)
      yield* Process.spawn(
        Schema.String,
        () =>
          Effect.gen(function* () {
            yield* silent.ask({ timeout: "Infinity" })
          }),
        { label: "asker" }
      )
      yield* Effect.yieldNow
    })
    expect(kinds(leaks)).toEqual(["call", "process", "process"])
    const call = leaks.find(({ kind }) => kind === "call")
    expect(call?.what).toMatch(/kit\/Silent .* has not answered .*ask.* of asker/s)
    expect(call?.madeAt).toContain("leaks.test.ts")
  })

  it("a crash that nobody expected: the reason, the last message and the state", async () => {
    const leaks = await leaksOf(function* () {
      const counter = yield* startSupervised(CounterLive, { start: 7 })
      yield* counter.fall()
    })
    expect(kinds(leaks)).toEqual(["crash"])
    expect(leaks[0]?.what).toMatch(/kit\/Counter .*fallen.*last message: cast fall.*state: 7/s)
  })

  it("the message names each and says what to do", async () => {
    const exit = await runProcess(function* (self) {
      yield* Process.register("printer", self.pid)
    })
    expect(Exit.isFailure(exit) && `${(errorOf(exit) as Error).message}`).toMatch(
      /the test has left behind:\n {2}name: "printer".*\n.*expectLeft/s
    )
  })

  it("also on another scheduler", async () => {
    const exit = await runProcess(
      function* () {
        yield* GenServer.start(Counter, { start: 0 }, { on: { scheduler: 1 } })
      },
      { ...options, schedulers: 2 }
    )
    expect(Exit.isFailure(exit) && errorOf(exit)).toBeInstanceOf(LeftBehind)
  })
})

describe("what is meant to be left", () => {
  it("by pid: a process with all that it has", async () => {
    const leaks = await leaksOf(function* (self) {
      const body = () =>
        Effect.gen(function* () {
          yield* Process.register("printer", yield* Process.self)
          yield* Process.monitor(self.pid)
          return yield* Effect.never
        })
      yield* expectLeft(yield* Process.spawn(Schema.String, body))
    })
    expect(leaks).toEqual([])
  })

  it("by label, by name, or by a predicate; and no more than that", async () => {
    const leaks = await leaksOf(function* (self) {
      yield* Process.spawn(Schema.String, idle, { label: "one" })
      yield* Process.spawn(Schema.String, idle, { label: "two" })
      yield* Process.register("printer", self.pid)
      yield* Process.sendAfter(self.pid, "tick", "1 second")
      yield* Process.sendAfter(self.pid, "tock", "1 second")
      yield* expectLeft("one")
      yield* expectLeft("printer")
      yield* expectLeft(({ kind, what }) => kind === "timer" && what.includes("tick"))
    })
    expect(kinds(leaks)).toEqual(["process", "timer"])
    expect(leaks.map(({ what }) => what).join()).toMatch(/two.*tock/)
  })

  it("crashes of one process, and no others", async () => {
    const leaks = await leaksOf(function* () {
      const one = yield* startSupervised(CounterLive, { start: 1 })
      const two = yield* startSupervised(CounterLive, { start: 2 })
      yield* expectCrash(one)
      yield* one.fall()
      yield* two.fall()
    })
    expect(leaks.map(({ what }) => /state: (\d)/.exec(what)?.[1])).toEqual(["2"])
  })

  it("a process is no crash, and a crash is no process", async () => {
    const leaks = await leaksOf(function* () {
      yield* expectCrash()
      yield* Process.spawn(Schema.String, idle, { label: "idler" })
    })
    expect(kinds(leaks)).toEqual(["process"])
  })
})
