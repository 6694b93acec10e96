import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ByteReader, ByteWriter } from "../../src/process/Bytes.ts"

const roundTrip = (write: (writer: ByteWriter) => void): ByteReader => {
  const writer = new ByteWriter()
  write(writer)
  return new ByteReader().over(writer.bytes, 0, writer.length)
}

describe("Bytes", () => {
  it("numbers, texts and blobs of any size come back as they were", () => {
    const field = fc.oneof(
      fc.record({ kind: fc.constant("varint" as const), value: fc.maxSafeNat() }),
      fc.record({ kind: fc.constant("f64" as const), value: fc.double() }),
      fc.record({ kind: fc.constant("string" as const), value: fc.string({ unit: "grapheme", maxLength: 3000 }) }),
      fc.record({ kind: fc.constant("blob" as const), value: fc.uint8Array({ maxLength: 3000 }) })
    )
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const reader = roundTrip((writer) => {
          for (const { kind, value } of fields) (writer[kind] as (value: unknown) => void).call(writer, value)
        })
        for (const { kind, value } of fields) expect(reader[kind]()).toEqual(value)
      }),
      { numRuns: 100 }
    )
  })

  it("a record that ends early is an error, not a wrong value", () => {
    const reader = roundTrip((writer) => writer.u8(200))
    expect(() => reader.varint()).toThrow(RangeError)
  })

  it("errors keep their name, message, stack, cause and own fields", () => {
    class NotAMember extends Error {
      readonly _tag = "NotAMember"
      readonly user = "ada"
      override readonly name = "NotAMember"
    }
    const error = new NotAMember("no", { cause: new TypeError("inner") })
    const back = roundTrip((writer) => writer.any({ _tag: "Failed", error })).any() as { error: NotAMember }
    expect(back.error).toBeInstanceOf(Error)
    expect(back.error).toMatchObject({ _tag: "NotAMember", user: "ada", name: "NotAMember", message: "no" })
    expect(back.error.stack).toBe(error.stack)
    expect(back.error.cause).toMatchObject({ name: "TypeError", message: "inner" })
  })

  it("P16 a large structured reason comes back structurally equal", () => {
    const reason = {
      _tag: "Failed",
      error: {
        list: Array.from({ length: 1000 }, (_, n) => [n, { n }]),
        map: new Map([[1, new Set(["a"])]]),
        bytes: new Uint8Array([1, 2, 3]),
        when: new Date(0),
        big: 2n ** 70n
      }
    }
    expect(roundTrip((writer) => writer.any(reason)).any()).toEqual(reason)
  })

  it("what cannot leave its isolate leaves as text", () => {
    expect(roundTrip((writer) => writer.any({ f: () => 1 })).any()).toEqual({ f: "() => 1" })
    const odd = { toString: () => "odd", weak: new WeakMap() }
    expect(typeof roundTrip((writer) => writer.any(odd)).any()).toBe("string")
  })
})
