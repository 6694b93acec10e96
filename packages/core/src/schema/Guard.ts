/**
 * Generates one function that checks whether a value is of a schema's type side. Its results are those of Effect's compiled
 * `Schema.is`, which calls out for each declaration; this inlines pids, dates, bytes and options. Nodes it does not support call
 * Effect.
 */

import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { generate } from "../wire/Generate.ts"
import { type ByteCodec, hasProperty, wireAnnotation } from "../wire/Plan.ts"
import { guardOf } from "./EffectCodec.ts"
import { filtersOf, recordOf } from "./PlanOf.ts"
import { optionOf } from "./Steps.ts"

type Guard = (value: unknown) => boolean

/** The guard of a schema's type side. Throws where functions cannot be made from text. */
export const generatedGuard = (ast: SchemaAST.AST): Guard => {
  const source = new GuardSource()
  const test = source.test(ast, "value")
  const body = [
    ...source.constants.map((_, index) => `const k${index} = constants[${index}]`),
    ...source.functions,
    `return (value) => ${test}`
  ].join("\n")
  // `as Guard`: the last line of the body returns one
  return Reflect.apply(generate(["constants", "hasProperty"], body), undefined, [
    source.constants,
    hasProperty
  ]) as Guard
}

const defaults: SchemaAST.ParseOptions = {}

/** The check of `Schema.Int`. */
const integer = Schema.Int.ast.checks?.[0]

/** The discriminant of a union: a field with a different string literal in each member. */
interface Tags {
  readonly name: string
  readonly members: ReadonlyArray<{ readonly tag: string; readonly ast: SchemaAST.Objects }>
}

/** The source generated so far. Injection-safe: it consists of names made here and escaped literals. */
class GuardSource {
  readonly constants: Array<unknown> = []
  readonly functions: Array<string> = []
  private readonly names = new Map<SchemaAST.AST, number>()

  /** An expression that checks whether the variable `of` holds a value of the node. */
  test(ast: SchemaAST.AST, of: string): string {
    const shape = needsEffect(ast) ? undefined : this.shape(ast, of)
    if (shape === undefined) return `${this.constant(guardOf(ast))}(${of})`
    return ast.checks === undefined ? shape : `(${shape} && ${this.checks(ast, ast.checks, of)})`
  }

  private checks(ast: SchemaAST.AST, checks: SchemaAST.Checks, of: string): string {
    const all = checks.flatMap(filtersOf)
    return all
      .map((filter) => {
        if (filter === integer) return `Number.isSafeInteger(${of})`
        const run = (value: unknown) => filter.run(value, ast, defaults) === undefined
        return `${this.constant(run)}(${of})`
      })
      .join(" && ")
  }

  private shape(ast: SchemaAST.AST, of: string): string | undefined {
    switch (ast._tag) {
      case "String":
        return `typeof ${of} === "string"`
      case "Number":
        return `typeof ${of} === "number"`
      case "Boolean":
        return `typeof ${of} === "boolean"`
      case "BigInt":
        return `typeof ${of} === "bigint"`
      case "Null":
        return `${of} === null`
      case "Undefined":
        return `${of} === undefined`
      case "Void":
      case "Any":
      case "Unknown":
        return "true"
      case "Literal":
        return `${of} === ${this.literal(ast.literal)}`
      case "Union":
        if (ast.options?.mode === "oneOf" || ast.types.length === 0) return undefined
        if (this.tagsOf(ast) !== undefined) return `f${this.function(ast)}(${of})`
        return `(${ast.types.map((type) => this.test(type, of)).join(" || ")})`
      case "Objects":
      case "Arrays":
        return this.isSimple(ast) ? `f${this.function(ast)}(${of})` : undefined
      case "Suspend": {
        const inner = ast.thunk()
        return inner._tag === "Suspend" ? undefined : this.test(inner, of)
      }
      case "Declaration":
        return this.declaration(ast, of)
      default:
        return undefined
    }
  }

  private isSimple(ast: SchemaAST.Objects | SchemaAST.Arrays): boolean {
    if (ast._tag === "Arrays") return ast.rest.length === 1 ? ast.elements.length === 0 : ast.rest.length === 0
    if (ast.indexSignatures.length === 0) return ast.propertySignatures.length > 0
    return recordOf(ast) !== undefined
  }

  private declaration(ast: SchemaAST.Declaration, of: string): string | undefined {
    const wire = ast.annotations?.[wireAnnotation]
    // Only this project's declarations have the annotation
    const is = wire === undefined ? undefined : (wire as ByteCodec).is
    if (is !== undefined) return `${this.constant(is)}(${of})`
    if (ast.run === Schema.Date.ast.run) return `(${of} instanceof Date && !Number.isNaN(${of}.getTime()))`
    if (ast.run === Schema.Uint8Array.ast.run) return `${of} instanceof Uint8Array`
    const inner = optionOf(ast)
    if (inner === undefined) return undefined
    return `(${this.constant(Option.isOption)}(${of}) && (${of}._tag === "None" || f${this.function(inner)}(${of}.value)))`
  }

  private constant(value: unknown): string {
    return `k${this.constants.push(value) - 1}`
  }

  private literal(value: unknown): string {
    return typeof value === "string" || typeof value === "boolean" ? JSON.stringify(value) : this.constant(value)
  }

