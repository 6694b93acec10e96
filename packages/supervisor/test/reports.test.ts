// What supervisors report: their children's ends and starts, with all that an operator needs, and nothing that is secret.

import { inspect } from "node:util"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { Supervisor } from "../src/index.ts"

const secret = "correct horse battery staple"

/** A child with a secret in its arguments, which its contract hides. */
const Account = GenServer.define("test/Account", {
  args: { user: Schema.String, password: Schema.String, starts: Schema.Boolean },
  protocol: { crash: GenServer.cast(), finish: GenServer.cast(), ping: GenServer.call() },
  inspect: { args: ({ user }) => ({ user }) }
})
const AccountLive = Account.implement({
  init: (given) => {
    if (!given.starts) throw new Error("no account today")
    return given
  },
  handle: {
    crash: () => {
      throw new Error("on purpose")
    },
    finish: (state) => GenServer.stop({ _tag: "Normal" }, state),
    ping: (state) => GenServer.reply(undefined, state)
  }
})

/** The same with a hook of the state only, and without any. */
const Quiet = GenServer.define("test/Quiet", {
  args: { password: Schema.String },
  protocol: {},
  inspect: () => "a state"
})
const Open = GenServer.define("test/Open", { args: { password: Schema.String }, protocol: {} })
const refuse = () => {
  throw new Error("not today")
}
const QuietLive = Quiet.implement({ init: refuse, handle: {} })
const OpenLive = Open.implement({ init: refuse, handle: {} })

const ada = { user: "ada", password: secret, starts: true }

type Body = Effect.Effect<unknown, unknown, System.System | Scope.Scope>
type Of<Tag extends System.Event["_tag"]> = Extract<System.Event, { readonly _tag: Tag }>

/** Everything that is logged, as it would be printed. */
const logging = () => {
  const written: Array<string> = []
  const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    written.push([logLevel, ...[message].flat(), inspect(annotations, { depth: 9 })].join(" "))
  })
  return { written, logger }
}

const { logger, written } = logging()

const test = (title: string, body: Body, level: "Info" | "Debug" = "Info") => {
  it(title, () => {
    written.length = 0
    const layer = System.layer({
      schedulers: 2,
      virtual: true,
      implementations: [Supervisor.implementation, AccountLive, QuietLive, OpenLive],
      layer: Logger.layer([logger])
    })
    const leveled = Effect.provideService(Effect.provide(Effect.scoped(body), layer), References.MinimumLogLevel, level)
    return Effect.runPromise(leveled)
  })
}

/** The events of these kinds, until so many have come. */
const events = <const Tag extends System.Event["_tag"]>(count: number, ...tags: ReadonlyArray<Tag>) =>
  Effect.forkChild(
    System.events.pipe(
      Stream.filter((event): event is Of<Tag> => (tags as ReadonlyArray<string>).includes(event._tag)),
      Stream.take(count),
      Stream.runCollect
    ),
    { startImmediately: true }
  )

/** The log lines with this text, once there are so many: they are written behind everything else. */
const lines = (text: string, count: number) =>
  Effect.repeat(
    Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => written.filter((line) => line.includes(text)))
    ),
    { until: (found) => found.length >= count }
  )

const pids = (text: string) => text.replace(/<[\d.]+>/g, "<>")

