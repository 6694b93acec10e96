/** The ring's promises, checked on one thread: two ends over the same memory, against a plain array as the model. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { defaultRingCapacity, makeRing, RingReader, RingWriter } from "../../src/system/transport/Ring.ts"

interface Read {
  readonly bytes: ReadonlyArray<number>
  readonly kind: number
}

/** Bytes that differ from record to record, so that a mix-up shows. */
const record = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7 + 1) & 255)

/** More than any ring here holds; not endless, so that a reader that lost its way fails a test and does not hang it. */
const everything = 1000

const readAll = (reader: RingReader, max = everything): Array<Read> => {
  const read: Array<Read> = []
  reader.read((bytes, start, end, kind) => read.push({ bytes: [...bytes.slice(start, end)], kind }), max)
  return read
}

/** The bytes a record costs: its header and its body, padded. */
const cost = (length: number): number => 4 + Math.ceil(length / 4) * 4

const ends = (capacity: number, position = 0) => {
  const buffer = makeRing(capacity, position)
  return { buffer, writer: new RingWriter(buffer), reader: new RingReader(buffer) }
}

describe("Ring", () => {
  it("takes records of any length up to maxRecord, in order, with their kinds", () => {
    const { writer, reader } = ends(256)
    expect(writer.maxRecord).toBe(124)
    for (let length = 0; length <= writer.maxRecord; length++) {
      const bytes = record(length, length)
      expect(writer.write(bytes, length, length % 7)).toBe(true)
      writer.publish()
      expect(readAll(reader)).toEqual([{ bytes: [...bytes], kind: length % 7 }])
    }
  })

  it("takes the first `length` bytes of what it is given", () => {
    const { writer, reader } = ends(128)
    for (const length of [3, 40]) {
      writer.write(record(1, 60), length)
      writer.publish()
      expect(readAll(reader)).toEqual([{ bytes: [...record(1, 60)].slice(0, length), kind: 0 }])
    }
  })

  it("keeps every triple of records whole, from every offset of a small ring and across 2^32", () => {
    for (const capacity of [16, 32]) {
      const longest = capacity / 2 - 4
      for (let offset = 0; offset < capacity; offset += 4) {
        for (const position of [offset, 2 ** 32 - capacity + offset, 2 ** 31 - capacity + offset]) {
          for (let first = 0; first <= longest; first++) {
            for (let second = 0; second <= longest; second++) {
              for (let third = 0; third <= longest; third++) {
                const { writer, reader } = ends(capacity, position)
                const lengths = [first, second, third]
                const seen: Array<Read> = []
                lengths.forEach((length, seed) => {
                  if (!writer.write(record(seed, length))) {
                    writer.publish()
                    seen.push(...readAll(reader))
                    if (!writer.write(record(seed, length))) throw new Error("an empty ring refused a record")
                  }
                })
                writer.publish()
                seen.push(...readAll(reader))
                const wanted = lengths.map((length, seed) => String(record(seed, length)))
                // Not `expect` for each of a hundred thousand cases: it would take most of the time.
                if (String(seen.map((one) => String(one.bytes))) !== String(wanted) || !reader.isEmpty()) {
                  expect({ capacity, position, lengths, seen }).toEqual(wanted)
                }
              }
            }
          }
        }
      }
    }
  })

  it("an empty ring takes the longest record wherever it stands", () => {
    for (let offset = 0; offset < 64; offset += 4) {
      const { writer, reader } = ends(64, offset)
      expect(writer.write(record(offset, writer.maxRecord))).toBe(true)
      writer.publish()
      expect(readAll(reader)).toEqual([{ bytes: [...record(offset, writer.maxRecord)], kind: 0 }])
    }
  })

  it("a full ring refuses and stays as it was, and takes again what the reader made room for", () => {
    const { writer, reader } = ends(64)
    // All but the word of the next header
    const lengths = [4, 8, 4, 4, 4, 4, 4]
    lengths.forEach((length, seed) => {
      expect(writer.write(record(seed, length))).toBe(true)
    })
    expect(writer.write(record(7, 4))).toBe(false)
    expect(writer.write(record(7, 0))).toBe(false)
    writer.publish()
    expect(readAll(reader, 2)).toHaveLength(2)
    // It skips a word before the end
    expect(writer.write(record(7, 4))).toBe(true)
    expect(writer.write(record(8, 8))).toBe(false)
    writer.publish()
    expect(readAll(reader).map((one) => one.bytes)).toEqual(
      [...lengths.slice(2), 4].map((length, index) => [...record(index + 2, length)])
    )
  })

  it("a record that could never fit is the writer's error", () => {
    const { writer } = ends(64)
    expect(() => writer.write(new Uint8Array(writer.maxRecord + 1))).toThrow(RangeError)
  })

  it("a reader sees nothing before publish, and then everything at once", () => {
    const { writer, reader } = ends(64)
    expect(writer.hasUnpublished).toBe(false)
    writer.write(record(1, 5))
    writer.write(record(2, 9))
    expect(writer.hasUnpublished).toBe(true)
    expect(reader.isEmpty()).toBe(true)
    expect(readAll(reader)).toEqual([])
    writer.publish()
    expect(writer.hasUnpublished).toBe(false)
    expect(reader.isEmpty()).toBe(false)
    expect(readAll(reader)).toHaveLength(2)
    expect(reader.isEmpty()).toBe(true)
  })

  it("a writer stopped at any byte of any record leaves the published ones, whole", () => {
    for (let offset = 0; offset < 64; offset += 4) {
      for (const length of [1, 8, 16]) {
        for (let stop = 0; stop < length; stop++) {
          const { buffer, writer, reader } = ends(64, offset)
          writer.write(record(1, 6))
          writer.publish()
          // Written but not published: as lost as the record it stops in.
          writer.write(record(2, 3))
          const stopping = new Proxy(record(3, length), {
            get: (target, key) => {
              if (key === String(stop)) throw new Error("stopped")
              return Reflect.get(target, key, target)
            }
          })
          expect(() => writer.write(stopping)).toThrow("stopped")
          // The next writer starts from what was published; the reader never knows of the rest.
          const next = new RingWriter(buffer)
          expect(readAll(reader)).toEqual([{ bytes: [...record(1, 6)], kind: 0 }])
          expect(next.write(record(4, length))).toBe(true)
          next.publish()
          expect(readAll(reader)).toEqual([{ bytes: [...record(4, length)], kind: 0 }])
        }
      }
    }
  })

  it("a writer killed after any of its stores, whatever order they became visible in, leaves the published records", () => {
    for (let offset = 0; offset < 64; offset += 4) {
      for (const length of [3, 9, 20]) {
        const { buffer, writer } = ends(64, offset)
        writer.write(record(1, 6))
        writer.publish()
        const before = new Uint8Array(buffer).slice()
        if (!writer.write(record(2, length))) throw new Error("there is room for it")
        const after = new Uint8Array(buffer).slice()
        const changed = [...after.keys()].filter((place) => after[place] !== before[place])
        // From the front, from the back, and each alone: as far as it got
        const visible = [
          ...changed.map((_, stop) => changed.slice(0, stop)),
          ...changed.map((_, stop) => changed.slice(stop)),
          ...changed.map((place) => [place])
        ]
        for (const places of visible) {
          const left = new Uint8Array(buffer)
          left.set(before)
          for (const place of places) left[place] = after[place] ?? 0
          const next = new RingWriter(buffer)
          const reader = new RingReader(buffer)
          expect(readAll(reader, 1)).toEqual([{ bytes: [...record(1, 6)], kind: 0 }])
          expect(reader.isEmpty()).toBe(true)
          expect(next.write(record(3, 5))).toBe(true)
          next.publish()
          expect(readAll(reader)).toEqual([{ bytes: [...record(3, 5)], kind: 0 }])
        }
      }
    }
  })

  it("records written in place are like those that are copied in, wherever they stand", () => {
    for (const capacity of [16, 64]) {
      for (let offset = 0; offset < capacity; offset += 4) {
        const { writer, reader } = ends(capacity, offset)
        for (let seed = 0; seed < 40; seed++) {
          const bytes = record(seed, (seed * 5) % (writer.maxRecord + 1))
          const claimed = writer.claim()
          const inPlace = claimed && bytes.length <= writer.claimEnd - writer.claimStart
          if (inPlace) {
            writer.bytes.set(bytes, writer.claimStart)
            writer.commit(bytes.length, seed % 7)
          } else expect(writer.write(bytes, bytes.length, seed % 7)).toBe(true)
          expect(writer.unpublished).toBeGreaterThan(0)
          expect(reader.looksEmpty()).toBe(true)
          writer.publish()
          expect(writer.unpublished).toBe(0)
          expect(reader.looksEmpty()).toBe(false)
          expect(readAll(reader)).toEqual([{ bytes: [...bytes], kind: seed % 7 }])
        }
      }
    }
  })

  it("a claim never reaches into what is not read yet, nor beyond the longest record", () => {
    for (let offset = 0; offset < 64; offset += 4) {
      for (let unread = 0; unread <= 64; unread += 8) {
        const { writer, reader } = ends(64, offset)
        let written = 0
        while (written * 8 < unread && writer.write(record(written, 4))) written++
        writer.publish()
        if (writer.claim()) {
          expect(writer.claimEnd - writer.claimStart).toBeLessThanOrEqual(writer.maxRecord)
          expect(writer.claimEnd).toBeLessThanOrEqual(64)
          writer.bytes.fill(255, writer.claimStart, writer.claimEnd)
        }
        expect(readAll(reader).map((one) => one.bytes)).toEqual(
          Array.from({ length: written }, (_, seed) => [...record(seed, 4)])
        )
      }
    }
  })

  it("a claim that is not committed is as if it had not been made", () => {
    const { writer, reader } = ends(64)
    expect(writer.claim()).toBe(true)
    writer.bytes.fill(255, writer.claimStart, writer.claimEnd)
    writer.publish()
    expect(reader.isEmpty()).toBe(true)
    expect(writer.write(record(1, 9))).toBe(true)
    writer.publish()
    expect(readAll(reader)).toEqual([{ bytes: [...record(1, 9)], kind: 0 }])
  })

  it("a write that failed halfway is as if it had not been tried", () => {
    const { writer, reader } = ends(64, 48)
    const failing = new Proxy(record(3, 20), {
      get: (target, key) => {
        if (key === "7") throw new Error("stopped")
        return Reflect.get(target, key, target)
      }
    })
    expect(() => writer.write(failing)).toThrow("stopped")
    expect(writer.hasUnpublished).toBe(false)
    expect(writer.write(record(4, 20))).toBe(true)
    writer.publish()
    expect(readAll(reader)).toEqual([{ bytes: [...record(4, 20)], kind: 0 }])
  })

  it("a record whose handler throws is read, and the next one is not lost", () => {
    const { writer, reader } = ends(64)
    for (const seed of [1, 2, 3]) writer.write(record(seed, 4))
    writer.publish()
    const seen: Array<number> = []
    const handle = (bytes: Uint8Array, start: number) => {
      seen.push(bytes[start] ?? -1)
      if (seen.length === 2) throw new Error("handler")
    }
    expect(() => reader.read(handle, 10)).toThrow("handler")
    expect(reader.read(handle, 10)).toBe(1)
    expect(seen).toEqual([1, 2, 3].map((seed) => record(seed, 4)[0]))
    // And their space is back.
    for (let seed = 0; seed < 7; seed++) expect(writer.write(record(seed, 4))).toBe(true)
  })

  it("a handler may read on, and its own bytes stay until it returns", () => {
    const { writer, reader } = ends(64)
    for (let seed = 0; seed < 7; seed++) writer.write(record(seed, 4))
    writer.publish()
    const order: Array<number> = []
    let depth = 0
    const handle = (bytes: Uint8Array, start: number, end: number): void => {
      const mine = [...bytes.slice(start, end)]
      order.push(mine[0] ?? -1)
      if (depth++ === 0) {
        expect(reader.read(handle, 4)).toBe(4)
        // The four have been read, but giving their space back would give this record's, which is before them.
        expect(writer.write(record(9, 4))).toBe(false)
        expect([...bytes.slice(start, end)]).toEqual(mine)
      }
    }
    expect(reader.read(handle, 2)).toBe(2)
    expect(order).toEqual(Array.from({ length: 6 }, (_, seed) => record(seed, 4)[0]))
    expect(writer.write(record(9, 4))).toBe(true)
  })

  it("gives space back in the course of a long batch, not only at its end", () => {
    const { writer, reader } = ends(1024)
    let written = 0
    while (writer.write(record(written, 12))) written++
    writer.publish()
    let firstSpace = -1
    let handled = 0
    reader.read(() => {
      handled++
      if (firstSpace < 0 && writer.write(record(written, 12))) firstSpace = handled
    }, written)
    expect(firstSpace).toBeGreaterThan(0)
    expect(firstSpace).toBeLessThan(written / 4)
  })

  it("reports space once to a writer that asked, and not to one that did not", () => {
    const buffer = makeRing(64)
    let reports = 0
    const writer = new RingWriter(buffer)
    const reader = new RingReader(buffer, () => reports++)
    const fill = () => {
      while (writer.write(record(1, 4)));
      writer.publish()
    }
    fill()
    readAll(reader)
    expect(reports).toBe(0)
    fill()
    writer.awaitSpace()
    expect(writer.write(record(1, 4))).toBe(false)
    readAll(reader)
    expect(reports).toBe(1)
    fill()
    readAll(reader)
    expect(reports).toBe(1)
    fill()
    writer.awaitSpace()
    writer.cancelAwaitSpace()
    readAll(reader)
    expect(reports).toBe(1)
  })

  it("gives back what was read by and by when the writer waits, by looking or before it sleeps, and otherwise in steps", () => {
    for (const looks of [true, false]) {
      const buffer = makeRing(1024, 416)
      let reports = 0
      const writer = new RingWriter(buffer)
      const reader = new RingReader(buffer, () => reports++)
      // Behind this, the longest record needs all of the ring
      writer.write(record(0, 96))
      writer.publish()
      expect(readAll(reader)).toHaveLength(1)
      const longest = record(1, writer.maxRecord)
      expect(reader.looksEmpty()).toBe(true)
      expect(writer.write(longest)).toBe(false)
      writer.awaitSpace()
      expect(writer.write(longest)).toBe(false)
      if (looks) {
        expect(reader.looksEmpty()).toBe(false)
        expect(readAll(reader)).toEqual([])
      } else expect(reader.isEmpty()).toBe(true)
      expect(reports).toBe(1)
      expect(reader.looksEmpty()).toBe(true)
      expect(writer.write(longest)).toBe(true)
    }
  })

  it("reports space even when records are read one by one or their handler throws", () => {
    const buffer = makeRing(64)
    let reports = 0
    const writer = new RingWriter(buffer)
    const reader = new RingReader(buffer, () => reports++)
    while (writer.write(record(1, 4)));
    writer.publish()
    writer.awaitSpace()
    const handle = () => {
      throw new Error("handler")
    }
    while (!reader.isEmpty()) expect(() => reader.read(handle, 1)).toThrow("handler")
    expect(reports).toBe(1)
  })

  it("refuses capacities that are no power of two and positions that are not aligned", () => {
    for (const capacity of [0, 8, 48, 63, -64, 2 ** 29, Number.NaN, 64.5]) {
      expect(() => makeRing(capacity)).toThrow(RangeError)
    }
    expect(() => makeRing(64, 2)).toThrow(RangeError)
    expect(() => new RingWriter(new SharedArrayBuffer(64))).toThrow(RangeError)
    expect(() => new RingReader(new SharedArrayBuffer(1000))).toThrow(RangeError)
    expect(new RingWriter(makeRing()).capacity).toBe(defaultRingCapacity)
  })

  it("any mix of writing, publishing, reading and changing ends agrees with the model", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), size: fc.nat({ max: 1000 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("publish" as const), size: fc.constant(0) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), size: fc.nat({ max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("throw" as const), size: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("replace" as const), size: fc.constant(0) }) }
    )
    fc.assert(
      fc.property(
        fc.constantFrom(16, 32, 64, 256),
        fc.integer({ min: -64, max: 64 }),
        fc.array(step, { maxLength: 200, size: "max" }),
        (capacity, quarter, steps) => {
          const buffer = makeRing(capacity, quarter * 4)
          let writer = new RingWriter(buffer)
          let reader = new RingReader(buffer)
          let unpublished: Array<Uint8Array> = []
          const published: Array<Uint8Array> = []
          steps.forEach(({ do: action, size }, seed) => {
            if (action === "write") {
              const bytes = record(seed, size % (writer.maxRecord + 1))
              const used = [...published, ...unpublished].reduce((sum, one) => sum + cost(one.length), 0)
              const written = writer.write(bytes, bytes.length, seed % 7)
              if (written) {
                unpublished.push(bytes)
                expect(used + cost(bytes.length)).toBeLessThan(capacity)
              } else {
                // Skipped at the end of the ring: less than this record before it, and less than the longest unread one.
                const longest = Math.max(...[...published, ...unpublished, bytes].map((one) => cost(one.length)))
                expect(used + cost(bytes.length) + longest).toBeGreaterThanOrEqual(capacity)
              }
            } else if (action === "publish") {
              writer.publish()
              published.push(...unpublished.splice(0))
            } else if (action === "read") {
              const wanted = published.splice(0, size)
              expect(readAll(reader, size).map((one) => one.bytes)).toEqual(wanted.map((bytes) => [...bytes]))
            } else if (action === "throw" && published.length > 0) {
              const wanted = published.shift()
              let seen: Uint8Array | undefined
              const handle = (bytes: Uint8Array, start: number, end: number) => {
                seen = bytes.slice(start, end)
                throw new Error("handler")
              }
              expect(() => reader.read(handle, 5)).toThrow("handler")
              expect([...(seen ?? [])]).toEqual([...(wanted ?? [])])
            } else if (action === "replace") {
              // Whoever takes an end over finds what was published and not yet read, and nothing else.
              writer = new RingWriter(buffer)
              reader = new RingReader(buffer)
              unpublished = []
            }
            expect(reader.isEmpty()).toBe(published.length === 0)
          })
        }
      ),
      { numRuns: 500 }
    )
  })
})
