/** What exit reasons and reports carry arrives, whatever it is. `HOSTILE_SEED` says with which values. */

import { inspect } from "node:util"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { build, everyKind, hostile, nested } from "../../../../../test/support/hostile.ts"
import * as ExitReason from "../../../src/exit/ExitReason.ts"
import { readReason, writeReason } from "../../../src/exit/ReasonBytes.ts"
import { ByteReader, ByteWriter } from "../../../src/wire/Bytes.ts"
import { Placeholder } from "../../../src/wire/Placeholder.ts"
import { anyFromText, anyToText, readAny, writeAny } from "../../../src/wire/Portable.ts"

const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 1_000_000)

const through = <A>(write: (writer: ByteWriter) => void, read: (reader: ByteReader) => A): A => {
  const writer = new ByteWriter()
  write(writer)
  const reader = new ByteReader().wrap(writer.bytes, writer.start, writer.start + writer.length)
  const value = read(reader)
  reader.finish()
  return value
}

const arrive = (value: unknown): unknown => through((writer) => writeAny(writer, value), readAny)

const arriveAsReason = (reason: ExitReason.ExitReason): ExitReason.ExitReason =>
  through((writer) => writeReason(writer, reason), readReason)

const reasonsWith = (value: unknown): ReadonlyArray<ExitReason.ExitReason> => [
  ExitReason.failed(value),
  ExitReason.died(value),
  ExitReason.shutdownWith(value)
]

/** Arrives with its tag, in time, and can be shown. */
const expectWhole = (value: unknown): void => {
  for (const reason of reasonsWith(value)) {
    const arrived = arriveAsReason(reason)
    expect(arrived._tag).toBe(reason._tag)
    expect(typeof ExitReason.format(reason)).toBe("string")
    expect(typeof ExitReason.format(arrived)).toBe("string")
    expect(inspect(arrived)).toContain(reason._tag)
    // What has arrived can be passed on
    expect(arriveAsReason(arrived)._tag).toBe(reason._tag)
  }
}

describe(`what no schema describes and has to arrive (seed ${seed})`, () => {
  it.each(everyKind.map((recipe) => [recipe.inner, recipe] as const))("%s", (_, recipe) => {
    const started = performance.now()
    expectWhole(build(recipe))
    // What takes more than linear time takes minutes
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it("S60 any of them, in any others", () => {
    fc.assert(
      fc.property(hostile, (recipe) => expectWhole(build(recipe))),
      { seed, numRuns: 300 }
    )
  })

  it("errors keep their class, name, message, stack, cause and own fields, and aggregates their errors", () => {
    class NotAMember extends TypeError {
      readonly _tag = "NotAMember"
      readonly user = "ada"
      override readonly name = "NotAMember"
    }
    const error = new NotAMember("no", { cause: new RangeError("inner") })
    const arrived = arrive({ _tag: "Failed", error }) as { error: NotAMember }
    expect(arrived.error).toBeInstanceOf(TypeError)
    expect(arrived.error).toMatchObject({ _tag: "NotAMember", user: "ada", name: "NotAMember", message: "no" })
    expect(arrived.error.stack).toBe(error.stack)
    expect(arrived.error.cause).toBeInstanceOf(RangeError)
    const all = arrive(new AggregateError([new SyntaxError("one"), 2], "both")) as AggregateError
    expect(all).toBeInstanceOf(AggregateError)
    expect(all.errors).toEqual([new SyntaxError("one"), 2])
  })

  it("P16 a large structured reason comes back structurally equal", () => {
    const reason = {
      _tag: "Failed",
      error: {
        list: Array.from({ length: 1000 }, (_, n) => [n, { n }]),
        map: new Map([[1, new Set(["a"])]]),
        bytes: new Uint8Array([1, 2, 3]),
        when: new Date(0),
        big: 2n ** 70n,
        deep: nested(80)
      }
    }
    expect(arrive(reason)).toEqual(reason)
  })

  it("S60 what cannot leave is replaced alone, by what prints as it did", () => {
    const request = { url: "/", close: function close() {}, done: Promise.resolve() }
    const arrived = arrive(Object.assign(new Error("502"), { status: 502, request })) as Error
    expect(arrived).toMatchObject({ message: "502", status: 502, request: { url: "/" } })
    expect(inspect(arrived)).toContain("close: [Function: close]")
    expect(inspect(arrived)).toContain("done: [Promise]")
    expect(Reflect.get(Reflect.get(arrived, "request"), "close")).toBeInstanceOf(Placeholder)
  })

  it("no more of it is copied than 100 levels and 100,000 values, and what is left out says so", () => {
    const deep = inspect(arrive(nested(3000)), { depth: Number.POSITIVE_INFINITY })
    expect(deep).toMatch(/more than 100 levels deep/)
    const wide = arrive({ list: Array.from({ length: 300_000 }, () => 1) }) as { list: Array<unknown> }
    expect(wide.list.length).toBeLessThan(100_001)
    expect(String(wide.list.at(-1))).toMatch(/more elements/)
    const long = arrive("x".repeat(20 * 2 ** 20)) as string
    expect(long.length).toBeLessThan(17 * 2 ** 20)
    expect(long).toMatch(/of 20971520 characters/)
  })

  it("objects that are the same stay the same", () => {
    const shared = { n: 1 }
    const sent: Array<unknown> = [shared, shared]
    sent.push(sent)
    const arrived = arrive(sent) as [unknown, unknown, unknown]
    expect(arrived[1]).toBe(arrived[0])
    expect(arrived[2]).toBe(arrived)
  })

  it("S60 a reason that cannot be read is one that says so", () => {
    const reason = readReason(new ByteReader().wrap(Uint8Array.of(200, 1), 0, 2))
    expect(ExitReason.format(reason)).toMatch(/could not be read/)
    expect(ExitReason.format(through((writer) => writeAny(writer, "no reason"), readReason))).toMatch(
      /could not be read/
    )
  })

  it("as text it is the same", () => {
    const error = new RangeError("far")
    expect(anyFromText(anyToText({ _tag: "Died", defect: error, stack: "" }))).toEqual({
      _tag: "Died",
      defect: error,
      stack: ""
    })
  })
})
