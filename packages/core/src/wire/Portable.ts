/**
 * Any value as one that can leave its scheduler: what exit reasons, reports and start errors carry. Whatever a program throws or
 * fails with has to arrive, so nothing is refused here: what cannot be sent is replaced, alone, by a {@link Placeholder} that prints as
 * what was there. Errors arrive as their standard class with their name, message, stack, cause and own fields; instances of
 * other classes as plain objects of their own fields.
 *
 * Linear in what it copies, and it copies no more than the limits below: what is beyond them is a placeholder too. Getters and proxies
 * run guarded.
 */

import { classNameOf, nameOf, readProperty, textProperty } from "../base/Foreign.ts"
import { anyValue, errorClassOf, isView, mostHoles } from "./AnyValue.ts"
import { ByteReader, ByteWriter } from "./Bytes.ts"
import { ownClassOf } from "./OwnClass.ts"
import { Placeholder } from "./Placeholder.ts"
import { setProperty } from "./Plan.ts"

/** How deep values that are copied may stand in each other. */
const deepest = 100
/** How many values are copied: properties, elements and entries. */
const mostValues = 100_000
/** How many characters of texts and bytes of binary data are copied, all together. */
const mostSize = 16 * 2 ** 20

/** A copy of a value that {@link anyValue} can write. */
export const portable = (value: unknown): unknown => new Copier().copy(value, 0)

/** Appends any value. What was given arrives as {@link portable} makes it. Never throws because of the value. */
export const writeAny = (writer: ByteWriter, value: unknown): void => anyValue.write(portable(value), writer)

/** Reads what {@link writeAny} wrote. Throws when it is something else. */
export const readAny = (reader: ByteReader): unknown => anyValue.read(reader)

/** As {@link writeAny}, as text that fits into JSON. */
export const anyToText = (value: unknown): string => {
  const writer = new ByteWriter()
  writeAny(writer, value)
  return Buffer.from(writer.bytes.buffer, writer.start, writer.length).toString("base64")
}

/** Reads what {@link anyToText} wrote. Throws when it is something else. */
export const anyFromText = (text: string): unknown => {
  const bytes = Buffer.from(text, "base64")
  return readAny(new ByteReader().over(bytes, 0, bytes.length))
}

