/**
 * How the members of a union are told apart when a value of it is written. The value is known to be of the union, so a
 * test need only exclude the other members: often its JavaScript type or its tag is enough. Where nothing cheap is, the
 * members' own guards decide; of several that take the value, the one that knows the most of it, so that nothing is lost of what another
 * one would have kept.
 */
import type * as SchemaAST from "effect/SchemaAST"
import type { Member, Plan, Test } from "../wire/Plan.ts"
import { coverageOf } from "./Coverage.ts"
import { guardOf } from "./EffectCodec.ts"

/** What `typeof` tells, with `null` and arrays told apart from other objects. */
type Kind = "null" | "undefined" | "string" | "number" | "boolean" | "bigint" | "symbol" | "object" | "array"

/** The members with their tests, in the order to try them; their numbers are their places in the schema. */
export const membersOf = (
  types: ReadonlyArray<SchemaAST.AST>,
  planOf: (ast: SchemaAST.AST) => Plan
): ReadonlyArray<Member> => {
  const found = types.map((ast, index) => ({ ast, index, kinds: kindsOf(ast, 0) }))
  const tag = commonTag(found.filter(({ kinds }) => kinds?.has("object") ?? true).map(({ ast }) => ast))
  const testOf = (ast: SchemaAST.AST, index: number, kinds: ReadonlySet<Kind> | undefined): Test => {
    const exact = exactly(ast)
    if (exact !== undefined) return exact
    const rivals = found.filter((other) => other.index !== index && exactly(other.ast) === undefined)
    const isAlone = (kind: Kind) => rivals.every((other) => other.kinds !== undefined && !other.kinds.has(kind))
    const [kind, more] = kinds ?? []
    if (kind !== undefined && more === undefined) {
      if (isAlone(kind)) return byKind(kind)
      const value = kind === "object" ? tag?.values.get(ast) : undefined
      if (tag !== undefined && value !== undefined) return { _tag: "Tagged", key: tag.key, value }
    }
    return { _tag: "Guard", is: guardOf(ast) }
  }
  const members = found.map(({ ast, index, kinds }) => ({ index, test: testOf(ast, index, kinds), plan: planOf(ast) }))
  // An exact test is right whatever other members would also take the value, and cheap
  const isExact = ({ test }: Member) => test._tag === "Same" || test._tag === "Null"
  // What takes less is asked first: a date is also an object without properties, and anything at all
  const rank = (member: Member) => (isExact(member) ? 0 : looseness(types[member.index]))
  return mostSpecific(
    members.toSorted((a, b) => rank(a) - rank(b)),
    types
  )
}

/** A member that its guard decides on, as one that the value is of. */
interface Candidate {
  readonly is: (value: unknown) => boolean
  readonly coverage: (value: unknown) => number
}

/** The same members; where several guards take a value, only that of the most specific member says so, of equals the first. */
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

/** How much else a member takes: 1 nothing, 2 any object without properties, 3 nearly everything. */
const looseness = (ast: SchemaAST.AST | undefined): 1 | 2 | 3 => {
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

const byKind = (kind: Kind): Test => {
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

/** The test of a member that is one value. */
const exactly = (ast: SchemaAST.AST): Test | undefined => {
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

/** The kinds of a node's values; `undefined` when they can be anything. */
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
      // A schema that contains itself at once would never end
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

/** A required property that has another literal in each member, such as `_tag`. */
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
