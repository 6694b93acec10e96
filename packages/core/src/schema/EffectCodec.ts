/**
 * Effect's checks and codecs of one schema node, compiled where the installed Effect supports it. Messages use these only for
 * nodes that plans cannot express.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

/** Any schema whose codec needs no services. */
export type AnySchema = Schema.Codec<unknown, unknown>

/** Enables Effect's compiled parser for a node. Set by {@link loadCompiler}. */
let enableCompiler: ((ast: SchemaAST.AST) => void) | undefined

/**
 * Loads Effect's schema compiler. It is marked unstable, so its absence is not an error: schemas are then interpreted.
 * Called once per scheduler, before codecs are made.
 */
export const loadCompiler: Effect.Effect<void> = Effect.promise(() =>
  import("effect/schema/SchemaJITCompiler").then(
    (compiler) => {
      enableCompiler = compiler.enable
    },
    () => undefined
  )
)

/** Returns the schema; from now on it is compiled where possible. */
export const compiled = <S extends AnySchema>(schema: S): S => {
  enableCompiler?.(schema.ast)
  return schema
}

/** The schema of a node. */
export const schemaOf = (ast: SchemaAST.AST): AnySchema => Schema.make<AnySchema>(ast)

/** Whether a value is of the node's type side. Made on first use. */
export const guardOf = (ast: SchemaAST.AST): ((value: unknown) => boolean) => {
  let is: ((value: unknown) => boolean) | undefined
  return (value) => {
    is ??= Schema.is(compiled(Schema.toType(schemaOf(ast))))
    return is(value)
  }
}

/** Encodes a value to its encoded side and decodes it back, both checked. Throws when a value does not match. */
export interface Transform {
  readonly encode: (value: unknown) => unknown
  readonly decode: (encoded: unknown) => unknown
}

/** The transformation of a node. Compiled on first use. */
export const transformOf = (ast: SchemaAST.AST): Transform => {
  let made: Transform | undefined
  const get = () => {
    if (made === undefined) {
      const schema = compiled(schemaOf(ast))
      made = { encode: Schema.encodeUnknownSync(schema), decode: Schema.decodeUnknownSync(schema) }
    }
    return made
  }
  return { encode: (value) => get().encode(value), decode: (encoded) => get().decode(encoded) }
}
