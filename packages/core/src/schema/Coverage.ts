/**
 * How much of a value a schema knows: what stays of it when it goes to another scheduler. A value of a union may be of several members,
 * of which the one that knows the most of it is meant.
 */

import * as Option from "effect/Option"
import * as SchemaAST from "effect/SchemaAST"
import { isInstance, isPlain } from "../wire/AnyValue.ts"
import { wireAnnotation } from "../wire/Plan.ts"
import { guardOf, transformOf } from "./EffectCodec.ts"
import { encodedBy, linkOf, optionOf, stepOf } from "./Steps.ts"

/**
 * How many properties of a value of `ast`'s type arrive when it is written by that, those of the values in it included. To compare the
 * members of a union by.
 */
export const coverageOf = (ast: SchemaAST.AST): ((value: unknown) => number) => {
  const type = SchemaAST.toType(ast)
  return (value) => cover(type, value)
}

/** An instance that arrives as one: that is more than all properties of plain data. */
const all = 2 ** 20

const cover = (ast: SchemaAST.AST, value: unknown): number => {
  switch (ast._tag) {
    case "Objects":
      return typeof value === "object" && value !== null ? coverObject(ast, value) : 0
    case "Arrays":
      return Array.isArray(value) ? coverArray(ast, value) : 0
    case "Union":
      return Math.max(0, ...ast.types.map((type) => (takes(type, value) ? cover(type, value) : 0)))
    case "Suspend":
      return cover(ast.thunk(), value)
    case "Declaration":
      return coverInstance(ast, value)
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return unknown(value)
    default:
      return 0
  }
}

/** What is written without a schema arrives whole, or cannot leave its scheduler at all. */
const unknown = (value: unknown): number => whole(value, new Set(), Number.NEGATIVE_INFINITY)

/** All that there is to know of a value; `instance`: of one of a class that does not arrive as such without a schema, beside its properties. */
const whole = (value: unknown, seen: Set<unknown>, instance: number): number => {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0
  seen.add(value)
  const sum = (items: Iterable<unknown>) => {
    let known = 0
    for (const item of items) known += whole(item, seen, instance)
    return known
  }
  if (Array.isArray(value)) return sum(value)
  if (value instanceof Map) return all + sum(value.keys()) + sum(value.values())
  if (value instanceof Set) return all + sum(value)
  if (isInstance(value)) return all
  const items = Object.values(value)
  const known = sum(items)
  return known + items.length + (isPlain(value) ? 0 : instance)
}

/** What a declaration takes is an instance for it; what it is made of, by the schemas of that, as far as it says how it is encoded. */
const coverInstance = (ast: SchemaAST.Declaration, value: unknown): number => {
  // Pids and the like are no structures
  if (ast.annotations?.[wireAnnotation] !== undefined) return all
  const inner = optionOf(ast)
  if (inner !== undefined) return Option.isOption(value) && Option.isSome(value) ? all + cover(inner, value.value) : all
  const content = contentOf(ast)
  try {
    return content === undefined ? whole(value, new Set(), all) : all + cover(content.of, content.in(value))
  } catch {
    return all
  }
}

/** What an instance is made of, and the schema of that. */
interface Content {
  readonly of: SchemaAST.AST
  readonly in: (value: unknown) => unknown
}

const contents = new WeakMap<SchemaAST.AST, Content | undefined>()

const contentOf = (ast: SchemaAST.Declaration): Content | undefined => {
  if (!contents.has(ast)) {
    const link = linkOf(ast)
    const step = link === undefined ? undefined : stepOf(encodedBy(ast, link))
    contents.set(
      ast,
      step === undefined ? undefined : { of: SchemaAST.toType(step.to), in: transformOf(step.over).encode }
    )
  }
  return contents.get(ast)
}

const coverObject = (ast: SchemaAST.Objects, value: object): number => {
  // The empty struct takes anything, and is written as that
  if (ast.propertySignatures.length + ast.indexSignatures.length === 0) return unknown(value)
  let known = 0
  const named = new Set<PropertyKey>()
  for (const { name, type } of ast.propertySignatures) {
    named.add(name)
    if (name in value) known += 1 + cover(type, Reflect.get(value, name))
  }
  if (ast.indexSignatures.length === 0) return known
  for (const key of Reflect.ownKeys(value)) {
    if (named.has(key)) continue
    // Of keys that its rules do not take, it knows nothing
    const signature = ast.indexSignatures.find(({ parameter }) => takes(parameter, key))
    if (signature !== undefined) known += 1 + cover(signature.type, Reflect.get(value, key))
  }
  return known
}

const coverArray = (ast: SchemaAST.Arrays, items: ReadonlyArray<unknown>): number => {
  const [rest, ...tail] = ast.rest
  const tailAt = items.length - tail.length
  let known = 0
  for (const [at, item] of items.entries()) {
    const type = ast.elements[at] ?? (at < tailAt ? rest : tail[at - tailAt])
    if (type !== undefined) known += cover(type, item)
  }
  return known
}

const guards = new WeakMap<SchemaAST.AST, (value: unknown) => boolean>()

const takes = (ast: SchemaAST.AST, value: unknown): boolean => {
  let guard = guards.get(ast)
  if (guard === undefined) {
    guard = guardOf(ast)
    guards.set(ast, guard)
  }
  return guard(value)
}
