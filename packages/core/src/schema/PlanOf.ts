/**
 * Makes the plan of a schema. A node that plans cannot express is transformed by Effect's codec to its encoded side, and written by
 * the plan of that. Values without a schema are written by {@link anyValue}.
 */

import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { anyValue, empty } from "../wire/AnyValue.ts"
import { bigint, bytes, date, option, symbol, timeZone, zoned } from "../wire/Leaves.ts"
import { type Field, type Leaf, type Plan, wireAnnotation } from "../wire/Plan.ts"
import { guardOf, transformOf } from "./EffectCodec.ts"
import { encodedBy, linkOf, optionOf, type Step, stepOf, stepOfKeys, transformBy } from "./Steps.ts"
import { membersOf } from "./UnionTests.ts"

const plans = new WeakMap<SchemaAST.AST, Plan>()

/** The plan of a schema's values. The same for the same AST. */
export const planOf = (ast: SchemaAST.AST): Plan => {
  const known = plans.get(ast)
  if (known !== undefined) return known
  const made = makePlan(ast)
  plans.set(ast, made)
  return made
}

const makePlan = (ast: SchemaAST.AST): Plan => {
  if (ast.encoding !== undefined && isPlain(SchemaAST.toType(ast))) return planOf(SchemaAST.toType(ast))
  // Checks of the encoded side are run by Effect's codec
  if ("encodingChecks" in ast && ast.encodingChecks !== undefined) return encoded(ast)
  if (ast.encoding !== undefined) return transformed(ast)
  const plan = uncheckedPlan(ast)
  if (ast.checks === undefined || (plan._tag === "Transformed" && plan.checks)) return plan
  return { _tag: "Checked", plan, check: checkOf(ast, ast.checks) }
}

/** The plan of a node without its checks. */
const uncheckedPlan = (ast: SchemaAST.AST): Plan => {
  switch (ast._tag) {
    case "String":
      return { _tag: "Text" }
    case "TemplateLiteral":
      return { _tag: "Checked", plan: { _tag: "Text" }, check: guardOf(ast) }
    case "Number":
      return { _tag: "Number" }
    case "Boolean":
      return { _tag: "Boolean" }
    case "BigInt":
      return leaf(bigint)
    case "Null":
      return { _tag: "Constant", value: null }
    case "Undefined":
    case "Void":
      return { _tag: "Constant", value: undefined }
    case "Literal":
      return { _tag: "Constant", value: ast.literal }
    case "UniqueSymbol":
      return { _tag: "Constant", value: ast.symbol }
    case "Enum":
      return { _tag: "Choice", values: [...new Set(ast.enums.map(([, value]) => value))] }
    case "Never":
      return { _tag: "Choice", values: [] }
    case "Objects":
      return objects(ast)
    case "Arrays":
      return arrays(ast)
    case "Union":
      return union(ast)
    case "Suspend":
      return { _tag: "Suspended", plan: () => planOf(ast.thunk()) }
    case "Declaration":
      return declaration(ast)
    case "Symbol":
      return leaf(symbol)
    case "Any":
    case "Unknown":
      return leaf(anyValue)
    case "ObjectKeyword":
      return checkedAny(ast)
  }
}

const leaf = (of: Leaf): Plan => ({ _tag: "Leaf", leaf: of })

/** Values of a node written without a schema, and checked on reading. */
const checkedAny = (ast: SchemaAST.AST): Plan => ({ _tag: "Checked", plan: leaf(anyValue), check: guardOf(ast) })

/** Transforms a value by Effect's codec, and writes the encoded side by its plan. */
const encoded = (ast: SchemaAST.AST): Plan => {
  const side = SchemaAST.toEncoded(ast)
  return { _tag: "Transformed", ...transformOf(ast), plan: planOf(side), checks: true }
}

/**
 * Transforms a value by one step of Effect's codec, and writes the result by its plan. Only one step: inside a value Effect
 * encodes a union by the first member that accepts it, which drops the properties that only other members have.
 */
const transformed = (ast: SchemaAST.AST): Plan => {
  const step = stepOf(ast)
  return step === undefined ? encoded(ast) : planOfStep(step)
}

const planOfStep = (step: Step): Plan => ({
  _tag: "Transformed",
  ...transformBy(step),
  plan: planOf(step.target),
  checks: true
})

/**
 * Whether values of a type side can be written without their transformation, which may lose information:
 * as text -0 is 0.
 */
const isPlain = (type: SchemaAST.AST): boolean => {
  switch (type._tag) {
    case "Objects":
      return type.indexSignatures.length === 0 && type.propertySignatures.every((property) => isPlain(property.type))
    case "Arrays":
      return type.elements.every(isPlain) && type.rest.every(isPlain)
    case "Union":
      return type.types.every(isPlain)
    case "Declaration": {
      if (type.annotations?.[wireAnnotation] !== undefined) return true
      if (builtIn.has(type.run)) return true
      const inner = optionOf(type)
      return inner !== undefined && isPlain(inner)
    }
    case "Suspend":
      return false
    default:
      return true
  }
}

/** Whether a property's transformation may add or remove the key: then the codec of the whole object is needed. */
const isTransformedKey = (type: SchemaAST.AST): boolean =>
  type.encoding !== undefined &&
  !isPlain(SchemaAST.toType(type)) &&
  (SchemaAST.isOptional(type) || SchemaAST.isOptional(SchemaAST.toEncoded(type)))

