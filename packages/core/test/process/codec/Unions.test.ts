/** Unions whose members overlap: what a value is written by must keep all of it that some member knows. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { GenServer, Process, System } from "../../../src/index.ts"
import { closures } from "../../../src/schema/Closures.ts"
import { planOf } from "../../../src/schema/PlanOf.ts"
import { generatedCodec } from "../../../src/schema/Source.ts"
import { bytesOf, expectSame, readAll, show, strict } from "./compare.ts"

const seed = Number(process.env.CODEC_SEED ?? Date.now() % 1_000_000)

const names = ["a", "b", "c", "d"] as const

class Pair extends Schema.Class<Pair>("unions/Pair")({ a: Schema.Number, b: Schema.optionalKey(Schema.Number) }) {}

type AnySchema = Schema.Codec<unknown, unknown>

/** A schema, and how to make values of it that it knows all of. */
interface Shape {
  /** The schema, for people. */
  readonly text: string
  readonly schema: AnySchema
  readonly value: fc.Arbitrary<unknown>
}

const leaf = (text: string, schema: Schema.Top, value: fc.Arbitrary<unknown>): fc.Arbitrary<Shape> =>
  // None of these schemas needs a service
  fc.constant({ text, schema: schema as unknown as AnySchema, value })

// Few values: what is of one member shall often be of another, too
const number = fc.constantFrom(0, 1, -0, Number.NaN)
const text = fc.constantFrom("", "a", "x1")

const leaves = fc.oneof(
  leaf("Number", Schema.Number, number),
  leaf("Int", Schema.Int, fc.constantFrom(0, 1)),
  leaf("String", Schema.String, text),
  leaf("Boolean", Schema.Boolean, fc.boolean()),
  leaf("Null", Schema.Null, fc.constant(null)),
  leaf("a|1", Schema.Literals(["a", 1]), fc.constantFrom("a", 1)),
  leaf("Date", Schema.Date, fc.constantFrom(new Date(0), new Date(7))),
  // As text, which Effect writes where a struct around it is transformed, -0 is 0
  leaf("NumberFromString", Schema.NumberFromString, fc.constantFrom(0, 1, Number.NaN)),
  leaf("Unknown", Schema.Unknown, fc.constantFrom<unknown>(1, "a", { a: 1, e: [{ f: 2 }] }, [{ a: 1 }], new Date(7))),
  leaf(
    "Pair",
    Pair,
    fc
      .record({ a: number, b: number }, { requiredKeys: ["a"], noNullPrototype: true })
      .map((fields) => new Pair(fields))
  )
)

/** How a field is there: always, or with its key, or also as `undefined`. */
const presence = fc.constantFrom("always", "key", "undefined")

const struct = (
  fields: ReadonlyArray<readonly [name: string, shape: Shape, there: "always" | "key" | "undefined"]>
): Shape => {
  const schemas = fields.map(([name, { schema }, there]) => [
    name,
    there === "always" ? schema : there === "key" ? Schema.optionalKey(schema) : Schema.optional(schema)
  ])
  const values = fields.map(([name, { value }, there]): [string, fc.Arbitrary<unknown>] => [
    name,
    there === "undefined" ? fc.oneof(value, fc.constant(undefined)) : value
  ])
  const texts = fields.map(([name, { text }, there]) => `${name}${there === "always" ? "" : "?"}: ${text}`)
  return {
    text: `{ ${texts.join(", ")} }`,
    schema: Schema.Struct(Object.fromEntries(schemas)) as unknown as AnySchema,
    value: fc.record(Object.fromEntries(values), {
      requiredKeys: fields.filter(([, , there]) => there === "always").map(([name]) => name),
      noNullPrototype: true
    })
  }
}

const structOf = (inner: fc.Arbitrary<Shape>) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom<string>(...names), inner, presence), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name
    })
    .map(struct)

/** A struct and what else it has under keys that begin with "x", or just that. */
const openOf = (inner: fc.Arbitrary<Shape>) =>
  fc.tuple(fc.option(inner), inner).map(([field, { schema, text, value }]): Shape => {
    const keyed = Schema.Record(Schema.TemplateLiteral(["x", Schema.String]), schema)
    const rest = fc.dictionary(fc.constantFrom("x", "x1", "xa"), value, { maxKeys: 2, noNullPrototype: true })
    if (field === null) return { text: `{ [x…]: ${text} }`, schema: keyed as unknown as AnySchema, value: rest }
    return {
      text: `{ a: ${field.text}, [x…]: ${text} }`,
      schema: Schema.StructWithRest(Schema.Struct({ a: field.schema }), [keyed as never]) as unknown as AnySchema,
      value: fc.tuple(field.value, rest).map(([a, others]) => ({ a, ...others }))
    }
  })

let boxes = 0

const unionOf = (shapes: ReadonlyArray<Shape>): Shape => ({
  text: `(${shapes.map(({ text }) => text).join(" | ")})`,
  schema: Schema.Union(shapes.map(({ schema }) => schema)),
  value: fc.oneof(...shapes.map(({ value }) => value))
})

