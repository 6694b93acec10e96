/**
 * What errors say to people: what is wrong, what was expected, where, and what to do. The texts are the promise. Those of a
 * system that cannot start are in `system/BootErrors.test.ts`.
 */
import { it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../src/index.ts"

const Echo = GenServer.define("Echo", {
  protocol: {
    say: GenServer.call({ payload: { text: Schema.String }, success: Schema.String }),
    idle: GenServer.cast({ milliseconds: Schema.Unknown })
  }
})
const EchoLive = Echo.implement({
  init: () => 0,
  handle: {
    say: (state, { text }) => GenServer.reply(text, state),
    idle: (state, { milliseconds }) => GenServer.noReply(state, { timeout: milliseconds as number })
  }
})

/** A server whose `init` ends as it is told, or never. */
const Fussy = GenServer.define("Fussy", {
  args: { how: Schema.Literals(["ignores", "refuses", "hangs"]) },
  protocol: {}
})
const FussyLive = Fussy.implement({
  init: ({ how }) => {
    if (how === "hangs") return Effect.never
    return how === "ignores" ? GenServer.ignore : GenServer.stop(ExitReason.failed("no room"), 0)
  },
  handle: {}
})

/** A server that answers with what is no answer. */
const Liar = GenServer.define("Liar", { protocol: { lie: GenServer.call({ success: Schema.Int }) } })
const LiarLive = Liar.implement({ init: () => 0, handle: { lie: (state) => GenServer.reply("none" as never, state) } })

const Oracle = Process.define("Oracle", { mailbox: Schema.Never })
const OracleLive = Oracle.implement(() => Effect.never)

const Unknown = GenServer.define("Unknown", { protocol: {} })
const UnknownProcess = Process.define("UnknownProcess", { mailbox: Schema.Never })

const implementations = [EchoLive, FussyLive, OracleLive, LiarLive]

type Needs = Process.Provided

/** What an effect dies with, run by a process. */
const defectOf = (program: (self: Process.Self<unknown>) => Effect.Effect<unknown, unknown, Needs>) =>
  Effect.flatMap(Effect.exit(Process.run(program)), (exit): Effect.Effect<Error, unknown> => {
    if (Exit.isSuccess(exit)) return Effect.fail("it succeeded")
    const [reason] = exit.cause.reasons
    return reason?._tag === "Die" ? Effect.succeed(reason.defect as Error) : Effect.fail(Cause.pretty(exit.cause))
  })

const onSystems = (title: string, body: Effect.Effect<unknown, unknown, System.System | Scope.Scope>) => {
  const provided = (schedulers: number) =>
    Effect.provide(body, System.layer({ schedulers, virtual: true, implementations }))
  it.live(title, () => provided(1))
  it.live(`${title} (on two schedulers)`, () => provided(2))
}

// What JavaScript can give, whatever the types say
const given = (value: unknown) => value as never

describe("a duration that nobody can wait for", () => {
  const aDuration = 'a duration of 0 or more: milliseconds, a text such as "5 seconds", or "Infinity"'
  const values: ReadonlyArray<readonly [unknown, string]> = [
    [-1, "-1"],
    [-0.5, "-0.5"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [Number.NaN, "NaN"],
    ["-5 seconds", "'-5 seconds'"],
    ["soon", "'soon'"],
    [null, "null"],
    [true, "true"],
    [{ seconds: -1 }, "{ seconds: -1 }"]
  ]
  type Place = (self: Process.Self<unknown>, duration: never) => Effect.Effect<unknown, unknown, Needs>
  const places: Readonly<Record<string, readonly [string, Place]>> = {
    "a call's timeout": [
      `Echo.say: timeout: expected ${aDuration}`,
      (_, timeout) => Effect.flatMap(GenServer.start(Echo), (echo) => echo.say({ text: "" }, { timeout }))
    ],
    "a termination's timeout": [
      `Echo.terminate: timeout: expected ${aDuration}`,
      (_, timeout) => Effect.flatMap(GenServer.start(Echo), (echo) => GenServer.terminate(echo, { timeout }))
    ],
    "a receive's time": [`receive: after: expected ${aDuration}`, (self, after) => self.receiveWithin(after)],
    "a selective receive's time": [
      `receive: after: expected ${aDuration}`,
      (self, after) => self.receiveWhen((_): _ is Process.Down => true, { after })
    ],
    "a sleep": [`sleep: expected ${aDuration}`, (_, duration) => Process.sleep(duration)],
    "a deadline for sending": [
      `sendWithin: deadline: expected ${aDuration}`,
      (self, deadline) => Process.sendWithin(self.pid, "x", deadline)
    ],
    "a message's delay": [
      "sendAfter: expected a delay that is finite and not negative, or { at: time }",
      (self, delay) => Process.sendAfter(self.pid, "x", delay)
    ],
    "a timer's delay": [
      "startTimer: expected a delay that is finite and not negative, or { at: time }",
      (self, delay) => Process.startTimer(self.pid, String, delay)
    ],
    "an exit's delay": [
      "exitAfter: expected a delay that is finite and not negative, or { at: time }",
      (self, delay) => Process.killAfter(self.pid, delay)
    ],
    "an effect's delay": [
      "applyAfter: expected a delay that is finite and not negative, or { at: time }",
      (_, delay) => Process.applyAfter(Effect.void, delay)
    ],
    "the limit of a process's finalizers": [
      `spawn: unwindTimeout: expected ${aDuration}`,
      (_, unwindTimeout) => Process.spawn(Schema.Never, () => Effect.void, { unwindTimeout })
    ],
    "an interval": [
      "sendInterval: expected an interval that is finite and positive",
      (self, interval) => Process.sendInterval(self.pid, "x", interval)
    ]
  }
  for (const [place, [text, run]] of Object.entries(places)) {
    onSystems(
      `S43 is refused as ${place}, which the error names`,
      Effect.gen(function* () {
        for (const [value, shown] of values) {
          const defect = yield* defectOf((self) => Effect.suspend(() => run(self, given(value))))
          expect(defect).toBeInstanceOf(RangeError)
          expect(defect.message).toBe(`${text}; got ${shown}`)
        }
      })
    )
  }

  onSystems(
    "S43 is refused as a start's timeout, or its unwindTimeout: nothing is started",
    Effect.gen(function* () {
      const before = yield* Process.count
      for (const option of ["timeout", "unwindTimeout"]) {
        for (const [value, shown] of values) {
          const options = { [option]: given(value) }
          for (const start of [GenServer.start(Echo, {}, options), Process.start(Oracle, {}, options)]) {
            const error = yield* Effect.flip(start as Effect.Effect<unknown, GenServer.StartError, System.System>)
            expect(error).toMatchObject({ problem: "invalid-option", option, given: shown })
            expect(error.message).toBe(`cannot start ${error.contract}: ${option}: expected ${aDuration}; got ${shown}`)
          }
        }
      }
      expect(yield* Process.count).toBe(before)
    })
  )

  it("S43 is refused as a contract's unwindTimeout, at definition time", () => {
    for (const [value, shown] of values) {
      const unwindTimeout = given(value)
      expect(() => GenServer.define("Slow", { protocol: {}, unwindTimeout })).toThrow(
        new RangeError(`GenServer.define: Slow: unwindTimeout: expected ${aDuration}; got ${shown}`)
      )
      expect(() => Process.define("Slow", { mailbox: Schema.Never, unwindTimeout })).toThrow(
        new RangeError(`Process.define: Slow: unwindTimeout: expected ${aDuration}; got ${shown}`)
      )
    }
  })

  onSystems(
    "S43 is refused where a handler's answer is made, and so ends the server",
    Effect.gen(function* () {
      const ended = yield* Process.run((self) =>
        Effect.gen(function* () {
          const { monitor, ref } = yield* GenServer.startMonitor(Echo)
          yield* ref.idle({ milliseconds: -1 })
          return yield* self.receiveWhen(
            (message): message is Process.Down => message instanceof Process.Down && message.ref === monitor
          )
        })
      )
      expect(ExitReason.format(ended.reason)).toContain(
        `RangeError: the idle timeout of a handler's answer: expected ${aDuration}; got -1`
      )
    })
  )

  it("is not one of 0, of a part of a millisecond, or without an end", () => {
    for (const timeout of [0, 0.5, "1 second", "Infinity", Number.POSITIVE_INFINITY, { seconds: 1 }] as const) {
      expect(() => GenServer.noReply(0, { timeout })).not.toThrow()
    }
  })
})

describe("a name that is none", () => {
  const aName = "a name is a text that is not empty"
  const values: ReadonlyArray<readonly [unknown, string]> = [
    ["", "''"],
    [42, "42"],
    [null, "null"],
    [{ invalid: "x" }, "{ invalid: 'x' }"],
    [["via", "m", "x"], "[ 'via', 'm', 'x' ]"],
    [Symbol("s"), "Symbol(s)"]
  ]

  onSystems(
    "N04 is refused at once by every kind of start: nothing is started",
    Effect.gen(function* () {
      const before = yield* Process.count
      for (const [value, shown] of values) {
        for (const on of ["here", "any", { scheduler: (yield* System.schedulers).length - 1 }] as const) {
          const name = given(value)
          const starts: ReadonlyArray<Effect.Effect<unknown, GenServer.StartError, System.System | Scope.Scope>> = [
            GenServer.start(Echo, {}, { name, on }),
            GenServer.startLink(Echo, {}, { name, on }),
            Process.start(Oracle, {}, { name, on })
          ]
          for (const start of starts) {
            const error = yield* Effect.flip(start)
            expect(error).toMatchObject({ problem: "invalid-name", given: shown })
            expect(error.message).toBe(`cannot start ${error.contract}: ${aName}; got ${shown}`)
          }
        }
      }
      expect(yield* Process.count).toBe(before)
      expect(yield* Process.registered).toEqual([])
    })
  )

  onSystems(
    "N04 cannot be registered",
    Effect.gen(function* () {
      const { pid } = yield* GenServer.start(Echo)
      for (const [value, shown] of values) {
        const error = yield* Effect.flip(Process.register(given(value), pid))
        expect(error).toMatchObject({ problem: "invalid-name" })
        expect(error.message).toBe(`cannot register ${pid}: ${aName}; got ${shown}`)
      }
      expect(yield* Process.registered).toEqual([])
    })
  )

  it("N04 is refused where an address is made of it, and as the name of a contract or a process", () => {
    for (const [value, shown] of values) {
      const name = given(value)
      const places: Readonly<Record<string, () => unknown>> = {
        "Process.named": () => Process.named(name, Schema.String),
        "Echo.named": () => Echo.named(name),
        "GenServer.define": () => GenServer.define(name, { protocol: {} }),
        "Process.define": () => Process.define(name, { mailbox: Schema.String })
      }
      for (const [place, make] of Object.entries(places)) {
        expect(make).toThrow(new RangeError(`${place}: ${aName}; got ${shown}`))
      }
    }
  })

  onSystems(
    "N04 is nobody's when it is the empty text, and no question when it is no text",
    Effect.gen(function* () {
      expect(yield* Process.whereis("")).toBeUndefined()
      expect(yield* Process.unregister("")).toBe(false)
      for (const [value, shown] of values.slice(1)) {
        const name = given(value)
        expect((yield* defectOf(() => Process.whereis(name))).message).toBe(`whereis: ${aName}; got ${shown}`)
        expect((yield* defectOf(() => Process.unregister(name))).message).toBe(`unregister: ${aName}; got ${shown}`)
      }
    })
  )
})

describe("a start that fails", () => {
  const messageOf = (start: Effect.Effect<unknown, GenServer.StartError, System.System>) =>
    Effect.map(Effect.flip(start), ({ message }) => message)

  onSystems(
    "S44 names the scheduler that does not exist, and those that do",
    Effect.gen(function* () {
      const { length } = yield* System.schedulers
      const those = length === 1 ? "only scheduler 0" : "the schedulers 0 to 1"
      for (const scheduler of [9, -1, 2, 0.5, Number.NaN]) {
        const error = yield* Effect.flip(GenServer.start(Echo, {}, { on: { scheduler } }))
        expect(error).toMatchObject({ problem: "no-such-scheduler", scheduler, schedulers: length })
        expect(error.message).toBe(
          `cannot start Echo: there is no scheduler ${scheduler}. This system has ${those} (its option "schedulers")`
        )
        expect(yield* messageOf(Process.start(Oracle, {}, { on: { scheduler } }))).toMatch(
          /^cannot start Oracle: there is no scheduler/
        )
      }
    })
  )

  onSystems(
    "says what a placement can be",
    Effect.gen(function* () {
      const bad = [
        ["sideways", "'sideways'"],
        [{}, "{}"],
        [{ near: "x" }, "{ near: 'x' }"],
        [3, "3"],
        [null, "null"]
      ] as const
      for (const [on, shown] of bad) {
        expect(yield* messageOf(GenServer.start(Echo, {}, { on: given(on) }))).toBe(
          `cannot start Echo: on: expected "here", "least-loaded", "any", { scheduler: number } or { near: pid }; got ${shown}`
        )
      }
    })
  )

  onSystems(
    "names the option in which an implementation is missing",
    Effect.gen(function* () {
      expect(yield* messageOf(GenServer.start(Unknown))).toBe(
        'cannot start Unknown: no implementation of it was given. Add the result of Unknown.implement(…) to the option "implementations" of the system'
      )
      expect(yield* messageOf(Process.start(UnknownProcess))).toBe(
        'cannot start UnknownProcess: no implementation of it was given. Add the result of UnknownProcess.implement(…) to the option "implementations" of the system'
      )
    })
  )

  onSystems(
    "names the name that is taken, and who has it, wherever it was started",
    Effect.gen(function* () {
      const { length } = yield* System.schedulers
      const on = { scheduler: length - 1 }
      const holder = yield* GenServer.start(Echo, {}, { name: "echo" })
      for (const placed of [{}, { on }]) {
        const taken = `as "echo": the name is taken by ${holder.pid}. Choose another name, or use the process that has it`
        expect(yield* messageOf(GenServer.start(Echo, {}, { name: "echo", ...placed }))).toBe(
          `cannot start Echo ${taken}`
        )
        expect(yield* messageOf(Process.start(Oracle, {}, { name: "echo", ...placed }))).toBe(
          `cannot start Oracle ${taken}`
        )
      }
      const other = yield* GenServer.start(Echo, {}, { on })
      const refused = (name: string, pid: Process.Pid) =>
        Effect.map(Effect.flip(Process.register(name, pid)), (error) => error.message)
      expect(yield* refused("echo", other.pid)).toBe(
        `cannot register ${other.pid} as "echo": the name is taken by ${holder.pid}. Choose another name, or unregister it first`
      )
      expect(yield* refused("other", holder.pid)).toBe(
        `cannot register ${holder.pid} as "other": it is registered as "echo", and a process has one name at most`
      )
      yield* GenServer.terminate(other)
      expect(yield* refused("other", other.pid)).toBe(`cannot register ${other.pid} as "other": it has ended`)
    })
  )

  onSystems(
    "says how its init has ended, wherever it was started",
    Effect.gen(function* () {
      const { length } = yield* System.schedulers
      for (const placed of [{}, { on: { scheduler: length - 1 } }]) {
        const start = (how: typeof Fussy.args.Type.how, options?: GenServer.StartOptions) =>
          messageOf(GenServer.start(Fussy, { how }, { ...placed, ...options }))
        expect(yield* start("ignores")).toBe("cannot start Fussy: its init chose not to start it (GenServer.ignore)")
        expect(yield* start("refuses", { name: "fussy" })).toBe(
          'cannot start Fussy as "fussy": it ended before it was ready: failed: no room'
        )
        expect(yield* start("hangs", { timeout: 10 })).toBe(
          "cannot start Fussy: its init took longer than 10 ms, and it was killed. Give it more time, or do the work in its continue handler"
        )
      }
    })
  )
})

describe("an error says what has happened, and what can be done", () => {
  const call = "Counter.get"
  const callee = "<0.1.7>"
  const table: ReadonlyArray<readonly [Error, string]> = [
    [
      new GenServer.NoProcess({ call, callee, reason: ExitReason.noProcess }),
      "Counter.get: there is no process <0.1.7>"
    ],
    [
      new GenServer.NoProcess({ call, callee: "counter", reason: ExitReason.noProcess }),
      "Counter.get: there is no process counter"
    ],
    [
      new GenServer.NoProcess({ call, callee, reason: ExitReason.failed("boom") }),
      "Counter.get: <0.1.7> ended before it answered: failed: boom"
    ],
    [
      new GenServer.NoProcess({ call, callee, reason: ExitReason.schedulerDown(1) }),
      "Counter.get: <0.1.7> ended before it answered: scheduler 1 is down"
    ],
    [
      new GenServer.CallTimeout({ call, callee, after: 5000 }),
      "Counter.get: no answer from <0.1.7> within 5 seconds. It may still handle the call"
    ],
    [
      new GenServer.CallTimeout({ call, callee, after: 1250 }),
      "Counter.get: no answer from <0.1.7> within 1,250 ms. It may still handle the call"
    ],
    [
      new GenServer.CallingSelf({ call, callee }),
      "Counter.get: <0.1.7> cannot call itself: while it waits, it handles nothing"
    ],
    [
      new GenServer.UnknownCall({ call, callee, contract: "Ledger", problem: "other-contract" }),
      "Counter.get to <0.1.7>: it is a process of another contract (Ledger); use a ref of that contract, or look who should hold this address"
    ],
    [
      new GenServer.UnknownCall({ call, callee, contract: "Counter", problem: "other-contract" }),
      "Counter.get to <0.1.7>: it is a process of another version of Counter, with other schemas; look whether its module is there twice"
    ],
    [
      new GenServer.UnknownCall({ call, callee, contract: "Counter", problem: "no-handler" }),
      "Counter.get to <0.1.7>: the implementation of Counter has no handler for it"
    ],
    [
      new GenServer.StartError({ contract: "Counter", problem: "other-version" }),
      "cannot start Counter: the implementation that was given is of another version of it, with other schemas. Look whether its module is there twice"
    ],
    [
      new GenServer.BadReturnValue({ callback: call, problem: "a reply, but nobody has called" }),
      "Counter.get returned a reply, but nobody has called"
    ],
    [new Process.ReceiveTimeout({ after: 50 }), "no message that the receive waits for has come within 50 ms"],
    [
      new Process.SendFailed({ target: "<0.1.7>", problem: "full" }),
      "the mailbox of <0.1.7> was full until the deadline"
    ],
    [new Process.SendFailed({ target: "<0.1.7>", problem: "gone" }), "there is no process <0.1.7>"],
    [
      new Process.SendFailed({ target: "<0.1.7>", problem: "refused" }),
      "<0.1.7> does not take the message: its mailbox is of another schema; look who should hold this address"
    ],
    [new Process.MailboxOverflow({ capacity: 1024 }), "the mailbox is full: its capacity is 1,024 messages"],
    [new Process.ProcessExited({ reason: ExitReason.killed }), "the process ended before it had a result: killed"],
    [
      new System.NotKillable({ slot: 0, schedulers: 4 }),
      "scheduler 0 is the main thread, and ends only with the program"
    ],
    [new System.NotKillable({ slot: 9, schedulers: 4 }), "there is no scheduler 9: those that can be ended are 1 to 3"],
    [new System.NotKillable({ slot: 9, schedulers: 1 }), "there is no scheduler 9: the main thread is the only one"]
  ]
  for (const [error, text] of table) {
    it(text, () => {
      expect(error.message).toBe(text)
    })
  }

  onSystems(
    "a wrong reply is the server's end, and says so",
    Effect.gen(function* () {
      const echo = yield* GenServer.start(Liar)
      const error = yield* Effect.flip(echo.lie())
      expect(error.message).toMatch(
        /^Liar\.lie: <.*> ended before it answered: failed: BadReturnValue: Liar\.lie returned a reply that is not of its type: Expected number/
      )
    })
  )
})
