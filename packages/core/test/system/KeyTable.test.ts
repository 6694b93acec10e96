import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Keyed, KeyTable } from "../../src/system/names/KeyTable.ts"

/** Texts that agree in what their numbers are made of, and others. */
const alike = (middle: number) => `${"a".repeat(40)}${middle}${"z".repeat(40)}`
const keys = [
  "",
  "a",
  "b",
  "key",
  "lock",
  "\ud800",
  "schlüssel",
  alike(1),
  alike(2),
  alike(3),
  alike(4),
  `${alike(1)}z`
]

const made = (key: string): Keyed => ({ key })

describe("KeyTable", () => {
  it("keeps one value a key, found by any text that is equal, whatever came and went before", () => {
    const key = fc.constantFrom(...keys)
    const step = fc.record({ do: fc.constantFrom("add", "add", "get", "replace", "delete"), key })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const table = new KeyTable<Keyed>()
        const known = new Map<string, Keyed>()
        for (const { do: what, key: text } of steps) {
          // Equal, and not the same object
          const key = Array.from(text).join("")
          const value = known.get(key)
          switch (what) {
            case "get":
              expect(table.get(key)).toBe(value)
              break
            case "add": {
              const next = made(key)
              expect(table.add(next)).toBe(value)
              if (value === undefined) known.set(key, next)
              break
            }
            case "replace": {
              if (value === undefined) break
              const next = made(key)
              table.replace(value, next)
              known.set(key, next)
              break
            }
            case "delete":
              if (value === undefined) break
              table.delete(value)
              known.delete(key)
          }
        }
        expect(new Set(table.values())).toEqual(new Set(known.values()))
        for (const key of keys) expect(table.get(key)).toBe(known.get(key))
        // Nothing is left of what is gone
        for (const value of known.values()) table.delete(value)
        expect(Reflect.get(table, "byNumber")).toEqual(new Map())
        expect(Reflect.get(table, "others")).toEqual(new Map())
      })
    )
  })

  it("gives what came first first", () => {
    const table = new KeyTable<Keyed>()
    const values = Array.from({ length: 1000 }, (_, at) => made(`key ${at}`))
    for (const value of values) table.add(value)
    expect(Array.from(table.values())).toEqual(values)
  })

  it("finds each of a hundred thousand texts that differ in one letter or two", () => {
    const table = new KeyTable<Keyed>()
    const values = Array.from({ length: 100_000 }, (_, at) => made(`name-${at}`))
    expect(values.filter((value) => table.add(value) !== undefined)).toEqual([])
    expect(values.filter((value) => table.get(value.key) !== value)).toEqual([])
    for (const value of values) table.delete(value)
    expect(Array.from(table.values())).toEqual([])
  })
})
