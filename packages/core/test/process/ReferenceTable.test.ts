import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Referenced, ReferenceTable } from "../../src/address/ReferenceTable.ts"

const unit = 2 ** 18

class Entry implements Referenced {
  readonly ref: number
  sibling: Referenced | undefined = undefined
  constructor(ref: number) {
    this.ref = ref
  }
}

describe("ReferenceTable", () => {
  it("finds what was added and not taken, whatever the references", () => {
    // Counters that share a place in the table, and large ones
    const counter = fc.oneof(
      fc.nat(5),
      fc.nat(5000),
      fc.nat(3).map((n) => n * 2 ** 32 + 7),
      fc.nat(9).map((n) => n * 1024)
    )
    const step = fc.record({ add: fc.boolean(), counter, rest: fc.constantFrom(64, 65) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const table = new ReferenceTable<Entry>(unit)
        const model = new Map<number, Entry>()
        for (const { add, counter, rest } of steps) {
          const ref = counter * unit + rest
          if (!add) {
            expect(table.take(ref)).toBe(model.get(ref))
            model.delete(ref)
          } else if (!model.has(ref)) {
            const entry = new Entry(ref)
            table.add(entry)
            model.set(ref, entry)
          }
        }
        expect(table.size).toBe(model.size)
        for (const [ref, entry] of model) expect(table.get(ref)).toBe(entry)
        expect(table.get(2 ** 40)).toBe(undefined)
      })
    )
  })

  it("grows", () => {
    const table = new ReferenceTable<Entry>(unit)
    const entries = Array.from({ length: 5000 }, (_, counter) => new Entry(counter * unit))
    for (const entry of entries) table.add(entry)
    for (const entry of entries) expect(table.get(entry.ref)).toBe(entry)
    for (const entry of entries) expect(table.take(entry.ref)).toBe(entry)
    expect(table.size).toBe(0)
  })
})
