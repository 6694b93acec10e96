/**
 * Values of a schema as text: how keys are compared and how values are kept, so that both are the same on every
 * scheduler.
 */
import { value as valueCodec } from "@understudy/core/MessageCodec"
import { InvalidMessage } from "@understudy/core/Process"
import type * as Schema from "effect/Schema"

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
  const codec = valueCodec(schema)
  return {
    write: (value) => {
      if (!codec.is(value)) throw new InvalidMessage({ target, problem: codec.explain(value) })
      return JSON.stringify(canonical(JSON.parse(codec.toText(value))))
    },
    read: (text) => codec.fromText(text)
  }
}

/** The same JSON with the fields of every object in one order. */
const canonical = (json: unknown): unknown => {
  if (json === null || typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(canonical)
  const fields = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, value]) => [name, canonical(value)]))
}
