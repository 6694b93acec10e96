/**
 * Chooses the tests that tell a union's members apart when a value is written. The value is known to be of the union, so a test
 * need only exclude the other members: often its JavaScript type or its tag is enough. Otherwise the members' guards decide; of
 * several members that accept the value, the one that preserves the most of it.
 */
import type * as SchemaAST from "effect/SchemaAST"
import type { Member, Plan, Test } from "../wire/Plan.ts"
import { coverageOf } from "./Coverage.ts"
import { guardOf } from "./EffectCodec.ts"

/** The result of `typeof`, with `null` and arrays separate from other objects. */
type Kind = "null" | "undefined" | "string" | "number" | "boolean" | "bigint" | "symbol" | "object" | "array"

/** The members with their tests, in the order to test them. Their indices are their positions in the schema. */
export const membersOf = (
  types: ReadonlyArray<SchemaAST.AST>,
  planOf: (ast: SchemaAST.AST) => Plan
): ReadonlyArray<Member> => {
  const found = types.map((ast, index) => ({ ast, index, kinds: kindsOf(ast, 0) }))
  const tag = commonTag(found.filter(({ kinds }) => kinds?.has("object") ?? true).map(({ ast }) => ast))
  const testOf = (ast: SchemaAST.AST, index: number, kinds: ReadonlySet<Kind> | undefined): Test => {
    const exact = exactTestOf(ast)
    if (exact !== undefined) return exact
    const others = found.filter((other) => other.index !== index && exactTestOf(other.ast) === undefined)
    const isUnique = (kind: Kind) => others.every((other) => other.kinds !== undefined && !other.kinds.has(kind))
    const [kind, more] = kinds ?? []
    if (kind !== undefined && more === undefined) {
      if (isUnique(kind)) return kindTestOf(kind)
      const value = kind === "object" ? tag?.values.get(ast) : undefined
      if (tag !== undefined && value !== undefined) return { _tag: "Tagged", key: tag.key, value }
    }
    return { _tag: "Guard", is: guardOf(ast) }
  }
  const members = found.map(({ ast, index, kinds }) => ({ index, test: testOf(ast, index, kinds), plan: planOf(ast) }))
  // An exact test is cheap, and right also when other members accept the value
  const isExact = ({ test }: Member) => test._tag === "Same" || test._tag === "Null"
  // Narrow members are tested first: a date is also a value of the empty struct and of `Unknown`
  const rank = (member: Member) => (isExact(member) ? 0 : breadth(types[member.index]))
  return mostSpecific(
    members.toSorted((a, b) => rank(a) - rank(b)),
    types
  )
}

/** A member tested by its guard. */
interface Candidate {
  readonly is: (value: unknown) => boolean
  readonly coverage: (value: unknown) => number
}

/** The same members with exclusive guards: of several that accept a value, only the most specific one does; of equals, the first. */
const mostSpecific = (members: ReadonlyArray<Member>, types: ReadonlyArray<SchemaAST.AST>): ReadonlyArray<Member> => {
  const candidates = new Map<Member, Candidate>()
  for (const member of members) {
    const ast = types[member.index]
    if (ast === undefined || member.test._tag !== "Guard") continue
    candidates.set(member, { is: member.test.is, coverage: coverageOf(ast) })
  }
  if (candidates.size < 2) return members
  const inOrder = [...candidates.values()]
  return members.map((member): Member => {
    const own = candidates.get(member)
    if (own === undefined) return member
    const before = inOrder.slice(0, inOrder.indexOf(own))
    const after = inOrder.slice(before.length + 1)
    const is = (value: unknown) => {
      if (!own.is(value)) return false
      const known = own.coverage(value)
      return !(
        before.some((other) => other.is(value) && other.coverage(value) >= known) ||
        after.some((other) => other.is(value) && other.coverage(value) > known)
      )
    }
    return { ...member, test: { _tag: "Guard", is } }
  })
}

