/** Compiles a schema to the byte codec of its values, once per schema. */
import type * as Schema from "effect/Schema"
import { canGenerate } from "../wire/Generate.ts"
import type { ByteCodec } from "../wire/Plan.ts"
import { closures } from "./Closures.ts"
import { planOf } from "./PlanOf.ts"
import { generatedCodec } from "./Source.ts"

const compiled = new WeakMap<object, ByteCodec>()

/**
 * The byte codec of a schema. Writes values of the schema; reading throws when the bytes are not a value of it.
 * A value read is as Effect decodes it: plain objects and arrays, without excess properties.
 */
export const compile = (schema: Schema.Top): ByteCodec => {
  const known = compiled.get(schema.ast)
  if (known !== undefined) return known
  const plan = planOf(schema.ast)
  const made = canGenerate ? generatedCodec(plan) : closures(plan)
  compiled.set(schema.ast, made)
  return made
}
