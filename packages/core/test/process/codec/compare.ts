/** How the tests of the codec write and read values, and tell whether two are the same. */
import { inspect, isDeepStrictEqual } from "node:util"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import { expect } from "vitest"
import { ByteReader, ByteWriter } from "../../../src/wire/Bytes.ts"
import type { ByteCodec } from "../../../src/wire/Plan.ts"

/** A value as text. */
export const show = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    return inspect(value)
  }
}

/** What a codec writes of a value. */
export const bytesOf = (leaf: ByteCodec, value: unknown): Uint8Array => {
  const writer = new ByteWriter()
  leaf.write(value, writer)
  return writer.bytes.slice(0, writer.length)
}

/** Reads a value, which must take all of the bytes. */
export const readAll = (leaf: ByteCodec, bytes: Uint8Array): unknown => {
  const reader = new ByteReader().wrap(bytes, 0, bytes.length)
  const read = leaf.read(reader)
  reader.finish()
  return read
}

export interface Strictness {
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
const builtIn = [Date, Uint8Array, Float64Array, URL, RegExp]

/** What an error says, its own fields included; Effect and JavaScript differ in which of that is enumerable. */
const contentOf = (error: Error): unknown => ({
  ...error,
  name: error.name,
  message: error.message,
  cause: error.cause
})

/** Deep equality, prototypes included, by Effect's `Equal` where a class has it. */
export const same = (a: unknown, b: unknown, strictness: Strictness): boolean => {
  if (typeof a === "number" && typeof b === "number") return Object.is(a, b) || (!strictness.zero && a === b)
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b)
  if (prototypeOf(a, strictness) !== prototypeOf(b, strictness)) return false
  if (Option.isOption(a) && Option.isOption(b)) {
    return Option.isSome(a) && Option.isSome(b) ? same(a.value, b.value, strictness) : a._tag === b._tag
  }
  if (Equal.isEqual(a) && Equal.isEqual(b)) return Equal.equals(a, b)
  if ((a instanceof Map && b instanceof Map) || (a instanceof Set && b instanceof Set)) {
    return same([...a], [...b], strictness)
  }
  if (a instanceof Error && b instanceof Error) return same(contentOf(a), contentOf(b), strictness)
  if (builtIn.some((type) => a instanceof type)) return isDeepStrictEqual(a, b)
  const keys = Reflect.ownKeys(a)
  return (
    keys.length === Reflect.ownKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key), strictness))
  )
}

export const expectSame = (actual: unknown, wanted: unknown, strictness: Strictness, what: () => string): void => {
  if (same(actual, wanted, strictness)) return
  expect(actual, what()).toStrictEqual(wanted)
  expect.unreachable(what())
}

export const expectBytes = (actual: Uint8Array, wanted: Uint8Array, what: () => string): void => {
  if (Buffer.compare(actual, wanted) !== 0) expect(actual, what()).toEqual(wanted)
}

export const strict: Strictness = { zero: true, prototype: true }
export const lenient: Strictness = { zero: false, prototype: false }
