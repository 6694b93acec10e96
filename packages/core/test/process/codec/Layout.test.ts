/** Which schemas read each other's values. */
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Process } from "../../../src/index.ts"
import { layoutOf } from "../../../src/schema/Layout.ts"
import { planOf } from "../../../src/schema/PlanOf.ts"

const layout = (schema: Schema.Top) => layoutOf(planOf(schema.ast))

interface Tree {
  readonly left?: Tree | undefined
  readonly right: ReadonlyArray<Tree>
}
const tree = (): Schema.Codec<Tree> => {
  const made: Schema.Codec<Tree> = Schema.Struct({
    left: Schema.optional(Schema.suspend(() => made)),
    right: Schema.Array(Schema.suspend(() => made))
  })
  return made
}

const Pong = { Pong: { number: Schema.Int } }
const Add = { Add: { number: Schema.Int } }

describe("the layout of a schema", () => {
  it.each([
    ["structs", () => Schema.Struct({ a: Schema.Int, b: Schema.optional(Schema.String) })],
    ["unions", () => Schema.TaggedUnion({ ...Pong, ...Add })],
    ["records, lists, and what no schema describes", () => Schema.Record(Schema.String, Schema.Array(Schema.Unknown))],
    ["pids, dates and options", () => Schema.Tuple([Process.anyPid, Schema.Date, Schema.Option(Schema.BigInt)])],
    ["schemas that contain themselves", tree]
  ])("is the same each time it is made: %s", (_, make) => {
    expect(layout(make())).toBe(layout(make()))
  })

  it("is that of the values, whatever is checked of them", () => {
    expect(layout(Schema.Int)).toBe(layout(Schema.Number))
  })

  it("differs where bytes do", () => {
    const schemas = [
      Schema.String,
      Schema.Number,
      Schema.Boolean,
      Schema.Literal("1"),
      Schema.Literal(1),
      Schema.Literals(["1", "2"]),
      Schema.Literals(["2", "1"]),
      Schema.Literals([1, 2]),
      Schema.Unknown,
      Schema.Date,
      Schema.BigInt,
      Process.anyPid,
      Schema.Struct({ a: Schema.Int }),
      Schema.Struct({ b: Schema.Int }),
      Schema.Struct({ a: Schema.optional(Schema.Int) }),
      Schema.Struct({ a: Schema.Int, b: Schema.Int }),
      Schema.Struct({ b: Schema.Int, a: Schema.Int }),
      Schema.Record(Schema.String, Schema.Int),
      Schema.Array(Schema.Int),
      Schema.Tuple([Schema.Int]),
      Schema.Tuple([Schema.Int, Schema.Int]),
      Schema.NonEmptyArray(Schema.Int),
      Schema.NullOr(Schema.Int),
      Schema.Option(Schema.Int),
      Schema.TaggedUnion(Pong),
      Schema.TaggedUnion(Add),
      Schema.TaggedUnion({ ...Pong, ...Add }),
      Schema.TaggedUnion({ ...Add, ...Pong }),
      tree()
    ]
    expect(new Set(schemas.map(layout)).size).toBe(schemas.length)
  })
})
