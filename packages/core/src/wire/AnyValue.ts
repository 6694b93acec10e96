/**
 * Values that no schema describes, in bytes: what stands under `Schema.Unknown` and the like. What arrives is what was
 * sent, cycles and values that stand in several places included, or nothing was sent at all: what has no meaning on
 * another scheduler (functions, instances of classes) is refused where it is written.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { bigint, symbol } from "./Leaves.ts"
import { ownClassOf, ownClassTagged } from "./OwnClass.ts"
import { Placeholder } from "./Placeholder.ts"
import { corrupt, type NamedLeaf, readCount, setProperty, unportable } from "./Plan.ts"

/** What a value begins with. */
const tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  bigint: 6,
  symbol: 7,
  /** Of an array: no element here. */
  hole: 8,
  /** An object that was written before, by its number. */
  again: 9,
  array: 10,
  object: 11,
  map: 12,
  set: 13,
  date: 14,
  view: 15,
  buffer: 16,
  pattern: 17,
  error: 18,
  /** As an object, but without a prototype. */
  bare: 19,
  /** What stands for something that could not be sent. */
  placeholder: 20
} as const

/** Any value but functions, unregistered symbols and instances of classes other than those named here. */
export const anyValue: NamedLeaf = {
  name: "any",
  write: (value, writer) => write(value, writer, undefined),
  read: (reader) => read(reader, [])
}

/** What the empty struct takes. An instance of a class without fields is encoded as itself; what arrives is decoded. */
export const empty: NamedLeaf = {
  name: "empty",
  write: (value, writer) => {
    const isEmpty =
      Object.prototype.toString.call(value) === "[object Object]" && Reflect.ownKeys(Object(value)).length === 0
    anyValue.write(isEmpty && Object.getPrototypeOf(value) !== null ? {} : value, writer)
  },
  read: anyValue.read
}

/** The objects written so far, with their numbers. */
type Seen = Map<object, number>

const write = (value: unknown, writer: ByteWriter, seen: Seen | undefined): void => {
  switch (typeof value) {
    case "undefined":
      return writer.u8(tag.undefined)
    case "boolean":
      return writer.u8(value ? tag.true : tag.false)
    case "number":
      writer.u8(tag.number)
      return writer.number(value)
    case "string":
      writer.u8(tag.text)
      return writer.string(value)
    case "bigint":
      writer.u8(tag.bigint)
      return bigint.write(value, writer)
    case "symbol":
      writer.u8(tag.symbol)
      return symbol.write(value, writer)
    case "function":
      return unportable(`the function ${value.name || "(anonymous)"}`)
    case "object":
      if (value === null) return writer.u8(tag.null)
      return writeDeeper(value, writer, seen ?? new Map())
  }
}

/** How deep values may stand in each other: reading them takes as many calls. */
const deepest = 1000
let depth = 0

const writeDeeper = (value: object, writer: ByteWriter, seen: Seen): void => {
  if (depth >= deepest) return unportable(`a value of more than ${deepest} levels`)
  depth++
  try {
    writeObject(value, writer, seen)
  } finally {
    depth--
  }
}

/** The classes whose instances arrive as such. */
const classes: ReadonlySet<unknown> = new Set([
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  Placeholder.prototype
])

/** Whether an object is one of no class. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  // The last is true of plain objects of another realm
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether an object is an instance of a class that arrives as one: then it is more than its properties. */
export const isInstance = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    classes.has(prototype) || ownClassOf(prototype) !== undefined || Error.isError(value) || ArrayBuffer.isView(value)
  )
}

