// What supervisors do when children fall.

import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { Supervisor } from "../src/index.ts"
import { plans } from "./actors.ts"
import { actor, pidOf, type Stage, story } from "./stage.ts"

const plenty = { restarts: 100, within: "1 minute" } as const

const start = (
  stage: Stage,
  strategy: Supervisor.Strategy,
  children: ReadonlyArray<Supervisor.ChildSpec>,
  options?: Partial<Supervisor.SupervisorOptions>
) =>
  Effect.gen(function* () {
    const spec = Supervisor.supervisor("top", { strategy, intensity: plenty, children, ...options })
    const top = yield* Supervisor.startLink(spec)
    for (const { id } of children) yield* stage.hears(`${id} up`)
    return top.pid
  })

/** Ends an actor and waits until its process is gone. */
const end = (stage: Stage, name: string, how: "normal" | "shutdown" | "shutdown-detail" | "crash") =>
  Effect.gen(function* () {
    const ref = yield* Process.monitor(yield* pidOf(name))
    yield* actor(name).end({ how })
    yield* Effect.orDie(
      stage.self.receiveWhen(
        (message): message is Process.Down => message instanceof Process.Down && message.ref === ref
      )
    )
    if (how !== "crash") yield* stage.hears(`${name} down`)
  })

describe("restart types", () => {
  story("SU12 a permanent child is restarted after every reason", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("a")])
      for (const how of ["normal", "shutdown", "shutdown-detail", "crash"] as const) {
        yield* end(stage, "a", how)
        yield* stage.hears("a up")
        expect(yield* actor("a").ping()).toBe("a")
      }
      expect((yield* Supervisor.whichChildren("top"))[0]?.restarts).toBe(4)
      expect(stage.reports).toEqual([
        "child-terminated a: normal",
        "child-terminated a: shutdown",
        "child-terminated a: shutdown: enough",
        "child-terminated a: died: Error: a falls"
      ])
    })
  )

  story("SU13 a transient child is restarted only after an abnormal end", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("t", { restart: "transient" })])
      yield* end(stage, "t", "crash")
      yield* stage.hears("t up")
      for (const how of ["normal", "shutdown", "shutdown-detail"] as const) {
        yield* end(stage, "t", how)
        expect(yield* Supervisor.whichChildren("top")).toMatchObject([{ id: "t", pid: undefined }])
        expect(yield* Supervisor.countChildren("top")).toMatchObject({ specs: 1, active: 0 })
        yield* Supervisor.restartChild("top", "t")
        yield* stage.hears("t up")
      }
      expect(stage.reports).toEqual(["child-terminated t: died: Error: t falls"])
    })
  )

  story("SU13 a temporary child is forgotten, and reported when it crashed", (stage) =>
    Effect.gen(function* () {
      const options = { restart: "temporary" } as const
      yield* start(stage, "one-for-one", [stage.child("t", options), stage.child("u", options)])
      yield* end(stage, "t", "normal")
      yield* end(stage, "u", "crash")
      expect(yield* Supervisor.whichChildren("top")).toEqual([])
      expect(stage.reports).toEqual(["child-terminated u: died: Error: u falls"])
    })
  )
})

describe("strategies", () => {
  story("SU15 one-for-one restarts only the child that fell", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("a"), stage.child("b")])
      const [a, b] = [yield* pidOf("a"), yield* pidOf("b")]
      yield* end(stage, "a", "crash")
      yield* stage.hears("a up")
      expect(Process.equals(yield* pidOf("a"), a)).toBe(false)
      expect(Process.equals(yield* pidOf("b"), b)).toBe(true)
      yield* stage.silence
    })
  )

  story("SU16 one-for-all stops the others in reverse and starts all in order", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-all", [stage.child("a"), stage.child("b"), stage.child("c")])
      yield* end(stage, "b", "crash")
      yield* stage.hears("c down", "a down", "a up", "b up", "c up")
    })
  )

  story("SU17 rest-for-one restarts the child that fell and those after it", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "rest-for-one", [stage.child("a"), stage.child("b"), stage.child("c"), stage.child("d")])
      const a = yield* pidOf("a")
      yield* end(stage, "b", "crash")
      yield* stage.hears("d down", "c down", "b up", "c up", "d up")
      expect(Process.equals(yield* pidOf("a"), a)).toBe(true)
    })
  )

  story("SU20 a group restart revives stopped siblings, but no temporary ones", (stage) =>
    Effect.gen(function* () {
      const { child } = stage
      const transient = child("t", { restart: "transient" })
      yield* start(stage, "one-for-all", [child("a"), transient, child("c"), child("x", { restart: "temporary" })])
      yield* Supervisor.terminateChild("top", "c")
      yield* stage.hears("c down")
      yield* end(stage, "t", "normal")
      yield* end(stage, "a", "crash")
      yield* stage.hears("x down", "a up", "t up", "c up")
      expect((yield* Supervisor.countChildren("top")).specs).toBe(3)
    })
  )

  story("SU20 rest-for-one revives a later sibling that was stopped", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "rest-for-one", [stage.child("a"), stage.child("b")])
      yield* Supervisor.terminateChild("top", "b")
      yield* stage.hears("b down")
      yield* end(stage, "a", "crash")
      yield* stage.hears("a up", "b up")
    })
  )
})

