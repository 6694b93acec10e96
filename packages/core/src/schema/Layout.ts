/**
 * The hash of a plan's byte layout: schemas with the same hash can read each other's values. A pid's schema may be a part of its
 * process's mailbox schema, so a message may be written by another schema than the receiver's.
 */
import { createHash } from "node:crypto"
import type { Field, Member, Plan } from "../wire/Plan.ts"

/** The layout hash of a plan, from 0 to 2^32 - 1: covers everything that the bytes depend on. */
export const layoutOf = (plan: Plan): number =>
  createHash("sha256").update(describe(plan, new Map())).digest().readUInt32LE(0)

/** `seen`: the enclosing plans, numbered from the outermost, for recursive schemas. */
const describe = (plan: Plan, seen: Map<Plan, number>): string => {
  const before = seen.get(plan)
  if (before !== undefined) return `#${before}`
  seen.set(plan, seen.size)
  const inner = (part: Plan) => describe(part, seen)
  const text = (() => {
    switch (plan._tag) {
      case "Text":
      case "Number":
      case "Boolean":
        return plan._tag
      case "Constant":
        return constant(plan.value)
      case "Choice":
        return `[${plan.values.map(constant).join("|")}]`
      case "Leaf":
        return plan.leaf.name
      case "Struct":
        return fields(plan.fields, inner)
      case "Record":
        return `record ${inner(plan.value)}`
      case "Open":
        return `${fields(plan.fields, inner)} and ${plan.signatures.map((one) => inner(one.plan)).join(",")}`
      case "List":
        return `list ${plan.required} ${plan.elements.map(inner).join(",")} rest ${plan.rest === undefined ? "" : inner(plan.rest)} tail ${plan.tail.map(inner).join(",")}`
      case "Union":
        return members(plan.members, inner)
      case "Checked":
        // Checks do not change the layout
        return inner(plan.plan)
      case "Transformed":
        return `by ${inner(plan.plan)}`
      case "Suspended":
        return inner(plan.plan())
    }
  })()
  seen.delete(plan)
  return text
}

const fields = (all: ReadonlyArray<Field>, inner: (plan: Plan) => string): string =>
  `{${all.map(({ name, optional, plan }) => `${constant(name)}${optional ? "?" : ""}:${inner(plan)}`).join(",")}}`

const members = (all: ReadonlyArray<Member>, inner: (plan: Plan) => string): string =>
  `(${[...all]
    .sort((one, other) => one.index - other.index)
    .map(
      ({ index, plan, test }) => `${index} ${test._tag === "Tagged" ? constant(test.value) : test._tag}:${inner(plan)}`
    )
    .join("|")})`

/** A text that is unique to the constant. */
const constant = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : Object.is(value, -0)
      ? "number -0"
      : `${typeof value} ${String(value)}`
