/**
 * Values of a schema as text: how keys are compared and how values are kept, so that both are the same on every
 * scheduler.
 */

import { InvalidMessage } from "@understudy/core/Process"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

/** One schema's values as text. */
export interface SchemaText<A> {
  /**
   * The canonical JSON of `value`: equal values have equal texts, whatever the order of their fields. Throws
   * `InvalidMessage`, which says what was expected, when `value` is not of the schema's type.
   */
  readonly write: (value: A) => string
  /** Reads what {@link write} wrote. */
  readonly read: (text: string) => A
}

/** Makes the {@link SchemaText} of `schema`; `target` is what an `InvalidMessage` calls the value. */
export const schemaText = <S extends Schema.Top>(schema: S, target: string): SchemaText<S["Type"]> => {
  // Keys and values are data: a schema that needs services to be encoded has no place here
  const closed = schema as unknown as Schema.Codec<S["Type"], unknown>
  const typeSide = Schema.toType(closed)
  const is = Schema.is(typeSide)
  const check = Schema.decodeUnknownExit(typeSide)
  // Deriving the JSON codec is the expensive part, and many programs import registries they never use
  let json:
    | { readonly encode: (value: S["Type"]) => unknown; readonly decode: (value: unknown) => S["Type"] }
    | undefined
  const codec = () => {
    if (json === undefined) {
      const codec = Schema.toCodecJson(closed)
      json = { encode: Schema.encodeSync(codec), decode: Schema.decodeUnknownSync(codec) }
    }
    return json
  }
  return {
    write: (value) => {
      if (!is(value)) throw new InvalidMessage({ target, problem: problemOf(check(value)) })
      return JSON.stringify(canonical(codec().encode(value)))
    },
    read: (text) => codec().decode(JSON.parse(text))
  }
}

const problemOf = (exit: Exit.Exit<unknown, { readonly message: string }>): string => {
  if (Exit.isFailure(exit)) {
    for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error.message
  }
  return "it could not be checked"
}

/** The same JSON with the fields of every object in one order. */
const canonical = (json: unknown): unknown => {
  if (json === null || typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(canonical)
  const fields = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, value]) => [name, canonical(value)]))
}
