/**
 * What a schema's transformations do, one step at a time: Effect is asked for the step alone, and what it leads to, and all that is in the
 * value, is left to others. Effect's own codec of a whole value writes each union in it by the first member that takes what stands there,
 * and drops what that member does not know.
 */

import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { cannotSend, corrupt } from "../wire/Plan.ts"
import { guardOf, schemaOf, type Transform, transformOf } from "./EffectCodec.ts"

/** One step of a transformation. */
export interface Step {
  /** What Effect is asked for: the schema, with anything in the place of what it is made of and of what the step leads to. */
  readonly over: SchemaAST.AST
  /** The schema. */
  readonly of: SchemaAST.AST
  /** What the step leads to. */
  readonly to: SchemaAST.AST
}

const optionalUnknown = Schema.optionalKey(Schema.Unknown).ast

/** Anything, in the place of `ast`. */
const anyLike = (ast: SchemaAST.AST): SchemaAST.AST => (SchemaAST.isOptional(ast) ? optionalUnknown : SchemaAST.unknown)

/** A node with other properties. As Effect itself changes nodes. */
const changed = (ast: SchemaAST.AST, properties: Readonly<Record<string, unknown>>): SchemaAST.AST => {
  const descriptors = Object.entries(properties).map(([name, value]) => [
    name,
    { value, enumerable: true, configurable: true, writable: true }
  ])
  return Object.create(Object.getPrototypeOf(ast), {
    ...Object.getOwnPropertyDescriptors(ast),
    ...Object.fromEntries(descriptors)
  })
}

/** Whether nothing in a node is transformed, but for the node itself: then what it is made of need not be looked at. */
const isPure = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Objects":
      return (
        ast.propertySignatures.every(({ type }) => isPureIn(type)) &&
        ast.indexSignatures.every(({ parameter, type }) => isPureIn(parameter) && isPureIn(type))
      )
    case "Arrays":
      return [...ast.elements, ...ast.rest].every(isPureIn)
    case "Union":
      return ast.types.every(isPureIn)
    case "Declaration":
      return ast.typeParameters.every(isPureIn)
    case "Suspend":
      return false
    default:
      return true
  }
}

const isPureIn = (ast: SchemaAST.AST): boolean => ast.encoding === undefined && isPure(ast)

/** The properties of a node, with anything in the place of what it is made of. */
const opened = (ast: SchemaAST.AST): Readonly<Record<string, unknown>> => {
  switch (ast._tag) {
    case "Objects":
      return {
        propertySignatures: ast.propertySignatures.map(
          ({ name, type }) => new SchemaAST.PropertySignature(name, anyLike(type))
        ),
        indexSignatures: ast.indexSignatures.map(
          ({ parameter }) => new SchemaAST.IndexSignature(parameter, SchemaAST.unknown)
        )
      }
    case "Arrays":
      return { elements: ast.elements.map(anyLike), rest: ast.rest.map(anyLike) }
    case "Declaration":
      return { typeParameters: ast.typeParameters.map(anyLike) }
    default:
      return {}
  }
}

/** The step that a node's own transformation is. `undefined` where only Effect knows what it does. */
export const stepOf = (ast: SchemaAST.AST): Step | undefined => {
  const links = ast.encoding
  const last = links?.at(-1)
  if (links === undefined || last === undefined) return undefined
  if (links.some(({ transformation }) => transformation._tag === "Middleware")) return undefined
  const encoding = [...links.slice(0, -1), new SchemaAST.Link(anyLike(last.to), last.transformation)]
  const { checks, context } = ast
  const isOpen = isPure(ast)
  const over =
    isOpen && ast._tag === "Union"
      ? changed(SchemaAST.unknown, { encoding, checks, context })
      : changed(ast, isOpen ? { ...opened(ast), encoding } : { encoding })
  return { over, of: ast, to: last.to }
}

/** The step that takes those keys of an object which may come or go by their transformations. As {@link stepOf}. */
export const stepOfKeys = (
  ast: SchemaAST.Objects,
  isTransformed: (type: SchemaAST.AST) => boolean
): Step | undefined => {
  const over: Array<SchemaAST.PropertySignature> = []
  const to: Array<SchemaAST.PropertySignature> = []
  for (const { name, type } of ast.propertySignatures) {
    const step = isTransformed(type) ? stepOf(type) : { over: anyLike(type), to: type }
    if (step === undefined) return undefined
    over.push(new SchemaAST.PropertySignature(name, step.over))
    to.push(new SchemaAST.PropertySignature(name, step.to))
  }
  const open = ast.indexSignatures.map(({ parameter }) => new SchemaAST.IndexSignature(parameter, SchemaAST.unknown))
  return {
    over: changed(ast, { propertySignatures: over, indexSignatures: open }),
    of: ast,
    to: new SchemaAST.Objects(to, ast.indexSignatures)
  }
}

/** A step, checked on both sides: what is in a value Effect has not looked at. */
export const transformBy = ({ of, over, to }: Step): Transform => {
  const { decode, encode } = transformOf(over)
  const isGiven = guardOf(to)
  const is = guardOf(of)
  return {
    encode: (value) => {
      const given = encode(value)
      return isGiven(given) ? given : cannotSend("a value whose encoding is not of its schema")
    },
    decode: (given) => {
      const value = decode(given)
      return is(value) ? value : corrupt("value of its schema")
    }
  }
}

/**
 * How a declaration says it is encoded: for JSON, but with the values it is made of as they are, which have plans of their
 * own. Without such a link its values travel as what they are, if they are something any value can be.
 */
export const linkOf = (ast: SchemaAST.Declaration): SchemaAST.Link | undefined => {
  const { toCodec, toCodecJson } = ast.annotations ?? {}
  const make = toCodecJson ?? toCodec
  if (typeof make !== "function") return undefined
  // Effect's annotations: see `Schema.Annotations.Declaration`
  const made = make as (typeParameters: ReadonlyArray<Schema.Top>) => SchemaAST.Link | undefined
  return made(ast.typeParameters.map((parameter) => schemaOf(SchemaAST.toType(parameter))))
}

/** A declaration that is encoded by its link. */
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

/** What an option is of. Effect names its own declarations so that they can be made again from a description. */
export const optionOf = (ast: SchemaAST.Declaration): SchemaAST.AST | undefined => {
  const { representation } = ast.annotations ?? {}
  const isOption =
    typeof representation === "object" &&
    representation !== null &&
    "id" in representation &&
    representation.id === "effect/schema/Option"
  return isOption ? ast.typeParameters[0] : undefined
}