describe("a supervisor's report", () => {
  test(
    "LO06 has the child's process, id, contract, arguments, restart, shutdown and type; its secret is nowhere",
    Effect.gen(function* () {
      for (const slot of [0, 1]) {
        const name = `root ${slot}`
        yield* Supervisor.startLink(
          Supervisor.supervisor(name, {
            strategy: "one-for-one",
            children: [
              Supervisor.child(Account, ada, {
                id: "account",
                name: `account ${slot}`,
                restart: "transient",
                shutdown: 100
              })
            ],
            child: { on: { scheduler: slot } }
          })
        )
        const heard = yield* events(2, "SupervisorReport", "ChildStarted")
        const account = Account.named(`account ${slot}`)
        const before = yield* Process.whereis(account.address)
        yield* account.crash()
        const [report, started] = yield* Fiber.join(heard)
        expect(report).toMatchObject({
          _tag: "SupervisorReport",
          name,
          context: "child-terminated",
          child: "account",
          contract: "test/Account",
          args: "{ user: 'ada' }",
          restart: "transient",
          shutdown: 100,
          type: "worker",
          gaveUp: undefined
        })
        expect(String(report?.pid)).toBe(String(before))
        expect(String(started?.pid)).toBe(String(yield* Process.whereis(account.address)))
        expect(inspect([report, started], { depth: 9 })).not.toContain(secret)
      }
      const [line = "", ...more] = yield* lines("supervisor root", 2)
      expect(more).toHaveLength(1)
      expect(pids(line)).toMatch(/^Error supervisor root 0 <>: child account <> ended: died: Error: on purpose \{/)
      expect(line).toContain(`args: "{ user: 'ada' }"`)
      expect(written.join("\n")).not.toContain(secret)
    })
  )

  test(
    "LO06 of a start that failed has the arguments as the contract shows them, and no process",
    Effect.gen(function* () {
      const rows = [
        [Supervisor.child(Account, { ...ada, starts: false }), "{ user: 'ada' }"],
        [Supervisor.child(Quiet, { password: secret }), "(not shown: the contract's inspect has no hook for it)"],
        [Supervisor.child(Open, { password: "open" }), "{ password: 'open' }"]
      ] as const
      for (const [child, args] of rows) {
        for (const slot of [0, 1]) {
          const heard = yield* events(1, "SupervisorReport")
          yield* Effect.flip(
            Supervisor.start(
              Supervisor.supervisor("root", {
                strategy: "one-for-one",
                children: [child],
                child: { on: { scheduler: slot } }
              })
            )
          )
          const [report] = yield* Fiber.join(heard)
          expect(report).toMatchObject({ context: "start-error", pid: undefined, args })
        }
      }
      expect(written.join("\n")).not.toContain(secret)
    })
  )

  it("S41 is not needed for a secret to stay one: what refuses the arguments does not show them", () => {
    const make = () => Supervisor.child(Account, { ...ada, starts: "yes" as never })
    expect(make).toThrow("invalid child spec test/Account: args: expected boolean at [\"starts\"], got { user: 'ada' }")
  })

  test(
    "SU21 of one that gives up says which intensity, how many restarts and of what",
    Effect.gen(function* () {
      yield* Supervisor.start(
        Supervisor.supervisor("root", {
          strategy: "one-for-one",
          intensity: { restarts: 3, within: "1 minute" },
          children: ["a", "b"].map((name) => Supervisor.child(Account, ada, { name }))
        })
      )
      const heard = yield* events(5, "SupervisorReport")
      for (const name of ["a", "b", "a", "a"]) {
        const runs = yield* Effect.repeat(Process.whereis(name), { until: (pid) => pid !== undefined })
        yield* Account.named(name).crash()
        yield* Effect.repeat(Process.isAlive(runs as Process.Pid), { until: (alive) => !alive })
      }
      const gaveUp = (yield* Fiber.join(heard)).at(-1)
      expect(gaveUp).toMatchObject({
        context: "shutdown",
        child: "a",
        gaveUp: {
          restarts: 3,
          within: 60_000,
          of: [
            { child: "a", times: 3 },
            { child: "b", times: 1 }
          ]
        }
      })
      const [line = ""] = yield* lines("gives up", 1)
      expect(pids(line)).toContain(
        "Error supervisor root <> gives up: its intensity allows 3 restarts within 60 seconds, and this would be number 4 (a 3 times, b 1 time)"
      )
    })
  )

  test(
    "DS12 of a dynamic one that gives up does too, by its children's labels",
    Effect.gen(function* () {
      const pool = Supervisor.dynamic("pool", Account, {
        intensity: { restarts: 0, within: 500 },
        restart: "permanent"
      })
      yield* Supervisor.start(pool.spec)
      const heard = yield* events(2, "SupervisorReport")
      const child = yield* pool.start(ada, { label: "ada's" })
      yield* child.crash()
      const [ended, gaveUp] = yield* Fiber.join(heard)
      expect(ended).toMatchObject({ context: "child-terminated", child: "ada's", args: "{ user: 'ada' }" })
      expect(String(ended?.pid)).toBe(String(child.pid))
      expect(gaveUp).toMatchObject({ gaveUp: { restarts: 0, within: 500, of: [{ child: "ada's", times: 1 }] } })
      const [line = ""] = yield* lines("gives up", 1)
      expect(pids(line)).toContain(
        "supervisor pool <> gives up: its intensity allows 0 restarts within 500 ms, and this would be number 1 (ada's 1 time)"
      )
    })
  )
})

describe("a progress report", () => {
  const run = Effect.gen(function* () {
    const heard = yield* events(7, "ChildStarted")
    const pool = Supervisor.dynamic("pool", Account, { on: { scheduler: 1 } })
    const root = yield* Supervisor.startLink(
      Supervisor.supervisor("root", {
        strategy: "one-for-one",
        children: [Supervisor.child(Account, ada, { name: "first" }), pool.spec]
      })
    )
    const added = yield* Supervisor.startChild(root, Supervisor.child(Account, ada, { id: "added" }))
    const child = yield* pool.start(ada)
    yield* child.crash()
    yield* Account.named("first").crash()
    yield* Supervisor.terminateChild(root, "added")
    yield* Supervisor.restartChild(root, "added")
    const started = yield* Fiber.join(heard)
    return { added, child, root, started }
  })

  test(
    "S42 tells of each start: which supervisor, which child, which process, and whether it is one again",
    Effect.map(run, ({ added, child, root, started }) => {
      const rows = started.map(({ child: id, contract, name, restarted }) => ({ name, id, contract, restarted }))
      const account = "test/Account"
      expect(rows.slice(0, 4)).toEqual([
        { name: "root", id: "first", contract: account, restarted: false },
        { name: "root", id: "pool", contract: "understudy/DynamicSupervisor", restarted: false },
        { name: "root", id: "added", contract: account, restarted: false },
        { name: "pool", id: account, contract: account, restarted: false }
      ])
      // From here on several supervisors tell at once
      expect(rows.slice(4)).toEqual(
        expect.arrayContaining([
          { name: "root", id: "first", contract: account, restarted: true },
          { name: "pool", id: account, contract: account, restarted: true },
          { name: "root", id: "added", contract: account, restarted: false }
        ])
      )
      expect(String(started[2]?.pid)).toBe(String(added))
      expect(String(started[3]?.pid)).toBe(String(child.pid))
      expect(String(started[0]?.supervisor)).toBe(String(root.pid))
    })
  )

  test(
    "S42 is quiet: it is not in the log unless that takes what is for debugging",
    Effect.gen(function* () {
      yield* run
      // Two children have crashed, the last of all
      yield* lines("crashed", 2)
      expect(written.filter((line) => line.includes("has started"))).toEqual([])
    })
  )

  test(
    "S42 is in the log at the level of debugging",
    Effect.gen(function* () {
      yield* run
      const told = (yield* lines("has started", 7)).map((line) => pids(line).split(" {")[0])
      expect(told).toContain("Debug supervisor root <> has started first <>")
      expect(told).toContain("Debug supervisor root <> has started first <> again")
      expect(told).toContain("Debug supervisor pool <> has started test/Account <>")
      expect(written.join("\n")).not.toContain(secret)
    }),
    "Debug"
  )
})