  /** The number of a node's function. Assigned before the body is generated, for recursive schemas. */
  private function(ast: SchemaAST.AST): number {
    const known = this.names.get(ast)
    if (known !== undefined) return known
    const number = this.names.size
    this.names.set(ast, number)
    this.functions.push(`function f${number}(value) { ${this.body(ast)} }`)
    return number
  }

  private body(ast: SchemaAST.AST): string {
    if (!needsEffect(ast)) {
      if (ast._tag === "Objects" && this.isSimple(ast)) return `${this.struct(ast)}\nreturn true`
      if (ast._tag === "Arrays" && this.isSimple(ast)) return `${this.list(ast)}\nreturn true`
      const tags = ast._tag === "Union" ? this.tagsOf(ast) : undefined
      if (tags !== undefined) return this.choice(tags)
    }
    return `return ${this.test(ast, "value")}`
  }

  /** The discriminant of a union, if it has one. */
  private tagsOf({ types }: SchemaAST.Union): Tags | undefined {
    const [first] = types
    const names = first?._tag === "Objects" ? first.propertySignatures.map(({ name }) => name) : []
    for (const name of names) {
      const members = types.flatMap((ast) => {
        const tag =
          needsEffect(ast) || ast._tag !== "Objects" || !this.isSimple(ast) ? undefined : literalTextOf(ast, name)
        return tag === undefined ? [] : [{ tag, ast: ast as SchemaAST.Objects }]
      })
      const all = members.length === types.length && new Set(members.map(({ tag }) => tag)).size === members.length
      if (all && typeof name === "string" && name !== "__proto__") return { name, members }
    }
    return undefined
  }

  private choice({ members, name }: Tags): string {
    const cases = members.map(
      ({ ast, tag }) => `case ${JSON.stringify(tag)}: { ${this.fields(ast, name)}\nreturn true }`
    )
    return `${isObject}\nswitch (value[${JSON.stringify(name)}]) { ${cases.join("\n")}\ndefault: return false }`
  }

  private struct(ast: SchemaAST.Objects): string {
    return `${isObject}\n${this.fields(ast, undefined)}`
  }

  /** Tests of an object's fields, except for `known`, which was tested before. */
  private fields(ast: SchemaAST.Objects, known: string | undefined): string {
    const lines: Array<string> = []
    const entry = recordOf(ast)
    if (entry !== undefined) {
      lines.push(`for (const key of Object.keys(value)) {
        const item = value[key]; if (!(${this.test(entry, "item")})) return false
      }`)
    }
    for (const [index, { name, type }] of ast.propertySignatures.entries()) {
      if (name === known) continue
      const key = typeof name === "string" ? JSON.stringify(name) : this.constant(name)
      const isThere = `hasProperty(value, ${key})`
      const optional = type.context?.isOptional === true
      const read = `const p${index} = value[${key}]; if (!(${this.test(type, `p${index}`)})) return false`
      if (optional) lines.push(`if (${isThere}) { ${read} }`)
      // A test that rejects `undefined` also rejects a missing field
      else if (name === "__proto__" || this.takesUndefined(type)) lines.push(`if (!${isThere}) return false; ${read}`)
      else lines.push(read)
    }
    return lines.join("\n")
  }

  private takesUndefined(ast: SchemaAST.AST): boolean {
    switch (ast._tag) {
      case "String":
      case "Number":
      case "Boolean":
      case "BigInt":
      case "Null":
      case "Literal":
      case "Objects":
      case "Arrays":
        return ast._tag === "Objects" && ast.propertySignatures.length + ast.indexSignatures.length === 0
      case "Declaration":
        return ast.annotations?.[wireAnnotation] === undefined && ast.run !== Schema.Date.ast.run
      case "Union":
        return ast.types.some((type) => this.takesUndefined(type))
      default:
        return true
    }
  }

  private list(ast: SchemaAST.Arrays): string {
    const { elements } = ast
    const [rest] = ast.rest
    if (rest !== undefined) {
      const test = this.test(rest, "item")
      // No loop over elements of any type: a sparse array may be very long
      if (test === "true") return "if (!Array.isArray(value)) return false"
      return `if (!Array.isArray(value)) return false
      for (let at = 0; at < value.length; at++) { const item = value[at]; if (!(${test})) return false }`
    }
    const required = elements.filter((element) => element.context?.isOptional !== true).length
    const tests = elements.map((element, index) => {
      const test = `const e${index} = value[${index}]; if (!(${this.test(element, `e${index}`)})) return false`
      return index < required ? test : `if (value.length > ${index}) { ${test} }`
    })
    return [
      `if (!Array.isArray(value) || value.length < ${required} || value.length > ${elements.length}) return false`,
      ...tests
    ].join("\n")
  }
}

const isObject = `if (typeof value !== "object" || value === null || Array.isArray(value)) return false`

/** The string literal that a field must have; `undefined` when it may have other values or be missing. */
const literalTextOf = (ast: SchemaAST.Objects, field: PropertyKey): string | undefined => {
  const type = ast.propertySignatures.find(({ name }) => name === field)?.type
  if (type?._tag !== "Literal" || type.checks !== undefined || type.context?.isOptional === true) return undefined
  return typeof type.literal === "string" ? type.literal : undefined
}

/** Whether only Effect can check the node: it runs the checks of a composite on a copy without excess properties. */
const needsEffect = (ast: SchemaAST.AST): boolean => {
  if ("encodingChecks" in ast && ast.encodingChecks !== undefined) return true
  return ast.checks !== undefined && !["String", "Number", "Boolean", "BigInt"].includes(ast._tag)
}
