/**
 * How much of a value a schema knows: what stays of it when it goes to another scheduler. A value of a union may be of several members,
 * of which the one that knows the most of it is meant.
 */
import * as SchemaAST from "effect/SchemaAST"
import { guardOf } from "./EffectCodec.ts"

/**
 * How many properties of a value of `ast`'s type arrive when it is written by that, those of the values in it included. To compare the
 * members of a union by.
 */
export const coverageOf = (ast: SchemaAST.AST): ((value: unknown) => number) => {
  const type = SchemaAST.toType(ast)
  return (value) => cover(type, value)
}

/** Of what a declaration takes, an instance of its class say, it knows everything. */
const all = 2 ** 40

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
      return all
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return total(value, new Set())
    default:
      return 0
  }
}

/** What is written without a schema arrives whole. */
const total = (value: unknown, seen: Set<unknown>): number => {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0
  seen.add(value)
  const items = Array.isArray(value) ? value : Object.values(value)
  return items.reduce((sum: number, item) => sum + total(item, seen), Array.isArray(value) ? 0 : items.length)
}

const coverObject = (ast: SchemaAST.Objects, value: object): number => {
  // The empty struct takes anything, and is written as that
  if (ast.propertySignatures.length + ast.indexSignatures.length === 0) return total(value, new Set())
  let known = 0
  const named = new Set<PropertyKey>()
  for (const { name, type } of ast.propertySignatures) {
    named.add(name)
    if (name in value) known += 1 + cover(type, Reflect.get(value, name))
  }
  const [first] = ast.indexSignatures
  if (first === undefined) return known
  // What the rules of its keys are makes no difference between members that have any
  for (const key of Object.keys(value)) if (!named.has(key)) known += 1 + cover(first.type, Reflect.get(value, key))
  return known
}

const coverArray = (ast: SchemaAST.Arrays, items: ReadonlyArray<unknown>): number => {
  const [rest] = ast.rest
  let known = 0
  for (const [at, item] of items.entries()) {
    const type = ast.elements[at] ?? rest
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