const { structs, shape } = fc.letrec<{ shape: Shape; structs: Shape; compound: Shape }>((tie) => ({
  shape: fc.oneof({ maxDepth: 2, depthIdentifier: "unions" }, leaves, tie("compound")),
  structs: structOf(tie("shape")),
  compound: fc.oneof(
    tie("structs"),
    tie("structs"),
    openOf(tie("shape")),
    tie("shape").map(
      ({ schema, text, value }): Shape => ({
        text: `${text}[]`,
        schema: Schema.Array(schema),
        value: fc.array(value, { maxLength: 2 })
      })
    ),
    tie("shape").map(
      ({ schema, text, value }): Shape => ({
        text: `{ […]: ${text} }`,
        schema: Schema.Record(Schema.String, schema),
        value: fc.dictionary(fc.constantFrom(...names, "x1"), value, { maxKeys: 3, noNullPrototype: true })
      })
    ),
    fc.array(tie("shape"), { minLength: 1, maxLength: 3 }).map(
      (shapes): Shape => ({
        text: `[${shapes.map(({ text }) => text).join(", ")}]`,
        schema: Schema.Tuple(shapes.map(({ schema }) => schema)),
        value: fc.tuple(...shapes.map(({ value }) => value))
      })
    ),
    fc.tuple(fc.array(tie("shape"), { maxLength: 2 }), tie("shape")).map(
      ([elements, last]): Shape => ({
        text: `[${elements.map(({ text }) => text).join(", ")}, ...Number, ${last.text}]`,
        schema: Schema.TupleWithRest(Schema.Tuple(elements.map(({ schema }) => schema)), [
          Schema.Number,
          last.schema
        ]) as unknown as AnySchema,
        value: fc
          .tuple(fc.tuple(...elements.map(({ value }) => value)), fc.array(number, { maxLength: 2 }), last.value)
          .map(([first, between, end]) => [...first, ...between, end])
      })
    ),
    tie("shape").map(
      ({ schema, text, value }): Shape => ({
        text: `Map<String, ${text}>`,
        schema: Schema.ReadonlyMap(Schema.String, schema) as unknown as AnySchema,
        value: fc.array(fc.tuple(fc.constantFrom("a", "b"), value), { maxLength: 2 }).map((all) => new Map(all))
      })
    ),
    tie("shape").map(
      ({ schema, text, value }): Shape => ({
        text: `Option<${text}>`,
        schema: Schema.Option(schema) as unknown as AnySchema,
        value: fc.oneof(fc.constant(Option.none()), value.map(Option.some))
      })
    ),
    tie("shape").map(({ schema, text, value }): Shape => {
      // Classes of one name are one, for Effect
      class Box extends Schema.Class<Box>(`unions/Box ${++boxes}`)({ in: schema }) {}
      return {
        text: `Box<${text}>`,
        schema: Box as unknown as AnySchema,
        value: value.map((inner) => new Box({ in: inner }))
      }
    }),
    tie("shape").map(({ schema, text, value }): Shape => {
      // Written as a pair of it and a number
      const pair = Schema.Tuple([schema, Schema.Number])
      const typed = Schema.Struct({ v: Schema.toType(schema) })
      const wrapped = pair.pipe(
        Schema.decodeTo(typed, {
          decode: SchemaGetter.transform(([v]) => ({ v })),
          encode: SchemaGetter.transform(({ v }) => [v, 7] as const)
        })
      )
      return {
        text: `by a pair { v: ${text} }`,
        schema: wrapped as unknown as AnySchema,
        value: value.map((v) => ({ v }))
      }
    }),
    fc.array(tie("shape"), { minLength: 2, maxLength: 3 }).map(unionOf)
  )
}))

/** A union of overlapping members, and values of them. */
const unions = (member: fc.Arbitrary<Shape>) =>
  fc
    .array(member, { minLength: 2, maxLength: 4 })
    .map(unionOf)
    .chain(({ schema, text, value }) =>
      fc.record({
        text: fc.constant(text),
        schema: fc.constant(schema),
        values: fc.array(value, { minLength: 1, maxLength: 8 })
      })
    )

const ways = (schema: Schema.Top) => {
  const plan = planOf(schema.ast)
  return [generatedCodec(plan), closures(plan)]
}

