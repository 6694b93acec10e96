/** Schemas of every kind a message can be made of, for the tests of the codec. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Alias, schema as aliasSchema } from "../../../src/address/Alias.ts"
import { type Pid, PidImpl, schema as pidSchema } from "../../../src/address/Pid.ts"
import * as GenServer from "../../../src/GenServer.ts"

/** A schema that needs no services. */
type Any = Schema.Codec<unknown, unknown>

const numbers = Schema.Struct({
  slot: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 63 })),
  incarnation: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 999_999_999 })),
  serial: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999_999_999_999 }))
})
type Numbers = typeof numbers.Type

const toPid = ({ slot, incarnation, serial }: Numbers) => new PidImpl(slot, incarnation, serial, undefined)
const fromPid = ({ slot, incarnation, serial }: Pid): Numbers => ({ slot, incarnation, serial })

/** Pids, with a way to make examples. */
export const AnyPid = pidSchema<string>(() => undefined).annotate({
  toCodecArbitrary: () =>
    Schema.link<Pid<string>>()(
      numbers,
      // Every PidImpl is a pid of whatever type
      SchemaTransformation.transform({ decode: (n) => toPid(n) as unknown as Pid<string>, encode: fromPid })
    )
})

const AnyAlias = aliasSchema<string>(() => undefined).annotate({
  toCodecArbitrary: () =>
    Schema.link<Alias<string>>()(
      numbers,
      SchemaTransformation.transform({
        decode: (n) => new Alias<string>(toPid(n), n.serial, undefined),
        encode: (alias) => fromPid(alias.pid)
      })
    )
})

export const Counter = GenServer.define("Counter", { protocol: { add: GenServer.cast({ by: Schema.Int }) } })

const AnyRef = Counter.ref.annotate({
  toCodecArbitrary: () =>
    Schema.link<typeof Counter.ref.Type>()(
      Schema.Struct({ pid: numbers, name: Schema.NullOr(Schema.NonEmptyString) }),
      SchemaTransformation.transform({
        decode: ({ name, pid }) => (name === null ? Counter.at(toPid(pid)) : Counter.named(name)),
        encode: () => ({ pid: { slot: 0, incarnation: 1, serial: 1 }, name: null as string | null })
      })
    )
})

class Point extends Schema.Class<Point>("Point")({ x: Schema.Number, y: Schema.Number }) {}
class Segment extends Schema.Class<Segment>("Segment")({ from: Point, to: Schema.optionalKey(Point) }) {}
class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String, at: Schema.Date }) {}
class Gone extends Schema.TaggedError<Gone>()("Gone", { who: AnyPid }) {}

