// How supervisors start and stop their children.

import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor, plans } from "./actors.ts"
import { actor, pidOf, story } from "./stage.ts"

const strategy = "one-for-one"

describe("starting", () => {
  story("SU01 children start in order, and the start returns after the last", ({ child, hears, silence }) =>
    Effect.gen(function* () {
      const children = [child("a"), child("b"), child("c")]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up", "c up")
      yield* silence
    })
  )

  story("SU01 a child starts only after the previous one has initialised", ({ child, hears, silence }) =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      plans.set("a", [gate])
      const spec = Supervisor.supervisor("top", { strategy, children: [child("a"), child("b")] })
      const host = yield* System.System
      const starter = yield* Process.spawnLink(Process.anyPid, () =>
        Effect.andThen(Supervisor.startLink(spec), Effect.never)
      )
      yield* hears("a starting")
      // The run queue is worked off more than once before the gate opens
      for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
      yield* silence
      expect(host.directory.whereis("", "b")).toBeUndefined()
      yield* Deferred.succeed(gate, undefined)
      yield* hears("a up", "b up")
      yield* Process.exit(starter, ExitReason.kill)
    })
  )

  story("SU03 which and count list the newest first, with type, contract and pid", ({ child, hears }) =>
    Effect.gen(function* () {
      const children = [child("a"), child("b"), child("c", { id: "see" })]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up", "c up")
      const all = yield* Supervisor.whichChildren("top")
      expect(all.map(({ id }) => id)).toEqual(["see", "b", "a"])
      const pids = [yield* pidOf("c"), yield* pidOf("b"), yield* pidOf("a")]
      expect(all.map(({ pid }) => String(pid))).toEqual(pids.map(String))
      expect(all[0]).toMatchObject({ type: "worker", contract: "test/Actor", label: "c", restarts: 0 })
      expect(yield* Supervisor.countChildren("top")).toEqual({ specs: 3, active: 3, supervisors: 0, workers: 3 })
    })
  )

  story("SU04 a child that cannot start rolls back those before it, in reverse", (stage) =>
    Effect.gen(function* () {
      const { child, hears, reports, silence } = stage
      plans.set("c", ["fail"])
      const children = [child("a"), child("b"), child("c"), child("d")]
      const error = yield* Effect.flip(Supervisor.startLink(Supervisor.supervisor("top", { strategy, children })))
      yield* hears("a up", "b up", "c fail", "b down", "a down")
      yield* silence
      expect(error.problem).toBe("failed")
      const detail = { _tag: "FailedToStartChild", child: "c", problem: "failed", reason: ExitReason.failed("nope") }
      expect(error.reason).toEqual(ExitReason.shutdownWith(detail))
      const exit = yield* Effect.orDie(stage.self.receiveTag("Exit", { after: "5 seconds" }))
      expect(exit.reason).toEqual(ExitReason.shutdownWith(detail))
      expect(reports).toEqual(["start-error c: failed: nope"])
    })
  )

  story("SU05 a child that dies in init fails the start with its defect", ({ child }) =>
    Effect.gen(function* () {
      plans.set("a", ["die"])
      const error = yield* Effect.flip(
        Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [child("a")] }))
      )
      expect(error.reason).toMatchObject({ detail: { child: "a", reason: { _tag: "Died" } } })
    })
  )

  story("SU08 a child that chose not to start is kept without a process", ({ child, hears }) =>
    Effect.gen(function* () {
      plans.set("a", ["ignore"]).set("t", ["ignore"])
      const children = [child("a"), child("t", { restart: "temporary" }), child("b")]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a ignore", "t ignore", "b up")
      const all = yield* Supervisor.whichChildren("top")
      expect(all.map(({ id, pid }) => [id, pid === undefined])).toEqual([
        ["b", false],
        ["a", true]
      ])
      expect(yield* Supervisor.countChildren("top")).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 })
    })
  )

  story("SU52 a supervisor answers nothing while a child is starting", ({ child, hears, self }) =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      plans.set("slow", [gate])
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [] }))
      const start = yield* Effect.forkChild(Supervisor.startChild("top", child("slow")))
      yield* hears("slow starting")
      const which = yield* Effect.forkChild(
        Effect.tap(Supervisor.whichChildren("top"), () => Process.send(self.pid, { _tag: "Said", text: "answered" }))
      )
      for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      // It was asked before the child was up, and knows the child all the same
      yield* hears("slow up", "answered")
      expect(which.pollUnsafe()).toMatchObject({ value: [{ id: "slow" }] })
      expect(start.pollUnsafe()).toBeDefined()
    })
  )
})

