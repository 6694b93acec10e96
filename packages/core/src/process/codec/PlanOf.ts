/**
 * From a schema to its plan. What a plan cannot express goes through Effect's own codec for that node: to the node's
 * encoded side, whose plan is used then, or to canonical JSON as the last resort.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { guardOf, schemaOf, transformOf } from "./EffectCodec.ts"
import { anything, bigint, bytes, date, json, option } from "./Leaves.ts"
import { type Field, type Leaf, type Plan, wireAnnotation } from "./Plan.ts"
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
  // A transformation's checks are its own business, on both sides
  if (ast.encoding !== undefined || ("encodingChecks" in ast && ast.encodingChecks !== undefined)) return encoded(ast)
  const plan = bare(ast)
  if (ast.checks === undefined || plan._tag === "Transformed") return plan
  // JSON is decoded by Effect, which has checked it
  if (plan._tag === "Leaf" && plan.leaf.checks === true) return plan
  return { _tag: "Checked", plan, check: checkOf(ast, ast.checks) }
}

/** The plan of a node without regard to its checks. */
const bare = (ast: SchemaAST.AST): Plan => {
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
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
    case "Symbol":
      return leaf(json(ast))
  }
}

const leaf = (of: Leaf): Plan => ({ _tag: "Leaf", leaf: of })

/** By Effect's codec to the encoded side, and by that side's plan from there. */
const encoded = (ast: SchemaAST.AST): Plan => {
  const side = SchemaAST.toEncoded(ast)
  return side.encoding === undefined
    ? { _tag: "Transformed", ...transformOf(ast), plan: planOf(side) }
    : leaf(json(ast))
}

const objects = (ast: SchemaAST.Objects): Plan => {
  const { indexSignatures, propertySignatures } = ast
  if (indexSignatures.length > 0) {
    const entry = recordOf(ast)
    return entry === undefined ? leaf(json(ast)) : { _tag: "Record", value: planOf(entry) }
  }
  if (propertySignatures.length === 0) return leaf(anything)
  const fields: Array<Field> = []
  for (const { name, type } of propertySignatures) {
    const optional = SchemaAST.isOptional(type)
    // A transformation may also add or remove the key; only Effect's codec of the whole struct knows
    if (type.encoding !== undefined && (optional || SchemaAST.isOptional(SchemaAST.toEncoded(type)))) {
      return encoded(ast)
    }
    fields.push({ name, optional, plan: planOf(type) })
  }
  return { _tag: "Struct", fields }
}

/**
 * What a record has under its keys, if they can be any texts. Keys that are checked, transformed or beside fixed
 * properties have rules of their own.
 */
export const recordOf = (ast: SchemaAST.Objects): SchemaAST.AST | undefined => {
  const [only, ...others] = ast.indexSignatures
  if (only === undefined || others.length > 0 || ast.propertySignatures.length > 0) return undefined
  const { parameter, type } = only
  return parameter._tag === "String" && parameter.checks === undefined && parameter.encoding === undefined
    ? type
    : undefined
}

const arrays = (ast: SchemaAST.Arrays): Plan => {
  const [rest, ...tail] = ast.rest
  const isTransformedKey = (element: SchemaAST.AST) =>
    element.encoding !== undefined &&
    (SchemaAST.isOptional(element) || SchemaAST.isOptional(SchemaAST.toEncoded(element)))
  // Elements after the rest are counted from the end
  if (tail.length > 0) return leaf(json(ast))
  if (ast.elements.some(isTransformedKey)) return encoded(ast)
  return {
    _tag: "List",
    elements: ast.elements.map(planOf),
    required: ast.elements.filter((element) => !SchemaAST.isOptional(element)).length,
    rest: rest === undefined ? undefined : planOf(rest)
  }
}

const union = (ast: SchemaAST.Union): Plan => {
  // Exactly one member may fit, which takes trying all
  if (ast.options?.mode === "oneOf") {
    const plain: SchemaAST.AST = new SchemaAST.Union(ast.types, { mode: "anyOf" })
    return { _tag: "Checked", plan: planOf(plain), check: guardOf(ast) }
  }
  if (ast.types.length > 0 && ast.types.every(isConstant)) {
    return { _tag: "Choice", values: ast.types.map((type) => (type._tag === "Literal" ? type.literal : null)) }
  }
  return { _tag: "Union", members: membersOf(ast.types.flatMap(flat), planOf) }
}

/** The members of a union's union are as good as its own, where nothing else is said of them together. */
const flat = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  ast._tag === "Union" &&
  ast.checks === undefined &&
  ast.encoding === undefined &&
  ast.encodingChecks === undefined &&
  ast.options?.mode !== "oneOf"
    ? ast.types.flatMap(flat)
    : [ast]

const isConstant = (ast: SchemaAST.AST): boolean =>
  (ast._tag === "Literal" || ast._tag === "Null") && ast.checks === undefined && ast.encoding === undefined

const declaration = (ast: SchemaAST.Declaration): Plan => {
  const wire = ast.annotations?.[wireAnnotation]
  // Only this project's declarations have the annotation
  if (wire !== undefined) return leaf(wire as Leaf)
  if (ast.run === Schema.Date.ast.run) return leaf(date)
  if (ast.run === Schema.Uint8Array.ast.run) return leaf(bytes)
  const inner = optionOf(ast)
  if (inner !== undefined) return option(planOf(inner))
  const canonical = Schema.toCodecJson(schemaOf(ast)).ast
  if (canonical.encoding === undefined) return leaf(json(ast))
  return encoded(canonical)
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

const defaults: SchemaAST.ParseOptions = {}

/** Runs a node's checks on a value whose shape is right. */
const checkOf = (ast: SchemaAST.AST, checks: SchemaAST.Checks): ((value: unknown) => boolean) => {
  const [first, ...others] = checks.flatMap(filtersOf)
  if (first === undefined) return () => true
  const passes = (filter: SchemaAST.Filter<unknown>, value: unknown) => filter.run(value, ast, defaults) === undefined
  // Mostly there is only one
  if (others.length === 0) return (value) => passes(first, value)
  return (value) => passes(first, value) && others.every((each) => passes(each, value))
}

/** The filters of a check, of a group's checks too. */
export const filtersOf = (check: SchemaAST.Check<unknown>): ReadonlyArray<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(filtersOf)
