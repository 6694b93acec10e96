/**
 * How values become bytes on the way to another scheduler: a growing writer, a reader over a record,
 * and a form for values that no schema describes (exit reasons, labels).
 */
import { Buffer } from "node:buffer"
import { deserialize, serialize } from "node:v8"
import { PidImpl, parse as parsePid } from "./Pid.ts"

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/** Appends to a buffer that grows and is reused. Hot path: plain and mutable. */
export class ByteWriter {
  bytes: Uint8Array = new Uint8Array(4096)
  length = 0
  private view = new DataView(this.bytes.buffer)

  /** Forgets what was written; the buffer stays. */
  reset(): void {
    this.length = 0
  }

  private reserve(size: number): void {
    const needed = this.length + size
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest > 127) {
      this.bytes[this.length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
  }

  f64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  string(value: string): void {
    // UTF-8 takes at most three bytes per UTF-16 unit
    this.reserve(value.length * 3 + 8)
    const lengthAt = this.length
    this.length += 4
    const { written } = textEncoder.encodeInto(value, this.bytes.subarray(this.length))
    this.view.setUint32(lengthAt, written, true)
    this.length += written
  }

  blob(value: Uint8Array): void {
    this.varint(value.length)
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  /** Any value structured cloning can carry, errors with their own fields. See {@link ByteReader.any}. */
  any(value: unknown): void {
    this.blob(serializeAny(value))
  }
}

/** Reads one record. The bytes may be shared memory, so what must outlive the record is copied out. */
export class ByteReader {
  private bytes: Uint8Array = new Uint8Array(0)
  private view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))
  private at = 0
  private end = 0

  /** Points the reader at `bytes[start, end)`. */
  over(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.at = start
    this.end = end
    return this
  }

  private advance(size: number): number {
    const at = this.at
    if (at + size > this.end) throw new RangeError(`record ends early: ${size} bytes wanted, ${this.end - at} left`)
    this.at = at + size
    return at
  }

  u8(): number {
    return this.bytes[this.advance(1)]!
  }

  varint(): number {
    let value = 0
    let scale = 1
    while (true) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  f64(): number {
    return this.view.getFloat64(this.advance(8), true)
  }

  string(): string {
    const size = this.view.getUint32(this.advance(4), true)
    const at = this.advance(size)
    // TextDecoder refuses shared memory, so the text is copied out first
    return textDecoder.decode(this.bytes.slice(at, at + size))
  }

  blob(): Uint8Array {
    const size = this.varint()
    const at = this.advance(size)
    return this.bytes.slice(at, at + size)
  }

  any(): unknown {
    return revive(deserialize(this.blob()))
  }
}

/** What an `Error` becomes on the way: structured cloning alone would drop its own fields and its name. */
interface PortableError {
  readonly "~understudy/error": { readonly name: string; readonly message: string; readonly stack: string | undefined }
  readonly fields: Record<string, unknown>
}

/** As {@link ByteWriter.any}, as text that fits into JSON. */
export const anyToText = (value: unknown): string => Buffer.from(serializeAny(value)).toString("base64")

/** Reads what {@link anyToText} wrote. */
export const anyFromText = (text: string): unknown => revive(deserialize(Buffer.from(text, "base64")))

const serializeAny = (value: unknown): Uint8Array => {
  try {
    return serialize(toPortable(value, 0))
  } catch {
    // Functions, symbols and the like cannot leave their isolate: their text can
    return serialize(describe(value))
  }
}

const describe = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    return "a value that could not be sent to another scheduler"
  }
}

/** Deeper than this a value is cloned as it stands; structured cloning keeps cycles and sharing there. */
const portableDepth = 16

const toPortable = (value: unknown, depth: number): unknown => {
  if (typeof value === "function" || typeof value === "symbol") return describe(value)
  if (value === null || typeof value !== "object" || depth > portableDepth) return value
  if (value instanceof PidImpl) return { "~understudy/pid": value.toString() }
  if (value instanceof Error) {
    const fields: Record<string, unknown> = {}
    for (const key of Object.keys(value)) fields[key] = toPortable(Reflect.get(value, key), depth + 1)
    if (value.cause !== undefined) fields.cause = toPortable(value.cause, depth + 1)
    const portable: PortableError = {
      "~understudy/error": { name: value.name, message: value.message, stack: value.stack },
      fields
    }
    return portable
  }
  if (Array.isArray(value)) return value.map((item) => toPortable(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPortable(item, depth + 1)]))
  }
  return value
}

const revive = (value: unknown): unknown => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(revive)
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  if ("~understudy/pid" in value) return parsePid(String(value["~understudy/pid"]))
  if ("~understudy/error" in value) {
    // Written by toPortable on another scheduler of the same program
    const portable = value as PortableError
    const { name, message, stack } = portable["~understudy/error"]
    const error = new Error(message)
    Object.defineProperty(error, "name", { value: name, configurable: true, writable: true })
    if (stack !== undefined) error.stack = stack
    return Object.assign(error, revive(portable.fields))
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]))
}
