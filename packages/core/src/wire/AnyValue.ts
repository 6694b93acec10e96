/**
 * The codec of values that no schema describes, as under `Schema.Unknown`. A value arrives as it was sent, cycles and shared
 * references included, or the write throws: functions and instances of unknown classes have no meaning on another
 * scheduler.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { bigint, symbol } from "./Leaves.ts"
import { Placeholder } from "./Placeholder.ts"
import { cannotSend, corrupt, type Leaf, readCount, setProperty } from "./Plan.ts"
import { registeredClassByTag, registeredClassOf } from "./RegisteredClass.ts"

/** The first byte of a value. */
const tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  bigint: 6,
  symbol: 7,
  /** A hole in a sparse array. */
  hole: 8,
  /** The index of an object that was already written. */
  backReference: 9,
  array: 10,
  object: 11,
  map: 12,
  set: 13,
  date: 14,
  view: 15,
  buffer: 16,
  regExp: 17,
  error: 18,
  /** As `object`, with a null prototype. */
  nullPrototype: 19,
  /** A {@link Placeholder}. */
  placeholder: 20
} as const

/** Any value except functions, unregistered symbols and instances of classes that are not listed in this file or registered. */
export const anyValue: Leaf = {
  name: "any",
  write: (value, writer) => write(value, writer, undefined),
  read: (reader) => read(reader, [])
}

/** Values of the empty struct schema, which takes any value. An instance without properties is written as `{}`, which Effect decodes it to. */
export const empty: Leaf = {
  name: "empty",
  write: (value, writer) => {
    const isEmpty =
      Object.prototype.toString.call(value) === "[object Object]" && Reflect.ownKeys(Object(value)).length === 0
    anyValue.write(isEmpty && Object.getPrototypeOf(value) !== null ? {} : value, writer)
  },
  read: anyValue.read
}

/** The objects written so far, with their indices for back references. */
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
      return cannotSend(`the function ${value.name || "(anonymous)"}`)
    case "object":
      if (value === null) return writer.u8(tag.null)
      return writeNested(value, writer, seen ?? new Map())
  }
}

/** The maximum nesting depth: reading is recursive. */
const maxDepth = 1000
let depth = 0

const writeNested = (value: object, writer: ByteWriter, seen: Seen): void => {
  if (depth >= maxDepth) return cannotSend(`a value of more than ${maxDepth} levels`)
  depth++
  try {
    writeObject(value, writer, seen)
  } finally {
    depth--
  }
}

/** The prototypes of built-in classes whose instances are preserved. */
const classes: ReadonlySet<unknown> = new Set([
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  Placeholder.prototype
])

/** Whether an object is a plain one, not an instance of a class. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  // The last case: plain objects of another realm
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether an object arrives as an instance of its class, so that its properties do not describe all of it. */
export const isInstance = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    classes.has(prototype) ||
    registeredClassOf(prototype) !== undefined ||
    Error.isError(value) ||
    ArrayBuffer.isView(value)
  )
}

const writeObject = (value: object, writer: ByteWriter, seen: Seen): void => {
  const known = seen.get(value)
  if (known !== undefined) {
    writer.u8(tag.backReference)
    return writer.varint(known)
  }
  seen.set(value, seen.size)
  if (Array.isArray(value)) return writeArray(value, writer, seen)
  if (isPlain(value)) return writePlain(value, writer, seen)
  const prototype: unknown = Object.getPrototypeOf(value)
  const own = registeredClassOf(prototype)
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
      writer.u8(tag.regExp)
      writer.string(source)
      writer.string(flags)
      return writer.number(Number(lastIndex))
    }
    case ArrayBuffer.prototype:
      writer.u8(tag.buffer)
      return writer.blob(bytesOf(value as ArrayBuffer, 0, (value as ArrayBuffer).byteLength))
  }
  const name: unknown = value.constructor?.name
  return cannotSend(
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
      if (++holes > maxHoles) cannotSend(`an array of ${items.length} elements that has more than ${maxHoles} holes`)
      writer.u8(tag.hole)
    } else write(item, writer, seen)
  }
}

/** Bounds the work for a sparse array, whose length says nothing about its memory. */
export const maxHoles = 65_536

const writePlain = (value: object, writer: ByteWriter, seen: Seen): void => {
  for (const key of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, key)) cannotSend(`a property called ${String(key)}`)
  }
  writer.u8(Object.getPrototypeOf(value) === null ? tag.nullPrototype : tag.object)
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

/** The error classes that are preserved. Instances of other classes arrive as the closest of these. */
const errors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]

