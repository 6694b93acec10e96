// Dynamic supervisors: children that come and go.

import * as ExitReason from "@understudy/core/ExitReason"
import type * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor, plans } from "./actors.ts"
import { type Stage, story } from "./stage.ts"

type ActorRef = GenServer.PidRef<(typeof Actor)["protocol"]>

/** Starts a dynamic supervisor of actors. */
const pool = (options?: Supervisor.DynamicOptions) =>
  Effect.gen(function* () {
    const dynamic = Supervisor.dynamic("pool", Actor, options)
    const { pid } = yield* Supervisor.startLink(dynamic.spec)
    return { ...dynamic, pid }
  })

/** Ends an actor and waits until its process is gone. */
const end = (stage: Stage, ref: ActorRef, name: string, how: "normal" | "shutdown" | "shutdown-detail" | "crash") =>
  Effect.gen(function* () {
    const monitor = yield* Process.monitor(ref.pid)
    yield* ref.end({ how })
    yield* Effect.orDie(
      stage.self.receiveWhen(
        (message): message is Process.Down => message instanceof Process.Down && message.ref === monitor
      )
    )
    if (how !== "crash") yield* stage.hears(`${name} down`)
  })

describe("dynamic supervisors", () => {
  story("DS02 children of the same arguments are different children, without ids", ({ args, hears }) =>
    Effect.gen(function* () {
      const { count, start, which } = yield* pool()
      const first = yield* start(args("a"))
      const second = yield* start(args("a"))
      yield* hears("a up", "a up")
      expect(Process.equals(first.pid, second.pid)).toBe(false)
      expect(yield* first.ping()).toBe("a")
      const all = yield* which
      expect(all.map(({ id }) => id)).toEqual([undefined, undefined])
      expect(all.map(({ pid }) => String(pid))).toEqual([second.pid, first.pid].map(String))
      expect(yield* count).toEqual({ specs: 2, active: 2, supervisors: 0, workers: 2 })
    })
  )

  story("DS03 a start that fails or is ignored is an error, and the supervisor lives", ({ args, hears }) =>
    Effect.gen(function* () {
      const { count, start } = yield* pool()
      plans.set("a", ["fail", "die", "ignore"])
      expect(yield* Effect.flip(start(args("a")))).toMatchObject({
        problem: "failed",
        reason: ExitReason.failed("nope")
      })
      expect(yield* Effect.flip(start(args("a")))).toMatchObject({ problem: "failed", reason: { _tag: "Died" } })
      expect(yield* Effect.flip(start(args("a")))).toMatchObject({ problem: "ignored" })
      expect((yield* count).specs).toBe(0)
      yield* start(args("a"))
      yield* hears("a fail", "a die", "a ignore", "a up")
    })
  )

  story("DS03 without its supervisor a start fails with NoProcess", ({ args }) =>
    Effect.gen(function* () {
      const { start } = Supervisor.dynamic("nobody", Actor)
      expect((yield* Effect.flip(start(args("a"))))._tag).toBe("NoProcess")
    })
  )

  story("DS04 wrong arguments are the caller's defect, and no call is made", ({ args }) =>
    Effect.gen(function* () {
      const { start } = Supervisor.dynamic("nobody", Actor)
      const wrong = { ...args("a"), farewell: "long" } as unknown as ReturnType<typeof args>
      const exit = yield* Effect.exit(start(wrong))
      expect(exit).toMatchObject({
        cause: { reasons: [{ _tag: "Die", defect: { _tag: "InvalidChildSpec", field: "args" } }] }
      })
    })
  )

  story("DS06 it has at most maxChildren, and a place is free when a child ends or fails to start", (stage) =>
    Effect.gen(function* () {
      const { count, start, terminate } = yield* pool({ maxChildren: 1, restart: "temporary" })
      plans.set("a", ["fail", "ignore"])
      yield* Effect.flip(start(stage.args("a")))
      yield* Effect.flip(start(stage.args("a")))
      const a = yield* start(stage.args("a"))
      expect(yield* Effect.flip(start(stage.args("b")))).toMatchObject({ _tag: "MaxChildrenReached", maxChildren: 1 })
      yield* stage.hears("a fail", "a ignore", "a up")
      yield* terminate(a)
      yield* stage.hears("a down")
      const b = yield* start(stage.args("b"))
      yield* stage.hears("b up")
      yield* end(stage, b, "b", "normal")
      expect((yield* count).specs).toBe(0)
      yield* start(stage.args("c"))
    })
  )

  story("DS08 temporary children are never restarted, transient ones after a crash, finished ones forgotten", (stage) =>
    Effect.gen(function* () {
      const { count, start, which } = yield* pool({ intensity: { restarts: 100, within: "1 minute" } })
      for (const how of ["normal", "shutdown", "shutdown-detail", "crash"] as const) {
        const temporary = yield* start(stage.args("t"), { restart: "temporary" })
        yield* stage.hears("t up")
        yield* end(stage, temporary, "t", how)
        expect((yield* count).specs).toBe(0)
        const transient = yield* start(stage.args("t"), { restart: "transient" })
        yield* stage.hears("t up")
        yield* end(stage, transient, "t", how)
        if (how === "crash") {
          yield* stage.hears("t up")
          expect(yield* which).toMatchObject([{ restarts: 1 }])
        } else expect((yield* count).specs).toBe(0)
      }
    })
  )

  story("DS08 children are permanent by default", (stage) =>
    Effect.gen(function* () {
      const { start, which } = yield* pool()
      const first = yield* start(stage.args("a"))
      yield* stage.hears("a up")
      yield* end(stage, first, "a", "normal")
      yield* stage.hears("a up")
      const [child] = yield* which
      expect(Process.isPid(child?.pid)).toBe(true)
      expect(String(child?.pid)).not.toBe(String(first.pid))
    })
  )

  story("DS10 a child that chooses not to start again is forgotten", (stage) =>
    Effect.gen(function* () {
      const { count, start } = yield* pool()
      const a = yield* start(stage.args("a"))
      plans.set("a", ["ignore"])
      yield* end(stage, a, "a", "crash")
      yield* stage.hears("a up", "a ignore")
      expect((yield* count).specs).toBe(0)
    })
  )

  story("DS11 attempts that fail count too", (stage) =>
    Effect.gen(function* () {
      const { pid, start } = yield* pool({ intensity: { restarts: 2, within: "5 seconds" } })
      const a = yield* start(stage.args("a"))
      plans.set("a", ["fail", "fail", "fail", "fail"])
      yield* end(stage, a, "a", "crash")
      yield* stage.hears("a up", "a fail", "a fail")
      expect(yield* stage.exitOf(pid)).toEqual(ExitReason.shutdown)
      expect(plans.get("a")).toHaveLength(2)
    })
  )

  story("DS12 all children share one intensity", (stage) =>
    Effect.gen(function* () {
      const { pid, start } = yield* pool({ intensity: { restarts: 1, within: "5 seconds" } })
      const a = yield* start(stage.args("a"))
      const b = yield* start(stage.args("b"))
      yield* stage.hears("a up", "b up")
      yield* end(stage, a, "a", "crash")
      yield* stage.hears("a up")
      yield* end(stage, b, "b", "crash")
      yield* stage.hears("a down")
      expect(yield* stage.exitOf(pid)).toEqual(ExitReason.shutdown)
    })
  )

  story("DS13 children are stopped all at once", (stage) =>
    Effect.gen(function* () {
      const { start } = yield* pool()
      // The first to be told takes longest: one after the other, it would be heard first
      for (const farewell of [120, 60, 1]) yield* start(stage.args(`${farewell}`, farewell))
      yield* stage.hears("120 up", "60 up", "1 up")
      yield* Supervisor.stop("pool")
      yield* stage.hears("1 down", "60 down", "120 down")
    })
  )

  story("DS13 each child has its own time to stop", (stage) =>
    Effect.gen(function* () {
      const { start } = yield* pool()
      const Hanging = { ...stage.args("h"), hangs: true }
      yield* start(Hanging, { shutdown: 10 })
      yield* start(Hanging, { shutdown: "brutal-kill" })
      yield* start(stage.args("a", 40))
      yield* stage.hears("h up", "h up", "a up")
      yield* Supervisor.stop("pool")
      yield* stage.hears("a down")
      expect(stage.reports).toEqual(["shutdown-error test/Actor: killed"])
    })
  )

  story("DS15 a child is terminated by its pid, once", (stage) =>
    Effect.gen(function* () {
      const { count, start, terminate } = yield* pool()
      const a = yield* start(stage.args("a"))
      yield* stage.hears("a up")
      yield* terminate(a.pid)
      yield* stage.hears("a down")
      expect((yield* Effect.flip(terminate(a)))._tag).toBe("ChildNotFound")
      expect((yield* Effect.flip(terminate(stage.self.pid)))._tag).toBe("ChildNotFound")
      expect((yield* count).specs).toBe(0)
      yield* stage.silence
    })
  )

  story("DS15 the pid a restarting child had cancels its restart", (stage) =>
    Effect.gen(function* () {
      const { count, start, terminate, which } = yield* pool({ intensity: { restarts: 1e6, within: "1 minute" } })
      const a = yield* start(stage.args("a"))
      plans.set(
        "a",
        Array.from({ length: 1e5 }, () => "fail" as const)
      )
      yield* end(stage, a, "a", "crash")
      yield* stage.hears("a up", "a fail", "a fail")
      expect(yield* which).toMatchObject([{ pid: "restarting" }])
      yield* terminate(a)
      const left = plans.get("a")?.length
      expect((yield* count).specs).toBe(0)
      for (let turn = 0; turn < 20; turn++) yield* count
      expect(plans.get("a")?.length).toBe(left)
    })
  )

  story("SU62 the value is an address: it works again after the supervisor was restarted", (stage) =>
    Effect.gen(function* () {
      const dynamic = Supervisor.dynamic("pool", Actor)
      const spec = Supervisor.supervisor("top", { strategy: "one-for-one", children: [dynamic.spec] })
      yield* Supervisor.startLink(spec)
      const a = yield* dynamic.start(stage.args("a"))
      yield* stage.hears("a up")
      const [before] = yield* Supervisor.whichChildren("top")
      const monitor = yield* Process.monitor(a.pid)
      // whichChildren has a pid: the pool runs
      yield* Process.exit(before?.pid as Process.Pid, ExitReason.kill)
      yield* stage.self.receiveTag("Down")
      expect(monitor).toBeDefined()
      // Answered after the supervisor has handled its child's exit
      yield* Supervisor.countChildren("top")
      yield* dynamic.start(stage.args("b"))
      yield* stage.hears("b up")
      expect((yield* dynamic.count).specs).toBe(1)
    })
  )
})
