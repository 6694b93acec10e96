/** Unions whose members overlap: what a value is written by must keep all of it that some member knows. */
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { closures } from "../../../src/schema/Closures.ts"
import { planOf } from "../../../src/schema/PlanOf.ts"
import { generated } from "../../../src/schema/Source.ts"
import { bytesOf, readAll } from "./compare.ts"

const seed = Number(process.env.CODEC_SEED ?? Date.now() % 1_000_000)

const names = ["a", "b", "c", "d"] as const
type Name = (typeof names)[number]

/** A shape: which fields a struct has, of which some are optional, and which hold a struct themselves. */
interface Shape {
  readonly fields: Readonly<Partial<Record<Name, "number" | "optional" | Shape>>>
}

const shape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    fields: fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof({ maxDepth: 2 }, fc.constantFrom("number" as const, "optional" as const), tie("shape")),
      { minKeys: 1, maxKeys: 4 }
    )
  })
})).shape

const schemaOf = ({ fields }: Shape): Schema.Codec<unknown, unknown> =>
  Schema.Struct(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        field === "number" ? Schema.Number : field === "optional" ? Schema.optionalKey(Schema.Number) : schemaOf(field)
      ])
    )
  ) as unknown as Schema.Codec<unknown, unknown>

/** A value with all fields of a shape. */
const wholeValueOf = ({ fields }: Shape): unknown =>
  Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, typeof field === "object" ? wholeValueOf(field) : 1])
  )

const ways = (schema: Schema.Top) => {
  const plan = planOf(schema.ast)
  return [generated(plan), closures(plan)]
}

describe(`a union of overlapping members (seed ${seed})`, () => {
  it("a value of any member arrives whole, whatever the order of the members", () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 2, maxLength: 4 }), (shapes) => {
        const union = Schema.Union(shapes.map(schemaOf))
        for (const way of ways(union)) {
          for (const one of shapes) {
            const sent = wholeValueOf(one)
            expect(readAll(way, bytesOf(way, sent))).toEqual(sent)
          }
        }
      }),
      { seed, numRuns: 300 }
    )
  })

  class Point extends Schema.Class<Point>("test/Point")({ x: Schema.Number }) {}

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
      "a date among structs",
      Schema.Union([Schema.Struct({ a: Schema.optionalKey(Schema.Number) }), Schema.Date]),
      new Date(7)
    ]
  ])("%s", (_, schema, sent) => {
    for (const way of ways(schema)) {
      const arrived = readAll(way, bytesOf(way, sent))
      expect(arrived).toEqual(sent)
      expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(sent))
    }
  })
})
