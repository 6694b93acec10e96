/** Fingerprints of schemas, to compare those of two schedulers or of two evaluations of a module. */
import * as Schema from "effect/Schema"

/** A text that changes when a contract's schemas change: schedulers compare it at boot. */
export const fingerprint = (name: string, schemas: Readonly<Record<string, Schema.Top>>): string => {
  const parts = Object.entries(schemas).map(([tag, schema]) => `${tag}:${describe(schema)}`)
  return `${name}{${parts.join(";")}}`
}

const describe = (schema: Schema.Top): string => {
  try {
    return JSON.stringify(Schema.toRepresentation(schema)) ?? "?"
  } catch {
    // A schema that has no representation is compared by its kind only
    return schema.ast._tag
  }
}