describe("giving up", () => {
  story("SU21 exactly so many restarts are allowed; then the others stop and the supervisor ends", (stage) =>
    Effect.gen(function* () {
      const { child, exitOf, hears, reports } = stage
      const intensity = { restarts: 2, within: "5 seconds" } as const
      const top = yield* start(stage, "one-for-one", [child("a"), child("b"), child("c")], { intensity })
      yield* end(stage, "b", "crash")
      yield* hears("b up")
      yield* end(stage, "b", "crash")
      yield* hears("b up")
      yield* end(stage, "b", "crash")
      yield* hears("c down", "a down")
      expect(yield* exitOf(top)).toEqual(ExitReason.shutdown)
      const fell = "child-terminated b: died: Error: b falls"
      expect(reports).toEqual([fell, fell, fell, "shutdown b: failed: reached-max-restart-intensity"])
    })
  )

  story("SU21 restarts that are long ago do not count", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("a")], { intensity: { restarts: 1, within: 20 } })
      for (let round = 0; round < 3; round++) {
        yield* end(stage, "a", "crash")
        yield* stage.hears("a up")
        // What this is about is time: the window must have passed
        yield* stage.self.receiveWithin(30).pipe(Effect.ignore)
      }
      expect(yield* actor("a").ping()).toBe("a")
    })
  )

  story("SU23 all children share one intensity", (stage) =>
    Effect.gen(function* () {
      const intensity = { restarts: 2, within: "5 seconds" } as const
      const top = yield* start(stage, "one-for-one", [stage.child("a"), stage.child("b")], { intensity })
      yield* end(stage, "a", "crash")
      yield* stage.hears("a up")
      yield* end(stage, "b", "crash")
      yield* stage.hears("b up")
      yield* end(stage, "a", "crash")
      yield* stage.hears("b down")
      expect(yield* stage.exitOf(top)).toEqual(ExitReason.shutdown)
    })
  )

  story("SU25 a group restart counts as one", (stage) =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d", "e"]
      const intensity = { restarts: 1, within: "5 seconds" } as const
      yield* start(
        stage,
        "one-for-all",
        names.map((name) => stage.child(name)),
        { intensity }
      )
      yield* end(stage, "c", "crash")
      yield* stage.hears("e down", "d down", "b down", "a down", "a up", "b up", "c up", "d up", "e up")
      expect((yield* Supervisor.countChildren("top")).active).toBe(5)
    })
  )

  story("SU21 a supervisor that gives up is restarted by its own", (stage) =>
    Effect.gen(function* () {
      const intensity = { restarts: 0, within: "5 seconds" } as const
      const inner = Supervisor.supervisor("inner", { strategy: "one-for-one", intensity, children: [stage.child("x")] })
      const spec = Supervisor.supervisor("top", { strategy: "one-for-one", children: [inner] })
      yield* Supervisor.startLink(spec)
      yield* stage.hears("x up")
      const before = yield* pidOf("inner")
      yield* end(stage, "x", "crash")
      yield* stage.hears("x up")
      expect(Process.equals(yield* pidOf("inner"), before)).toBe(false)
    })
  )
})