class Copier {
  /** The copies made so far: values that contain themselves, or stand in several places, are copied as they are. */
  private readonly copies = new Map<object, unknown>()
  private values = 0
  private size = 0

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        return this.text(value)
      case "bigint":
        return this.fits(value) ? value : new Placeholder("a bigint that is too large")
      case "symbol":
        return Symbol.keyFor(value) === undefined ? new Placeholder(nameOf(value)) : value
      case "function":
        return new Placeholder(nameOf(value as () => unknown))
      case "object":
        return value === null ? null : this.known(value, depth)
      default:
        return value
    }
  }

  private text(text: string): string {
    const left = mostSize - this.size
    this.size += Math.min(left, text.length)
    return text.length <= left ? text : `${text.slice(0, left)}… (of ${text.length} characters)`
  }

  private fits(whole: bigint): boolean {
    // Sixteen times as many bits as a digit of hexadecimal text has, so asking costs less than writing it
    const digits = BigInt.asIntN(64, whole) === whole ? 16 : whole.toString(16).length
    this.size += digits
    return this.size <= mostSize
  }

  private known(value: object, depth: number): unknown {
    const copy = this.copies.get(value)
    if (copy !== undefined) return copy
    if (depth > deepest) return new Placeholder(`[${classNameOf(value) ?? "Object"}, more than ${deepest} levels deep]`)
    if (this.isFull) return new Placeholder(`[${classNameOf(value) ?? "Object"}, beyond ${mostValues} values]`)
    try {
      return this.object(value, depth)
    } catch {
      // A revoked proxy, an imitation of a built-in class: there is nothing to see but that
      return this.keep(value, new Placeholder(`[${classNameOf(value) ?? "an object that cannot be read"}]`))
    }
  }

  private get isFull(): boolean {
    return this.values >= mostValues || this.size >= mostSize
  }

  private keep<A>(value: object, copy: A): A {
    this.copies.set(value, copy)
    return copy
  }

  private object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.array(value, depth)
    if (Error.isError(value)) return this.error(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    switch (prototype) {
      case Object.prototype:
        return this.fields(value, this.keep(value, {}), depth)
      case null:
        return this.fields(value, this.keep(value, Object.create(null) as object), depth)
      case Placeholder.prototype:
        return new Placeholder(this.text(textProperty(value, "text", "")))
      case Map.prototype:
        return this.map(value as Map<unknown, unknown>, depth)
      case Set.prototype:
        return this.set(value as Set<unknown>, depth)
      case Date.prototype:
        return this.keep(value, new Date(Date.prototype.getTime.call(value)))
      case RegExp.prototype:
        return this.keep(value, new RegExp(value as RegExp))
      case ArrayBuffer.prototype:
        return this.binary(value, (value as ArrayBuffer).byteLength)
    }
    if (isView(value)) return this.binary(value, value.byteLength)
    const intact = ownClassOf(prototype)?.intact(value)
    if (intact !== undefined) return intact
    return this.instance(value, depth)
  }

  /** Bytes are copied when they are written. */
  private binary(value: object, size: number): unknown {
    this.size += size
    return this.size <= mostSize ? value : new Placeholder(`[${classNameOf(value)} of ${size} bytes]`)
  }

  private array(items: ReadonlyArray<unknown>, depth: number): unknown {
    const copy: Array<unknown> = this.keep(items, [])
    const { length } = items
    let holes = 0
    for (let at = 0; at < length; at++) {
      if (this.isFull || holes > mostHoles / 2) {
        if (copy.length < at) copy.length = at
        copy.push(new Placeholder(`[${length - at} more elements]`))
        return copy
      }
      this.values++
      if (!(at in items)) {
        holes++
        continue
      }
      // An array that grows by single holes is copied for each
      if (copy.length < at) copy.length = at
      copy.push(this.property(items, at, depth))
    }
    if (copy.length < length) copy.length = length
    return copy
  }

  private map(map: Map<unknown, unknown>, depth: number): unknown {
    const copy = this.keep(map, new Map<unknown, unknown>())
    for (const [key, value] of Map.prototype.entries.call(map)) {
      if (this.isFull) break
      this.values++
      copy.set(this.copy(key, depth + 1), this.copy(value, depth + 1))
    }
    return copy
  }

  private set(set: Set<unknown>, depth: number): unknown {
    const copy = this.keep(set, new Set<unknown>())
    for (const value of Set.prototype.values.call(set)) {
      if (this.isFull) break
      this.values++
      copy.add(this.copy(value, depth + 1))
    }
    return copy
  }

  /** An instance of a class: its own fields, and its tag. One that shows no fields is a placeholder. */
  private instance(value: object, depth: number): unknown {
    const copy = this.keep(value, {})
    this.tag(value, copy)
    this.fields(value, copy, depth)
    if (Object.keys(copy).length > 0) return copy
    return this.keep(value, new Placeholder(`[${classNameOf(value) ?? "Object"}]`))
  }

  /** Classes of tagged values have their tag on the prototype. */
  private tag(value: object, copy: object): void {
    if (Object.hasOwn(value, "_tag")) return
    const tag = readProperty(
      value,
      "_tag",
      (found) => found,
      () => undefined
    )
    if (typeof tag === "string") setProperty(copy, "_tag", this.text(tag))
  }

  private error(error: Error, depth: number): unknown {
    const copy = this.keep(error, emptyError(errorClassOf(error)))
    const define = (key: string, value: unknown) =>
      Object.defineProperty(copy, key, { value, configurable: true, enumerable: false, writable: true })
    define("message", this.text(textProperty(error, "message", "")))
    const name = this.text(textProperty(error, "name", "Error"))
    if (copy.name !== name) define("name", name)
    define("stack", this.text(textProperty(error, "stack", "")))
    for (const key of ["cause", "errors"]) {
      if (Object.hasOwn(error, key)) define(key, this.property(error, key, depth))
    }
    this.tag(error, copy)
    return this.fields(error, copy, depth)
  }

  /** Copies a value's own fields, but for those that the copy has already. */
  private fields(value: object, copy: object, depth: number): unknown {
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(copy, key)) continue
      if (this.isFull) {
        setProperty(copy, "…", new Placeholder("[more fields]"))
        break
      }
      this.values++
      setProperty(copy, this.text(key), this.property(value, key, depth))
    }
    for (const key of Object.getOwnPropertySymbols(value)) {
      if (this.isFull || !Object.prototype.propertyIsEnumerable.call(value, key)) continue
      this.values++
      setProperty(copy, `[${nameOf(key)}]`, this.property(value, key, depth))
    }
    return copy
  }

  private property(value: object, key: PropertyKey, depth: number): unknown {
    return readProperty(
      value,
      key,
      (found) => this.copy(found, depth + 1),
      (why) => new Placeholder(`[Getter: ${this.text(why)}]`)
    )
  }
}

/** An error of a standard class, without the time that its own stack trace would take. */
const emptyError = (type: ErrorConstructor | AggregateErrorConstructor): Error => {
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 0
    return type === AggregateError ? new AggregateError([]) : new (type as ErrorConstructor)()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
