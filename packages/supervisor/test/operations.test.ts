// What supervisors can be asked for, and what they refuse.

import { parsePid } from "@understudy/core/internal/Values"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor, plans } from "./actors.ts"
import { pidOf, type Stage, story } from "./stage.ts"

const start = (stage: Stage, children: ReadonlyArray<Supervisor.ChildSpec>) =>
  Effect.gen(function* () {
    const spec = Supervisor.supervisor("top", {
      strategy: "one-for-one",
      intensity: { restarts: 0, within: 1000 },
      children
    })
    const top = yield* Supervisor.startLink(spec)
    for (const { id } of children) yield* stage.hears(`${id} up`)
    return top
  })

describe("operations", () => {
  story("SU34 a child that is added is the last: it stops first", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, [stage.child("a"), stage.child("b")])
      const pid = yield* Supervisor.startChild("top", stage.child("d"))
      yield* stage.hears("d up")
      expect(String(pid)).toBe(String(yield* pidOf("d")))
      yield* Supervisor.stop("top")
      yield* stage.hears("d down", "b down", "a down")
    })
  )

  story("SU35 a child of an id that is there is refused, and one that cannot start is not kept", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, [stage.child("a")])
      const running = yield* Effect.flip(Supervisor.startChild("top", stage.child("a")))
      expect(running).toMatchObject({ _tag: "AlreadyStarted", id: "a" })
      expect(running.message).toBe(`child a is running as ${yield* pidOf("a")}`)
      yield* Supervisor.terminateChild("top", "a")
      const present = yield* Effect.flip(Supervisor.startChild("top", stage.child("a")))
      expect(present).toMatchObject({ _tag: "AlreadyPresent", id: "a" })
      plans.set("b", ["fail"])
      const failed = yield* Effect.flip(Supervisor.startChild("top", stage.child("b")))
      expect(failed).toMatchObject({ _tag: "StartError", problem: "failed" })
      expect((yield* Supervisor.countChildren("top")).specs).toBe(1)
    })
  )

  story("SU36 terminating stops a child and keeps its spec; a temporary one is forgotten", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, [stage.child("a"), stage.child("t", { restart: "temporary" })])
      yield* Supervisor.terminateChild("top", "a")
      yield* stage.hears("a down")
      yield* Supervisor.terminateChild("top", "a")
      yield* Supervisor.terminateChild("top", "t")
      yield* stage.hears("t down")
      expect(yield* Supervisor.whichChildren("top")).toMatchObject([{ id: "a", pid: undefined }])
      expect((yield* Effect.flip(Supervisor.terminateChild("top", "t")))._tag).toBe("ChildNotFound")
    })
  )

  story("SU37 terminating a child counts nothing and touches no other", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, [stage.child("a"), stage.child("b")])
      const b = yield* pidOf("b")
      for (let round = 0; round < 2; round++) {
        yield* Supervisor.terminateChild("top", "a")
        yield* Supervisor.restartChild("top", "a")
        yield* stage.hears("a down", "a up")
      }
      expect(Process.equals(yield* pidOf("b"), b)).toBe(true)
      expect(stage.reports).toEqual([])
    })
  )

  story("SU38 only a stopped child can be restarted or deleted", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, [stage.child("a")])
      expect((yield* Effect.flip(Supervisor.restartChild("top", "a")))._tag).toBe("ChildRunning")
      expect((yield* Effect.flip(Supervisor.deleteChild("top", "a")))._tag).toBe("ChildRunning")
      expect((yield* Effect.flip(Supervisor.deleteChild("top", "x")))._tag).toBe("ChildNotFound")
      yield* Supervisor.terminateChild("top", "a")
      plans.set("a", ["fail"])
      expect((yield* Effect.flip(Supervisor.restartChild("top", "a")))._tag).toBe("StartError")
      expect(yield* Supervisor.whichChildren("top")).toMatchObject([{ id: "a", pid: undefined }])
      yield* Supervisor.deleteChild("top", "a")
      expect((yield* Effect.flip(Supervisor.restartChild("top", "a")))._tag).toBe("ChildNotFound")
    })
  )

  story("SU48 a supervisor takes no messages but its own", (stage) =>
    Effect.gen(function* () {
      const top = yield* start(stage, [stage.child("a")])
      // Its protocol has no plain messages, and the sender is told
      const refused = yield* Effect.exit(Process.sendUnknown(top.pid, { garbage: true }))
      expect(refused._tag).toBe("Failure")
      expect((yield* Supervisor.countChildren(top)).active).toBe(1)
    })
  )
})

