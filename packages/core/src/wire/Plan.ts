/**
 * The byte layout of a schema's values. A plan is made once per schema (`schema/PlanOf.ts`) and compiled to generated functions
 * or closures. Both ends of a channel run the same program, so the encoding is not self-describing: no field names, no tags
 * of cases.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"

/** Writes and reads the values of one type as bytes. Reading throws when the bytes are invalid. */
export interface ByteCodec {
  readonly write: (value: unknown, writer: ByteWriter) => void
  readonly read: (reader: ByteReader) => unknown
  /** Whether a value is of the type. Present for this project's own declarations. */
  readonly is?: (value: unknown) => boolean
}

/** A {@link ByteCodec} that a plan uses for a type it does not describe further. Its name identifies its byte layout. */
export interface Leaf extends ByteCodec {
  readonly name: string
}

/** The annotation that holds the {@link Leaf} of this project's own declarations. */
export const wireAnnotation = "~understudy/wire"

/** A property. An absent optional property has no bytes. */
export interface Field {
  readonly name: PropertyKey
  readonly optional: boolean
  readonly plan: Plan
}

/** Tells a member of a union from the others, for values that are known to be of the union. */
export type Test =
  | { readonly _tag: "Same"; readonly value: unknown }
  | { readonly _tag: "TypeOf"; readonly type: string }
  | { readonly _tag: "Null" }
  | { readonly _tag: "Object" }
  | { readonly _tag: "Array" }
  | { readonly _tag: "Tagged"; readonly key: string; readonly value: string | number | boolean }
  | { readonly _tag: "Guard"; readonly is: (value: unknown) => boolean }

/** A member of a union, with its index on the wire. */
export interface Member {
  readonly index: number
  readonly test: Test
  readonly plan: Plan
}

/** An index signature: its keys in a value, strings and symbols, and the plan of its values. */
export interface Signature {
  readonly keysOf: (value: object) => ReadonlyArray<PropertyKey>
  readonly plan: Plan
}

export type Plan =
  | { readonly _tag: "Text" }
  | { readonly _tag: "Number" }
  | { readonly _tag: "Boolean" }
  /** A single value: no bytes. */
  | { readonly _tag: "Constant"; readonly value: unknown }
  /** One of a few values, by its index. Compared by `Object.is`. */
  | { readonly _tag: "Choice"; readonly values: ReadonlyArray<unknown> }
  | { readonly _tag: "Leaf"; readonly leaf: Leaf }
  /** A presence bitmap of the optional fields, eight to a byte, then the fields. */
  | { readonly _tag: "Struct"; readonly fields: ReadonlyArray<Field> }
  /** The number of entries, then each string key with its value. */
  | { readonly _tag: "Record"; readonly value: Plan }
  /** The fixed properties, then for each index signature the number of entries and each key with its value. */
  | { readonly _tag: "Open"; readonly fields: ReadonlyArray<Field>; readonly signatures: ReadonlyArray<Signature> }
  /**
   * A tuple or array: `elements`, then any number of `rest`, then `tail`. `required`: the least length. The length is written
   * when it can vary.
   */
  | {
      readonly _tag: "List"
      readonly elements: ReadonlyArray<Plan>
      readonly required: number
      readonly rest: Plan | undefined
      readonly tail: ReadonlyArray<Plan>
    }
  /** Members in the order of their tests; the last is used without a test. */
  | { readonly _tag: "Union"; readonly members: ReadonlyArray<Member> }
  /** Reading throws when `check` returns false. */
  | { readonly _tag: "Checked"; readonly plan: Plan; readonly check: (value: unknown) => boolean }
  /** Encoded before it is written and decoded after it is read. `checks`: decoding runs the schema's checks too. */
  | {
      readonly _tag: "Transformed"
      readonly plan: Plan
      readonly encode: (value: unknown) => unknown
      readonly decode: (encoded: unknown) => unknown
      readonly checks: boolean
    }
  /** A recursive schema. Returns the same plan each time. */
  | { readonly _tag: "Suspended"; readonly plan: () => Plan }

/** Whether values may take no bytes. Then the bytes left do not bound the length of a list of them. */
export const mayBeEmpty = (plan: Plan): boolean => {
  switch (plan._tag) {
    case "Constant":
    case "Suspended":
      return true
    case "Struct":
      return plan.fields.every((field) => !field.optional && mayBeEmpty(field.plan))
    case "List":
      return isFixed(plan) && plan.elements.every(mayBeEmpty)
    case "Checked":
    case "Transformed":
      return mayBeEmpty(plan.plan)
    default:
      return false
  }
}

/** Whether a list always has the same length. */
export const isFixed = (list: Extract<Plan, { _tag: "List" }>): boolean =>
  list.rest === undefined && list.required === list.elements.length

/** Throws: the bytes are invalid. Readers of messages turn it into an `InvalidMessage`. */
export const corrupt = (wanted: string): never => {
  throw new RangeError(`record holds no ${wanted} where one was wanted`)
}

/** Throws: a value cannot be written, though its schema accepts it. Writers of messages turn it into an `InvalidMessage`. */
export const cannotSend = (what: string): never => {
  throw new TypeError(`${what} cannot be sent to another scheduler: it needs a schema that says how it is encoded`)
}

/** The longest array that can be sent: a sparse array may be longer without taking memory. */
const maxListLength = 2 ** 25

/** The length of a list that is to be written. */
export const lengthOf = ({ length }: ReadonlyArray<unknown>): number =>
  length <= maxListLength ? length : cannotSend(`an array of ${length} elements (more than ${maxListLength})`)

/** Reads an index below `count`. A varint, which is one byte for a `count` up to 128. */
export const readIndex = (reader: ByteReader, count: number): number => (count <= 128 ? reader.u8() : reader.varint())

/** Reads a number of values. Each takes at least a byte, so corrupt bytes cannot cause a large allocation. */
export const readCount = (reader: ByteReader): number => {
  const count = reader.varint()
  return count <= reader.left ? count : corrupt("list of that length")
}

/** Reads the padding byte before a list element that may be empty, see {@link mayBeEmpty}. */
export const readPadding = (reader: ByteReader): void => {
  if (reader.u8() !== 0) corrupt("list element")
}

/** Sets a property. Defines `__proto__` as an own property. */
export const setProperty = (target: object, name: PropertyKey, value: unknown): void => {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
  } else Reflect.set(target, name, value)
}

/** Whether an object has a property, its own or inherited, as Effect's decoding sees it. */
export const hasProperty = (value: object, name: PropertyKey): boolean =>
  name === "__proto__" ? Object.hasOwn(value, name) : name in value

/**
 * Whether values of the plan may contain instances of classes that the schema's module defines. `seen`: the plans already visited,
 * for recursive schemas.
 */
export const hasInstances = (plan: Plan, seen: Set<Plan> = new Set()): boolean => {
  if (seen.has(plan)) return false
  seen.add(plan)
  const inner = (part: Plan) => hasInstances(part, seen)
  switch (plan._tag) {
    case "Transformed":
      return true
    case "Struct":
      return plan.fields.some((field) => inner(field.plan))
    case "Record":
      return inner(plan.value)
    case "Open":
      return plan.fields.some((field) => inner(field.plan)) || plan.signatures.some((one) => inner(one.plan))
    case "List":
      return [...plan.elements, ...plan.tail].some(inner) || (plan.rest !== undefined && inner(plan.rest))
    case "Union":
      return plan.members.some((member) => inner(member.plan))
    case "Checked":
      return inner(plan.plan)
    case "Suspended":
      return inner(plan.plan())
    default:
      return false
  }
}
