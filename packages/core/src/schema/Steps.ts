/**
 * Splits a schema's transformations into single steps. Effect runs one step; its result, and the values inside, are encoded by plans.
 * Effect's codec of a whole value would encode each union in it by the first member that accepts the value, and drop the
 * properties that only other members have.
 */

import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { cannotSend, corrupt } from "../wire/Plan.ts"
import { guardOf, schemaOf, type Transform, transformOf } from "./EffectCodec.ts"

/** One step of a transformation. */
export interface Step {
  /** The schema whose codec runs the step: `source`, with `Unknown` in place of its parts and of `target`. */
  readonly codecAst: SchemaAST.AST
  /** The schema that the step encodes. */
  readonly source: SchemaAST.AST
  /** The schema of the step's result. */
  readonly target: SchemaAST.AST
}

const optionalUnknown = Schema.optionalKey(Schema.Unknown).ast

/** `Unknown`, optional if `ast` is. */
const unknownLike = (ast: SchemaAST.AST): SchemaAST.AST =>
  SchemaAST.isOptional(ast) ? optionalUnknown : SchemaAST.unknown

/** A copy of a node with other properties, made as Effect makes one. */
const copyWith = (ast: SchemaAST.AST, properties: Readonly<Record<string, unknown>>): SchemaAST.AST => {
  const descriptors = Object.entries(properties).map(([name, value]) => [
    name,
    { value, enumerable: true, configurable: true, writable: true }
  ])
  return Object.create(Object.getPrototypeOf(ast), {
    ...Object.getOwnPropertyDescriptors(ast),
    ...Object.fromEntries(descriptors)
  })
}

/** Whether no part of a node has a transformation; the node itself may have one. Then the step need not see the parts. */
const isUntransformedInside = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Objects":
      return (
        ast.propertySignatures.every(({ type }) => isUntransformed(type)) &&
        ast.indexSignatures.every(({ parameter, type }) => isUntransformed(parameter) && isUntransformed(type))
      )
    case "Arrays":
      return [...ast.elements, ...ast.rest].every(isUntransformed)
    case "Union":
      return ast.types.every(isUntransformed)
    case "Declaration":
      return ast.typeParameters.every(isUntransformed)
    case "Suspend":
      return false
    default:
      return true
  }
}

const isUntransformed = (ast: SchemaAST.AST): boolean => ast.encoding === undefined && isUntransformedInside(ast)

/** A node's properties, with `Unknown` in place of its parts. */
const unknownParts = (ast: SchemaAST.AST): Readonly<Record<string, unknown>> => {
  switch (ast._tag) {
    case "Objects":
      return {
        propertySignatures: ast.propertySignatures.map(
          ({ name, type }) => new SchemaAST.PropertySignature(name, unknownLike(type))
        ),
        indexSignatures: ast.indexSignatures.map(
          ({ parameter }) => new SchemaAST.IndexSignature(parameter, SchemaAST.unknown)
        )
      }
    case "Arrays":
      return { elements: ast.elements.map(unknownLike), rest: ast.rest.map(unknownLike) }
    case "Declaration":
      return { typeParameters: ast.typeParameters.map(unknownLike) }
    default:
      return {}
  }
}

/** The step of a node's own transformation. `undefined` for middleware, which cannot be split. */
export const stepOf = (ast: SchemaAST.AST): Step | undefined => {
  const links = ast.encoding
  const last = links?.at(-1)
  if (links === undefined || last === undefined) return undefined
  if (links.some(({ transformation }) => transformation._tag === "Middleware")) return undefined
  const encoding = [...links.slice(0, -1), new SchemaAST.Link(unknownLike(last.to), last.transformation)]
  const { checks, context } = ast
  const hasPlainParts = isUntransformedInside(ast)
  const codecAst =
    hasPlainParts && ast._tag === "Union"
      ? copyWith(SchemaAST.unknown, { encoding, checks, context })
      : copyWith(ast, hasPlainParts ? { ...unknownParts(ast), encoding } : { encoding })
  return { codecAst, source: ast, target: last.to }
}

/** The step of an object whose transformed properties may add or remove their keys. As {@link stepOf}. */
export const stepOfKeys = (
  ast: SchemaAST.Objects,
  isTransformed: (type: SchemaAST.AST) => boolean
): Step | undefined => {
  const codecProperties: Array<SchemaAST.PropertySignature> = []
  const targetProperties: Array<SchemaAST.PropertySignature> = []
  for (const { name, type } of ast.propertySignatures) {
    const step = isTransformed(type) ? stepOf(type) : { codecAst: unknownLike(type), target: type }
    if (step === undefined) return undefined
    codecProperties.push(new SchemaAST.PropertySignature(name, step.codecAst))
    targetProperties.push(new SchemaAST.PropertySignature(name, step.target))
  }
  const unknownSignatures = ast.indexSignatures.map(
    ({ parameter }) => new SchemaAST.IndexSignature(parameter, SchemaAST.unknown)
  )
  return {
    codecAst: copyWith(ast, { propertySignatures: codecProperties, indexSignatures: unknownSignatures }),
    source: ast,
    target: new SchemaAST.Objects(targetProperties, ast.indexSignatures)
  }
}

/** The transformation of a step. Checks both sides, since the step's codec does not check the parts. */
export const transformBy = ({ codecAst, source, target }: Step): Transform => {
  const { decode, encode } = transformOf(codecAst)
  const isTarget = guardOf(target)
  const isSource = guardOf(source)
  return {
    encode: (value) => {
      const given = encode(value)
      return isTarget(given) ? given : cannotSend("a value whose encoding is not of its schema")
    },
    decode: (given) => {
      const value = decode(given)
      return isSource(value) ? value : corrupt("value of its schema")
    }
  }
}

/**
 * A declaration's link to its JSON encoding, with its type parameters left decoded: those have plans of their own. `undefined` when
 * it has none; its values are then written without a schema.
 */
export const linkOf = (ast: SchemaAST.Declaration): SchemaAST.Link | undefined => {
  const { toCodec, toCodecJson } = ast.annotations ?? {}
  const make = toCodecJson ?? toCodec
  if (typeof make !== "function") return undefined
  // Effect's annotations: see `Schema.Annotations.Declaration`
  const made = make as (typeParameters: ReadonlyArray<Schema.Top>) => SchemaAST.Link | undefined
  return made(ast.typeParameters.map((parameter) => schemaOf(SchemaAST.toType(parameter))))
}

/** The declaration with the link as its encoding. */
export const encodedBy = (ast: SchemaAST.Declaration, link: SchemaAST.Link): SchemaAST.Declaration => {
  const { annotations, checks, context, encodingChecks, encodingRun, run, typeParameters } = ast
  return new SchemaAST.Declaration(
    typeParameters.map(SchemaAST.toType),
    run,
    annotations,
    checks,
    [link],
    context,
    encodingChecks,
    encodingRun
  )
}

/** The schema of an option's value; `undefined` for other declarations. Effect's representation annotation identifies them. */
export const optionOf = (ast: SchemaAST.Declaration): SchemaAST.AST | undefined => {
  const { representation } = ast.annotations ?? {}
  const isOption =
    typeof representation === "object" &&
    representation !== null &&
    "id" in representation &&
    representation.id === "effect/schema/Option"
  return isOption ? ast.typeParameters[0] : undefined
}
