/** Values whose bytes need no plan of their own: dates, whole numbers of any size, bytes, and JSON for what has no other form. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { compiled, schemaOf, transformOf } from "./EffectCodec.ts"
import { corrupt, type Leaf, type Plan } from "./Plan.ts"

/** Milliseconds, exactly; an invalid date is no value of the schema. */
export const date: Leaf = {
  // `as Date`: leaves write values of their schema
  write: (value, writer) => writer.f64((value as Date).getTime()),
  read: (reader) => {
    const read = new Date(reader.f64())
    return Number.isNaN(read.getTime()) ? corrupt("date") : read
  }
}

/** A copy of the bytes, as a plain `Uint8Array`. */
export const bytes: Leaf = {
  // `as Uint8Array`: as above
  write: (value, writer) => writer.blob(value as Uint8Array),
  read: (reader) => reader.blob()
}

/** Small ones as numbers, others as hexadecimal text, which is linear in their size where decimal text is not. */
export const bigint: Leaf = {
  write: (value, writer) => {
    // `as bigint`: as above
    const whole = value as bigint
    const small = whole >= -0x1fffffffn && whole <= 0x1fffffffn
    writer.u8(small ? 0 : whole < 0n ? 2 : 1)
    if (small) writer.number(Number(whole))
    else writer.string((whole < 0n ? -whole : whole).toString(16))
  },
  read: (reader) => {
    const kind = reader.u8()
    if (kind === 0) {
      const read = reader.number()
      return Number.isSafeInteger(read) ? BigInt(read) : corrupt("whole number")
    }
    const text = reader.string()
    if (kind > 2 || !/^[0-9a-f]+$/.test(text)) return corrupt("whole number")
    const read = BigInt(`0x${text}`)
    return kind === 2 ? -read : read
  }
}

/** Anything but `null` and `undefined`, which is what the empty struct takes. Mostly it is `{}`. */
export const anything: Leaf = {
  write: (value, writer) => {
    const isEmpty =
      typeof value === "object" &&
      value !== null &&
      Object.getPrototypeOf(value) === Object.prototype &&
      Reflect.ownKeys(value).length === 0
    writer.u8(isEmpty ? 0 : 1)
    if (!isEmpty) writer.string(JSON.stringify(value) ?? "")
  },
  read: (reader) => {
    if (reader.u8() === 0) return {}
    const read: unknown = JSON.parse(reader.string())
    return read ?? corrupt("value")
  }
}

/** A node in Effect's canonical JSON, as text. */
export const json = (ast: SchemaAST.AST): Leaf => {
  let made: ReturnType<typeof transformOf> | undefined
  const get = () => (made ??= transformOf(compiled(Schema.toCodecJson(schemaOf(ast))).ast))
  return {
    checks: true,
    write: (value, writer) => writer.string(JSON.stringify(get().encode(value)) ?? ""),
    read: (reader) => {
      const text = reader.string()
      return get().decode(text === "" ? undefined : JSON.parse(text))
    }
  }
}

/** An option as a union on the way: nothing, or a struct around its value. */
export const option = (value: Plan): Plan => ({
  _tag: "Transformed",
  // `as Option`: transformed plans encode values of their schema, and decode what they wrote
  encode: (given) => {
    const known = given as Option.Option<unknown>
    return Option.isNone(known) ? undefined : { value: known.value }
  },
  decode: (read) => (read === undefined ? Option.none() : Option.some((read as { value: unknown }).value)),
  plan: {
    _tag: "Union",
    members: [
      { index: 0, test: { _tag: "Same", value: undefined }, plan: { _tag: "Constant", value: undefined } },
      {
        index: 1,
        test: { _tag: "Object" },
        plan: { _tag: "Struct", fields: [{ name: "value", optional: false, plan: value }] }
      }
    ]
  }
})
