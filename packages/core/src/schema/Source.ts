/**
 * Compiles a plan to generated functions: fields are read into an object literal, so that all objects of a schema have one
 * hidden class. The byte layout is that of the closures.
 */

import { generate } from "../wire/Generate.ts"
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
  readPadding,
  setProperty,
  type Test
} from "../wire/Plan.ts"
import { choice, closures, readBoolean } from "./Closures.ts"

/** Up to this many values a chain of comparisons is faster than a map. */
const maxComparisons = 8

/** Generates the codec of a plan. Throws where code generation is forbidden. */
export const generatedCodec = (plan: Plan): ByteCodec => {
  const source = new CodecSource()
  const write = source.write(plan, "value")
  const read = source.read(plan)
  const body = [
    ...source.constants.map((_, index) => `const k${index} = constants[${index}]`),
    ...source.functions,
    `return { write: (value, writer) => { ${write} }, read: (reader) => ${read} }`
  ].join("\n")
  const make = generate(
    ["constants", "readBoolean", "corrupt", "readCount", "readPadding", "hasProperty", "lengthOf"],
    body
  )
  // `as ByteCodec`: the last line of the body returns one
  return Reflect.apply(make, undefined, [
    source.constants,
    readBoolean,
    corrupt,
    readCount,
    readPadding,
    hasProperty,
    lengthOf
  ]) as ByteCodec
}

/** The source generated so far. Injection-safe: it consists of names made here and escaped literals. */
class CodecSource {
  readonly constants: Array<unknown> = []
  readonly functions: Array<string> = []
  private readonly names = new Map<Plan, number>()

  /** A statement that writes the value of an expression. */
  write(plan: Plan, value: string): string {
    switch (plan._tag) {
      case "Text":
        return `writer.string(${value})`
      case "Number":
        return `writer.number(${value})`
      case "Boolean":
        return `writer.u8(${value} === true ? 1 : 0)`
      case "Constant":
        return ";"
      case "Leaf":
        return `${this.constant(plan.leaf)}.write(${value}, writer)`
      case "Checked":
        return this.write(plan.plan, value)
      case "Suspended":
        return this.write(plan.plan(), value)
      default:
        return `w${this.function(plan)}(${value}, writer)`
    }
  }

  /** An expression that reads a value. */
  read(plan: Plan): string {
    switch (plan._tag) {
      case "Text":
        return "reader.string()"
      case "Number":
        return "reader.number()"
      case "Boolean":
        return "readBoolean(reader)"
      case "Constant":
        return this.literal(plan.value)
      case "Leaf":
        return `${this.constant(plan.leaf)}.read(reader)`
      case "Suspended":
        return this.read(plan.plan())
      default:
        return `r${this.function(plan)}(reader)`
    }
  }

  private constant(value: unknown): string {
    const known = this.constants.indexOf(value)
    return `k${known === -1 ? this.constants.push(value) - 1 : known}`
  }

