/**
 * The compiled codec against Effect's own, over many schemas. `CODEC_VALUES` says how many values to try in all
 * (default 100000), `CODEC_SEED` which ones.
 */

import { execFile } from "node:child_process"
import { isDeepStrictEqual, promisify } from "node:util"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { enterSystem } from "../../../src/address/SystemId.ts"
import { closures } from "../../../src/schema/Closures.ts"
import { generatedGuard } from "../../../src/schema/Guard.ts"
import { InvalidMessage } from "../../../src/schema/InvalidMessage.ts"
import { planOf } from "../../../src/schema/PlanOf.ts"
import { generatedCodec } from "../../../src/schema/Source.ts"
import { valueCodec } from "../../../src/schema/ValueCodec.ts"
import { fromSchema } from "../../../src/signal/MailboxCodec.ts"
import { ByteReader, ByteWriter } from "../../../src/wire/Bytes.ts"
import { canGenerate } from "../../../src/wire/Generate.ts"
import { bytesOf, expectBytes, expectSame, lenient, readAll, same, show, strict } from "./compare.ts"
import { batches } from "./fromEffect.ts"
import { schemas } from "./schemas.ts"

// Addresses as JSON are those of a system
enterSystem("test")

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

/** How many values must arrive as they were sent. */
const least = 100_000

const total = setting("CODEC_VALUES", least)
const seed = setting("CODEC_SEED", 20_260 + new Date().getSeconds() * 1000 + new Date().getMilliseconds())
const names = Object.keys(schemas)
/** How many values Effect generates at a time, from small ones to large ones. */
const batchSize = 50
const batchesEach = Math.ceil(total / names.length / batchSize)

/** How many values of each schema arrived as they were sent. */
const tried = new Map<string, number>()

/** What went wrong, with everything needed to see it again. */
const context = (name: string, value: unknown) => `${name} with CODEC_SEED=${seed}: ${show(value)}`

type Read = { readonly value: unknown } | undefined

const attempt = (read: () => unknown): Read => {
  try {
    return { value: read() }
  } catch {
    return undefined
  }
}

