/** Patterns: which message is meant. Deep and partial: what a pattern does not mention may be anything. */

import { show } from "@understudy/core/internal/Texts"
import { isPid, equals as samePid } from "@understudy/core/Pid"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"

/** Matches anything that is there. */
export const any: unique symbol = Symbol.for("@understudy/testing/any")
/** Matches anything that is there. */
export type Any = typeof any

type Leaf =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | RegExp
  | ((...args: never) => unknown)

/**
 * A value in part: objects name some of their fields, arrays all of their elements; a predicate stands for a value it is true of,
 * and {@link any} for every one.
 */
export type Part<T> =
  | Any
  | ((value: T) => boolean)
  | (T extends Leaf
      ? T
      : T extends ReadonlyArray<infer Item>
        ? ReadonlyArray<Part<Item>>
        : T extends { readonly "~understudy/Pid": unknown }
          ? T
          : { readonly [K in keyof T]?: Part<T[K]> })

/** A part of a message, a predicate, or a schema. */
export type Pattern<T> = Part<T> | Schema.Top

/** The messages of `T` that a pattern can mean: by its `_tag` if it has one, by its schema's type if it is a schema. */
export type Matched<T, P> = P extends Schema.Top
  ? P["Type"]
  : // biome-ignore lint/suspicious/noExplicitAny: a parameter of any type; only the predicate's is taken
    P extends (value: any) => value is infer N
    ? N
    : P extends { readonly _tag: infer Tag extends string }
      ? Extract<T, { readonly _tag: Tag }>
      : T

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether a value is as a part says. A predicate that throws is not true of it. */
const fits = (part: unknown, value: unknown): boolean => {
  if (part === any) return value !== undefined
  if (typeof part === "function") return holds(part as (value: unknown) => unknown, value)
  if (isPid(part)) return isPid(value) && samePid(part, value)
  if (typeof part !== "object" || part === null || typeof value !== "object" || value === null)
    return Object.is(part, value)
  if (Array.isArray(part)) {
    return Array.isArray(value) && part.length === value.length && part.every((one, at) => fits(one, value[at]))
  }
  // A class instance is a value as a whole: maps, dates, messages that were made by their class
  if (!isPlain(part) && (Equal.equals(part, value) || !(Symbol.iterator in part))) {
    return (
      Equal.equals(part, value) ||
      (Object.getPrototypeOf(part) === Object.getPrototypeOf(value) && fieldsFit(part, value))
    )
  }
  if (Symbol.iterator in part) {
    return Symbol.iterator in value && fits([...(part as Iterable<unknown>)], [...(value as Iterable<unknown>)])
  }
  return fieldsFit(part, value)
}

const fieldsFit = (part: object, value: object): boolean =>
  Object.entries(part).every(([key, one]) => fits(one, (value as Readonly<Record<string, unknown>>)[key]))

const holds = (predicate: (value: unknown) => unknown, value: unknown): boolean => {
  try {
    return predicate(value) === true
  } catch {
    return false
  }
}

/** Whether a message is what a pattern means. */
export const matches = (pattern: unknown, message: unknown): boolean =>
  Schema.isSchema(pattern) ? holds(Schema.is(pattern as Schema.Top), message) : fits(pattern, message)

/** A pattern as text. */
export const patternText = (pattern: unknown): string => {
  if (Schema.isSchema(pattern)) return `a value of the schema ${schemaName(pattern as Schema.Top)}`
  if (typeof pattern === "function")
    return `a message for which ${pattern.toString().replace(/\s+/g, " ").slice(0, 200)}`
  return show(readable(pattern)).replaceAll("[any]", "any")
}

const schemaName = (schema: Schema.Top): string => {
  const { identifier } = (schema.ast.annotations ?? {}) as { readonly identifier?: unknown }
  return typeof identifier === "string" ? identifier : schema.ast._tag
}

/** The same for people: predicates by their text. */
const readable = (part: unknown): unknown => {
  if (part === any) return Symbol.for("any")
  if (typeof part === "function") return part.toString().replace(/\s+/g, " ")
  if (Array.isArray(part)) return part.map(readable)
  if (typeof part === "object" && part !== null && isPlain(part)) {
    return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, readable(one)]))
  }
  return part
}
