/**
 * The compiled codec against Effect's own, over many schemas. `CODEC_VALUES` says how many values to try in all
 * (default 4000), `CODEC_SEED` which ones.
 */
import { execFile } from "node:child_process"
import { inspect, isDeepStrictEqual, promisify } from "node:util"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { ByteReader, ByteWriter } from "../../../src/process/Bytes.ts"
import { closures } from "../../../src/process/codec/Closures.ts"
import { mayGenerate } from "../../../src/process/codec/Generate.ts"
import { generatedGuard } from "../../../src/process/codec/Guard.ts"
import type { Leaf } from "../../../src/process/codec/Plan.ts"
import { planOf } from "../../../src/process/codec/PlanOf.ts"
import { generated } from "../../../src/process/codec/Source.ts"
import type { Host } from "../../../src/process/Host.ts"
import { fromSchema, InvalidMessage, value } from "../../../src/process/MessageCodec.ts"
import { schemas } from "./schemas.ts"

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)

const total = setting("CODEC_VALUES", 4000)
const seed = setting("CODEC_SEED", 20_260 + new Date().getSeconds() * 1000 + new Date().getMilliseconds())
const names = Object.keys(schemas)
const each = Math.ceil(total / names.length)

/** What went wrong, with everything needed to see it again. */
const context = (name: string, value: unknown) => `${name} with CODEC_SEED=${seed}: ${show(value)}`

const show = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return inspect(value)
  }
}

const bytesOf = (leaf: Leaf, value: unknown): Uint8Array => {
  const writer = new ByteWriter()
  leaf.write(value, writer)
  return writer.bytes.slice(0, writer.length)
}

const readAll = (leaf: Leaf, bytes: Uint8Array): unknown => {
  const reader = new ByteReader().over(bytes, 0, bytes.length)
  const read = leaf.read(reader)
  reader.finish()
  return read
}

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

const sampled = new Map<string, Promise<ReadonlyArray<unknown>>>()

/** The same values in each test of a schema. */
const samples = (name: string): Promise<ReadonlyArray<unknown>> => {
  let values = sampled.get(name)
  if (values === undefined) {
    const schema = Arbitrary.schema(schemas[name] as Schema.Codec<unknown, unknown>)
    values = Effect.runPromise(Arbitrary.sampleEffect(schema, { count: each, seed }))
    sampled.set(name, values)
  }
  return values
}

/** As text -0 is 0, and no object is without a prototype. Of these schemas a part travels as JSON or as a number in text. */
const throughText = new Set([
  "json",
  "emptyStruct",
  "exit",
  "structWithRest",
  "tupleWithTail",
  "optionOfTail",
  "numberFromText"
])

/** JSON writes NaN and bigints as texts, and where a union also has texts Effect reads those: this codec need not agree. */
const ambiguousAsText = new Set(["primitives", "arraysOf"])

interface Strictness {
  /** Whether 0 and -0 are the same. */
  readonly zero: boolean
  /** Whether an object without a prototype and one of `Object` are the same: what arrives is always one of `Object`. */
  readonly prototype: boolean
}

const prototypeOf = (value: object, { prototype }: Strictness): unknown => {
  const own: unknown = Object.getPrototypeOf(value)
  return own === null && !prototype ? Object.prototype : own
}

/** What is more than its properties. */
const builtIn = [Date, Map, Set, Uint8Array, URL, Error]

/** Deep equality, prototypes included, by Effect's `Equal` where a class has it. */
const same = (a: unknown, b: unknown, strictness: Strictness): boolean => {
  if (typeof a === "number" && typeof b === "number") return Object.is(a, b) || (!strictness.zero && a === b)
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b)
  if (prototypeOf(a, strictness) !== prototypeOf(b, strictness)) return false
  if (Option.isOption(a) && Option.isOption(b)) {
    return Option.isSome(a) && Option.isSome(b) ? same(a.value, b.value, strictness) : a._tag === b._tag
  }
  if (Equal.isEqual(a) && Equal.isEqual(b)) return Equal.equals(a, b)
  if (builtIn.some((type) => a instanceof type)) return isDeepStrictEqual(a, b)
  const keys = Reflect.ownKeys(a)
  return (
    keys.length === Reflect.ownKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key), strictness))
  )
}

const expectSame = (actual: unknown, wanted: unknown, strictness: Strictness, what: string): void => {
  if (same(actual, wanted, strictness)) return
  expect(actual, what).toStrictEqual(wanted)
  expect.unreachable(what)
}

const strict: Strictness = { zero: true, prototype: true }

