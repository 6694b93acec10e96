import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ByteReader, ByteWriter } from "../../src/wire/Bytes.ts"
import { looped, maxShortLength, readShort } from "../../src/wire/ShortText.ts"

const roundTrip = (write: (writer: ByteWriter) => void): ByteReader => {
  const writer = new ByteWriter()
  write(writer)
  return new ByteReader().wrap(writer.bytes, 0, writer.length)
}

describe("Bytes", () => {
  it("numbers, texts and blobs of any size come back as they were", () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.integer({ min: -70, max: 70 }),
      fc.constantFrom(-0, 2 ** 29 - 1, 2 ** 29, -(2 ** 29), -(2 ** 29) - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53)
    )
    // "binary": any UTF-16 unit, lone surrogates among them
    const text = fc
      .tuple(
        fc.constantFrom("binary-ascii" as const, "grapheme" as const, "binary" as const),
        fc.integer({ min: 0, max: 60 })
      )
      .chain(([unit, most]) => fc.string({ unit, maxLength: most < 55 ? most : 3000, size: "max" }))
    const field = fc.oneof(
      fc.record({ kind: fc.constant("varint" as const), value: fc.maxSafeNat() }),
      fc.record({ kind: fc.constant("f64" as const), value: fc.double() }),
      fc.record({ kind: fc.constant("number" as const), value: number }),
      fc.record({ kind: fc.constant("string" as const), value: text }),
      fc.record({ kind: fc.constant("blob" as const), value: fc.uint8Array({ maxLength: 3000, size: "max" }) })
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

  it("a writer stays in the memory it was lent while that suffices, and never writes outside it", () => {
    const lent = new Uint8Array(new SharedArrayBuffer(256)).fill(0xaa)
    const writer = new ByteWriter()
    const write = () => {
      writer.number(-7)
      writer.string("a text of more than eight characters")
      writer.blob(new Uint8Array([1, 2, 3]))
    }
    writer.wrap(lent, 8, 248)
    write()
    expect(writer.bytes).toBe(lent)
    expect(writer.start).toBe(8)
    const { length } = writer
    for (let room = 0; room <= length + 120; room++) {
      lent.fill(0xaa)
      writer.wrap(lent, 16, 16 + room)
      write()
      expect(writer.length).toBe(length)
      if (room < length) expect(writer.bytes).not.toBe(lent)
      if (room === length + 120) expect(writer.bytes).toBe(lent)
      const reader = new ByteReader().wrap(writer.bytes, writer.start, writer.start + writer.length)
      expect([reader.number(), reader.string(), [...reader.blob()]]).toEqual([
        -7,
        "a text of more than eight characters",
        [1, 2, 3]
      ])
      reader.finish()
      expect(lent.subarray(0, 16).every((byte) => byte === 0xaa)).toBe(true)
      expect(lent.subarray(16 + room).every((byte) => byte === 0xaa)).toBe(true)
    }
    writer.reset()
    writer.u8(1)
    expect([writer.start, writer.length, writer.bytes === lent]).toEqual([0, 1, false])
  })

  it("a record moves out of lent memory as often as it must", () => {
    const writer = new ByteWriter().wrap(new Uint8Array(16), 3, 16)
    const texts = Array.from({ length: 40 }, (_, n) => "x".repeat(n * 50))
    for (const text of texts) writer.string(text)
    const reader = new ByteReader().wrap(writer.bytes, writer.start, writer.start + writer.length)
    for (const text of texts) expect(reader.string()).toBe(text)
    expect(reader.left).toBe(0)
  })

  it("short texts are read alike with and without generated code", () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, n) => 32 + n)
    for (let length = 0; length <= maxShortLength; length++) {
      expect(readShort(bytes, 3, length)).toBe(looped(length)(bytes, 3))
      expect(readShort(bytes, 3, length)).toHaveLength(length)
    }
  })

  it("a record that is not read to its end is an error where its end is asked for", () => {
    const reader = roundTrip((writer) => writer.number(300))
    expect(() => reader.finish()).toThrow(RangeError)
    reader.number()
    reader.finish()
  })

  it("a record that ends early is an error, not a wrong value", () => {
    const reader = roundTrip((writer) => writer.u8(200))
    expect(() => reader.varint()).toThrow(RangeError)
    expect(() => roundTrip((writer) => writer.u8(40)).string()).toThrow(RangeError)
  })
})