/** A small generator of its own, so that what is broken does not depend on how many values there are. */
const random = (start: number) => {
  let state = start | 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** The bytes with something wrong: bits, an end that comes early or late, a piece moved, a byte in between. */
const damaged = (bytes: Uint8Array, draw: (below: number) => number): Uint8Array => {
  const items = [...bytes]
  for (let times = 1 + draw(3); times > 0; times--) {
    const at = draw(items.length + 1)
    switch (draw(6)) {
      case 0:
        items.length = at
        break
      case 1:
        items.push(draw(256))
        break
      case 2:
        items.splice(at, 1, draw(256))
        break
      case 3:
        items.splice(at, 0, draw(256))
        break
      case 4:
        items.splice(at, 1)
        break
      default:
        items[at] = (items[at] ?? 0) ^ (1 << draw(8))
    }
  }
  return Uint8Array.from(items)
}

const strangers = [null, undefined, -0, Number.NaN, "", "a", true, 5n, {}, [], new Date(Number.NaN), new Map(), () => 1]

/** The value with something else in it somewhere: a property or an element gone, changed or too many. */
const disturbed = (value: unknown, draw: (below: number) => number, depth: number): unknown => {
  const stranger = strangers[draw(strangers.length)]
  if (typeof value !== "object" || value === null || depth > 5 || draw(8) === 0) return stranger
  if (Array.isArray(value)) {
    const at = draw(value.length + 1)
    if (at === value.length) return [...value, stranger]
    return draw(3) === 0 ? value.toSpliced(at, 1) : value.with(at, disturbed(value[at], draw, depth + 1))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const keys = Object.keys(value)
  const key = keys[draw(keys.length + 1)]
  if (key === undefined) return { ...value, extra: stranger }
  const changed = Object.entries(value).map(([each, item]) => [
    each,
    each === key ? disturbed(item, draw, depth + 1) : item
  ])
  return Object.fromEntries(draw(3) === 0 ? changed.filter(([each]) => each !== key) : changed)
}

/** Checks values of a schema; when one fails, fast-check says with which seed, and looks for a smaller one that does. */
const forValues = (name: string, numRuns: number, check: (value: unknown) => void): void => {
  // `name` is one of `names`
  const arbitrary = Arbitrary.schema(schemas[name] as Schema.Codec<unknown, unknown>)
  fc.assert(
    fc.property(batches(arbitrary, batchSize), ({ values }) => {
      for (const value of values) check(value)
    }),
    { numRuns, seed }
  )
}

const few = new Map<string, ReadonlyArray<unknown>>()

/** A few values of a schema. */
const some = (name: string): ReadonlyArray<unknown> => {
  let values = few.get(name)
  if (values === undefined) {
    // `name` is one of `names`
    const arbitrary = Arbitrary.schema(schemas[name] as Schema.Codec<unknown, unknown>)
    values = fc.sample(batches(arbitrary, 3), { numRuns: 1, seed }).flatMap((batch) => batch.values)
    few.set(name, values)
  }
  return values
}

/** Declarations that do not say how they become JSON. Effect's codec refuses them. */
const withoutJson = new Set(["declared", "floats"])

/**
 * JSON writes NaN and bigints as texts, and where a union also has texts Effect reads those; where one also takes anything,
 * it takes classes as that, and any object as one without properties. This codec need not agree: what arrives is what was sent.
 */
const ambiguousAsJson = new Set([
  "unknownFirst",
  "looseFirst",
  "recordOr",
  "primitives",
  "arraysOf",
  "mapOfNumbersAndTexts",
  "chunkOfNumbersAndTexts",
  "resultOfDates",
  "withDefault"
])

/** Effect writes local time with whole minutes of offset. */
const inexactInEffect = new Set(["zoned", "timeZone"])

describe("the compiled codec", () => {
  describe.each(names)("%s", (name) => {
    // `names` are the keys of `schemas`
    const schema = schemas[name] as Schema.Codec<unknown, unknown>
    const plan = planOf(schema.ast)
    const is = Schema.is(Schema.toType(schema))

    it("what arrives is what was sent, and what Effect's own codec would give", () => {
      const byText = generatedCodec(plan)
      const byClosure = closures(plan)
      // Without the text: once V8 (13.6, 14.6) has parsed {"u":1,"\\\\":2}, it reads the second key of {"u":1,"\\n":2} as a backslash
      const canonical = Schema.toCodecJson(schema)
      const encode = Schema.encodeUnknownSync(canonical)
      const decode = Schema.decodeUnknownSync(canonical)
      let count = 0
      forValues(name, batchesEach, (sent) => {
        count++
        const bytes = bytesOf(byText, sent)
        expectBytes(bytesOf(byClosure, sent), bytes, () => context(name, sent))
        const arrived = readAll(byText, bytes)
        const what = () => context(name, sent)
        expectSame(arrived, sent, { zero: true, prototype: false }, what)
        expectSame(readAll(byClosure, bytes), arrived, strict, what)
        if (withoutJson.has(name)) return expect(() => encode(sent), what()).toThrow("JSON")
        const mayDiffer = ambiguousAsJson.has(name) || inexactInEffect.has(name)
        const read = mayDiffer ? attempt(() => decode(encode(sent))) : { value: decode(encode(sent)) }
        if (mayDiffer && !(read !== undefined && same(read.value, sent, lenient))) return
        // As text -0 is 0, and Effect keeps objects without a prototype where it copies nothing
        expectSame(arrived, read?.value, lenient, what)
      })
      tried.set(name, count)
    })

    it("the guard says of values, whole and damaged, and of those of other schemas what Effect says", () => {
      const guard = generatedGuard(Schema.toType(schema).ast)
      const draw = random(seed)
      forValues(name, Math.ceil(batchesEach / 4), (sent) => {
        if (!guard(sent)) expect.unreachable(context(name, sent))
        const broken = disturbed(sent, draw, 0)
        if (guard(broken) !== is(broken)) expect.unreachable(context(name, broken))
      })
      for (const other of names) {
        for (const sent of some(other)) if (guard(sent) !== is(sent)) expect.unreachable(context(name, sent))
      }
    })

    it("damaged bytes are an InvalidMessage or a value of the schema", () => {
      const draw = random(seed)
      const byText = generatedCodec(plan)
      const byClosure = closures(plan)
      const mailbox = fromSchema(schema)
      forValues(name, Math.ceil(batchesEach / 4), (sent) => {
        const bytes = damaged(bytesOf(byText, sent), draw)
        const generatedRead = attempt(() => readAll(byText, bytes))
        const closureRead = attempt(() => readAll(byClosure, bytes))
        const what = () => context(name, [...bytes])
        // Damage can make a value contain itself
        if (!isDeepStrictEqual(generatedRead, closureRead)) expectSame(generatedRead, closureRead, strict, what)
        if (generatedRead !== undefined && !is(generatedRead.value)) expect.unreachable(what())
        try {
          const reader = new ByteReader().wrap(Uint8Array.from([2, ...bytes]), 0, bytes.length + 1)
          const arrived = mailbox.decode(reader, undefined)
          if (!is(arrived)) expect.unreachable(what())
        } catch (error) {
          if (!(error instanceof InvalidMessage)) throw error
        }
      })
    })
  })

  it(`was tried with at least ${total} values of at least 40 schemas (seed ${seed})`, () => {
    expect(canGenerate).toBe(true)
    expect(tried.size).toBeGreaterThanOrEqual(40)
    const counts = [...tried.values()]
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(batchesEach * batchSize)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(total)
  })

  it("a value that fails is shrunk, and its seed is told", () => {
    const found = fc.check(
      fc.property(batches(Arbitrary.schema(Schema.Array(Schema.Int)), batchSize), ({ values }) =>
        values.every((value) => (value as ReadonlyArray<number>).every((n) => n < 100))
      ),
      { seed, numRuns: 100 }
    )
    expect(found.failed).toBe(true)
    expect(found.seed).toBe(seed)
    expect(found.counterexample?.[0].values).toEqual([[100]])
  })

  it("a message with a byte too many or too few is an InvalidMessage", () => {
    const mailbox = fromSchema(schemas.struct as Schema.Top)
    const writer = new ByteWriter()
    mailbox.encode({ name: "ada", age: 36, admin: true }, writer)
    const read = (end: number) => mailbox.decode(new ByteReader().wrap(writer.bytes, 0, end), undefined)
    expect(read(writer.length)).toStrictEqual({ name: "ada", age: 36, admin: true })
    for (const end of [writer.length - 1, writer.length + 1]) expect(() => read(end)).toThrow(InvalidMessage)
  })

  it("excess properties do not travel", () => {
    const schema = Schema.Union([
      Schema.Struct({ a: Schema.Int, inner: Schema.Struct({ b: Schema.Int }) }),
      Schema.Struct({ c: Schema.Int })
    ])
    const sent = { a: 1, inner: { b: 2, secret: 3 }, secret: 4 }
    const codec = valueCodec(schema)
    expect(codec.is(sent)).toBe(true)
    const arrived = readAll(
      { write: codec.encode, read: codec.decode },
      bytesOf(generatedCodec(planOf(schema.ast)), sent)
    )
    expect(arrived).toStrictEqual({ a: 1, inner: { b: 2 } })
    expect(arrived).toStrictEqual(codec.fromText(codec.toText(sent)))
  })

  it("numbers and texts that JSON cannot hold arrive as they were", () => {
    const schema = Schema.Struct({ numbers: Schema.Array(Schema.Number), texts: Schema.Array(Schema.String) })
    const sent = {
      numbers: [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, -1 / 3, 2 ** 53, Number.MIN_VALUE],
      texts: ["\ud800", "a\udfff", "\u0000", "é".repeat(50), "\ud83d\ude00".repeat(50), "x".repeat(100_000)]
    }
    for (const leaf of [generatedCodec(planOf(schema.ast)), closures(planOf(schema.ast))]) {
      expect(isDeepStrictEqual(readAll(leaf, bytesOf(leaf, sent)), sent)).toBe(true)
    }
  })

  it("a length the record cannot hold is refused before anything is made of it", () => {
    for (const schema of [schemas.arrayOfNothing, schemas.array, schemas.record]) {
      const writer = new ByteWriter()
      writer.varint(2 ** 40)
      const codec = valueCodec(schema as Schema.Top)
      expect(() => codec.decode(new ByteReader().wrap(writer.bytes, 0, writer.length))).toThrow(RangeError)
    }
  })

  it("works alike where code may not be generated from text", async () => {
    const program = new URL("withoutGeneration.ts", import.meta.url).pathname
    const flags = ["--conditions=@understudy/source", "--disallow-code-generation-from-strings"]
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program])
    const codec = valueCodec(schemas.deep as Schema.Top)
    for (const line of stdout.trim().split("\n")) {
      const { hex, may, text } = JSON.parse(line) as { hex: string; may: boolean; text: string }
      expect(may).toBe(false)
      const arrived = codec.fromText(text)
      expect(Buffer.from(bytesOf({ write: codec.encode, read: codec.decode }, arrived)).toString("hex")).toBe(hex)
    }
    expect(stdout.trim().split("\n")).toHaveLength(20)
  })
})