interface Tree {
  readonly label: string
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  label: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

interface Cell {
  readonly value: number
  readonly next: Cell | null
}
const Cell: Schema.Codec<Cell> = Schema.Struct({
  value: Schema.Number,
  next: Schema.NullOr(Schema.suspend((): Schema.Codec<Cell> => Cell))
})

type Expression =
  | { readonly _tag: "Number"; readonly value: number }
  | { readonly _tag: "Sum"; readonly terms: ReadonlyArray<Expression> }
const Expression: Schema.Codec<Expression> = Schema.Union([
  Schema.TaggedStruct("Number", { value: Schema.Number }),
  Schema.TaggedStruct("Sum", { terms: Schema.Array(Schema.suspend((): Schema.Codec<Expression> => Expression)) })
])

type Nested = string | ReadonlyArray<Nested> | { readonly [key: string]: Nested }
const Nested: Schema.Codec<Nested> = Schema.Union([
  Schema.String,
  Schema.Array(Schema.suspend((): Schema.Codec<Nested> => Nested)),
  Schema.Record(
    Schema.String,
    Schema.suspend((): Schema.Codec<Nested> => Nested)
  )
])

class Link extends Schema.Class<Link>("Link")({
  name: Schema.String,
  next: Schema.Option(Schema.suspend((): Schema.Codec<Link, unknown> => Link))
}) {}

const Fruit = { Apple: 0, Banana: "banana", Cherry: 7 } as const

const Chat = Schema.TaggedUnion({
  Join: { room: Schema.String, user: Schema.String.check(Schema.isMinLength(1)) },
  Say: { room: Schema.String, text: Schema.String, at: Schema.Date, to: Schema.optionalKey(AnyPid) },
  Leave: {}
})

class Empty extends Schema.Class<Empty>("Empty")({}) {}

/** Without fields of other kinds: Effect writes the cause of an error as JSON text. */
const AnyError = Schema.ErrorInstance().annotate({
  toCodecArbitrary: () =>
    Schema.link<Error>()(
      Schema.Struct({ message: Schema.String, cause: Schema.NullOr(Schema.String) }),
      SchemaTransformation.transform({
        decode: ({ cause, message }) => (cause === null ? new Error(message) : new Error(message, { cause })),
        encode: ({ message }) => ({ message, cause: null as string | null })
      })
    )
})

/** What the schema says nothing about, but that it is declared. */
const Declared = Schema.declare(
  (value: unknown): value is { readonly at: Date } =>
    typeof value === "object" && value !== null && "at" in value && value.at instanceof Date,
  {
    toCodecArbitrary: () =>
      Schema.link<{ readonly at: Date }>()(
        Schema.Int,
        SchemaTransformation.transform({ decode: (n) => ({ at: new Date(n) }), encode: ({ at }) => at.getTime() })
      )
  }
)

const Floats = Schema.instanceOf(Float64Array, {
  toCodecArbitrary: () =>
    Schema.link<Float64Array>()(
      Schema.Array(Schema.Number),
      SchemaTransformation.transform({
        decode: (n): Float64Array => Float64Array.from(n),
        encode: (floats) => [...floats]
      })
    )
})

const NumberOrText = Schema.Union([Schema.Number, Schema.String])

const marker = Symbol.for("understudy/test/marker")

/** By name. What is generated for each is shown by `npm test` when one fails. */
export const schemas: Record<string, Any> = {
  text: Schema.String,
  number: Schema.Number,
  int: Schema.Int,
  finite: Schema.Finite,
  boolean: Schema.Boolean,
  null: Schema.Null,
  undefined: Schema.Undefined,
  void: Schema.Void,
  literal: Schema.Literal("only"),
  literals: Schema.Literals(["a", "b", 3, true]),
  manyLiterals: Schema.Literals(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", 11, 12n]),
  enum: Schema.Enum(Fruit),
  bigint: Schema.BigInt,
  bigLiteral: Schema.Literal(12345678901234567890n),
  symbol: Schema.UniqueSymbol(marker),
  template: Schema.TemplateLiteral(["user-", Schema.Int]),
  date: Schema.Date,
  bytes: Schema.Uint8Array,
  url: Schema.URL,
  duration: Schema.Duration,
  pid: AnyPid,
  alias: AnyAlias,
  ref: AnyRef,
  option: Schema.Option(Schema.String),
  optionOfOption: Schema.Option(Schema.Option(Schema.Undefined)),
  optionOfTail: Schema.Option(Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Number, Schema.Boolean])),
  optionOfFiltered: Schema.Option(
    Schema.Struct({ a: Schema.Int, b: Schema.Int }).check(
      Schema.makeFilter(({ a, b }) => a !== b || "both are the same")
    )
  ),
  optionOfRecord: Schema.Option(Schema.Record(Schema.String, Schema.Boolean)),
  result: Schema.Result(Schema.Number, Schema.String),
  chunk: Schema.Chunk(Schema.Int),
  hashMap: Schema.HashMap(Schema.String, Schema.Number),
  readonlyMap: Schema.ReadonlyMap(Schema.String, Schema.Date),
  readonlySet: Schema.ReadonlySet(Schema.Number),
  json: Schema.Json,
  struct: Schema.Struct({ name: Schema.String, age: Schema.Number, admin: Schema.Boolean }),
  emptyStruct: Schema.Struct({}),
  optionalKeys: Schema.Struct({
    a: Schema.optionalKey(Schema.String),
    b: Schema.Number,
    c: Schema.optional(Schema.Number),
    d: Schema.optionalKey(Schema.Undefined)
  }),
  manyOptionalKeys: Schema.Struct(
    Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`key${n}`, Schema.optional(Schema.Int)]))
  ),
  oddKeys: Schema.Struct({ "": Schema.Int, "it's": Schema.Int, '"`${x}\n\u2028': Schema.Int, constructor: Schema.Int }),
  protoKey: Schema.Struct({ ["__proto__"]: Schema.Int, after: Schema.Int }),
  record: Schema.Record(Schema.String, Schema.Number),
  recordOfStructs: Schema.Record(Schema.String, Schema.Struct({ n: Schema.NullOr(Schema.Int) })),
  recordOfUndefined: Schema.Record(Schema.String, Schema.Undefined),
  recordByTemplate: Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), Schema.Int),
  structWithRest: Schema.StructWithRest(Schema.Struct({ id: Schema.Number }), [
    Schema.Record(Schema.String, Schema.Number)
  ]),
  array: Schema.Array(Schema.String),
  arrayOfNothing: Schema.Array(Schema.Null),
  arrayOfStructs: Schema.Array(Schema.Struct({ x: Schema.Number, y: Schema.Number })),
  nonEmpty: Schema.NonEmptyArray(Schema.Boolean),
  tuple: Schema.Tuple([Schema.String, Schema.Number, Schema.Boolean]),
  emptyTuple: Schema.Tuple([]),
  optionalTuple: Schema.Tuple([Schema.String, Schema.optionalKey(Schema.Null)]),
  tupleWithRest: Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Number]),
  tupleWithTail: Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Number, Schema.Boolean]),
  nullOr: Schema.NullOr(Schema.String),
  undefinedOr: Schema.UndefinedOr(Schema.Date),
  primitives: Schema.Union([Schema.String, Schema.Number, Schema.Boolean, Schema.Null, Schema.BigInt]),
  overlapping: Schema.Union([
    Schema.Struct({ a: Schema.String }),
    Schema.Struct({ b: Schema.Number, c: Schema.optionalKey(Schema.Boolean) }),
    Schema.Array(Schema.Number)
  ]),
  sharedTags: Schema.Union([
    Schema.TaggedStruct("A", { kind: Schema.Literal("x"), n: Schema.Int }),
    Schema.TaggedStruct("A", { kind: Schema.Literal("y"), s: Schema.optionalKey(Schema.String) }),
    Schema.TaggedStruct("B", { kind: Schema.Literal("z") })
  ]),
  sameTags: Schema.Union([
    Schema.TaggedStruct("A", { n: Schema.Int }),
    Schema.TaggedStruct("A", { s: Schema.String }),
    Schema.TaggedStruct("B", {})
  ]),
  maybeTagged: Schema.Union([
    Schema.Struct({ tag: Schema.optionalKey(Schema.Literal("a")), n: Schema.Number.check(Schema.isInt()) }),
    Schema.Struct({ tag: Schema.Literal("b"), s: Schema.optional(Schema.String) })
  ]),
  arraysOf: Schema.Union([Schema.Array(Schema.String), Schema.NonEmptyArray(Schema.Number)]),
  texts: Schema.Union([Schema.String.check(Schema.isMinLength(3)), Schema.Literal("a"), Schema.Literal("b")]),
  oneOf: Schema.Union([Schema.Struct({ a: Schema.Int }), Schema.Struct({ b: Schema.Int })], { mode: "oneOf" }),
  tagged: Chat,
  nestedUnion: Schema.Union([Chat, Schema.Union([Schema.TaggedStruct("Other", { n: Schema.Int }), Schema.Null])]),
  mixed: Schema.Union([AnyPid, AnyAlias, Schema.String, Schema.TaggedStruct("At", { node: Schema.String })]),
  tree: Tree,
  list: Cell,
  expression: Expression,
  nested: Nested,
  recursiveClass: Link,
  filtered: Schema.Struct({ a: Schema.Int, b: Schema.Int }).check(
    Schema.makeFilter(({ a, b }) => a <= b || "a is above b")
  ),
  branded: Schema.String.check(Schema.isMaxLength(20)).pipe(Schema.brand("Short")),
  class: Point,
  nestedClass: Segment,
  errors: Schema.Union([Refused, Gone]),
  trimmed: Schema.Trim,
  numberFromText: Schema.Struct({ n: Schema.NumberFromString, d: Schema.DateFromString }),
  optionFromKey: Schema.Struct({ a: Schema.OptionFromOptionalKey(Schema.String), b: Schema.Int }),
  renamed: Schema.Struct({ first: Schema.String, second: Schema.Int }).pipe(Schema.encodeKeys({ first: "f" })),
  exit: Schema.Exit(Schema.Number, Schema.String, Schema.Json),
  unknown: Schema.Unknown,
  any: Schema.Any,
  object: Schema.ObjectKeyword,
  anySymbol: Schema.Symbol,
  unknownInside: Schema.Struct({
    what: Schema.Unknown,
    maybe: Schema.optionalKey(Schema.Any),
    many: Schema.Array(Schema.Unknown),
    named: Schema.Record(Schema.String, Schema.Unknown),
    pair: Schema.ReadonlyMap(Schema.Unknown, Schema.Any)
  }),
  unknownFirst: Schema.Union([Schema.Unknown, Schema.Option(Schema.Number), Point]),
  looseFirst: Schema.Union([
    Schema.Struct({ a: Schema.optionalKey(Schema.Number) }),
    Schema.Date,
    Schema.Uint8Array,
    AnyPid
  ]),
  recordOr: Schema.Union([Schema.Record(Schema.String, Schema.Number), Schema.Date, AnyPid]),
  unknownOr: Schema.Union([Schema.Struct({ tag: Schema.Literal("a"), n: Schema.Number }), Schema.Unknown]),
  recordBySymbol: Schema.Record(Schema.Symbol, Schema.Number),
  recordByNumber: Schema.Record(Schema.Number, Schema.Date),
  recordByLongText: Schema.Record(Schema.String.check(Schema.isMinLength(2)), Schema.Option(Schema.Number)),
  severalRests: Schema.StructWithRest(Schema.Struct({ id: Schema.Option(Schema.Number) }), [
    Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), Schema.Chunk(Schema.Number)),
    Schema.Record(Schema.Symbol, Schema.Date)
  ]),
  optionalThenRest: Schema.TupleWithRest(Schema.Tuple([Schema.optionalKey(Schema.Number)]), [Schema.Number]),
  longTail: Schema.TupleWithRest(Schema.Tuple([]), [Schema.Null, Schema.Option(Schema.Number), Schema.Null]),
  mapOfNumbersAndTexts: Schema.ReadonlyMap(NumberOrText, NumberOrText),
  chunkOfNumbersAndTexts: Schema.Chunk(NumberOrText),
  mapOfClasses: Schema.HashMap(Schema.String, Segment),
  setOfBigInts: Schema.HashSet(Schema.BigInt),
  resultOfDates: Schema.Result(Schema.Date, Schema.Union([Schema.Number, Schema.String])),
  decimal: Schema.BigDecimal,
  instant: Schema.DateTimeUtc,
  zoned: Schema.DateTimeZoned,
  timeZone: Schema.TimeZone,
  pattern: Schema.RegExp,
  cause: Schema.Cause(Schema.Number, Schema.String),
  error: AnyError,
  secret: Schema.RedactedFromValue(Schema.String),
  emptyClass: Empty,
  declared: Declared,
  floats: Floats,
  withDefault: Schema.Struct({ n: Schema.Number.pipe(Schema.withDecodingDefault(Effect.succeed(1))), m: NumberOrText }),
  optionOfChecked: Schema.Option(Schema.Int).check(
    Schema.makeFilter((option) => option._tag === "None" || option.value >= 0 || "below zero")
  ),
  deep: Schema.Struct({
    id: Schema.Int,
    who: Schema.Struct({ pid: AnyPid, tags: Schema.Array(Schema.Literals(["x", "y", "z"])) }),
    more: Schema.Record(Schema.String, Schema.Option(Schema.Tuple([Schema.Date, Schema.Uint8Array]))),
    history: Schema.Array(Chat)
  })
}
