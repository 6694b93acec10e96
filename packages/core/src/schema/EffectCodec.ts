/**
 * Effect's own checks and codecs for one schema node, compiled where the installed Effect can. Messages go through these
 * only where the project's own codec has no form for a node.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

/** Any schema: what it decodes to and encodes from needs no services. */
export type AnySchema = Schema.Codec<unknown, unknown>

/** Turns an AST into a faster validator, where the installed Effect can. Set by {@link loadCompiler}. */
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

/** The same schema, compiled from now on where that is possible. */
export const compiled = <S extends AnySchema>(schema: S): S => {
  enableCompiler?.(schema.ast)
  return schema
}

/** A schema of one node. */
export const schemaOf = (ast: SchemaAST.AST): AnySchema => Schema.make<AnySchema>(ast)

/** Whether a value is of the node's type side. Made on first use. */
export const guardOf = (ast: SchemaAST.AST): ((value: unknown) => boolean) => {
  let is: ((value: unknown) => boolean) | undefined
  return (value) => {
    is ??= Schema.is(compiled(Schema.toType(schemaOf(ast))))
    return is(value)
  }
}

/** From a value to its encoded side and back, both checked. Made on first use; throws when a value does not fit. */
export interface Transform {
  readonly encode: (value: unknown) => unknown
  readonly decode: (encoded: unknown) => unknown
}

/** The transformation a node stands for. */
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