/** How much a member accepts beyond its own values: 1 nothing, 2 objects that lack its properties, 3 nearly any value. */
const breadth = (ast: SchemaAST.AST | undefined): 1 | 2 | 3 => {
  switch (ast?._tag) {
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return 3
    case "Objects":
      if (ast.propertySignatures.some(({ type }) => type.context?.isOptional !== true)) return 1
      return ast.propertySignatures.length + ast.indexSignatures.length === 0 ? 3 : 2
    default:
      return 1
  }
}

const kindTestOf = (kind: Kind): Test => {
  switch (kind) {
    case "null":
      return { _tag: "Null" }
    case "object":
      return { _tag: "Object" }
    case "array":
      return { _tag: "Array" }
    default:
      return { _tag: "TypeOf", type: kind }
  }
}

/** The test of a member that has a single value. */
const exactTestOf = (ast: SchemaAST.AST): Test | undefined => {
  if (ast.checks !== undefined || ast.encoding !== undefined) return undefined
  switch (ast._tag) {
    case "Null":
      return { _tag: "Null" }
    case "Undefined":
      return { _tag: "Same", value: undefined }
    case "Literal":
      return { _tag: "Same", value: ast.literal }
    case "UniqueSymbol":
      return { _tag: "Same", value: ast.symbol }
    default:
      return undefined
  }
}

/** The kinds of a node's values; `undefined` when they are not known. */
const kindsOf = (ast: SchemaAST.AST, depth: number): ReadonlySet<Kind> | undefined => {
  switch (ast._tag) {
    case "Null":
      return new Set(["null"])
    case "Undefined":
      return new Set(["undefined"])
    case "String":
    case "TemplateLiteral":
      return new Set(["string"])
    case "Number":
      return new Set(["number"])
    case "Boolean":
      return new Set(["boolean"])
    case "BigInt":
      return new Set(["bigint"])
    case "Symbol":
    case "UniqueSymbol":
      return new Set(["symbol"])
    case "Literal":
      return new Set([kindOf(ast.literal)])
    case "Enum":
      return new Set(ast.enums.map(([, value]) => kindOf(value)))
    case "Never":
      return new Set()
    case "Arrays":
      return new Set(["array"])
    case "Objects":
      return ast.propertySignatures.length + ast.indexSignatures.length > 0 ? new Set(["object"]) : undefined
    case "Union": {
      const all = new Set<Kind>()
      for (const type of ast.types) {
        const kinds = kindsOf(type, depth)
        if (kinds === undefined) return undefined
        for (const kind of kinds) all.add(kind)
      }
      return all
    }
    case "Suspend":
      // Bounded: a schema may suspend directly to itself
      return depth > 8 ? undefined : kindsOf(ast.thunk(), depth + 1)
    default:
      return undefined
  }
}

const kindOf = (value: string | number | boolean | bigint): Kind =>
  typeof value as "string" | "number" | "boolean" | "bigint"

interface CommonTag {
  readonly key: string
  readonly values: ReadonlyMap<SchemaAST.AST, string | number | boolean>
}

/** A required property with a different literal in each member, such as `_tag`. */
const commonTag = (members: ReadonlyArray<SchemaAST.AST>): CommonTag | undefined => {
  const [first] = members
  if (first?._tag !== "Objects") return undefined
  for (const { name } of first.propertySignatures) {
    if (typeof name !== "string" || name === "__proto__") continue
    const values = new Map<SchemaAST.AST, string | number | boolean>()
    for (const member of members) {
      const value = literalAt(member, name)
      if (value !== undefined) values.set(member, value)
    }
    if (new Set(values.values()).size === members.length) return { key: name, values }
  }
  return undefined
}

const literalAt = (ast: SchemaAST.AST, key: string): string | number | boolean | undefined => {
  if (ast._tag !== "Objects") return undefined
  const type = ast.propertySignatures.find(({ name }) => name === key)?.type
  if (type?._tag !== "Literal" || type.encoding !== undefined || type.context?.isOptional === true) return undefined
  return typeof type.literal === "bigint" ? undefined : type.literal
}
