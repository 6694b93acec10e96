// What supervisors' errors say: the field, once, what was expected and what was given; and what to do.

import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Supervisor } from "../src/index.ts"
import { Actor, plans } from "./actors.ts"
import { pidOf, story } from "./stage.ts"

// What JavaScript can give, whatever the types say
const given = (value: unknown) => value as never

const Cache = GenServer.define("Cache", { args: { size: Schema.Int }, protocol: {} })

const child = (options: object, size: unknown = 1) =>
  Supervisor.child(Cache, { size: given(size) }, given({ id: "cache", ...options }))
const group = (options: object) =>
  Supervisor.supervisor("root", given({ strategy: "one-for-one", children: [], ...options }))
const pool = (options: object) => Supervisor.dynamic("pool", Cache, given(options))

const aName = "a text that is not empty"
const aDuration = 'a duration of 0 or more: milliseconds, a text such as "5 seconds", or "Infinity"'
const restarts = '"permanent", "transient" or "temporary"'
const placements = '"here", "least-loaded", "any", { scheduler } or { near: pid }'

describe("what cannot be meant is refused where it is written", () => {
  const table: ReadonlyArray<readonly [string, () => unknown]> = [
    [`cache: restart: expected ${restarts}, got "always"`, () => child({ restart: "always" })],
    [`cache: restart: expected ${restarts}, got null`, () => child({ restart: null })],
    ['cache: type: expected "worker" or "supervisor", got "boss"', () => child({ type: "boss" })],
    [`cache: shutdown: expected ${aDuration}, or "brutal-kill", got -10`, () => child({ shutdown: -10 })],
    [`cache: shutdown: expected ${aDuration}, or "brutal-kill", got "soon"`, () => child({ shutdown: "soon" })],
    [`cache: shutdown: expected ${aDuration}, or "brutal-kill", got NaN`, () => child({ shutdown: Number.NaN })],
    [`cache: on: expected ${placements}, got { scheduler: 0.5 }`, () => child({ on: { scheduler: 0.5 } })],
    ["cache: label: expected a text, got 5", () => child({ label: 5 })],
    ["cache: significant: expected true or false, got 1", () => child({ significant: 1 })],
    ["cache: significant: expected false for a permanent child, got true", () => child({ significant: true })],
    ["cache: args: expected number at [\"size\"], got { size: 'big' }", () => child({}, "big")],
    [
      'root: strategy: expected "one-for-one", "one-for-all" or "rest-for-one", got "one_for_one"',
      () => group({ strategy: "one_for_one" })
    ],
    [
      'root: strategy: expected "one-for-one", "one-for-all" or "rest-for-one", got undefined',
      () => group({ strategy: undefined })
    ],
    [
      'root: autoShutdown: expected "never", "any-significant" or "all-significant", got "always"',
      () => group({ autoShutdown: "always" })
    ],
    [
      "root: children: expected an array of child specs, as Supervisor.child makes them, got undefined",
      () => group({ children: undefined })
    ],
    [
      "root: children[1]: expected a child spec, as Supervisor.child makes it, got 5",
      () => group({ children: [child({}), 5] })
    ],
    [
      "root: intensity.restarts: expected a whole number from 0, got -1",
      () => group({ intensity: { restarts: -1, within: 1 } })
    ],
    [
      "root: intensity.restarts: expected a whole number from 0, got 1.5",
      () => group({ intensity: { restarts: 1.5, within: 1 } })
    ],
    [
      "root: intensity.within: expected a finite duration longer than 0, got 0",
      () => group({ intensity: { restarts: 1, within: 0 } })
    ],
    [
      'root: intensity.within: expected a finite duration longer than 0, got "-5 seconds"',
      () => group({ intensity: { restarts: 1, within: "-5 seconds" } })
    ],
    [`root: restart: expected ${restarts}, got "never"`, () => group({ child: { restart: "never" } })],
    [`pool: restart: expected ${restarts}, got "never"`, () => pool({ restart: "never" })],
    [`pool: shutdown: expected ${aDuration}, or "brutal-kill", got -1`, () => pool({ shutdown: -1 })],
    [`pool: on: expected ${placements}, got "there"`, () => pool({ on: "there" })],
    ["pool: maxChildren: expected a whole number from 0, got -1", () => pool({ maxChildren: -1 })],
    [
      "pool: intensity.restarts: expected a whole number from 0, got NaN",
      () => pool({ intensity: { restarts: Number.NaN, within: 1 } })
    ]
  ]
  for (const [text, make] of table) {
    it(text, () => {
      const whole = `invalid child spec ${text}`
      expect(make).toThrow(whole)
      expect(make).toThrow(Supervisor.InvalidChildSpec)
      try {
        make()
      } catch (error) {
        expect((error as Error).message).toBe(whole)
      }
    })
  }
})

