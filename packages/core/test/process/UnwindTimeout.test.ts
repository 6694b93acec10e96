/** How long finalizers may take: in virtual time, so to the millisecond. */
import { it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

const W = Schema.String

/** How long it lives before its end is decided, in milliseconds. */
const before = 10

/** What a process is in the middle of when its end is decided, and what takes its time then. */
const holds = ["its code", "its scope", "a loop that cannot be interrupted"] as const
type Hold = (typeof holds)[number]

/** Finalizers that take `takes` milliseconds around `wait`. */
const slowly = (hold: Hold, takes: number, wait: Effect.Effect<unknown, never, Process.Provided>) => {
  const last = Effect.sleep(takes)
  switch (hold) {
    case "its code":
      return Effect.ensuring(wait, last)
    case "its scope":
      return Effect.andThen(
        Effect.addFinalizer(() => last),
        wait
      )
    case "a loop that cannot be interrupted":
      return Effect.andThen(
        Effect.uninterruptible(
          Effect.gen(function* () {
            const start = yield* Clock.currentTimeMillis
            const until = start + before + takes
            for (let now = start; now < until; now = yield* Clock.currentTimeMillis) {
              yield* Effect.sleep(Math.min(1000, until - now))
            }
          })
        ),
        wait
      )
  }
}

/** How the limit is said. */
type Limit = Duration.Input | undefined

interface Case {
  readonly hold: Hold
  /** How long the finalizers take, in milliseconds. */
  readonly takes: number
  /** The limit that the contract says, and the one that the start says. */
  readonly contract: Limit
  readonly option: Limit
}

/** Everybody that starts such a process; gives its pid. */
const kinds: Readonly<
  Record<
    string,
    (given: Case) => {
      readonly implementations: ReadonlyArray<never>
      readonly start: (scheduler: number) => Effect.Effect<Process.Pid, unknown, System.System>
      /** Whether the contract can say it. */
      readonly byContract: boolean
      /** Whether it can be on another scheduler. */
      readonly anywhere: boolean
    }
  >
> = {
  "a spawned process": ({ hold, option, takes }) => ({
    implementations: [],
    byContract: false,
    anywhere: false,
    start: () =>
      Effect.tap(
        Process.spawn(W, (self) => slowly(hold, takes, self.receive), { unwindTimeout: option }),
        (pid) => Effect.orDie(Process.register("slow", pid))
      )
  }),
  "a process of a definition": ({ contract, hold, option, takes }) => {
    const Slow = Process.define("test/Slow", { mailbox: W, unwindTimeout: contract })
    return {
      implementations: [Slow.implement((self) => slowly(hold, takes, self.receive)) as never],
      byContract: true,
      anywhere: true,
      start: (scheduler) => Process.start(Slow, {}, { unwindTimeout: option, name: "slow", on: { scheduler } })
    }
  },
  "a server": ({ contract, hold, option, takes }) => {
    const Slow = GenServer.define("test/Slow", {
      protocol: { hold: GenServer.cast() },
      ...(contract === undefined ? {} : { unwindTimeout: contract })
    })
    const live = Slow.implement({
      init: () => 0,
      handle: { hold: (state) => Effect.as(slowly(hold, takes, Effect.never), state) }
    })
    return {
      implementations: [live as never],
      byContract: true,
      anywhere: true,
      start: (scheduler) =>
        Effect.gen(function* () {
          const server = yield* GenServer.start(Slow, {}, { unwindTimeout: option, name: "slow", on: { scheduler } })
          yield* server.hold()
          return server.pid
        })
    }
  }
}

/** What is seen of an end, and when: milliseconds after it was decided. */
interface Seen {
  readonly what: string
  readonly at: number
  /** Who has the process's name then. */
  readonly holder: string | undefined
}

/** What other schedulers have sent has come: that does not follow the clock. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** What is seen of a process that gets an exit signal, and what is reported: nothing before `at`, and all of it then. */
const seenOf = (kind: string, schedulers: number, given: Case, reason: ExitReason.ExitReason, at: number) => {
  const { implementations, start } = kinds[kind]!(given)
  return Effect.gen(function* () {
    const seen: Array<Seen> = []
    const reported: Array<System.Event> = []
    yield* System.events.pipe(
      Stream.filter(({ _tag }) => _tag === "UnwindTimeout"),
      Stream.runForEach((event) => Effect.sync(() => reported.push(event))),
      Effect.forkChild({ startImmediately: true })
    )
    const pid = yield* start(schedulers - 1)
    const watcher = yield* Process.spawn(W, (self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        yield* Process.link(pid)
        yield* Process.monitor(pid)
        while (true) {
          const message = yield* self.receive
          if (typeof message === "string") continue
          const now = yield* Clock.currentTimeMillis
          const holder = (yield* Process.whereis("slow"))?.toString()
          seen.push({ what: `${message._tag} ${ExitReason.format(message.reason)}`, at: now, holder })
        }
      })
    )
    /** Its scheduler has had two turns since: what it was sent before has come, and what that leads to has begun. */
    const settled = Effect.andThen(Process.info(pid), Effect.andThen(turn, Process.info(pid)))
    yield* settled
    yield* TestClock.adjust(before)
    yield* settled
    const decided = yield* Clock.currentTimeMillis
    yield* Process.exit(pid, reason)
    yield* settled
    if (at > 0) {
      yield* TestClock.adjust(at - 1)
      yield* settled
      expect(seen).toEqual([])
    }
    yield* TestClock.adjust(Math.min(at, 1))
    while (seen.length < 2) yield* turn
    yield* settled
    // What outlives its process may take as long as it likes
    for (const one of [pid, watcher]) yield* Process.exit(one, ExitReason.kill)
    return { seen: seen.map((one) => ({ ...one, at: one.at - decided })), reported, pid }
  }).pipe(
    Effect.provide(System.layer({ schedulers, virtual: true, implementations, watchdog: "Infinity" })),
    Effect.provide(TestClock.layer())
  )
}

