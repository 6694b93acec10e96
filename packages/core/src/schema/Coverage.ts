/**
 * Measures how much of a value a schema preserves when the value is sent to another scheduler. A value may be of several members
 * of a union; it is encoded by the one that preserves the most.
 */

import * as Option from "effect/Option"
import * as SchemaAST from "effect/SchemaAST"
import { isInstance, isPlain } from "../wire/AnyValue.ts"
import { wireAnnotation } from "../wire/Plan.ts"
import { guardOf, transformOf } from "./EffectCodec.ts"
import { encodedBy, linkOf, optionOf, stepOf } from "./Steps.ts"

/**
 * Counts the properties of a value, nested ones included, that are preserved when it is encoded by `ast`. To compare the members of
 * a union.
 */
export const coverageOf = (ast: SchemaAST.AST): ((value: unknown) => number) => {
  const type = SchemaAST.toType(ast)
  return (value) => cover(type, value)
}

/** The count for an instance that is preserved as one: more than any number of properties of plain data. */
const instanceCoverage = 2 ** 20

const cover = (ast: SchemaAST.AST, value: unknown): number => {
  switch (ast._tag) {
    case "Objects":
      return typeof value === "object" && value !== null ? coverObject(ast, value) : 0
    case "Arrays":
      return Array.isArray(value) ? coverArray(ast, value) : 0
    case "Union":
      return Math.max(0, ...ast.types.map((type) => (accepts(type, value) ? cover(type, value) : 0)))
    case "Suspend":
      return cover(ast.thunk(), value)
    case "Declaration":
      return coverInstance(ast, value)
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return coverUnknown(value)
    default:
      return 0
  }
}

/** A value written without a schema is preserved completely, or cannot be sent at all. */
const coverUnknown = (value: unknown): number => coverAll(value, new Set(), Number.NEGATIVE_INFINITY)

/** Counts all of a value. `instance`: the count of an instance whose class is only preserved by a schema, beside its properties. */
const coverAll = (value: unknown, seen: Set<unknown>, instance: number): number => {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0
  seen.add(value)
  const sum = (items: Iterable<unknown>) => {
    let known = 0
    for (const item of items) known += coverAll(item, seen, instance)
    return known
  }
  if (Array.isArray(value)) return sum(value)
  if (value instanceof Map) return instanceCoverage + sum(value.keys()) + sum(value.values())
  if (value instanceof Set) return instanceCoverage + sum(value)
  if (isInstance(value)) return instanceCoverage
  const items = Object.values(value)
  const known = sum(items)
  return known + items.length + (isPlain(value) ? 0 : instance)
}

/** A declaration preserves an instance, and of its contents what the schema of its encoding preserves, if it has one. */
const coverInstance = (ast: SchemaAST.Declaration, value: unknown): number => {
  // Pids and aliases have no contents
  if (ast.annotations?.[wireAnnotation] !== undefined) return instanceCoverage
  const inner = optionOf(ast)
  if (inner !== undefined)
    return Option.isOption(value) && Option.isSome(value)
      ? instanceCoverage + cover(inner, value.value)
      : instanceCoverage
  const content = contentOf(ast)
  try {
    return content === undefined
      ? coverAll(value, new Set(), instanceCoverage)
      : instanceCoverage + cover(content.ast, content.extract(value))
  } catch {
    return instanceCoverage
  }
}

/** How to extract the contents of an instance, and their schema. */
interface Content {
  readonly ast: SchemaAST.AST
  readonly extract: (value: unknown) => unknown
}

const contents = new WeakMap<SchemaAST.AST, Content | undefined>()

const contentOf = (ast: SchemaAST.Declaration): Content | undefined => {
  if (!contents.has(ast)) {
    const link = linkOf(ast)
    const step = link === undefined ? undefined : stepOf(encodedBy(ast, link))
    contents.set(
      ast,
      step === undefined
        ? undefined
        : { ast: SchemaAST.toType(step.target), extract: transformOf(step.codecAst).encode }
    )
  }
  return contents.get(ast)
}

const coverObject = (ast: SchemaAST.Objects, value: object): number => {
  // The empty struct accepts any value, and writes it without a schema
  if (ast.propertySignatures.length + ast.indexSignatures.length === 0) return coverUnknown(value)
  let known = 0
  const named = new Set<PropertyKey>()
  for (const { name, type } of ast.propertySignatures) {
    named.add(name)
    if (name in value) known += 1 + cover(type, Reflect.get(value, name))
  }
  if (ast.indexSignatures.length === 0) return known
  for (const key of Reflect.ownKeys(value)) {
    if (named.has(key)) continue
    // A key that no index signature accepts is dropped
    const signature = ast.indexSignatures.find(({ parameter }) => accepts(parameter, key))
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

const accepts = (ast: SchemaAST.AST, value: unknown): boolean => {
  let guard = guards.get(ast)
  if (guard === undefined) {
    guard = guardOf(ast)
    guards.set(ast, guard)
  }
  return guard(value)
}
