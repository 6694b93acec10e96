/**
 * Copies any value into one that can be sent to another scheduler, for exit reasons, reports and start errors. These must arrive
 * whatever a program throws or fails with, so no value is rejected: a part that cannot be sent is replaced by a {@link Placeholder}
 * that prints as the original, and the rest is kept. Errors arrive as their standard class with their name, message, stack, cause and
 * own fields; instances of other classes as plain objects with their own fields.
 *
 * Takes time linear in the size of the copy, which the limits below bound: parts beyond them become placeholders. Exceptions of
 * getters and proxies are caught.
 */

import { classNameOf, nameOf, readProperty, textProperty } from "../base/Foreign.ts"
import { anyValue, errorClassOf, isView, maxHoles } from "./AnyValue.ts"
import { ByteReader, ByteWriter } from "./Bytes.ts"
import { Placeholder } from "./Placeholder.ts"
import { setProperty } from "./Plan.ts"
import { registeredClassOf } from "./RegisteredClass.ts"

/** The maximum nesting depth of a copy. */
const maxDepth = 100
/** The maximum number of properties, elements and entries of a copy. */
const maxValues = 100_000
/** The maximum total of characters in texts and bytes in binary data. */
const maxSize = 16 * 2 ** 20

/** A copy of a value that {@link anyValue} can write. */
export const portable = (value: unknown): unknown => new Copier().copy(value, 0)

/** Appends the {@link portable} copy of any value. Never throws because of the value. */
export const writeAny = (writer: ByteWriter, value: unknown): void => anyValue.write(portable(value), writer)

/** Reads what {@link writeAny} wrote. Throws when the bytes are invalid. */
export const readAny = (reader: ByteReader): unknown => anyValue.read(reader)

/** As {@link writeAny}, as base64 text. */
export const anyToText = (value: unknown): string => {
  const writer = new ByteWriter()
  writeAny(writer, value)
  return Buffer.from(writer.bytes.buffer, writer.start, writer.length).toString("base64")
}

/** Reads what {@link anyToText} wrote. Throws when the text is invalid. */
export const anyFromText = (text: string): unknown => {
  const bytes = Buffer.from(text, "base64")
  return readAny(new ByteReader().wrap(bytes, 0, bytes.length))
}

class Copier {
  /** The copies made so far, by original: cycles and shared references stay so in the copy. */
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
        return value === null ? null : this.reference(value, depth)
      default:
        return value
    }
  }

  private text(text: string): string {
    const left = maxSize - this.size
    this.size += Math.min(left, text.length)
    return text.length <= left ? text : `${text.slice(0, left)}… (of ${text.length} characters)`
  }

  private fits(whole: bigint): boolean {
    // Small integers are not converted to text to measure them
    const digits = BigInt.asIntN(64, whole) === whole ? 16 : whole.toString(16).length
    this.size += digits
    return this.size <= maxSize
  }

  private reference(value: object, depth: number): unknown {
    const copy = this.copies.get(value)
    if (copy !== undefined) return copy
    if (depth > maxDepth)
      return new Placeholder(`[${classNameOf(value) ?? "Object"}, more than ${maxDepth} levels deep]`)
    if (this.isFull) return new Placeholder(`[${classNameOf(value) ?? "Object"}, beyond ${maxValues} values]`)
    try {
      return this.object(value, depth)
    } catch {
      // A revoked proxy, or an object with the prototype of a built-in class but without its internal slots
      return this.remember(value, new Placeholder(`[${classNameOf(value) ?? "an object that cannot be read"}]`))
    }
  }

  private get isFull(): boolean {
    return this.values >= maxValues || this.size >= maxSize
  }

  private remember<A>(value: object, copy: A): A {
    this.copies.set(value, copy)
    return copy
  }

  private object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.array(value, depth)
    if (Error.isError(value)) return this.error(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    switch (prototype) {
      case Object.prototype:
        return this.fields(value, this.remember(value, {}), depth)
      case null:
        return this.fields(value, this.remember(value, Object.create(null) as object), depth)
      case Placeholder.prototype:
        return new Placeholder(this.text(textProperty(value, "text", "")))
      case Map.prototype:
        return this.map(value as Map<unknown, unknown>, depth)
      case Set.prototype:
        return this.set(value as Set<unknown>, depth)
      case Date.prototype:
        return this.remember(value, new Date(Date.prototype.getTime.call(value)))
      case RegExp.prototype:
        return this.remember(value, new RegExp(value as RegExp))
      case ArrayBuffer.prototype:
        return this.binary(value, (value as ArrayBuffer).byteLength)
    }
    if (isView(value)) return this.binary(value, value.byteLength)
    const valid = registeredClassOf(prototype)?.validated(value)
    if (valid !== undefined) return valid
    return this.instance(value, depth)
  }

  /** Binary data is not copied here: writing it copies it. */
  private binary(value: object, size: number): unknown {
    this.size += size
    return this.size <= maxSize ? value : new Placeholder(`[${classNameOf(value)} of ${size} bytes]`)
  }

  private array(items: ReadonlyArray<unknown>, depth: number): unknown {
    const copy: Array<unknown> = this.remember(items, [])
    const { length } = items
    let holes = 0
    for (let at = 0; at < length; at++) {
      if (this.isFull || holes > maxHoles / 2) {
        if (copy.length < at) copy.length = at
        copy.push(new Placeholder(`[${length - at} more elements]`))
        return copy
      }
      this.values++
      if (!(at in items)) {
        holes++
        continue
      }
      // Sets the length first: a store past the end may copy the array for each hole
      if (copy.length < at) copy.length = at
      copy.push(this.property(items, at, depth))
    }
    if (copy.length < length) copy.length = length
    return copy
  }

  private map(map: Map<unknown, unknown>, depth: number): unknown {
    const copy = this.remember(map, new Map<unknown, unknown>())
    for (const [key, value] of Map.prototype.entries.call(map)) {
      if (this.isFull) break
      this.values++
      copy.set(this.copy(key, depth + 1), this.copy(value, depth + 1))
    }
    return copy
  }

  private set(set: Set<unknown>, depth: number): unknown {
    const copy = this.remember(set, new Set<unknown>())
    for (const value of Set.prototype.values.call(set)) {
      if (this.isFull) break
      this.values++
      copy.add(this.copy(value, depth + 1))
    }
    return copy
  }

  /** An instance of a class: its own fields and its `_tag`. An instance without fields becomes a placeholder. */
  private instance(value: object, depth: number): unknown {
    const copy = this.remember(value, {})
    this.tag(value, copy)
    this.fields(value, copy, depth)
    if (Object.keys(copy).length > 0) return copy
    return this.remember(value, new Placeholder(`[${classNameOf(value) ?? "Object"}]`))
  }

  /** Copies an inherited `_tag`: tagged classes define it on the prototype. */
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
    const copy = this.remember(error, emptyError(errorClassOf(error)))
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

  /** Copies a value's own fields, except those that the copy already has. */
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

/** An error of a standard class, created without capturing a stack trace. */
const emptyError = (type: ErrorConstructor | AggregateErrorConstructor): Error => {
  const { stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 0
    return type === AggregateError ? new AggregateError([]) : new (type as ErrorConstructor)()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
