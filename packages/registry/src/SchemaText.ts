/**
 * Values of a schema as text: how keys are compared and how values are kept, so that both are the same on every
 * scheduler. A text is its own text, so that looking one up takes no time for making another; all else is JSON.
 */
import { accepts, valueCodec } from "@understudy/core/internal/Values"
import { InvalidMessage } from "@understudy/core/Process"
import type * as Schema from "effect/Schema"

/** One schema's values as text. */
export interface SchemaText<A> {
  /**
   * The text of `value`: equal values have equal texts, whatever the order of their fields. Throws `InvalidMessage`,
   * which says what was expected, when `value` is not of the schema's type.
   */
  readonly write: (value: A) => string
  /** Reads what {@link write} wrote. */
  readonly read: (text: string) => A
  /** What {@link write} wrote, as JSON, for people. */
  readonly show: (text: string) => string
}

/** Makes the {@link SchemaText} of `schema`; `target` is what an `InvalidMessage` calls the value. */
export const schemaText = <S extends Schema.Top>(schema: S, target: string): SchemaText<S["Type"]> => {
  const codec = valueCodec(schema)
  const check = (value: S["Type"]) => {
    if (!accepts(codec, value)) throw new InvalidMessage({ target, problem: codec.explain(value) })
  }
  return isText(schema)
    ? {
        write: (value) => {
          check(value)
          // Its schema is one of texts
          return value as string
        },
        // What `write` was given was a text of the schema
        read: (text) => text,
        show: (text) => JSON.stringify(text)
      }
    : {
        write: (value) => {
          check(value)
          const text = codec.toText(value)
          // Only what has parts can be written in several ways
          return text.startsWith("{") || text.startsWith("[") ? JSON.stringify(canonical(JSON.parse(text))) : text
        },
        read: (text) => codec.fromText(text),
        show: (text) => text
      }
}

/** Whether a schema's values are texts, in memory and as JSON. */
const isText = ({ ast }: Schema.Top): boolean => ast._tag === "String" && ast.encoding === undefined

/** The same JSON with the fields of every object in one order. */
const canonical = (json: unknown): unknown => {
  if (json === null || typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(canonical)
  const fields = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, value]) => [name, canonical(value)]))
}
