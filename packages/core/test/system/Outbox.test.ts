/** Records that wait in memory: first in, first out, whole. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Outbox } from "../../src/system/transport/Outbox.ts"

const record = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (seed * 31 + index) & 255)

const first = (outbox: Outbox) => {
  outbox.first()
  return { bytes: [...outbox.bytes.subarray(outbox.from, outbox.from + outbox.size)], kind: outbox.kind }
}

describe("Outbox", () => {
  it("gives back what was put in, in order, whatever its size", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.constant(true), size: fc.nat({ max: 300 }) }) },
      { weight: 1, arbitrary: fc.record({ push: fc.constant(true), size: fc.integer({ min: 30_000, max: 70_000 }) }) },
      { weight: 4, arbitrary: fc.record({ push: fc.constant(false), size: fc.nat({ max: 6 }) }) }
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const outbox = new Outbox()
        const model: Array<{ bytes: Array<number>; kind: number }> = []
        const shift = () => {
          const wanted = model.shift()
          // Not `expect` for each: comparing long arrays with it takes most of the time
          if (JSON.stringify(first(outbox)) !== JSON.stringify(wanted)) expect(first(outbox)).toEqual(wanted)
          outbox.shift()
        }
        steps.forEach(({ push, size }, seed) => {
          if (push) {
            const given = record(seed, size + 5)
            outbox.push(given, size, seed % 7)
            model.push({ bytes: [...given.subarray(0, size)], kind: seed % 7 })
            given.fill(0)
          } else for (let left = size; left > 0 && model.length > 0; left--) shift()
          expect(outbox.length).toBe(model.length)
        })
        while (model.length > 0) shift()
        expect(outbox.length).toBe(0)
      }),
      {
        numRuns: 100,
        examples: [
          [
            [
              { push: true, size: 0 },
              { push: false, size: 1 },
              { push: true, size: 65_533 }
            ]
          ]
        ]
      }
    )
  })

  it("gives back a long record after it was empty", () => {
    const outbox = new Outbox()
    for (const size of [3, 70_000, 3, 65_532, 65_533]) {
      outbox.push(record(size, size), size, 1)
      expect(first(outbox).bytes.length).toBe(size)
      outbox.shift()
    }
    expect(outbox.length).toBe(0)
  })

  it("is empty after clear, and takes records again", () => {
    const outbox = new Outbox()
    for (const size of [5, 70_000, 9]) outbox.push(record(size, size), size, 1)
    outbox.clear()
    expect(outbox.length).toBe(0)
    outbox.push(record(3, 3), 3, 2)
    expect(first(outbox)).toEqual({ bytes: [...record(3, 3)], kind: 2 })
  })
})
