// Catalogue areas SU and DS, on each system. Children are away from the test process.

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor } from "./actors.ts"
import { actor, onEachSystem, pidOf, type Stage } from "./stage.ts"

const strategy = "one-for-one"
const plenty = { restarts: 100, within: "1 minute" } as const

/** A contract whose code no scheduler has. */
const Unknown = GenServer.define("test/Unknown", { args: { size: Schema.Int }, protocol: {} })

/** Ends an actor and waits until its process is gone. */
const end = (stage: Stage, name: string, how: "normal" | "crash" | "kill") =>
  Effect.gen(function* () {
    const pid = yield* pidOf(name)
    const ref = yield* Process.monitor(pid)
    yield* how === "kill" ? Process.exit(pid, ExitReason.kill) : actor(name).end({ how })
    yield* Effect.orDie(
      stage.self.receiveWhen(
        (message): message is Process.Down => message instanceof Process.Down && message.ref === ref
      )
    )
    if (how === "normal") yield* stage.hears(`${name} down`)
  })

onEachSystem("SU Supervisor", ({ notApplicable, story, there }) => {
  notApplicable("SU07 a start function that gives something beside the pid", "a start gives a typed ref and no more")

  for (const autoShutdown of ["any-significant", "all-significant"] as const) {
    story(`SU55 a significant child that crashes or is killed is restarted, with ${autoShutdown}`, (stage) =>
      Effect.gen(function* () {
        const { child, hears, silence } = stage
        const significant = { restart: "transient", significant: true, on: there } as const
        const children = [child("a", { on: there }), child("t", significant), child("c", { on: there })]
        const spec = Supervisor.supervisor("top", { strategy, intensity: plenty, children, autoShutdown })
        const top = yield* Effect.scoped(Supervisor.startLink(spec))
        yield* hears("a up", "t up", "c up")
        const others = [yield* pidOf("a"), yield* pidOf("c")].map(String)
        for (const how of ["crash", "kill"] as const) {
          const before = yield* pidOf("t")
          yield* end(stage, "t", how)
          yield* hears("t up")
          expect(String(yield* pidOf("t"))).not.toBe(String(before))
          expect(yield* actor("t").ping()).toBe("t")
        }
        yield* silence
        expect(yield* Process.isAlive(top.pid)).toBe(true)
        expect([yield* pidOf("a"), yield* pidOf("c")].map(String)).toEqual(others)
        expect((yield* Supervisor.whichChildren("top")).map(({ id, restarts }) => [id, restarts])).toEqual([
          ["c", 0],
          ["t", 2],
          ["a", 0]
        ])
        // Its orderly end is another matter
        yield* end(stage, "t", "normal")
        yield* hears("c down", "a down")
        expect(yield* stage.exitOf(top.pid)).toEqual(ExitReason.shutdown)
      })
    )
  }

  for (const significant of [true, false]) {
    const what = significant ? "ends the one above it" : "that is not significant leaves the one above it alone"
    story(`SU60 a supervisor that shut itself down ${what}`, (stage) =>
      Effect.gen(function* () {
        const { child, hears, silence } = stage
        const worker = child("w", { restart: "transient", significant: true, on: there })
        const inner = Supervisor.supervisor("inner", {
          strategy,
          children: [child("x", { on: there }), worker],
          autoShutdown: "any-significant",
          child: { restart: "transient", significant, on: there }
        })
        const outer = Supervisor.supervisor("outer", {
          strategy,
          children: [child("a", { on: there }), inner, child("z")],
          autoShutdown: "any-significant"
        })
        const top = yield* Effect.scoped(Supervisor.startLink(outer))
        yield* hears("a up", "x up", "w up", "z up")
        const pid = yield* pidOf("inner")
        const ref = yield* Process.monitor(pid)
        yield* end(stage, "w", "normal")
        yield* hears("x down")
        if (significant) {
          yield* hears("z down", "a down")
          expect(yield* stage.exitOf(top.pid)).toEqual(ExitReason.shutdown)
        }
        const down = yield* stage.self.receiveTag("Down")
        expect([down.ref, down.reason]).toEqual([ref, ExitReason.shutdown])
        yield* silence
        if (significant) return
        expect(yield* Supervisor.whichChildren("outer")).toMatchObject([
          { id: "z", restarts: 0 },
          { id: "inner", pid: undefined, restarts: 0 },
          { id: "a", restarts: 0 }
        ])
        expect(yield* Process.whereis("inner")).toBeUndefined()
        expect((yield* Supervisor.countChildren("outer")).active).toBe(2)
        expect([yield* actor("a").ping(), yield* actor("z").ping()]).toEqual(["a", "z"])
        yield* Supervisor.stop("outer")
        yield* hears("z down", "a down")
      })
    )
  }

  notApplicable("SU63 code change", "code_change is not there yet: code is not replaced while it runs")

  story("SU64 a child spec has OTP's defaults, each of which an option overrides", ({ args, hears }) =>
    Effect.gen(function* () {
      expect(Supervisor.child(Actor, args("a"))).toMatchObject({
        id: "test/Actor",
        args: args("a"),
        name: undefined,
        label: undefined,
        restart: "permanent",
        shutdown: 5000,
        on: undefined,
        type: "worker",
        significant: false,
        uses: []
      })
      const overrides = {
        id: "id",
        name: "b",
        label: "label",
        restart: "transient",
        shutdown: "brutal-kill",
        on: there,
        type: "supervisor",
        significant: true
      } as const
      expect(Supervisor.child(Actor, args("b"), overrides)).toMatchObject(overrides)
      // A name is an id; a supervisor is waited for
      expect(Supervisor.child(Actor, args("b"), { name: "b" })).toMatchObject({ id: "b", name: "b" })
      expect(Supervisor.child(Actor, args("b"), { type: "supervisor" })).toMatchObject({ shutdown: "infinity" })
      expect(Supervisor.supervisor("s", { strategy, children: [] })).toMatchObject({
        id: "s",
        name: "s",
        restart: "permanent",
        shutdown: "infinity",
        type: "supervisor"
      })
      // One value can be a child of several
      const child = Supervisor.child(Actor, args("c"), { on: there })
      for (const name of ["one", "two"]) {
        yield* Effect.scoped(Supervisor.startLink(Supervisor.supervisor(name, { strategy, children: [child] })))
        yield* hears("c up")
      }
    })
  )

  story("SU64 a child of what is no contract is an error that says so", () =>
    Effect.sync(() => {
      for (const contract of [undefined, null, {}, "test/Actor", () => Actor]) {
        expect(() => Supervisor.child(contract as unknown as typeof Actor, {} as never)).toThrow(/expected .*contract/)
        expect(() => Supervisor.dynamic("pool", contract as unknown as typeof Actor)).toThrow(/expected .*contract/)
      }
    })
  )

  story("SU64 a child of a contract that no scheduler knows is an error that names it", ({ child, hears, self }) =>
    Effect.gen(function* () {
      const unknown = Supervisor.child(Unknown, { size: 1 }, { on: there })
      for (const on of [{ scheduler: 0 }, there]) {
        const children = [child("a", { on: there }), unknown]
        const spec = Supervisor.supervisor("top", { strategy, children, child: { on } })
        const error = yield* Effect.flip(Effect.scoped(Supervisor.startLink(spec)))
        yield* hears("a up", "a down")
        expect(error.problem).toBe("failed")
        expect(error.reason).toMatchObject({
          _tag: "Shutdown",
          detail: { _tag: "FailedToStartChild", child: "test/Unknown", problem: "unknown-contract" }
        })
        expect((yield* self.receiveTag("Exit")).reason).toEqual(error.reason)
        const empty = Supervisor.supervisor("top", { strategy, children: [], child: { on } })
        yield* Effect.scoped(Supervisor.startLink(empty))
        const refused = yield* Effect.flip(Supervisor.startChild("top", unknown))
        expect(refused).toMatchObject({ _tag: "StartError", contract: "test/Unknown", problem: "unknown-contract" })
        expect((yield* Supervisor.countChildren("top")).specs).toBe(0)
        yield* Supervisor.stop("top")
        yield* self.receiveTag("Exit")
      }
    })
  )
})

onEachSystem("DS DynamicSupervisor", ({ notApplicable }) => {
  notApplicable(
    "DS16 extra_arguments",
    "the contract's schema says what arguments a child has: none are put before them"
  )
  notApplicable("DS18 code_change", "code_change is not there yet: code is not replaced while it runs")
})