const writeObject = (value: object, writer: ByteWriter, seen: Seen): void => {
  const known = seen.get(value)
  if (known !== undefined) {
    writer.u8(tag.again)
    return writer.varint(known)
  }
  seen.set(value, seen.size)
  if (Array.isArray(value)) return writeArray(value, writer, seen)
  if (isPlain(value)) return writePlain(value, writer, seen)
  const prototype: unknown = Object.getPrototypeOf(value)
  const own = ownClassOf(prototype)
  if (own !== undefined) {
    writer.u8(own.tag)
    return own.write(writer, value)
  }
  if (value instanceof Placeholder) {
    writer.u8(tag.placeholder)
    return writer.string(value.text)
  }
  if (Error.isError(value)) return writeError(value, writer, seen)
  if (ArrayBuffer.isView(value)) return writeView(value, writer)
  switch (prototype) {
    case Map.prototype:
      return writeMap(value as Map<unknown, unknown>, writer, seen)
    case Set.prototype:
      return writeSet(value as Set<unknown>, writer, seen)
    case Date.prototype:
      writer.u8(tag.date)
      return writer.f64((value as Date).getTime())
    case RegExp.prototype: {
      const { flags, lastIndex, source } = value as RegExp
      writer.u8(tag.pattern)
      writer.string(source)
      writer.string(flags)
      return writer.number(Number(lastIndex))
    }
    case ArrayBuffer.prototype:
      writer.u8(tag.buffer)
      return writer.blob(bytesOf(value as ArrayBuffer, 0, (value as ArrayBuffer).byteLength))
  }
  const name: unknown = value.constructor?.name
  return unportable(
    typeof name === "string" && name !== "Object" ? `an instance of ${name}` : "an object with a prototype"
  )
}

const writeArray = (items: ReadonlyArray<unknown>, writer: ByteWriter, seen: Seen): void => {
  writer.u8(tag.array)
  writer.varint(items.length)
  let holes = 0
  for (let at = 0; at < items.length; at++) {
    const item = items[at]
    if (item === undefined && !(at in items)) {
      if (++holes > mostHoles) unportable(`an array of ${items.length} elements that has more than ${mostHoles} holes`)
      writer.u8(tag.hole)
    } else write(item, writer, seen)
  }
}

/** An array with nothing in it may be four thousand million elements long. */
export const mostHoles = 65_536

const writePlain = (value: object, writer: ByteWriter, seen: Seen): void => {
  for (const key of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, key)) unportable(`a property called ${String(key)}`)
  }
  writer.u8(Object.getPrototypeOf(value) === null ? tag.bare : tag.object)
  writeEntries(value, Object.keys(value), writer, seen)
}

const writeEntries = (value: object, keys: ReadonlyArray<string>, writer: ByteWriter, seen: Seen): void => {
  writer.varint(keys.length)
  for (const key of keys) {
    writer.string(key)
    write(Reflect.get(value, key), writer, seen)
  }
}

const writeMap = (map: ReadonlyMap<unknown, unknown>, writer: ByteWriter, seen: Seen): void => {
  writer.u8(tag.map)
  writer.varint(map.size)
  for (const [key, value] of map) {
    write(key, writer, seen)
    write(value, writer, seen)
  }
}

const writeSet = (set: ReadonlySet<unknown>, writer: ByteWriter, seen: Seen): void => {
  writer.u8(tag.set)
  writer.varint(set.size)
  for (const value of set) write(value, writer, seen)
}

/** The classes of errors that arrive as themselves. Others arrive as `Error`, as exit reasons do. */
const errors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]

/** The most special of them that an error is an instance of. */
export const errorClassOf = (error: Error): ErrorConstructor | AggregateErrorConstructor =>
  // Every error is an Error
  errors.findLast((type) => error instanceof type) ?? Error

/** What errors are made of are texts. Those of one that has others would not arrive as they are. */
const textOf = (error: Error, key: "name" | "message" | "stack"): string => {
  const text: unknown = error[key]
  return typeof text === "string" ? text : unportable(`an error whose ${key} is no text`)
}

/** What every error has and enumerates not. */
const hidden = new Set(["cause", "errors"])

const writeError = (error: Error, writer: ByteWriter, seen: Seen): void => {
  writer.u8(tag.error)
  // Every error is an Error
  writer.u8(errors.findLastIndex((type) => error instanceof type))
  writer.string(textOf(error, "name"))
  writer.string(textOf(error, "message"))
  writer.string(error.stack === undefined ? "" : textOf(error, "stack"))
  const others = [...hidden].filter((key) => Object.hasOwn(error, key))
  const given = new Set(["name", "message", "stack", ...others])
  writeEntries(error, [...others, ...Object.keys(error).filter((key) => !given.has(key))], writer, seen)
}

/** What bytes can be looked at through; in the order of their numbers. A `Buffer` arrives as `Uint8Array`. */
const views = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView
]

/** Whether a value is bytes that can be sent. */
export const isView = (value: object): value is ArrayBufferView =>
  ArrayBuffer.isView(value) && views.some((type) => value instanceof type)