describe("stopping", () => {
  story("SU02 children stop one after the other, in reverse", ({ child, hears, exitOf }) =>
    Effect.gen(function* () {
      const children = [child("a"), child("b", { farewell: 50 }), child("c")]
      const top = yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up", "c up")
      yield* Supervisor.stop("top")
      yield* hears("c down", "b down", "a down")
      expect(yield* exitOf(top.pid)).toEqual(ExitReason.normal)
    })
  )

  story("SU02 the exit of its parent stops a supervisor and its children in reverse", ({ child, hears, self }) =>
    Effect.gen(function* () {
      const spec = Supervisor.supervisor("top", { strategy, children: [child("a"), child("b")] })
      const parent = yield* Process.spawn(Process.anyPid, () =>
        Effect.andThen(Supervisor.startLink(spec), Effect.never)
      )
      yield* hears("a up", "b up")
      // It answers once it is up: before that, its parent's end would be the end of a start
      yield* Supervisor.countChildren("top")
      yield* Process.monitor(yield* pidOf("top"))
      yield* Process.exit(parent, ExitReason.shutdown)
      yield* hears("b down", "a down")
      expect((yield* self.receiveTag("Down")).reason).toEqual(ExitReason.shutdown)
    })
  )

  story("SU40 a brutal-kill child is killed at once, and that is no error", (stage) =>
    Effect.gen(function* () {
      const { child, hears, reports, self, silence } = stage
      const children = [child("a"), child("b", { shutdown: "brutal-kill" })]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up")
      yield* Process.monitor(yield* pidOf("b"))
      yield* Supervisor.stop("top")
      expect((yield* self.receiveTag("Down")).reason).toEqual(ExitReason.killed)
      yield* hears("a down")
      yield* silence
      expect(reports).toEqual([])
    })
  )

  story("SU41 a child that takes too long is killed and reported, and the next one's turn comes", (stage) =>
    Effect.gen(function* () {
      const { child, hears, reports, self } = stage
      const children = [child("a"), child("b", { shutdown: 20, hangs: true })]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up")
      yield* Process.monitor(yield* pidOf("b"))
      yield* Supervisor.stop("top")
      yield* hears("a down")
      expect((yield* self.receiveTag("Down")).reason).toEqual(ExitReason.killed)
      expect(reports).toEqual(["shutdown-error b: killed"])
    })
  )

  story("SU44 a child that has unlinked itself does not hang its supervisor", ({ child, hears }) =>
    Effect.gen(function* () {
      const children = [child("a", { shutdown: 20 }), child("b", { shutdown: 20 })]
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears("a up", "b up")
      const top = yield* pidOf("top")
      yield* actor("a").unlink({ from: top })
      yield* actor("b").unlink({ from: top })
      // One is gone behind its supervisor's back
      yield* Process.exit(yield* pidOf("b"), ExitReason.kill)
      expect((yield* Supervisor.countChildren("top")).active).toBe(2)
      yield* Supervisor.terminateChild("top", "b")
      yield* Supervisor.terminateChild("top", "a")
      expect((yield* Supervisor.countChildren("top")).active).toBe(0)
      yield* Supervisor.stop("top")
    })
  )

  story("SU46 an exit signal of a stranger is ignored", ({ child, hears }) =>
    Effect.gen(function* () {
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children: [child("a")] }))
      yield* hears("a up")
      const top = yield* pidOf("top")
      yield* Process.run(Process.exit(top, ExitReason.shutdown))
      yield* Process.run(Process.exit(top, ExitReason.failed("boom")))
      expect((yield* Supervisor.countChildren("top")).active).toBe(1)
    })
  )

  story("SU49 nested trees stop depth first, in reverse", ({ child, hears }) =>
    Effect.gen(function* () {
      const inner = Supervisor.supervisor("inner", { strategy, children: [child("x"), child("y")] })
      const spec = Supervisor.supervisor("top", { strategy, children: [child("a"), inner, child("z")] })
      yield* Supervisor.startLink(spec)
      yield* hears("a up", "x up", "y up", "z up")
      yield* Supervisor.stop("top")
      yield* hears("z down", "y down", "x down", "a down")
    })
  )

  story("SU66 a thousand children start and stop", ({ args, hears }) =>
    Effect.gen(function* () {
      const names = Array.from({ length: 1000 }, (_, index) => `n${index}`)
      const children = names.map((id) => Supervisor.child(Actor, args(id), { id }))
      yield* Supervisor.startLink(Supervisor.supervisor("top", { strategy, children }))
      yield* hears(...names.map((name) => `${name} up`))
      yield* Supervisor.stop("top")
      yield* hears(...[...names].reverse().map((name) => `${name} down`))
    })
  )
})
