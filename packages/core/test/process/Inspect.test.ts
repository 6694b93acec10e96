/** Values as text: never a throw, none of the value's code, and no more than so many characters. */
import { inspect } from "node:util"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import { longestText, show, showGiven } from "../../src/base/Inspect.ts"

class Point {
  readonly x = 1
  readonly #hidden = 2
  get sum(): number {
    return this.x + this.#hidden
  }
}

/** Every trap throws. */
const trap = new Proxy({}, { get: (_, name) => () => expect.fail(`the trap ${String(name)} ran`) })
const trapped = new Proxy({ secret: 1 }, trap)
const circular: Record<string, unknown> = { a: 1 }
circular.self = circular

describe("a value as text", () => {
  const table: ReadonlyArray<readonly [string, unknown, string]> = [
    ["a number", 1.5, "1.5"],
    ["minus zero", -0, "-0"],
    ["a text", "it's", `"it's"`],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a bigint", 5n, "5n"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", function named() {}, "[Function: named]"],
    ["an object", { a: 1, "b-c": ["x"] }, "{ a: 1, 'b-c': [ 'x' ] }"],
    ["an empty object", {}, "{}"],
    ["an object without a prototype", Object.create(null), "{}"],
    ["an instance, without what is private", new Point(), "Point { x: 1 }"],
    ["an array with a hole", Object.assign(new Array(2), [1]), "[ 1, <empty> ]"],
    ["a map", new Map([["a", { b: 1 }]]), "Map(1) { 'a' => { b: 1 } }"],
    ["a set", new Set([1, "x"]), "Set(2) { 1, 'x' }"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a date that is none", new Date(Number.NaN), "Invalid Date"],
    ["a pattern", /x/g, "/x/g"],
    ["an error", new TypeError("bad"), "[TypeError: bad]"],
    ["bytes", new Uint8Array(2), "Uint8Array(2) [ 0, 0 ]"],
    ["a pid", { pid: new PidImpl(0, 1, 2, undefined) }, "{ pid: <0.1.2> }"],
    ["a redacted value", { password: Redacted.make("secret") }, "{ password: <redacted> }"],
    ["itself, inside", circular, "{ a: 1, self: [Circular] }"],
    ["the same twice", [circular.b, circular.b], "[ undefined, undefined ]"]
  ]
  for (const [what, value, text] of table) {
    it(`is one line: ${what}`, () => {
      expect(show(value)).toBe(text)
    })
  }

  it("is made without a getter and without a proxy's traps", () => {
    const getters = {
      get boom(): never {
        return expect.fail("a getter ran")
      },
      ok: 1
    }
    expect(show(getters)).toBe("{ boom: [Getter], ok: 1 }")
    expect(show([trapped])).toBe("[ [Proxy] ]")
    expect(show(Object.create(trapped))).toBe("{}")
    const list = Object.defineProperty([0], 0, { get: () => expect.fail("a getter ran") })
    expect(show(list)).toBe("[ [Getter] ]")
    class Overridden extends Map<number, number> {
      override entries(): never {
        return expect.fail("a method ran")
      }
      override get size(): number {
        return expect.fail("a getter ran")
      }
    }
    const overridden = new Overridden()
    overridden.set(1, 2)
    expect(show(overridden)).toBe("Overridden(1) { 1 => 2 }")
  })

  it("is there when a class's own way to be shown throws", () => {
    class Bad {
      [inspect.custom](): string {
        throw new Error("no")
      }
    }
    class WithoutMessage extends Error {
      override get message(): string {
        throw new Error("no")
      }
    }
    expect(show({ bad: new Bad() })).toBe("{ bad: [Bad: it cannot be shown] }")
    expect(show(new WithoutMessage())).toBe("[Error: it cannot be shown]")
  })

  it("shows no more than four levels of objects, twenty items and the beginning of a text", () => {
    expect(show({ a: { b: { c: { d: { e: { f: 1 } } } } } })).toBe("{ a: { b: { c: { d: { e: [Object] } } } } }")
    const many = Array.from({ length: 100 }, (_, index) => index)
    expect(show(many)).toMatch(/^\[ 0, 1, .*, 19, … 80 more \]$/)
    expect(show(new Set(many))).toMatch(/^Set\(100\) \{ 0, 1, .*, 19, … 80 more \}$/)
    expect(show("x".repeat(1e6))).toBe(`'${"x".repeat(200)}'... 999800 more characters`)
  })

  it("is cut to a length, however large the value is, and never within a character", () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, "🎭".repeat(50)]))
    for (let longest = 50; longest < 150; longest++) {
      const text = show(wide, longest)
      expect(text.length).toBeLessThanOrEqual(longest)
      expect(text.isWellFormed()).toBe(true)
      expect(text.endsWith("…")).toBe(true)
    }
    expect(show(wide).length).toBeLessThanOrEqual(longestText)
    const deep: Record<string, unknown> = {}
    let at = deep
    for (let level = 0; level < 100_000; level++) {
      const next: Record<string, unknown> = {}
      at.next = next
      at = next
    }
    expect(show(deep)).toContain("[Object]")
  })

  it("is short in an error's message", () => {
    expect(showGiven({ text: "x".repeat(1000) }).length).toBeLessThanOrEqual(120)
  })
})
