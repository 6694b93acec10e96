/** The codec of a schema's values between schedulers, made once per schema. */
import type * as Schema from "effect/Schema"
import { canGenerate } from "../wire/Generate.ts"
import type { ByteCodec } from "../wire/Plan.ts"
import { closures } from "./Closures.ts"
import { planOf } from "./PlanOf.ts"
import { generated } from "./Source.ts"

const compiled = new WeakMap<object, ByteCodec>()

/**
 * Writes values that are of the schema, and reads nothing that is not: reading throws when bytes are no such value.
 * What is read has what Effect's decoding leaves of a value: no excess properties, plain objects and arrays.
 */
export const compile = (schema: Schema.Top): ByteCodec => {
  const known = compiled.get(schema.ast)
  if (known !== undefined) return known
  const plan = planOf(schema.ast)
  const made = canGenerate ? generated(plan) : closures(plan)
  compiled.set(schema.ast, made)
  return made
}