describe("the tree", () => {
  story("a tree shows every process, what is stopped, and how often it was restarted", (stage) =>
    Effect.gen(function* () {
      const { child, hears } = stage
      const pool = Supervisor.dynamic("pool", Actor)
      const inner = Supervisor.supervisor("inner", { strategy: "one-for-one", children: [child("x"), child("y")] })
      yield* Supervisor.startLink(
        Supervisor.supervisor("top", { strategy: "one-for-one", children: [child("a"), inner, pool.spec] })
      )
      yield* hears("a up", "x up", "y up")
      yield* pool.start(stage.args("w"), { label: "worker w" })
      yield* hears("w up")
      yield* Supervisor.terminateChild("inner", "y")
      yield* Actor.named("a").end({ how: "crash" })
      yield* hears("y down", "a up")
      expect(yield* Supervisor.tree("top")).toMatchObject({
        label: "top",
        status: "running",
        children: [
          { id: "a", status: "running", restarts: 1, type: "worker", children: [] },
          {
            id: "inner",
            type: "supervisor",
            children: [
              { id: "x", status: "running" },
              { id: "y", status: "stopped", pid: undefined }
            ]
          },
          { id: "pool", type: "supervisor", children: [{ label: "worker w", contract: "test/Actor", id: undefined }] }
        ]
      })
    })
  )

  story("a supervisor that does not answer in time is shown as busy, one that is gone as gone", (stage) =>
    Effect.gen(function* () {
      const inner = Supervisor.supervisor("inner", {
        strategy: "one-for-one",
        children: [stage.child("h", { hangs: true, shutdown: 2000 })]
      })
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy: "one-for-one", children: [inner] }))
      yield* stage.hears("h up")
      const stopping = yield* Effect.forkChild(Supervisor.terminateChild("inner", "h"))
      yield* Effect.yieldNow
      // The stop of a child that hangs takes 2 s; the look is shorter
      expect(yield* Supervisor.tree("top", { timeout: 20 })).toMatchObject({
        children: [{ id: "inner", status: "busy" }]
      })
      expect(yield* Supervisor.tree("nobody")).toMatchObject({ label: "nobody", status: "gone", children: [] })
      expect(stopping.pollUnsafe()).toBeUndefined()
    })
  )
})

describe("specs", () => {
  const stage = parsePid("<0.1.1>")
  const spec = (options: Supervisor.ChildOptions, farewell: unknown = 0) =>
    // What a compiler would not let through, from JavaScript
    Supervisor.child(Actor, { name: "a", hangs: false, farewell, stage } as unknown as typeof Actor.args.Type, {
      id: "a",
      ...options
    })
  const pool = (options: Supervisor.DynamicOptions) => () => Supervisor.dynamic("pool", Actor, options)
  const group = (options: Partial<Supervisor.SupervisorOptions>) => () =>
    Supervisor.supervisor("top", { strategy: "one-for-one", children: [], ...options })

  it("SU10 DS04 what cannot be meant is refused where it is written, by field", () => {
    expect(() => spec({ id: "" })).toThrow("invalid child spec : id")
    expect(() => spec({ shutdown: -10 })).toThrow(/^invalid child spec a: shutdown: expected .*, got -10$/)
    expect(() => spec({ restart: "always" as "permanent" })).toThrow("a: restart")
    expect(() => spec({ type: "boss" as "worker" })).toThrow("a: type")
    expect(() => spec({ on: { scheduler: 0.5 } })).toThrow("a: on")
    expect(() => spec({}, "long")).toThrow(/a: args: .*farewell/s)
    expect(() => spec({})).not.toThrow()
    expect(pool({ maxChildren: -1 })).toThrow("pool: maxChildren")
    expect(pool({ intensity: { restarts: -1, within: 1 } })).toThrow("pool: intensity.restarts")
    expect(group({ intensity: { restarts: 1, within: 0 } })).toThrow("top: intensity.within")
  })

  it("SU10 two children of one id are refused", () => {
    const child = Supervisor.supervisor("x", { strategy: "one-for-one", children: [] })
    expect(group({ children: [child, child] })).toThrow("x: id: expected an id no other child has")
  })

  it("SU59 significance that could never mean anything is refused", () => {
    const child = Supervisor.supervisor("x", {
      strategy: "one-for-one",
      children: [],
      child: { restart: "transient", significant: true }
    })
    expect(group({ children: [child] })).toThrow("x: significant")
    expect(group({ children: [child], autoShutdown: "any-significant" })).not.toThrow()
    expect(group({ child: { significant: true } })).toThrow("top: significant")
  })
})