const writeView = (view: ArrayBufferView, writer: ByteWriter): void => {
  const kind = views.findIndex((type) => view instanceof type)
  if (kind === -1) unportable(`an instance of ${view.constructor.name}`)
  writer.u8(tag.view)
  writer.u8(kind)
  writer.blob(bytesOf(view.buffer, view.byteOffset, view.byteLength))
}

const noBytes = new Uint8Array(0)

/** Memory that has been transferred away has no bytes, and cannot be looked at. */
const bytesOf = (memory: ArrayBufferLike, from: number, size: number): Uint8Array =>
  size === 0 ? noBytes : new Uint8Array(memory, from, size)

/** Reads a value; `seen` has the objects read so far, by number. */
const read = (reader: ByteReader, seen: Array<object>): unknown => readKind(reader.u8(), reader, seen)

const readKind = (kind: number, reader: ByteReader, seen: Array<object>): unknown => {
  switch (kind) {
    case tag.undefined:
      return undefined
    case tag.null:
      return null
    case tag.false:
      return false
    case tag.true:
      return true
    case tag.number:
      return reader.number()
    case tag.text:
      return reader.string()
    case tag.bigint:
      return bigint.read(reader)
    case tag.symbol:
      return symbol.read(reader)
    case tag.again:
      return seen[reader.varint()] ?? corrupt("object")
    default:
      return readObject(kind, reader, seen)
  }
}

const readObject = (kind: number, reader: ByteReader, seen: Array<object>): object => {
  switch (kind) {
    case tag.array:
      return readArray(reader, seen)
    case tag.object:
      return readEntries(keep({}, seen), reader, seen)
    case tag.bare:
      // `as object`: it returns an object for `null`
      return readEntries(keep(Object.create(null) as object, seen), reader, seen)
    case tag.map: {
      const map = keep(new Map<unknown, unknown>(), seen)
      for (let left = readCount(reader); left > 0; left--) map.set(read(reader, seen), read(reader, seen))
      return map
    }
    case tag.set: {
      const set = keep(new Set<unknown>(), seen)
      for (let left = readCount(reader); left > 0; left--) set.add(read(reader, seen))
      return set
    }
    case tag.date:
      return keep(new Date(reader.f64()), seen)
    case tag.view: {
      const type = views[reader.u8()] ?? corrupt("view")
      const { buffer } = reader.blob()
      // What it constructs is what it is the constructor of
      return keep(Reflect.construct(type, [buffer]) as ArrayBufferView, seen)
    }
    case tag.buffer:
      return keep(reader.blob().buffer, seen)
    case tag.pattern: {
      const pattern = keep(new RegExp(reader.string(), reader.string()), seen)
      pattern.lastIndex = reader.number()
      return pattern
    }
    case tag.error:
      return readError(reader, seen)
    case tag.placeholder:
      return keep(new Placeholder(reader.string()), seen)
    default: {
      const own = ownClassTagged(kind)
      return own === undefined ? corrupt("value") : keep(own.read(reader), seen)
    }
  }
}

/** Gives an object its number: before what is in it, which may contain it. */
const keep = <A extends object>(value: A, seen: Array<object>): A => {
  seen.push(value)
  return value
}

const readArray = (reader: ByteReader, seen: Array<object>): ReadonlyArray<unknown> => {
  const length = readCount(reader)
  const items: Array<unknown> = keep([], seen)
  for (let at = 0; at < length; at++) {
    const kind = reader.u8()
    if (kind === tag.hole) continue
    // An array that grows by single holes is copied for each
    if (items.length < at) items.length = at
    items.push(readKind(kind, reader, seen))
  }
  items.length = length
  return items
}

const readEntries = <A extends object>(value: A, reader: ByteReader, seen: Array<object>): A => {
  for (let left = readCount(reader); left > 0; left--) setProperty(value, reader.string(), read(reader, seen))
  return value
}

const readError = (reader: ByteReader, seen: Array<object>): Error => {
  const type = errors[reader.u8()] ?? corrupt("error")
  const name = reader.string()
  const message = reader.string()
  const stack = reader.string()
  const error = keep(
    type === AggregateError ? new AggregateError([], message) : Reflect.construct(type, [message]),
    seen
  )
  const define = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, enumerable: false, writable: true })
  if (error.name !== name) define("name", name)
  define("stack", stack === "" ? undefined : stack)
  readEntries(error, reader, seen)
  for (const key of hidden) if (Object.hasOwn(error, key)) define(key, Reflect.get(error, key))
  return error
}
