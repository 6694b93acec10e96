/** Schemas made at random, with values of them, and values that no schema describes: for the tests of the codec. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

/** Values of all kinds that may be sent without a schema. */
export const anything: fc.Arbitrary<unknown> = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  maxDepth: 4,
  values: [
    fc.double(),
    fc.integer(),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.boolean(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom<unknown>(null, undefined, -0, Symbol.for("understudy/test/anything"), /a/g)
  ]
})

type Any = Schema.Codec<unknown, unknown>

/** A schema, and how to make values of it. */
interface Shape {
  readonly schema: Any
  readonly value: fc.Arbitrary<unknown>
}

/** What could be taken for another member is told apart by a tag. */
const union = (leaves: ReadonlyArray<Shape>, others: ReadonlyArray<Shape>): Shape => {
  const tagged = others.map(
    ({ schema, value }, index): Shape => ({
      schema: Schema.Struct({ kind: Schema.Literal(index), value: schema }),
      value: fc.record({ kind: fc.constant(index), value })
    })
  )
  const members = [...leaves, ...tagged]
  return {
    schema: Schema.Union(members.map(({ schema }) => schema)),
    value: fc.oneof(...members.map(({ value }) => value))
  }
}

const leaf = (schema: Any, value: fc.Arbitrary<unknown>): fc.Arbitrary<Shape> => fc.constant({ schema, value })

const text = fc.string({ unit: "binary", maxLength: 12 })
// To Effect an optional property is there when it is inherited, so none may be called `constructor`
const key = fc
  .oneof(text, fc.constantFrom("_tag", "a", "b", "length", "__proto__"))
  .filter((name) => name === "__proto__" || !(name in Object.prototype))

const leaves = fc.oneof(
  leaf(Schema.String, text),
  leaf(Schema.Number, fc.double()),
  leaf(Schema.Int, fc.maxSafeInteger()),
  leaf(Schema.Boolean, fc.boolean()),
  leaf(Schema.BigInt, fc.bigInt()),
  leaf(Schema.Date, fc.date({ noInvalidDate: true })),
  leaf(Schema.Uint8Array, fc.uint8Array({ maxLength: 20 })),
  leaf(Schema.Null, fc.constant(null)),
  leaf(Schema.Undefined, fc.constant(undefined)),
  leaf(Schema.NumberFromString, fc.double()),
  leaf(Schema.DateFromString, fc.date({ noInvalidDate: true })),
  leaf(Schema.Literals(["a", 1, true]), fc.constantFrom("a", 1, true)),
  leaf(Schema.Unknown, anything)
)

const struct = (fields: ReadonlyArray<readonly [name: string, shape: Shape, optional: boolean]>): Shape => {
  const schema = Schema.Struct(
    Object.fromEntries(
      fields.map(([name, { schema }, optional]) => [name, optional ? Schema.optionalKey(schema) : schema])
    )
  )
  const value = fc.record(Object.fromEntries(fields.map(([name, { value }]) => [name, value])), {
    requiredKeys: fields.filter(([, , optional]) => !optional).map(([name]) => name)
  })
  return { schema, value }
}

const { shape } = fc.letrec<{ shape: Shape; compound: Shape }>((tie) => ({
  shape: fc.oneof({ maxDepth: 3, depthIdentifier: "shape" }, leaves, tie("compound")),
  compound: fc.oneof(
    tie("shape").map(
      ({ schema, value }): Shape => ({
        schema: Schema.Array(schema),
        value: fc.array(value, { maxLength: 4 })
      })
    ),
    tie("shape").map(
      ({ schema, value }): Shape => ({
        schema: Schema.Option(schema),
        value: fc.oneof(fc.constant(Option.none()), value.map(Option.some))
      })
    ),
    tie("shape").map(
      ({ schema, value }): Shape => ({
        schema: Schema.Record(Schema.String, schema),
        value: fc.dictionary(key, value, { maxKeys: 4 })
      })
    ),
    fc.tuple(tie("shape"), tie("shape")).map(
      ([a, b]): Shape => ({
        schema: Schema.ReadonlyMap(a.schema, b.schema),
        value: fc.array(fc.tuple(a.value, b.value), { maxLength: 3 }).map((entries) => new Map(entries))
      })
    ),
    fc.array(tie("shape"), { minLength: 1, maxLength: 4 }).map(
      (shapes): Shape => ({
        schema: Schema.Tuple(shapes.map(({ schema }) => schema)),
        value: fc.tuple(...shapes.map(({ value }) => value))
      })
    ),
    fc
      .tuple(fc.array(leaves, { minLength: 1, maxLength: 3 }), fc.array(tie("shape"), { maxLength: 3 }))
      .map(([plain, others]) => union(plain, others)),
    fc.uniqueArray(fc.tuple(key, tie("shape"), fc.boolean()), { maxLength: 5, selector: ([name]) => name }).map(struct)
  )
}))

/** A schema and some values of it. */
export const shapes: fc.Arbitrary<{ readonly schema: Any; readonly values: ReadonlyArray<unknown> }> = shape.chain(
  ({ schema, value }) =>
    fc.record({ schema: fc.constant(schema), values: fc.array(value, { minLength: 1, maxLength: 10 }) })
)
