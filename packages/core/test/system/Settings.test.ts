/** Options of a system that make no sense are errors that name the option, what was expected and what was given. */
import { it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect } from "vitest"
import { System } from "../../src/index.ts"
import { checkOptions, timeLimitsOf } from "../../src/system/threads/Settings.ts"
import { implementations } from "./actors.ts"

const entry = new URL("./entry.ts", import.meta.url)

/** What JavaScript can give, whatever the types say. */
type Given = Readonly<Record<string, unknown>> | undefined
const asOptions = (given: Given) => given as System.Options<never, never>

/** Each option: what it expects, what it does not take (as its error prints it), and what it takes. */
const limit = "a duration of at least 100 milliseconds, or Infinity"
const eventLimit = "a duration above zero, or Infinity"
const table: Readonly<
  Record<string, readonly [string, ReadonlyArray<readonly [unknown, string]>, ReadonlyArray<unknown>]>
> = {
  schedulers: [
    "1 to 64",
    [
      [0, "0"],
      [65, "65"],
      [1.5, "1.5"],
      [Number.NaN, "NaN"],
      ["4", "'4'"],
      [null, "null"]
    ],
    [1, 64]
  ],
  entry: [
    "a file: or data: URL",
    [
      ["./main.ts", "'./main.ts'"],
      [{ url: "x" }, "{ url: 'x' }"]
    ],
    [entry]
  ],
  virtual: [
    "true or false",
    [
      ["yes", "'yes'"],
      [1, "1"]
    ],
    [true, false]
  ],
  watchdog: [
    limit,
    [
      [0, "0"],
      [99, "99"],
      [-1, "-1"],
      [Number.NaN, "NaN"],
      ["10 secs", "'10 secs'"],
      [{}, "{}"],
      [true, "true"],
      [null, "null"]
    ],
    [100, "100 millis", "10 seconds", "Infinity", Number.POSITIVE_INFINITY, Duration.minutes(1), { seconds: 3 }]
  ],
  bootTimeout: [
    limit,
    [
      [0, "0"],
      ["-5 seconds", "'-5 seconds'"],
      ["soon", "'soon'"]
    ],
    ["1 second", "Infinity"]
  ],
  monitor: [
    "object",
    [
      [true, "true"],
      [5, "5"],
      [null, "null"]
    ],
    [{}]
  ],
  "monitor.longTurn": [
    eventLimit,
    [
      [0, "0"],
      [Number.NaN, "NaN"],
      ["long", "'long'"]
    ],
    [0.5, "Infinity"]
  ],
  "monitor.longHandler": [
    eventLimit,
    [
      [-1, "-1"],
      [false, "false"]
    ],
    ["20 millis"]
  ],
  "monitor.longMailbox": [
    "a whole number from 1 on, or Infinity",
    [
      [0, "0"],
      [1.5, "1.5"],
      [Number.NaN, "NaN"],
      ["5", "'5'"]
    ],
    [1, Number.POSITIVE_INFINITY]
  ],
  "monitor.slowScheduler": [
    eventLimit,
    [
      ["0 millis", "'0 millis'"],
      [[], "[]"]
    ],
    [{ seconds: 1 }]
  ],
  freeze: [
    "true or false",
    [
      ["false", "'false'"],
      [0, "0"]
    ],
    [true, false]
  ],
  slice: [
    "a whole number from 1 on",
    [
      [0, "0"],
      [-1, "-1"],
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      ["8", "'8'"]
    ],
    [1, 128]
  ],
  busyWait: [
    "one of none, short, long",
    [
      ["off", "'off'"],
      [true, "true"],
      ["toString", "'toString'"],
      [0, "0"]
    ],
    ["none", "short", "long"]
  ],
  implementations: [
    "an array of implementations, as a contract's implement makes them",
    [
      [{}, "{}"],
      [[1], "[ 1 ]"],
      [[undefined], "[ undefined ]"]
    ],
    [[], implementations]
  ],
  root: [
    "something to start, as Supervisor.supervisor makes it",
    [
      ["main", "'main'"],
      [{}, "{}"],
      [{ definition: null }, "{ definition: null }"]
    ],
    []
  ],
  layer: [
    "a layer",
    [
      [{}, "{}"],
      [7, "7"]
    ],
    [Layer.empty]
  ]
}

/** The options in which only that one is given. */
const only = (name: string, value: unknown): Given =>
  name.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Given

const problemOf = (given: Given) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(System.layer(asOptions(given))))), (error) => {
    expect(error).toBeInstanceOf(System.BootError)
    return error.problem
  })

describe("An option of a system", () => {
  for (const [name, [expected, bad, good]] of Object.entries(table)) {
    it.effect(`${name}: expects ${expected}`, () =>
      Effect.gen(function* () {
        for (const [value, printed] of bad) {
          expect(yield* problemOf(only(name, value))).toBe(`${name}: expected ${expected}, got ${printed}`)
        }
        for (const value of [undefined, ...good]) {
          expect(yield* checkOptions(asOptions({ entry, schedulers: 1, ...only(name, value) }))).toBeGreaterThan(0)
        }
      })
    )
  }

  it.effect("is told with all the others that are wrong", () =>
    Effect.gen(function* () {
      const problem = yield* problemOf({ busyWait: "off", slice: 0, monitor: { longTurn: "?" } })
      expect(problem.split("; ").sort()).toEqual([
        "busyWait: expected one of none, short, long, got 'off'",
        "monitor.longTurn: expected a duration above zero, or Infinity, got '?'",
        "slice: expected a whole number from 1 on, got 0"
      ])
    })
  )

  it.effect("can be left out, but not all of them for nothing", () =>
    Effect.gen(function* () {
      expect(yield* checkOptions({})).toBe(1)
      expect(yield* problemOf(undefined)).toBe("options: expected object, got undefined")
    })
  )

  it.effect("entry is needed for more than one scheduler, unless they are virtual", () =>
    Effect.gen(function* () {
      expect(yield* problemOf({ schedulers: 2 })).toMatch(/^entry: expected the URL .*, got undefined$/)
      expect(yield* checkOptions({ schedulers: 2, virtual: true })).toBe(2)
    })
  )
})

it("the documented defaults of the time limits", () => {
  expect(timeLimitsOf({})).toEqual({ watchdog: 10_000, bootTimeout: 30_000 })
  expect(timeLimitsOf({ watchdog: "Infinity", bootTimeout: 500 })).toEqual({
    watchdog: Number.POSITIVE_INFINITY,
    bootTimeout: 500
  })
})