describe("restarts that fail", () => {
  story("SU26 a failed restart is tried again, and each attempt counts", (stage) =>
    Effect.gen(function* () {
      const top = yield* start(stage, "one-for-one", [stage.child("a")], {
        intensity: { restarts: 3, within: "5 seconds" }
      })
      plans.set("a", ["fail", "fail", "fail", "fail", "fail"])
      yield* end(stage, "a", "crash")
      yield* stage.hears("a fail", "a fail", "a fail")
      expect(yield* stage.exitOf(top)).toEqual(ExitReason.shutdown)
      yield* stage.silence
      expect(stage.reports.filter((line) => line === "start-error a: failed: nope")).toHaveLength(3)
    })
  )

  story("SU29 rest-for-one tries again from the child that failed, not from the one that fell", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "rest-for-one", [stage.child("a"), stage.child("b"), stage.child("c")])
      plans.set("b", ["fail"])
      yield* end(stage, "a", "crash")
      yield* stage.hears("c down", "b down", "a up", "b fail", "b up", "c up")
      yield* stage.silence
    })
  )

  story("SU30 SU31 between attempts a supervisor answers, and terminating the child cancels the restart", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("a")], { intensity: { restarts: 1e6, within: "1 minute" } })
      plans.set(
        "a",
        Array.from({ length: 1e5 }, () => "fail" as const)
      )
      yield* end(stage, "a", "crash")
      yield* stage.hears("a fail", "a fail")
      expect(yield* Supervisor.whichChildren("top")).toMatchObject([{ id: "a", pid: "restarting" }])
      expect((yield* Supervisor.countChildren("top")).active).toBe(0)
      expect((yield* Effect.flip(Supervisor.restartChild("top", "a")))._tag).toBe("ChildRestarting")
      expect((yield* Effect.flip(Supervisor.deleteChild("top", "a")))._tag).toBe("ChildRestarting")
      expect((yield* Effect.flip(Supervisor.startChild("top", stage.child("a"))))._tag).toBe("AlreadyPresent")
      yield* Supervisor.terminateChild("top", "a")
      expect(yield* Supervisor.whichChildren("top")).toMatchObject([{ id: "a", pid: undefined }])
      const left = plans.get("a")?.length
      for (let turn = 0; turn < 20; turn++) yield* Supervisor.countChildren("top")
      expect(plans.get("a")?.length).toBe(left)
      plans.clear()
      const pid = yield* Supervisor.restartChild("top", "a")
      expect(String(pid)).toBe(String(yield* pidOf("a")))
    })
  )

  story("SU32 a supervisor stops in the middle of a restart loop", (stage) =>
    Effect.gen(function* () {
      yield* start(stage, "one-for-one", [stage.child("a")], { intensity: { restarts: 1e6, within: "1 minute" } })
      plans.set(
        "a",
        Array.from({ length: 1e5 }, () => "fail" as const)
      )
      yield* end(stage, "a", "crash")
      yield* stage.hears("a fail", "a fail")
      yield* Supervisor.stop("top")
      expect(yield* Process.whereis("top")).toBeUndefined()
      expect(plans.get("a")?.length).toBeGreaterThan(0)
    })
  )
})

describe("auto-shutdown", () => {
  story("SU54 the orderly end of any significant child ends the supervisor", (stage) =>
    Effect.gen(function* () {
      const t = stage.child("t", { restart: "transient", significant: true })
      // The other significant one is running still
      const c = stage.child("c", { restart: "transient", significant: true })
      const top = yield* start(stage, "one-for-one", [stage.child("a"), t, c], { autoShutdown: "any-significant" })
      yield* end(stage, "t", "crash")
      yield* stage.hears("t up")
      yield* end(stage, "t", "normal")
      yield* stage.hears("c down", "a down")
      expect(yield* stage.exitOf(top)).toEqual(ExitReason.shutdown)
    })
  )

  story("SU57 SU58 all-significant waits for the last, and terminating one does not end the supervisor", (stage) =>
    Effect.gen(function* () {
      const options = { restart: "transient", significant: true } as const
      const children = [stage.child("s", options), stage.child("t", options), stage.child("u", options)]
      const top = yield* start(stage, "one-for-one", children, { autoShutdown: "all-significant" })
      yield* end(stage, "s", "normal")
      yield* Supervisor.terminateChild("top", "t")
      yield* stage.hears("t down")
      expect((yield* Supervisor.countChildren("top")).active).toBe(1)
      yield* end(stage, "u", "normal")
      expect(yield* stage.exitOf(top)).toEqual(ExitReason.shutdown)
    })
  )
})