  private literal(value: unknown): string {
    if (value === undefined) return "undefined"
    if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value)
    return this.constant(value)
  }

  private property(object: string, name: PropertyKey): string {
    return `${object}[${this.key(name)}]`
  }

  /** A key of an object literal. Strings are not computed keys, which would cost the literal its fixed hidden class. */
  private entryKey(name: PropertyKey): string {
    return typeof name === "string" ? JSON.stringify(name) : `[${this.constant(name)}]`
  }

  private key(name: PropertyKey): string {
    return typeof name === "string" ? JSON.stringify(name) : this.constant(name)
  }

  /** The number of a plan's two functions. Assigned before their bodies are generated, for recursive plans. */
  private function(plan: Plan): number {
    const known = this.names.get(plan)
    if (known !== undefined) return known
    const number = this.names.size
    this.names.set(plan, number)
    const [write, read] = this.bodies(plan)
    this.functions.push(`function w${number}(value, writer) { ${write} }\nfunction r${number}(reader) { ${read} }`)
    return number
  }

  private bodies(plan: Plan): readonly [write: string, read: string] {
    switch (plan._tag) {
      case "Struct":
        return this.struct(plan.fields)
      case "Choice":
        return this.choice(plan.values)
      case "Union":
        return this.union(plan.members)
      case "List":
        return this.list(plan)
      case "Record":
        return [
          `const keys = Object.keys(value)
          writer.varint(keys.length)
          for (const key of keys) { writer.string(key); ${this.write(plan.value, "value[key]")} }`,
          `const value = {}
          for (let left = readCount(reader); left > 0; left--) {
            const key = reader.string()
            if (key === "__proto__") ${this.constant(setProperty)}(value, key, ${this.read(plan.value)})
            else value[key] = ${this.read(plan.value)}
          }
          return value`
        ]
      case "Checked": {
        const check = this.constant(plan.check)
        return [
          this.write(plan.plan, "value"),
          `const value = ${this.read(plan.plan)}; return ${check}(value) ? value : corrupt("value that passes its checks")`
        ]
      }
      case "Transformed":
        return [
          `const encoded = ${this.constant(plan.encode)}(value); ${this.write(plan.plan, "encoded")}`,
          `return ${this.constant(plan.decode)}(${this.read(plan.plan)})`
        ]
      default: {
        const leaf = this.constant(closures(plan))
        return [`${leaf}.write(value, writer)`, `return ${leaf}.read(reader)`]
      }
    }
  }

  private struct(fields: ReadonlyArray<Field>): readonly [string, string] {
    const optional = fields.filter((field) => field.optional)
    const write: Array<string> = []
    const read: Array<string> = []
    for (let first = 0; first < optional.length; first += 8) {
      const bits = optional.slice(first, first + 8)
      const present = bits.map(({ name }, bit) => `(hasProperty(value, ${this.key(name)}) ? ${1 << bit} : 0)`)
      write.push(`const p${first >> 3} = ${present.join(" | ")}; writer.u8(p${first >> 3})`)
      read.push(`const p${first >> 3} = reader.u8()`)
      if (bits.length < 8) read.push(`if (p${first >> 3} >> ${bits.length} !== 0) corrupt("field")`)
    }
    const isThere = (number: number) => `(p${number >> 3} & ${1 << (number & 7)}) !== 0`
    // A literal as far as all fields are there; then one by one, so that keys keep the schema's order
    const whole = fields.findIndex((field) => field.optional || field.name === "__proto__")
    const literal = whole === -1 ? fields : fields.slice(0, whole)
    const entries = literal.map(({ name, plan }) => `${this.entryKey(name)}: ${this.read(plan)}`)
    read.push(`const value = { ${entries.join(", ")} }`)
    let number = 0
    for (const [index, { name, optional, plan }] of fields.entries()) {
      const test = optional ? `if (${isThere(number)}) ` : ""
      if (optional) number++
      write.push(`${test}{ ${this.write(plan, this.property("value", name))} }`)
      if (index < literal.length) continue
      const set =
        name === "__proto__"
          ? `${this.constant(setProperty)}(value, ${this.key(name)}, ${this.read(plan)})`
          : `${this.property("value", name)} = ${this.read(plan)}`
      read.push(`${test}{ ${set} }`)
    }
    return [write.join("\n"), [...read, "return value"].join("\n")]
  }

  private choice(values: ReadonlyArray<unknown>): readonly [string, string] {
    if (values.length === 0 || values.length > maxComparisons) {
      const leaf = this.constant(choice(values))
      return [`${leaf}.write(value, writer)`, `return ${leaf}.read(reader)`]
    }
    const write = values.map((value, index) => `value === ${this.literal(value)} ? ${index} : `).join("")
    const read = values.map((value, index) => `case ${index}: return ${this.literal(value)}`).join("; ")
    return [
      `writer.u8(${write}corrupt("choice"))`,
      `switch (reader.u8()) { ${read}; default: return corrupt("choice") }`
    ]
  }

  private union(members: ReadonlyArray<Member>): readonly [string, string] {
    const number = (index: number) => (members.length <= 128 ? `writer.u8(${index})` : `writer.varint(${index})`)
    const branches = members.map(
      ({ index, plan, test }, at) =>
        `${at === members.length - 1 ? "" : `if (${this.test(test, members)}) `}{ ${number(index)}; ${this.write(plan, "value")} }`
    )
    const cases = members.map(({ index, plan }) => `case ${index}: return ${this.read(plan)}`)
    const index = members.length <= 128 ? "reader.u8()" : "reader.varint()"
    return [branches.join(" else "), `switch (${index}) { ${cases.join("; ")}; default: return corrupt("member") }`]
  }

  private test(test: Test, members: ReadonlyArray<Member>): string {
    switch (test._tag) {
      case "Same":
        return `value === ${this.literal(test.value)}`
      case "Null":
        return "value === null"
      case "TypeOf":
        return `typeof value === ${JSON.stringify(test.type)}`
      case "Object":
        return `typeof value === "object" && value !== null && !Array.isArray(value)`
      case "Array":
        return "Array.isArray(value)"
      case "Tagged": {
        const isTag = `${this.property("value", test.key)} === ${this.literal(test.value)}`
        const isTaggedOnly = members.every((member) => member.test._tag === "Tagged")
        return isTaggedOnly ? isTag : `typeof value === "object" && value !== null && ${isTag}`
      }
      case "Guard":
        return `${this.constant(test.is)}(value)`
    }
  }

  private list(plan: Extract<Plan, { _tag: "List" }>): readonly [string, string] {
    const { elements, required, rest } = plan
    if (isFixed(plan)) {
      const write = elements.map((element, index) => this.write(element, `value[${index}]`))
      return [write.join("\n"), `return [${elements.map((element) => this.read(element)).join(", ")}]`]
    }
    if (rest === undefined || elements.length > 0 || plan.tail.length > 0) {
      const leaf = this.constant(closures(plan))
      return [`${leaf}.write(value, writer)`, `return ${leaf}.read(reader)`]
    }
    const padded = mayBeEmpty(rest)
    const least = required === 0 ? "" : `if (length < ${required}) corrupt("list of that length")`
    return [
      `const length = lengthOf(value)
      writer.varint(length)
      for (let at = 0; at < length; at++) { ${padded ? "writer.u8(0);" : ""} ${this.write(rest, "value[at]")} }`,
      `const length = readCount(reader)
      ${least}
      const value = []
      for (let at = 0; at < length; at++) { ${padded ? "readPadding(reader);" : ""} value.push(${this.read(rest)}) }
      return value`
    ]
  }
}