describe("a name that is none", () => {
  const values: ReadonlyArray<readonly [unknown, string]> = [
    ["", '""'],
    [42, "42"],
    [null, "null"],
    [{ invalid: "x" }, "{ invalid: 'x' }"],
    [["via", "m", "x"], "[ 'via', 'm', 'x' ]"]
  ]

  it("N04 is refused in every spec, by the field", () => {
    for (const [value, shown] of values) {
      const name = given(value)
      const error = (make: () => unknown) => {
        expect(make).toThrow(Supervisor.InvalidChildSpec)
        try {
          return make()
        } catch (thrown) {
          return (thrown as Error).message
        }
      }
      expect(error(() => Supervisor.child(Cache, { size: 1 }, { name }))).toMatch(/: name: /)
      expect(error(() => Supervisor.child(Cache, { size: 1 }, { id: "cache", name }))).toBe(
        `invalid child spec cache: name: expected ${aName}, got ${shown}`
      )
      expect(error(() => Supervisor.supervisor(name, { strategy: "one-for-one", children: [] }))).toContain(
        `: name: expected ${aName}, got ${shown}`
      )
      expect(error(() => Supervisor.dynamic(name, Cache))).toContain(`: name: expected ${aName}, got ${shown}`)
    }
    for (const [value, shown] of values.slice(0, 2)) {
      expect(() => child({ id: value })).toThrow(`: id: expected ${aName}, got ${shown}`)
    }
  })

  story("N04 is refused when a child of a dynamic supervisor is started, and none is", (stage) =>
    Effect.gen(function* () {
      const actors = Supervisor.dynamic("actors", Actor)
      yield* Supervisor.startLink(actors.spec)
      for (const [value, shown] of values) {
        const defect = yield* Effect.catchDefect(
          Effect.as(actors.start(stage.args("a"), { name: given(value) }), "it started"),
          (error) => Effect.succeed((error as Error).message)
        )
        expect(defect).toMatch(/^invalid child spec .*: name: expected a text that is not empty, got /)
        expect(defect).toContain(shown)
      }
      expect((yield* actors.count).specs).toBe(0)
      yield* stage.silence
    })
  )

  story("N04 is refused by a supervisor too that is told to start a child under it", (stage) =>
    Effect.gen(function* () {
      yield* Supervisor.startLink(group({ children: [] }))
      const spec = { ...stage.child("a"), name: "" }
      const error = yield* Effect.flip(Supervisor.startChild("root", spec))
      expect(error.message).toBe(`cannot start test/Actor: a name is ${aName}; got ''`)
      expect((yield* Supervisor.countChildren("root")).specs).toBe(0)
      yield* stage.silence
    })
  )
})

describe("what a supervisor answers", () => {
  story("says what to do about a child that is there, runs or is being restarted", (stage) =>
    Effect.gen(function* () {
      const messageOf = <E extends Error>(effect: Effect.Effect<unknown, E, System.System>) =>
        Effect.map(Effect.flip(effect), ({ message }) => message)
      yield* Supervisor.startLink(group({ children: [stage.child("a")] }))
      yield* stage.hears("a up")
      expect(yield* messageOf(Supervisor.startChild("root", stage.child("a")))).toBe(
        `child a is running as ${yield* pidOf("a")}`
      )
      expect(yield* messageOf(Supervisor.deleteChild("root", "a"))).toBe("child a is running: terminate it first")
      yield* Supervisor.terminateChild("root", "a")
      yield* stage.hears("a down")
      expect(yield* messageOf(Supervisor.startChild("root", stage.child("a")))).toBe(
        "there is a child a, which is not running: restart it, or delete it first"
      )
      expect(yield* messageOf(Supervisor.restartChild("root", "b"))).toBe("the supervisor has no child b")
      const one = Supervisor.dynamic("one", Actor, { maxChildren: 0 })
      yield* Supervisor.startLink(one.spec)
      expect(yield* messageOf(one.start(stage.args("a")))).toBe(
        "supervisor one has 0 children, and its maxChildren allows no more"
      )
    })
  )
})

describe("a supervisor that cannot start", () => {
  const messageOf = (spec: Supervisor.StartableSpec) =>
    Effect.map(Effect.flip(Supervisor.start(spec)), ({ message }) => message)

  story("names the child, however deep, and why that could not start", (stage) =>
    Effect.gen(function* () {
      const inner = (children: ReadonlyArray<Supervisor.ChildSpec>) =>
        Supervisor.supervisor("inner", { strategy: "one-for-one", children })
      const outer = (children: ReadonlyArray<Supervisor.ChildSpec>) =>
        Supervisor.supervisor("outer", { strategy: "one-for-one", children: [inner(children)] })
      const cannot = 'cannot start understudy/Supervisor as "outer": its child "inner" could not be started: its child '
      expect(yield* messageOf(outer([Supervisor.child(Cache, { size: 1 })]))).toBe(
        `${cannot}"Cache" could not be started: cannot start Cache: no implementation of it was given. Add the result of Cache.implement(…) to the option "implementations" of the system`
      )
      expect(yield* messageOf(outer([stage.child("a", { on: { scheduler: 9 } })]))).toBe(
        `${cannot}"a" could not be started: cannot start test/Actor: there is no scheduler 9. This system has only scheduler 0 (its option "schedulers")`
      )
      plans.set("a", ["fail"])
      expect(yield* messageOf(outer([stage.child("a")]))).toBe(`${cannot}"a" could not be started: failed: nope`)
      const holder = yield* Process.spawn(Schema.Never, () => Effect.never)
      yield* Process.register("a", holder)
      expect(yield* messageOf(outer([stage.child("a")]))).toBe(
        `${cannot}"a" could not be started: cannot start test/Actor as "a": the name is taken by ${holder}. Choose another name, or use the process that has it`
      )
    })
  )

  it("names the implementation of supervisors that is missing, as the system's option takes it", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const implementation = 'Add Supervisor.implementation to the option "implementations" of the system'
        expect(yield* messageOf(group({}))).toContain(implementation)
        expect(yield* messageOf(pool({}).spec)).toContain(implementation)
      }).pipe(Effect.provide(System.layer({ schedulers: 1 })))
    ))
})
