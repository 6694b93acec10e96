// Supervision across schedulers: children elsewhere, supervisors elsewhere, schedulers that are lost.

import * as ExitReason from "@understudy/core/ExitReason"
import type * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor } from "./actors.ts"
import { actor, pidOf, type Stage, story } from "./stage.ts"

const strategy = "one-for-one"
const there = { scheduler: 1 } as const
const two: System.Settings = { schedulers: 2, entry: new URL("./entry.ts", import.meta.url) }

const onTwo = (
  title: string,
  play: (stage: Stage) => Effect.Effect<void, unknown, Process.Current | System.System>
): void => story(title, play, two)

describe("two schedulers", () => {
  onTwo("SU01 SU02 order holds for children elsewhere", ({ child, hears }) =>
    Effect.gen(function* () {
      const children = [child("a"), child("b", { on: there, farewell: 20 }), child("c"), child("d", { on: there })]
      yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor("top", { strategy, children })))
      yield* hears("a up", "b up", "c up", "d up")
      expect((yield* pidOf("b")).slot).toBe(1)
      yield* Supervisor.stop("top")
      yield* hears("d down", "c down", "b down", "a down")
    })
  )

  onTwo("SU16 a group is restarted across schedulers", ({ child, hears }) =>
    Effect.gen(function* () {
      const children = [child("a", { on: there }), child("b"), child("c", { on: there })]
      const spec = Supervisor.supervisor("top", { strategy: "one-for-all", children })
      yield* Effect.scoped(Supervisor.startLink(spec))
      yield* hears("a up", "b up", "c up")
      yield* actor("c").end({ how: "crash" })
      yield* hears("b down", "a down", "a up", "b up", "c up")
    })
  )

  onTwo("SU35 SU38 a supervisor elsewhere takes the same operations and gives the same answers", (stage) =>
    Effect.gen(function* () {
      const { child, hears } = stage
      const far = Supervisor.supervisor("far", { strategy, children: [child("a")], child: { on: there } })
      yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [far] })))
      yield* hears("a up")
      expect((yield* pidOf("a")).slot).toBe(1)
      const running = yield* Effect.flip(Supervisor.startChild("far", child("a")))
      expect(running.message).toBe(`child a is running as ${yield* pidOf("a")}`)
      const bad = yield* Effect.flip(Supervisor.startChild("far", child("bad")))
      expect(bad).toMatchObject({ _tag: "StartError", problem: "failed", reason: ExitReason.failed("nope") })
      yield* hears("bad fail")
      const near = yield* Supervisor.startChild("far", child("n", { on: { scheduler: 0 } }))
      yield* hears("n up")
      expect(near?.slot).toBe(0)
      expect(yield* actor("n").ping()).toBe("n")
      yield* Supervisor.terminateChild("far", "a")
      yield* hears("a down")
      const all = yield* Supervisor.whichChildren("far")
      expect(all.map(({ id, label, pid }) => [id, label, pid === undefined])).toEqual([
        ["n", "n", false],
        ["a", "a", true]
      ])
      expect(yield* Supervisor.countChildren("far")).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 })
      expect((yield* Effect.flip(Supervisor.restartChild("far", "n")))._tag).toBe("ChildRunning")
      expect((yield* Effect.flip(Supervisor.deleteChild("far", "x")))._tag).toBe("ChildNotFound")
      const { children } = yield* Supervisor.tree("top")
      expect(children).toMatchObject([{ id: "far", children: [{ id: "a", status: "stopped" }, { id: "n" }] }])
    })
  )

  onTwo("DS02 DS13 a dynamic supervisor elsewhere, with children on both", ({ args, hears }) =>
    Effect.gen(function* () {
      const { count, ref, spec, start, terminate } = Supervisor.dynamic("pool", Actor, { child: { on: there } })
      yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [spec] })))
      const a = yield* start(args("a"))
      yield* hears("a up")
      const b = yield* start(args("b"), { on: { scheduler: 0 } })
      yield* hears("b up")
      expect([a.pid.slot, b.pid.slot]).toEqual([1, 0])
      expect([yield* a.ping(), yield* b.ping()]).toEqual(["a", "b"])
      const bad = yield* Effect.flip(start(args("bad")))
      expect(bad).toMatchObject({ _tag: "StartError", reason: ExitReason.failed("nope") })
      yield* hears("bad fail")
      yield* terminate(a)
      yield* hears("a down")
      expect((yield* Effect.flip(terminate(a)))._tag).toBe("ChildNotFound")
      expect((yield* count).active).toBe(1)
      expect((yield* Supervisor.tree(ref)).children).toHaveLength(1)
    })
  )

  onTwo("MC11 children lost with their scheduler are restarted, each counted once; others are untouched", (stage) =>
    Effect.gen(function* () {
      const { child, hears, reports } = stage
      const transient = { on: there, restart: "transient" } as const
      const children = [child("a"), child("b", { on: there }), child("t", transient)]
      const intensity = { restarts: 2, within: "1 minute" } as const
      yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor("top", { strategy, intensity, children })))
      yield* hears("a up", "b up", "t up")
      const before = [yield* pidOf("a"), yield* pidOf("b")].map(String)
      yield* System.killScheduler(1)
      yield* hears("b up", "t up")
      const after = [yield* pidOf("a"), yield* pidOf("b")].map(String)
      expect(after[0]).toBe(before[0])
      expect(after[1]).not.toBe(before[1])
      expect((yield* pidOf("b")).slot).toBe(1)
      expect(yield* actor("b").ping()).toBe("b")
      expect(reports).toEqual(["child-terminated b: scheduler 1 is down", "child-terminated t: scheduler 1 is down"])
      const restarts = (yield* Supervisor.whichChildren("top")).map(({ id, restarts }) => [id, restarts])
      expect(restarts).toEqual([
        ["t", 1],
        ["b", 1],
        ["a", 0]
      ])
    })
  )

  onTwo("MC11 a supervisor lost with its scheduler comes back with its children", ({ child, hears }) =>
    Effect.gen(function* () {
      const far = Supervisor.supervisor("far", { strategy, children: [child("a")], child: { on: there } })
      yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [far] })))
      yield* hears("a up")
      yield* System.killScheduler(1)
      yield* hears("a up")
      expect(yield* actor("a").ping()).toBe("a")
      expect((yield* Supervisor.countChildren("far")).active).toBe(1)
    })
  )
})
