/** Texts that go the same way again and again, and what their reader makes of their numbers. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ByteReader, ByteWriter } from "../../../src/wire/Bytes.ts"
import { dictionarySize, noIndex, TextDictionary } from "../../../src/wire/TextDictionary.ts"

/** One way from a writer to a reader, as between two schedulers. */
const makeWay = () => {
  const texts = new TextDictionary()
  const writer = new ByteWriter(texts)
  const reader = new ByteReader()
  const read = () => reader.wrap(writer.bytes, writer.start, writer.start + writer.length)
  return {
    /** Sends texts in one record. Gives what arrives, and the bytes it took. */
    send: (...sent: ReadonlyArray<string>) => {
      writer.reset()
      for (const text of sent) writer.string(text)
      const { length } = writer
      read()
      const arrived = sent.map(() => reader.string())
      reader.finish()
      if (texts.pending !== noIndex) {
        writer.reset()
        writer.defineText(texts)
        read().readDefinition()
        reader.finish()
      }
      return { arrived, length }
    }
  }
}

const text = "a text that comes often"

describe("texts that are sent again and again", () => {
  it("arrive as they were sent, whatever comes between them", () => {
    const words = fc.constantFrom(
      text,
      `${text}!`,
      "another text",
      "yet another",
      "ünïcödé, often as well",
      "x".repeat(200)
    )
    const records = fc.array(
      fc.array(fc.oneof({ weight: 4, arbitrary: words }, fc.string({ unit: "binary", maxLength: 40 })))
    )
    fc.assert(
      fc.property(records, (all) => {
        const way = makeWay()
        for (const sent of all) expect(way.send(...sent).arrived).toEqual(sent)
      })
    )
  })

  it("take a byte or two from the fifth time on, in whatever place", () => {
    const way = makeWay()
    const lengths = [1, 2, 3, 4, 5, 6].map(() => way.send(text).length)
    expect(lengths.slice(0, 4).every((length) => length > text.length)).toBe(true)
    expect(Math.max(...lengths.slice(4))).toBeLessThanOrEqual(2)
  })

  it("stay known when others come now and then, and give way to those that come more often", () => {
    // All of one length, first and last character: they have the same place
    const other = (number: number) => `a${String(number).padStart(text.length - 2, "0")}n`
    const way = makeWay()
    for (let time = 0; time < 8; time++) way.send(text)
    for (let time = 0; time < 50; time++) {
      way.send(other(time))
      expect(way.send(text).length).toBeLessThanOrEqual(2)
    }
    for (let time = 0; time < 20; time++) way.send(other(0))
    expect(way.send(other(0))).toEqual({ arrived: [other(0)], length: expect.toSatisfy((length) => length <= 2) })
    expect(way.send(text)).toEqual({ arrived: [text], length: expect.toSatisfy((length) => length > text.length) })
  })

  it("are a RangeError for a reader that was not told of them", () => {
    const texts = new TextDictionary()
    const writer = new ByteWriter(texts)
    for (let time = 0; time < 4; time++) writer.string(text)
    expect(texts.pending).not.toBe(noIndex)
    expect(texts.define()).toBe(text)
    writer.reset()
    writer.string(text)
    expect(() => new ByteReader().wrap(writer.bytes, 0, writer.length).string()).toThrow(RangeError)
    writer.reset()
    writer.varint(dictionarySize)
    writer.string("text")
    expect(() => new ByteReader().wrap(writer.bytes, 0, writer.length).readDefinition()).toThrow(
      `there are ${dictionarySize}`
    )
  })
})