/** The most derived of these classes that an error is an instance of. */
export const errorClassOf = (error: Error): ErrorConstructor | AggregateErrorConstructor =>
  // Every error is an Error
  errors.findLast((type) => error instanceof type) ?? Error

/** A text property of an error. Throws when it is not a string, since it would not arrive unchanged. */
const textOf = (error: Error, key: "name" | "message" | "stack"): string => {
  const text: unknown = error[key]
  return typeof text === "string" ? text : cannotSend(`an error whose ${key} is no text`)
}

/** Properties of errors that the language defines as non-enumerable. */
const nonEnumerable = new Set(["cause", "errors"])

const writeError = (error: Error, writer: ByteWriter, seen: Seen): void => {
  writer.u8(tag.error)
  // Every error is an Error
  writer.u8(errors.findLastIndex((type) => error instanceof type))
  writer.string(textOf(error, "name"))
  writer.string(textOf(error, "message"))
  writer.string(error.stack === undefined ? "" : textOf(error, "stack"))
  const others = [...nonEnumerable].filter((key) => Object.hasOwn(error, key))
  const given = new Set(["name", "message", "stack", ...others])
  writeEntries(error, [...others, ...Object.keys(error).filter((key) => !given.has(key))], writer, seen)
}

/** The supported view classes, in wire order. A `Buffer` arrives as `Uint8Array`. */
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

/** Whether a value is a view of a supported class. */
export const isView = (value: object): value is ArrayBufferView =>
  ArrayBuffer.isView(value) && views.some((type) => value instanceof type)

const writeView = (view: ArrayBufferView, writer: ByteWriter): void => {
  const kind = views.findIndex((type) => view instanceof type)
  if (kind === -1) cannotSend(`an instance of ${view.constructor.name}`)
  writer.u8(tag.view)
  writer.u8(kind)
  writer.blob(bytesOf(view.buffer, view.byteOffset, view.byteLength))
}

const noBytes = new Uint8Array(0)

/** The bytes of a buffer. A detached buffer has size 0 and allows no view. */
const bytesOf = (memory: ArrayBufferLike, from: number, size: number): Uint8Array =>
  size === 0 ? noBytes : new Uint8Array(memory, from, size)

/** Reads a value. `seen`: the objects read so far, for back references. */
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
    case tag.backReference:
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
      return readEntries(remember({}, seen), reader, seen)
    case tag.nullPrototype:
      // `as object`: `Object.create` is typed to return `any`
      return readEntries(remember(Object.create(null) as object, seen), reader, seen)
    case tag.map: {
      const map = remember(new Map<unknown, unknown>(), seen)
      for (let left = readCount(reader); left > 0; left--) map.set(read(reader, seen), read(reader, seen))
      return map
    }
    case tag.set: {
      const set = remember(new Set<unknown>(), seen)
      for (let left = readCount(reader); left > 0; left--) set.add(read(reader, seen))
      return set
    }
    case tag.date:
      return remember(new Date(reader.f64()), seen)
    case tag.view: {
      const type = views[reader.u8()] ?? corrupt("view")
      const { buffer } = reader.blob()
      // `as ArrayBufferView`: every class of `views` is one
      return remember(Reflect.construct(type, [buffer]) as ArrayBufferView, seen)
    }
    case tag.buffer:
      return remember(reader.blob().buffer, seen)
    case tag.regExp: {
      const pattern = remember(new RegExp(reader.string(), reader.string()), seen)
      pattern.lastIndex = reader.number()
      return pattern
    }
    case tag.error:
      return readError(reader, seen)
    case tag.placeholder:
      return remember(new Placeholder(reader.string()), seen)
    default: {
      const own = registeredClassByTag(kind)
      return own === undefined ? corrupt("value") : remember(own.read(reader), seen)
    }
  }
}

/** Gives an object its index, before its contents are read: they may refer to it. */
const remember = <A extends object>(value: A, seen: Array<object>): A => {
  seen.push(value)
  return value
}

const readArray = (reader: ByteReader, seen: Array<object>): ReadonlyArray<unknown> => {
  const length = readCount(reader)
  const items: Array<unknown> = remember([], seen)
  for (let at = 0; at < length; at++) {
    const kind = reader.u8()
    if (kind === tag.hole) continue
    // Sets the length first: a store past the end may copy the array for each hole
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
  const error = remember(
    type === AggregateError ? new AggregateError([], message) : Reflect.construct(type, [message]),
    seen
  )
  const define = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, enumerable: false, writable: true })
  if (error.name !== name) define("name", name)
  define("stack", stack === "" ? undefined : stack)
  readEntries(error, reader, seen)
  for (const key of nonEnumerable) if (Object.hasOwn(error, key)) define(key, Reflect.get(error, key))
  return error
}