const reasons = [ExitReason.shutdown, ExitReason.shutdownWith("why"), ExitReason.failed("why")]

/** What must be seen. Both at once, in any order. */
const check = (kind: string, schedulers: number, given: Case, reason: ExitReason.ExitReason, limit: number) =>
  Effect.gen(function* () {
    const at = Math.min(given.takes, limit)
    const { pid, reported, seen } = yield* seenOf(kind, schedulers, given, reason, at)
    const told = ExitReason.format(reason)
    expect([...seen].sort((a, b) => a.what.localeCompare(b.what))).toEqual([
      { what: `Down ${told}`, at, holder: undefined },
      { what: `Exit ${told}`, at, holder: undefined }
    ])
    const isLate = given.takes > limit
    expect(reported).toMatchObject(isLate ? [{ _tag: "UnwindTimeout", milliseconds: limit }] : [])
    if (isLate) expect(String((reported[0] as { readonly pid: Process.Pid }).pid)).toBe(String(pid))
  })

describe("finalizers that take longer than unwindTimeout", () => {
  const infinite = Number.POSITIVE_INFINITY
  /** What is said, and what is meant. */
  const limits: ReadonlyArray<readonly [Limit, number]> = [
    [undefined, 5000],
    [0, 0],
    [1, 1],
    [250, 250],
    ["2 seconds", 2000],
    ["1 hour", 3_600_000],
    ["Infinity", infinite],
    [infinite, infinite]
  ]

  for (const [kind, of] of Object.entries(kinds)) {
    const { anywhere, byContract } = of({ hold: "its code", takes: 0, contract: undefined, option: undefined })
    for (const schedulers of anywhere ? [1, 2] : [1]) {
      const where = schedulers === 1 ? "" : " of another scheduler"
      for (const hold of holds) {
        it.live(
          `S52 of ${kind}${where}, in ${hold}: its end is told after exactly that time, and its name is free`,
          () =>
            Effect.gen(function* () {
              for (const [said, limit] of limits) {
                for (const takes of limit === infinite ? [10_000] : [limit - 1, limit + 1, limit + 10_000]) {
                  if (takes < 0) continue
                  for (const reason of reasons) {
                    yield* check(kind, schedulers, { hold, takes, contract: undefined, option: said }, reason, limit)
                    if (!byContract) continue
                    yield* check(kind, schedulers, { hold, takes, contract: said, option: undefined }, reason, limit)
                  }
                }
              }
            })
        )
      }
    }

    if (!byContract) continue

    it.live(`S52 of ${kind}: what the start says counts more than what the contract says`, () =>
      Effect.gen(function* () {
        for (const [contract] of limits.slice(1)) {
          for (const [option, limit] of limits.slice(1)) {
            const takes = limit === infinite ? 20_000 : limit + 1
            yield* check(kind, 2, { hold: "its code", takes, contract, option }, ExitReason.shutdown, limit)
          }
        }
      })
    )
  }

  it("S52 of any length and any limit: the end is told when the first of the two is over", () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(kinds)),
        fc.constantFrom(...holds),
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.constantFrom(...reasons),
        async (kind, hold, takes, option, reason) => {
          fc.pre(takes !== option)
          await Effect.runPromise(check(kind, 1, { hold, takes, contract: undefined, option }, reason, option))
        }
      ),
      { numRuns: 50 }
    ))

  /** What ends a process by its own doing, and the reason. */
  const own: Readonly<Record<string, readonly [Effect.Effect<unknown, unknown, Process.Provided>, object]>> = {
    return: [Effect.void, ExitReason.normal],
    failure: [Effect.fail("why"), ExitReason.failed("why")],
    defect: [Effect.die(new Error("why")), { _tag: "Died", defect: { message: "why" } }],
    exit: [Process.exit(ExitReason.shutdownWith("why")), ExitReason.shutdownWith("why")]
  }

  for (const [what, [end, reason]] of Object.entries(own)) {
    it.live(
      `S52 after a process's own ${what}: its end is told with that reason, and links, callers and names learn of it`,
      () =>
        Effect.gen(function* () {
          const Slow = GenServer.define("test/Slow", { protocol: { end: GenServer.cast(), never: GenServer.call() } })
          const live = Slow.implement({
            init: () =>
              Effect.as(
                Effect.addFinalizer(() => Effect.sleep("1 hour")),
                0
              ),
            handle: {
              end: (state) => Effect.as(Effect.orDie(end), GenServer.stop(ExitReason.normal, state)),
              never: (state) => GenServer.noReply(state)
            }
          })
          const isDefect = what === "failure"
          const expected = isDefect ? { _tag: "Died", defect: "why" } : reason
          const test = Effect.gen(function* () {
            const told: Array<readonly [string, unknown]> = []
            const tell = (by: string) => (seen: unknown) =>
              Effect.flatMap(Clock.currentTimeMillis, (at) => Effect.sync(() => told.push([`${by} at ${at}`, seen])))
            const server = yield* GenServer.start(Slow, {}, { name: "slow", unwindTimeout: 100 })
            const raw = yield* Process.spawn(
              W,
              (self) =>
                Effect.gen(function* () {
                  yield* Effect.addFinalizer(() => Effect.sleep("1 hour"))
                  yield* self.receive
                  yield* end
                }),
              { unwindTimeout: 200 }
            )
            yield* Process.spawn(W, (self) =>
              Effect.gen(function* () {
                yield* Process.trapExit(true)
                for (const pid of [server.pid, raw]) yield* Process.link(pid)
                for (const _ of [1, 2]) {
                  const exit = yield* self.receiveTag("Exit")
                  yield* tell(Process.equals(exit.from, raw) ? "process" : "server")(exit.reason)
                }
              })
            )
            yield* Process.spawn(W, () =>
              Effect.flatMap(Effect.flip(server.never({ timeout: "Infinity" })), (error) =>
                Effect.andThen(
                  tell("caller")((error as GenServer.NoProcess).reason),
                  Effect.flatMap(GenServer.start(Slow, {}, { name: "slow" }), (next) =>
                    Process.exit(next.pid, ExitReason.kill)
                  )
                )
              )
            )
            yield* TestClock.adjust(before)
            yield* server.end()
            yield* Process.send(raw, "end")
            yield* TestClock.adjust(99)
            expect(told).toEqual([])
            yield* TestClock.adjust("1 minute")
            const [first, second, third] = told
            expect([first, second].map((one) => one?.[0]).sort()).toEqual(["caller at 110", "server at 110"])
            expect([first?.[1], second?.[1]]).toMatchObject([expected, expected])
            expect(third).toMatchObject(["process at 210", reason])
            expect(yield* Process.whereis("slow")).toBe(undefined)
          })
          yield* test.pipe(
            Effect.provide(System.layer({ schedulers: 1, virtual: true, implementations: [live] })),
            Effect.provide(TestClock.layer())
          )
        })
    )
  }

  it.live("S52 are as long as they take while terminate runs: that is no finalizer", () =>
    Effect.gen(function* () {
      const Slow = GenServer.define("test/Slow", { protocol: { end: GenServer.cast() }, unwindTimeout: 100 })
      const live = Slow.implement({
        init: () => 0,
        handle: { end: (state) => GenServer.stop(ExitReason.shutdown, state) },
        terminate: () => Effect.sleep("1 hour")
      })
      const test = Effect.gen(function* () {
        const server = yield* GenServer.start(Slow)
        yield* server.end()
        yield* TestClock.adjust("59 minutes")
        expect(yield* Process.isAlive(server.pid)).toBe(true)
        yield* TestClock.adjust("1 minute")
        expect(yield* Process.isAlive(server.pid)).toBe(false)
      })
      yield* test.pipe(
        Effect.provide(System.layer({ schedulers: 1, virtual: true, implementations: [live] })),
        Effect.provide(TestClock.layer())
      )
    })
  )
})