describe("the compiled codec", () => {
  it(`covers at least 40 schemas (seed ${seed}, ${each} values each)`, () => {
    expect(names.length).toBeGreaterThanOrEqual(40)
    expect(mayGenerate).toBe(true)
  })

  describe.each(names)("%s", (name) => {
    // `names` are the keys of `schemas`
    const schema = schemas[name] as Schema.Codec<unknown, unknown>
    const plan = planOf(schema.ast)
    const is = Schema.is(Schema.toType(schema))

    it("what arrives is what was sent, and what Effect's own codec would give", async () => {
      const byText = generated(plan)
      const byClosure = closures(plan)
      // Without the text: once V8 (13.6, 14.6) has parsed {"u":1,"\\\\":2}, it reads the second key of {"u":1,"\\n":2} as a backslash
      const canonical = Schema.toCodecJson(schema)
      const effects = (sent: unknown) => Schema.decodeUnknownSync(canonical)(Schema.encodeUnknownSync(canonical)(sent))
      for (const sent of await samples(name)) {
        const bytes = bytesOf(byText, sent)
        expect(bytesOf(byClosure, sent), context(name, sent)).toEqual(bytes)
        const arrived = readAll(byText, bytes)
        const what = context(name, sent)
        expectSame(arrived, sent, { zero: !throughText.has(name), prototype: false }, what)
        expectSame(readAll(byClosure, bytes), arrived, strict, what)
        const others = effects(sent)
        const isWrong = ambiguousAsText.has(name) && !same(others, sent, { zero: false, prototype: false })
        if (!isWrong) expectSame(arrived, others, { zero: false, prototype: !throughText.has(name) }, what)
      }
    })

    it("the guard says of values, whole and damaged, and of those of other schemas what Effect says", async () => {
      const guard = generatedGuard(Schema.toType(schema).ast)
      const draw = random(seed)
      for (const sent of await samples(name)) {
        expect(guard(sent), context(name, sent)).toBe(true)
        const broken = disturbed(sent, draw, 0)
        expect(guard(broken), context(name, broken)).toBe(is(broken))
      }
      for (const other of names) {
        for (const sent of (await samples(other)).slice(0, 3)) expect(guard(sent), context(name, sent)).toBe(is(sent))
      }
    })

    it("damaged bytes are an InvalidMessage or a value of the schema", async () => {
      const draw = random(seed)
      const byText = generated(plan)
      const byClosure = closures(plan)
      const mailbox = fromSchema(schema)
      for (const sent of await samples(name)) {
        const bytes = damaged(bytesOf(byText, sent), draw)
        const generatedRead = attempt(() => readAll(byText, bytes))
        const closureRead = attempt(() => readAll(byClosure, bytes))
        expectSame(generatedRead, closureRead, strict, context(name, [...bytes]))
        if (generatedRead !== undefined) expect(is(generatedRead.value), context(name, [...bytes])).toBe(true)
        try {
          const reader = new ByteReader().over(Uint8Array.from([2, ...bytes]), 0, bytes.length + 1)
          // A codec of plain messages has no use for the host
          const arrived = mailbox.decode(reader, undefined as unknown as Host, undefined)
          expect(is(arrived), context(name, [...bytes])).toBe(true)
        } catch (error) {
          if (!(error instanceof InvalidMessage)) throw error
        }
      }
    })
  })

  it("a message with a byte too many or too few is an InvalidMessage", () => {
    const mailbox = fromSchema(schemas.struct as Schema.Top)
    const writer = new ByteWriter()
    mailbox.encode({ name: "ada", age: 36, admin: true }, writer)
    // A codec of plain messages has no use for the host
    const read = (end: number) =>
      mailbox.decode(new ByteReader().over(writer.bytes, 0, end), undefined as unknown as Host, undefined)
    expect(read(writer.length)).toStrictEqual({ name: "ada", age: 36, admin: true })
    for (const end of [writer.length - 1, writer.length + 1]) expect(() => read(end)).toThrow(InvalidMessage)
  })

  it("excess properties do not travel", () => {
    const schema = Schema.Union([
      Schema.Struct({ a: Schema.Int, inner: Schema.Struct({ b: Schema.Int }) }),
      Schema.Struct({ c: Schema.Int })
    ])
    const sent = { a: 1, inner: { b: 2, secret: 3 }, secret: 4 }
    const codec = value(schema)
    expect(codec.is(sent)).toBe(true)
    const arrived = readAll({ write: codec.encode, read: codec.decode }, bytesOf(generated(planOf(schema.ast)), sent))
    expect(arrived).toStrictEqual({ a: 1, inner: { b: 2 } })
    expect(arrived).toStrictEqual(codec.fromText(codec.toText(sent)))
  })

  it("numbers and texts that JSON cannot hold arrive as they were", () => {
    const schema = Schema.Struct({ numbers: Schema.Array(Schema.Number), texts: Schema.Array(Schema.String) })
    const sent = {
      numbers: [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, -1 / 3, 2 ** 53, Number.MIN_VALUE],
      texts: ["\ud800", "a\udfff", "\u0000", "é".repeat(50), "\ud83d\ude00".repeat(50), "x".repeat(100_000)]
    }
    for (const leaf of [generated(planOf(schema.ast)), closures(planOf(schema.ast))]) {
      expect(isDeepStrictEqual(readAll(leaf, bytesOf(leaf, sent)), sent)).toBe(true)
    }
  })

  it("a length the record cannot hold is refused before anything is made of it", () => {
    for (const schema of [schemas.arrayOfNothing, schemas.array, schemas.record]) {
      const writer = new ByteWriter()
      writer.varint(2 ** 40)
      const codec = value(schema as Schema.Top)
      expect(() => codec.decode(new ByteReader().over(writer.bytes, 0, writer.length))).toThrow(RangeError)
    }
  })

  it("works alike where code may not be generated from text", async () => {
    const program = new URL("withoutGeneration.ts", import.meta.url).pathname
    const flags = ["--conditions=@understudy/source", "--disallow-code-generation-from-strings"]
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program])
    const codec = value(schemas.deep as Schema.Top)
    for (const line of stdout.trim().split("\n")) {
      const { hex, may, text } = JSON.parse(line) as { hex: string; may: boolean; text: string }
      expect(may).toBe(false)
      const arrived = codec.fromText(text)
      expect(Buffer.from(bytesOf({ write: codec.encode, read: codec.decode }, arrived)).toString("hex")).toBe(hex)
    }
    expect(stdout.trim().split("\n")).toHaveLength(20)
  })
})
