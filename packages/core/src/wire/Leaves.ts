/**
 * The codecs of built-in types: dates, bigints, bytes and symbols; and the plans of Effect's options, time zones and zoned
 * date-times.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { cannotSend, corrupt, type Leaf, type Plan } from "./Plan.ts"

/** Milliseconds since the epoch, as a double. An invalid date is not a value of the schema. */
export const date: Leaf = {
  name: "date",
  // `as Date`: leaves write values of their schema
  write: (value, writer) => writer.f64((value as Date).getTime()),
  read: (reader) => {
    const read = new Date(reader.f64())
    return Number.isNaN(read.getTime()) ? corrupt("date") : read
  }
}

/** A copy of the bytes, as a plain `Uint8Array`. */
export const bytes: Leaf = {
  name: "bytes",
  // `as Uint8Array`: as above
  write: (value, writer) => writer.blob(value as Uint8Array),
  read: (reader) => reader.blob()
}

/** Small values as numbers, others as hexadecimal text: conversion to it takes linear time, to decimal text it does not. */
export const bigint: Leaf = {
  name: "bigint",
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

/** Registered symbols, by key: no other symbol has an identity on another scheduler. */
export const symbol: Leaf = {
  name: "symbol",
  // `as symbol`: as above
  write: (value, writer) => writer.string(Symbol.keyFor(value as symbol) ?? cannotSend(String(value))),
  read: (reader) => Symbol.for(reader.string())
}

/** An option, encoded as a union of `undefined` and a struct with the value. */
export const option = (value: Plan): Plan => ({
  _tag: "Transformed",
  // `as Option`: transformed plans encode values of their schema, and decode what they wrote
  encode: (given) => {
    const known = given as Option.Option<unknown>
    return Option.isNone(known) ? undefined : { value: known.value }
  },
  decode: (read) => (read === undefined ? Option.none() : Option.some((read as { value: unknown }).value)),
  checks: false,
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

/** A time zone as an offset in milliseconds or a zone name. Effect encodes offsets in minutes, which loses historical offsets. */
export const timeZone: Plan = {
  _tag: "Transformed",
  // `as DateTime.TimeZone`: as above
  encode: (given) => {
    const zone = given as DateTime.TimeZone
    return zone._tag === "Offset" ? zone.offset : zone.id
  },
  decode: (read) =>
    typeof read === "number" ? DateTime.zoneMakeOffset(read) : DateTime.zoneMakeNamedUnsafe(read as string),
  checks: false,
  plan: {
    _tag: "Union",
    members: [
      { index: 0, test: { _tag: "TypeOf", type: "number" }, plan: { _tag: "Number" } },
      { index: 1, test: { _tag: "TypeOf", type: "string" }, plan: { _tag: "Text" } }
    ]
  }
}

/** A zoned date-time. */
export const zoned: Plan = {
  _tag: "Transformed",
  // `as DateTime.Zoned`: as above
  encode: (given) => {
    const { epochMilliseconds, zone } = given as DateTime.Zoned
    return [epochMilliseconds, zone]
  },
  decode: (read) => {
    const [milliseconds, timeZone] = read as [number, DateTime.TimeZone]
    return DateTime.makeZonedUnsafe(milliseconds, { timeZone })
  },
  checks: false,
  plan: { _tag: "List", elements: [{ _tag: "Number" }, timeZone], required: 2, rest: undefined, tail: [] }
}