const objects = (ast: SchemaAST.Objects): Plan => {
  const { indexSignatures, propertySignatures } = ast
  if (propertySignatures.length + indexSignatures.length === 0) {
    return { _tag: "Checked", plan: leaf(empty), check: guardOf(ast) }
  }
  if (indexSignatures.some(({ parameter, type }) => hasEncoding(parameter) || isTransformedKey(type)))
    return encoded(ast)
  if (propertySignatures.some(({ type }) => isTransformedKey(type))) return keysTransformed(ast)
  const entry = recordOf(ast)
  if (entry !== undefined) return { _tag: "Record", value: planOf(entry) }
  const fields = propertySignatures.map(
    ({ name, type }): Field => ({
      name,
      optional: SchemaAST.isOptional(type),
      plan: planOf(type)
    })
  )
  if (indexSignatures.length === 0) return { _tag: "Struct", fields }
  const signatures = indexSignatures.map(({ parameter, type }) => ({ keysOf: keysOf(parameter), plan: planOf(type) }))
  return { _tag: "Open", fields, signatures }
}

/** Effect transforms the keys that its codec may add or remove; the other properties have their own plans. */
const keysTransformed = (ast: SchemaAST.Objects): Plan => {
  const step = stepOfKeys(ast, isTransformedKey)
  return step === undefined ? encoded(ast) : planOfStep(step)
}

const hasEncoding = (parameter: SchemaAST.AST): boolean =>
  parameter.encoding !== undefined || (parameter._tag === "Union" && parameter.types.some(hasEncoding))

/**
 * The value schema of a record whose keys are any strings; `undefined` when keys are checked or transformed, or when there are
 * fixed properties too.
 */
export const recordOf = (ast: SchemaAST.Objects): SchemaAST.AST | undefined => {
  const [only, ...others] = ast.indexSignatures
  if (only === undefined || others.length > 0 || ast.propertySignatures.length > 0) return undefined
  const { parameter, type } = only
  return parameter._tag === "String" && parameter.checks === undefined && parameter.encoding === undefined
    ? type
    : undefined
}

/** The keys of an object that an index signature's parameter accepts. Found by Effect's decoding, which drops the others. */
const keysOf = (parameter: SchemaAST.IndexSignature["parameter"]): ((value: object) => ReadonlyArray<PropertyKey>) => {
  if (parameter._tag === "String" && parameter.checks === undefined) return Object.keys
  const { decode } = transformOf(
    new SchemaAST.Objects([], [new SchemaAST.IndexSignature(parameter, SchemaAST.unknown)])
  )
  return (value) => Reflect.ownKeys(decode(value) as object)
}

const arrays = (ast: SchemaAST.Arrays): Plan => {
  const [rest, ...tail] = ast.rest
  if ([...ast.elements, ...ast.rest].some(isTransformedKey)) return encoded(ast)
  return {
    _tag: "List",
    elements: ast.elements.map(planOf),
    required: ast.elements.filter((element) => !SchemaAST.isOptional(element)).length + tail.length,
    rest: rest === undefined ? undefined : planOf(rest),
    tail: tail.map(planOf)
  }
}

const union = (ast: SchemaAST.Union): Plan => {
  // Exactly one member may match, so the guard tests all of them
  if (ast.options?.mode === "oneOf") {
    const plain: SchemaAST.AST = new SchemaAST.Union(ast.types, { mode: "anyOf" })
    return { _tag: "Checked", plan: planOf(plain), check: guardOf(ast) }
  }
  if (ast.types.length > 0 && ast.types.every(isConstant)) {
    const values = ast.types.map((type) => (type._tag === "Literal" ? type.literal : null))
    return { _tag: "Choice", values: [...new Set(values)] }
  }
  return { _tag: "Union", members: membersOf(ast.types.flatMap(flattened), planOf) }
}

/** The members of a nested union, if it has no checks, no encoding and no `oneOf` mode of its own. */
const flattened = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  ast._tag === "Union" &&
  ast.checks === undefined &&
  ast.encoding === undefined &&
  ast.encodingChecks === undefined &&
  ast.options?.mode !== "oneOf"
    ? ast.types.flatMap(flattened)
    : [ast]

const isConstant = (ast: SchemaAST.AST): boolean =>
  (ast._tag === "Literal" || ast._tag === "Null") && ast.checks === undefined && ast.encoding === undefined

/** Plans of Effect's own declarations, by their `run` function. */
const builtIn: ReadonlyMap<unknown, Plan> = new Map<unknown, Plan>([
  [Schema.Date.ast.run, leaf(date)],
  [Schema.Uint8Array.ast.run, leaf(bytes)],
  [Schema.TimeZone.ast.run, timeZone],
  [Schema.DateTimeZoned.ast.run, zoned]
])

const declaration = (ast: SchemaAST.Declaration): Plan => {
  const wire = ast.annotations?.[wireAnnotation]
  // Only this project's declarations have the annotation
  if (wire !== undefined) return leaf(wire as Leaf)
  const known = builtIn.get(ast.run)
  if (known !== undefined) return known
  const inner = optionOf(ast)
  if (inner !== undefined) return option(planOf(inner))
  const link = linkOf(ast)
  return link === undefined ? checkedAny(ast) : transformed(encodedBy(ast, link))
}

const defaults: SchemaAST.ParseOptions = {}

/** Runs a node's checks on a value of the right structure. */
const checkOf = (ast: SchemaAST.AST, checks: SchemaAST.Checks): ((value: unknown) => boolean) => {
  const [first, ...others] = checks.flatMap(filtersOf)
  if (first === undefined) return () => true
  const passes = (filter: SchemaAST.Filter<unknown>, value: unknown) => filter.run(value, ast, defaults) === undefined
  // Fast path of a single check
  if (others.length === 0) return (value) => passes(first, value)
  return (value) => passes(first, value) && others.every((each) => passes(each, value))
}

/** The filters of a check, those of a group flattened. */
export const filtersOf = (check: SchemaAST.Check<unknown>): ReadonlyArray<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(filtersOf)
