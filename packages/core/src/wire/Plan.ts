/**
 * How the values of a schema are laid out as bytes. A plan is made once per schema ({@link "./PlanOf.ts"}) and turned into
 * functions, either generated ones or closures. Both ends of a connection run the same program, so what the schema says
 * is not on the wire: no field names, no names of cases.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"

/** A value by itself, written and read by functions. Reading throws when the bytes are no such value. */
export interface Leaf {
  readonly write: (value: unknown, writer: ByteWriter) => void
  readonly read: (reader: ByteReader) => unknown
  /** Whether a value is of the schema, where the leaf is a declaration of this project. */
  readonly is?: (value: unknown) => boolean
}

/** A {@link Leaf} as part of a plan: its name says what its bytes look like, and no other has it. */
export interface NamedLeaf extends Leaf {
  readonly name: string
}

/** The annotation under which a declaration of this project says its form in bytes: a {@link NamedLeaf}. */
export const wireAnnotation = "~understudy/wire"

/** A property: its bytes are missing when it is. */
export interface Field {
  readonly name: PropertyKey
  readonly optional: boolean
  readonly plan: Plan
}

/** How a member of a union is recognised, among values that are known to be of the union. */
export type Test =
  | { readonly _tag: "Same"; readonly value: unknown }
  | { readonly _tag: "TypeOf"; readonly type: string }
  | { readonly _tag: "Null" }
  | { readonly _tag: "Object" }
  | { readonly _tag: "Array" }
  | { readonly _tag: "Tagged"; readonly key: string; readonly value: string | number | boolean }
  | { readonly _tag: "Guard"; readonly is: (value: unknown) => boolean }

/** A member of a union, with its number on the wire. */
export interface Member {
  readonly index: number
  readonly test: Test
  readonly plan: Plan
}

/** What objects may have beside fixed properties: which keys, as texts and symbols, and what is under them. */
export interface Signature {
  readonly keysOf: (value: object) => ReadonlyArray<PropertyKey>
  readonly plan: Plan
}

export type Plan =
  | { readonly _tag: "Text" }
  | { readonly _tag: "Number" }
  | { readonly _tag: "Boolean" }
  /** The only value there can be: no bytes. */
  | { readonly _tag: "Constant"; readonly value: unknown }
  /** One of a few values, by its number. They are told apart by `Object.is`. */
  | { readonly _tag: "Choice"; readonly values: ReadonlyArray<unknown> }
  | { readonly _tag: "Leaf"; readonly leaf: NamedLeaf }
  /** Optional fields come first: a bit each, eight to a byte, says which are there. */
  | { readonly _tag: "Struct"; readonly fields: ReadonlyArray<Field> }
  /** Text keys, and how many there are before them. */
  | { readonly _tag: "Record"; readonly value: Plan }
  /** Fixed properties, then for each signature how many keys there are, and each with its value. */
  | { readonly _tag: "Open"; readonly fields: ReadonlyArray<Field>; readonly signatures: ReadonlyArray<Signature> }
  /**
   * The first are `elements`, the last are `tail`, and `rest` is each between them. `required` is the least length; the
   * length is written when it can vary.
   */
  | {
      readonly _tag: "List"
      readonly elements: ReadonlyArray<Plan>
      readonly required: number
      readonly rest: Plan | undefined
      readonly tail: ReadonlyArray<Plan>
    }
  /** Members in the order they are tried; whatever none of the others is, is the last. */
  | { readonly _tag: "Union"; readonly members: ReadonlyArray<Member> }
  /** Throws on reading when `check` says no. */
  | { readonly _tag: "Checked"; readonly plan: Plan; readonly check: (value: unknown) => boolean }
  /** Encoded before it is written and decoded after it is read. `checks`: decoding runs the schema's checks too. */
  | {
      readonly _tag: "Transformed"
      readonly plan: Plan
      readonly encode: (value: unknown) => unknown
      readonly decode: (encoded: unknown) => unknown
      readonly checks: boolean
    }
  /** A schema that contains itself. Gives the same plan each time. */
  | { readonly _tag: "Suspended"; readonly plan: () => Plan }

/** Whether values may take no bytes at all. Their number in a list says nothing about how long the list can be. */
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

/** Says that bytes are not what they should be. What reads messages makes an `InvalidMessage` of it. */
export const corrupt = (wanted: string): never => {
  throw new RangeError(`record holds no ${wanted} where one was wanted`)
}

/** Says that a value cannot be written, though its schema takes it. What writes messages makes an `InvalidMessage` of it. */
export const unportable = (what: string): never => {
  throw new TypeError(`${what} cannot be sent to another scheduler: it needs a schema that says how it is encoded`)
}

/** An array may be four thousand million elements long without taking any memory. More than so many cannot be sent. */
const longestList = 2 ** 25

/** The length of a list that is to be written. */
export const lengthOf = ({ length }: ReadonlyArray<unknown>): number =>
  length <= longestList ? length : unportable(`an array of ${length} elements (more than ${longestList})`)

/** Which of `count` things follows. Written as a varint, which is a byte for up to 128 of them. */
export const readIndex = (reader: ByteReader, count: number): number => (count <= 128 ? reader.u8() : reader.varint())

/** How many values follow. Each takes at least a byte, so corrupt bytes cannot ask for more memory than they take. */
export const readCount = (reader: ByteReader): number => {
  const count = reader.varint()
  return count <= reader.left ? count : corrupt("list of that length")
}

/** Reads what stands before a value that may be empty, see {@link mayBeEmpty}. */
export const readFiller = (reader: ByteReader): void => {
  if (reader.u8() !== 0) corrupt("list element")
}

/** Sets a property, also one that is called `__proto__`. */
export const setProperty = (target: object, name: PropertyKey, value: unknown): void => {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
  } else Reflect.set(target, name, value)
}

/** Whether an object has a property, its own or inherited, as Effect's decoding sees it. */
export const hasProperty = (value: object, name: PropertyKey): boolean =>
  name === "__proto__" ? Object.hasOwn(value, name) : name in value

/**
 * Whether values of the plan may have instances of classes that the schema's own module made. `seen`: the plans this one stands in;
 * schemas may contain themselves.
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
