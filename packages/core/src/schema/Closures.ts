/**
 * Compiles a plan to closures: used where code generation is forbidden, and the reference that the generated functions are
 * tested against.
 */
import type { ByteReader } from "../wire/Bytes.ts"
import { symbol } from "../wire/Leaves.ts"
import {
  type ByteCodec,
  corrupt,
  type Field,
  hasProperty,
  isFixed,
  lengthOf,
  type Member,
  mayBeEmpty,
  type Plan,
  readCount,
  readIndex,
  readPadding,
  type Signature,
  setProperty,
  type Test
} from "../wire/Plan.ts"

const made = new WeakMap<Plan, ByteCodec>()

/** The codec of a plan's values. The same for the same plan. */
export const closures = (plan: Plan): ByteCodec => {
  const known = made.get(plan)
  if (known !== undefined) return known
  const leaf = make(plan)
  made.set(plan, leaf)
  return leaf
}

const text: ByteCodec = {
  // `as string` and the like, here and below: callers check a value against the schema before they write it
  write: (value, writer) => writer.string(value as string),
  read: (reader) => reader.string()
}

const number: ByteCodec = {
  write: (value, writer) => writer.number(value as number),
  read: (reader) => reader.number()
}

/** Reads a byte that must be 0 or 1. */
export const readBoolean = (reader: ByteReader): boolean => {
  const byte = reader.u8()
  return byte < 2 ? byte === 1 : corrupt("boolean")
}

const boolean: ByteCodec = {
  write: (value, writer) => writer.u8(value === true ? 1 : 0),
  read: readBoolean
}

const make = (plan: Plan): ByteCodec => {
  switch (plan._tag) {
    case "Text":
      return text
    case "Number":
      return number
    case "Boolean":
      return boolean
    case "Leaf":
      return plan.leaf
    case "Constant":
      return { write: () => undefined, read: () => plan.value }
    case "Choice":
      return choice(plan.values)
    case "Struct":
      return struct(plan.fields)
    case "Record":
      return record(plan.value)
    case "Open":
      return open(plan)
    case "List":
      return list(plan)
    case "Union":
      return union(plan.members)
    case "Checked": {
      const inner = closures(plan.plan)
      return {
        write: inner.write,
        read: (reader) => {
          const value = inner.read(reader)
          return plan.check(value) ? value : corrupt("value that passes its checks")
        }
      }
    }
    case "Transformed": {
      const inner = closures(plan.plan)
      return {
        write: (value, writer) => inner.write(plan.encode(value), writer),
        read: (reader) => plan.decode(inner.read(reader))
      }
    }
    case "Suspended":
      return {
        write: (value, writer) => closures(plan.plan()).write(value, writer),
        read: (reader) => closures(plan.plan()).read(reader)
      }
  }
}

/** The codec of one of several values, by index. Also used by generated code when there are many values. */
export const choice = (values: ReadonlyArray<unknown>): ByteCodec => {
  const numbers = new Map(values.map((value, index) => [value, index]))
  return {
    write: (value, writer) => writer.varint(numbers.get(value) ?? corrupt("choice")),
    read: (reader) => {
      const index = readIndex(reader, values.length)
      return index < values.length ? values[index] : corrupt("choice")
    }
  }
}

const struct = (all: ReadonlyArray<Field>): ByteCodec => {
  const fields = all.map(({ name, optional, plan }) => ({ name, optional, leaf: closures(plan) }))
  const optional = fields.filter((field) => field.optional)
  const presence = Math.ceil(optional.length / 8)
  return {
    write: (value, writer) => {
      const object = value as object
      for (let at = 0; at < presence; at++) {
        let bits = 0
        optional.slice(at * 8, at * 8 + 8).forEach(({ name }, bit) => {
          if (hasProperty(object, name)) bits |= 1 << bit
        })
        writer.u8(bits)
      }
      for (const { leaf, name, optional } of fields) {
        if (!optional || hasProperty(object, name)) leaf.write(Reflect.get(object, name), writer)
      }
    },
    read: (reader) => {
      const object = {}
      const bits: Array<number> = []
      for (let at = 0; at < presence; at++) bits.push(reader.u8())
      checkPresence(bits, optional.length)
      let number = 0
      for (const { leaf, name, optional } of fields) {
        if (optional) {
          const isThere = ((bits[number >> 3] ?? 0) & (1 << (number & 7))) !== 0
          number++
          if (!isThere) continue
        }
        setProperty(object, name, leaf.read(reader))
      }
      return object
    }
  }
}

/** Throws when unused bits of the presence bitmap are set. */
const checkPresence = (bits: ReadonlyArray<number>, count: number): void => {
  const last = bits.at(-1)
  if (last !== undefined && last >> (((count - 1) & 7) + 1) !== 0) corrupt("field")
}