/** Values go to a server and come back, in every kind of message, on its scheduler and on another one. */
const travel = (schema: AnySchema, values: ReadonlyArray<unknown>) => {
  const Mirror = GenServer.define("unions/Mirror", {
    args: { first: schema },
    info: schema,
    protocol: {
      echo: GenServer.call({ payload: { value: schema }, success: schema }),
      fail: GenServer.call({ payload: { value: schema }, error: schema }),
      note: GenServer.cast({ value: schema }),
      last: GenServer.call({ success: schema })
    }
  })
  const MirrorLive = Mirror.implement({
    init: ({ first }): unknown => first,
    handle: {
      echo: (_, { value }) => GenServer.reply(value, value),
      fail: (_, { value }) => Effect.fail(value),
      note: (_, { value }) => value,
      last: (state) => GenServer.reply(state, state)
    },
    info: (_, message) => message
  })
  const check = (arrived: unknown, sent: unknown) => expectSame(arrived, sent, strict, () => show(sent))
  return Effect.gen(function* () {
    for (const scheduler of [0, 1]) {
      for (const sent of values) {
        const mirror = yield* GenServer.start(Mirror, { first: sent }, { on: { scheduler } })
        check(yield* mirror.last(), sent)
        check(yield* mirror.echo({ value: sent }), sent)
        check(yield* Effect.flip(mirror.fail({ value: sent })), sent)
        yield* mirror.note({ value: sent })
        check(yield* mirror.last(), sent)
        yield* Process.send(mirror.pid as Process.Pid as Process.Pid<unknown>, sent)
        check(yield* mirror.last(), sent)
      }
    }
  }).pipe(Effect.provide(System.layer({ schedulers: 2, virtual: true, implementations: [MirrorLive] })))
}

const members = { structs, "anything that a schema can say": shape }

describe(`a union of overlapping members (seed ${seed})`, () => {
  for (const [what, member] of Object.entries(members)) {
    it(`S59 ${what}: a value that one of them knows all of arrives whole, whatever the order of the members`, () => {
      fc.assert(
        fc.property(unions(member), ({ schema, values }) => {
          const is = Schema.is(schema)
          for (const way of ways(schema)) {
            for (const sent of values) {
              expect(is(sent)).toBe(true)
              expectSame(readAll(way, bytesOf(way, sent)), sent, strict, () => show(sent))
            }
          }
        }),
        { seed, numRuns: 500 }
      )
    })

    it(`S59 ${what}: in messages, calls and answers, on one scheduler and across`, { timeout: 120_000 }, () =>
      fc.assert(
        fc.asyncProperty(unions(member), ({ schema, values }) => Effect.runPromise(travel(schema, values))),
        { seed, numRuns: 40 }
      )
    )
  }

  class Point extends Schema.Class<Point>("test/Point")({ x: Schema.Number }) {}

  const overlapping = Schema.Union([
    Schema.Struct({ a: Schema.Number }),
    Schema.Struct({ a: Schema.Number, b: Schema.Number })
  ])

  class Holder extends Schema.Class<Holder>("test/Holder")({ in: overlapping }) {}

  it.each([
    [
      "a struct before a record",
      Schema.Union([
        Schema.Struct({ a: Schema.optionalKey(Schema.Number) }),
        Schema.Record(Schema.String, Schema.Number)
      ]),
      { a: 1, b: 2 }
    ],
    [
      "a tuple before a longer one's kind",
      Schema.Union([
        Schema.Array(Schema.Struct({ a: Schema.Number })),
        Schema.Array(Schema.Struct({ a: Schema.Number, b: Schema.Number }))
      ]),
      [{ a: 1, b: 2 }]
    ],
    ["a struct before a class", Schema.Union([Schema.Struct({ x: Schema.Number }), Point]), new Point({ x: 1 })],
    [
      "anything before a struct",
      Schema.Union([Schema.Unknown, Schema.Struct({ a: Schema.Number })]),
      { a: 1, b: [{}] }
    ],
    [
      "keys that a rule does not take",
      Schema.Union([
        Schema.Record(Schema.TemplateLiteral(["x", Schema.String]), Schema.Number),
        Schema.Struct({ a: Schema.Number })
      ]),
      { a: 1 }
    ],
    [
      "a date, which a record of anything takes, too",
      Schema.Union([Schema.Record(Schema.String, Schema.Number), Schema.Unknown]),
      new Date(7)
    ],
    ["a union in a class", Holder, new Holder({ in: { a: 1, b: 2 } })],
    [
      "a union beside a key that is transformed",
      Schema.Struct({ other: Schema.optionalKey(Point), in: overlapping }),
      { in: { a: 1, b: 2 } }
    ],
    ["a union in a map", Schema.ReadonlyMap(Schema.String, overlapping), new Map([["key", { a: 1, b: 2 }]])],
    [
      "an option of a class among those of structs",
      Schema.Union([Schema.Option(Schema.Struct({})), Schema.Option(Point)]),
      Option.some(new Point({ x: 1 }))
    ],
    [
      "a date among structs",
      Schema.Union([Schema.Struct({ a: Schema.optionalKey(Schema.Number) }), Schema.Date]),
      new Date(7)
    ]
  ] as ReadonlyArray<readonly [string, Schema.Top, unknown]>)("S59 %s", (_, schema, sent) => {
    for (const way of ways(schema)) {
      const arrived = readAll(way, bytesOf(way, sent))
      expect(arrived).toEqual(sent)
      expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(sent))
    }
  })
})