const open = ({ fields, signatures }: Extract<Plan, { _tag: "Open" }>): ByteCodec => {
  const fixed = struct(fields)
  const names = new Set<PropertyKey>(fields.map(({ name }) => (typeof name === "number" ? String(name) : name)))
  const others = signatures.map(({ keysOf, plan }) => ({ keysOf, leaf: closures(plan) }))
  const keys = (value: object, { keysOf }: Signature | (typeof others)[number]) =>
    keysOf(value).filter((key) => !names.has(key))
  return {
    write: (value, writer) => {
      const object = value as object
      fixed.write(object, writer)
      for (const other of others) {
        const found = keys(object, other)
        writer.varint(found.length)
        for (const key of found) {
          writer.u8(typeof key === "symbol" ? 1 : 0)
          if (typeof key === "symbol") symbol.write(key, writer)
          else writer.string(String(key))
          other.leaf.write(Reflect.get(object, key), writer)
        }
      }
    },
    read: (reader) => {
      // `as object`: a struct's codec reads an object
      const object = fixed.read(reader) as object
      for (const other of others) {
        const given = new Set<PropertyKey>()
        for (let left = readCount(reader); left > 0; left--) {
          const key = readBoolean(reader) ? (symbol.read(reader) as symbol) : reader.string()
          if (names.has(key)) corrupt("key")
          given.add(key)
          setProperty(object, key, other.leaf.read(reader))
        }
        const meant = new Set(keys(object, other))
        for (const key of given) if (!meant.has(key)) corrupt("key")
      }
      return object
    }
  }
}

const record = (plan: Plan): ByteCodec => {
  const leaf = closures(plan)
  return {
    write: (value, writer) => {
      const object = value as object
      const keys = Object.keys(object)
      writer.varint(keys.length)
      for (const key of keys) {
        writer.string(key)
        leaf.write(Reflect.get(object, key), writer)
      }
    },
    read: (reader) => {
      const object = {}
      for (let left = readCount(reader); left > 0; left--) setProperty(object, reader.string(), leaf.read(reader))
      return object
    }
  }
}

const list = (plan: Extract<Plan, { _tag: "List" }>): ByteCodec => {
  const elements = plan.elements.map(closures)
  const rest = plan.rest === undefined ? undefined : closures(plan.rest)
  const fixed = isFixed(plan)
  // In a list of variable length, an element that may be empty gets a padding byte: so the bytes left bound the length
  const isPadded = (each: Plan) => !fixed && mayBeEmpty(each)
  const slots = plan.elements.map((each, at) => ({ leaf: elements[at], padded: isPadded(each) }))
  const others = { leaf: rest, padded: plan.rest !== undefined && isPadded(plan.rest) }
  const tail = plan.tail.map((each) => ({ leaf: closures(each), padded: isPadded(each) }))
  /** The slot of the element at an index, in a list of that length. */
  const slotAt = (at: number, length: number) =>
    slots[at] ?? tail[at - Math.max(slots.length, length - tail.length)] ?? others
  return {
    write: (value, writer) => {
      const items = value as ReadonlyArray<unknown>
      const length = lengthOf(items)
      if (!fixed) writer.varint(length)
      for (let at = 0; at < length; at++) {
        const { padded, leaf } = slotAt(at, length)
        if (padded) writer.u8(0)
        leaf?.write(items[at], writer)
      }
    },
    read: (reader) => {
      const length = fixed ? elements.length : readCount(reader)
      if (length < plan.required || (rest === undefined && length > elements.length)) corrupt("list of that length")
      const items: Array<unknown> = []
      for (let at = 0; at < length; at++) {
        const { padded, leaf } = slotAt(at, length)
        if (padded) readPadding(reader)
        items.push(leaf?.read(reader))
      }
      return items
    }
  }
}

const union = (members: ReadonlyArray<Member>): ByteCodec => {
  const all = members.map(({ index, plan, test }) => ({ index, leaf: closures(plan), is: passes(test) }))
  const byIndex = new Map(all.map(({ index, leaf }) => [index, leaf]))
  const last = all.at(-1)
  return {
    write: (value, writer) => {
      const member = all.find(({ is }) => is(value)) ?? last ?? corrupt("member")
      writer.varint(member.index)
      member.leaf.write(value, writer)
    },
    read: (reader) => {
      const leaf = byIndex.get(readIndex(reader, members.length)) ?? corrupt("member")
      return leaf.read(reader)
    }
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const passes = (test: Test): ((value: unknown) => boolean) => {
  switch (test._tag) {
    case "Same":
      return (value) => value === test.value
    case "Null":
      return (value) => value === null
    case "TypeOf":
      return (value) => typeof value === test.type
    case "Object":
      return isObject
    case "Array":
      return Array.isArray
    case "Tagged":
      return (value) => isObject(value) && Reflect.get(value, test.key) === test.value
    case "Guard":
      return test.is
  }
}
