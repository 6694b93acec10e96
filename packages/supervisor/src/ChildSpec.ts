/**
 * Child specs: which process a supervisor starts, and how it treats it. A spec is a value; what travels to a supervisor
 * (perhaps on another scheduler) is its encoded form, which is plain data.
 */

import type { ArgsAndOptions, Contract, Fields, Protocol } from "@understudy/core/GenServer"
import type { Definition, Startable } from "@understudy/core/internal/Definition"
import { expectedDuration, expectedName, isName, showGiven } from "@understudy/core/internal/Texts"
import { accepts } from "@understudy/core/internal/Values"
import { anyPid, type Placement } from "@understudy/core/Process"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { InvalidChildSpec } from "./ChildErrors.ts"
import { show } from "./Given.ts"
import { GivenArgs } from "./GivenArgs.ts"
import { toMilliseconds } from "./Intensity.ts"

/**
 * When a child that ended is started again.
 *
 * - `permanent`: always.
 * - `transient`: when it ended abnormally, that is, not with reason normal or shutdown.
 * - `temporary`: never; the supervisor forgets it.
 */
export type Restart = "permanent" | "transient" | "temporary"

/**
 * How a child is stopped: asked with reason shutdown and killed after so many milliseconds, asked and waited for without
 * limit (`infinity`), or killed at once (`brutal-kill`).
 */
export type Shutdown = number | "brutal-kill" | "infinity"

/** A child of a supervisor. Made by `Supervisor.child`, or the `spec` of a supervisor or a registry. */
export interface ChildSpec {
  /** Unique among the supervisor's children. */
  readonly id: string
  /** What is started: a contract's name and how its arguments are written. */
  readonly definition: Pick<Definition, "name" | "args" | "showArgs">
  /** The arguments, of the definition's type. */
  readonly args: unknown
  /** Registered under this name before it initialises. */
  readonly name?: string | undefined
  /** A name for people. */
  readonly label?: string | undefined
  readonly restart: Restart
  readonly shutdown: Shutdown
  /** Where it is started, each time anew. */
  readonly on?: Placement | undefined
  readonly type: "worker" | "supervisor"
  /** Whether its orderly end may end the supervisor. */
  readonly significant?: boolean | undefined
  /** Definitions it brings along for the system to know. */
  readonly uses: ReadonlyArray<Definition>
}

/** A child spec that can also be the root of a system, because it brings its own code. */
export interface StartableSpec extends ChildSpec, Startable {
  readonly definition: Definition
  readonly shutdown: Shutdown
  readonly name?: string | undefined
  readonly uses: ReadonlyArray<Definition>
}

/** How a supervisor treats a child. */
export interface ChildOptions {
  /** Unique among the supervisor's children. Default: its name, else its contract's name. */
  readonly id?: string | undefined
  /** Default `"permanent"`. */
  readonly restart?: Restart | undefined
  /** Default 5 seconds; `"infinity"` for supervisors. */
  readonly shutdown?: Duration.Input | "brutal-kill" | "infinity" | undefined
  /** Where it is started, and started again. Default: on the supervisor's scheduler. */
  readonly on?: Placement | undefined
  /** Registers it under this name, unique in the system. */
  readonly name?: string | undefined
  /** A name for people, in reports and trees. Default: its name, else its id. */
  readonly label?: string | undefined
  /** Default `"worker"`. */
  readonly type?: "worker" | "supervisor" | undefined
  /** Whether its orderly end may end the supervisor; needs the supervisor's `autoShutdown`. Default false. */
  readonly significant?: boolean | undefined
}

/** `{}` args need not be given. */
export type ChildArgs<A extends Fields, O> = ArgsAndOptions<A, O>

/**
 * A child that is a server of `contract`. Throws {@link InvalidChildSpec} when the arguments or an option cannot be
 * meant. The contract's implementation must be known to the system.
 */
export const child = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  ...rest: ChildArgs<A, ChildOptions>
): ChildSpec => {
  const [args = {}, options = {}] = rest
  return specOf(definitionOf(contract, "Supervisor.child"), args, options, [])
}

/** What a spec says of a contract: how its arguments are checked, written and shown. `what` is made of it, for errors. */
export const definitionOf = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  what: string
): ChildSpec["definition"] => {
  if (!isContract(contract)) throw invalidIn(what)("contract", "a contract made by GenServer.define", contract)
  const { "~internals": internals, name } = contract
  return { name, args: internals.argsCodec, showArgs: internals.inspector.args }
}

/** What code without types gives may be anything. */
const isContract = (given: unknown): boolean =>
  typeof given === "object" && given !== null && "~internals" in given && "protocol" in given

/** Fills in what was not given, and checks all of it. */
export const specOf = <D extends ChildSpec["definition"]>(
  definition: D,
  args: unknown,
  options: ChildOptions,
  uses: ReadonlyArray<Definition>
): ChildSpec & { readonly definition: D } => {
  const { label, name, on, significant = false, type = "worker", restart = "permanent" } = options
  const id = options.id ?? name ?? definition.name
  const invalid = invalidIn(typeof id === "string" ? id : showGiven(id))
  if (name !== undefined && !isName(name)) throw invalid("name", expectedName, name)
  if (!isName(id)) throw invalid("id", expectedName, id)
  checkTreatment(options, invalid)
  if (label !== undefined && typeof label !== "string") throw invalid("label", "a text", label)
  if (typeof significant !== "boolean") throw invalid("significant", "true or false", significant)
  if (significant && restart === "permanent") throw invalid("significant", "false for a permanent child", true)
  if (!accepts(definition.args, args)) {
    // The schema's account, which begins with the same word
    const expected = definition.args
      .explain(args)
      .replace(/^Expected /, "")
      .replaceAll(/\s+/g, " ")
    throw new InvalidChildSpec({ child: id, field: "args", expected, actual: (definition.showArgs ?? showGiven)(args) })
  }
  // It was checked
  const shutdown = shutdownOf(options.shutdown ?? (type === "supervisor" ? "infinity" : defaultShutdown)) as Shutdown
  return { id, definition, args, name, label, restart, shutdown, on, type, significant, uses }
}

/** Makes the error about one field of the spec of a child, or of the supervisor's own options. */
export const invalidIn =
  (child: string) =>
  (field: string, expected: string, actual: unknown): InvalidChildSpec =>
    new InvalidChildSpec({ child, field, expected, actual: show(actual) })

/** How children are treated: by their own options, or by those of a dynamic supervisor. */
export type Treatment = Pick<ChildOptions, "restart" | "shutdown" | "on" | "type">

/** Throws {@link InvalidChildSpec} when an option cannot be meant. */
export const checkTreatment = (
  { on, restart, shutdown, type }: Treatment,
  invalid: ReturnType<typeof invalidIn>
): void => {
  if (restart !== undefined && !isRestart(restart)) {
    throw invalid("restart", '"permanent", "transient" or "temporary"', restart)
  }
  if (type !== undefined && !isType(type)) throw invalid("type", '"worker" or "supervisor"', type)
  if (on !== undefined && !isPlacement(on)) {
    throw invalid("on", '"here", "least-loaded", "any", { scheduler } or { near: pid }', on)
  }
  if (shutdown !== undefined && shutdownOf(shutdown) === undefined) {
    throw invalid("shutdown", `${expectedDuration}, or "brutal-kill"`, shutdown)
  }
}

/** How long a worker may take to shut down, by default: 5 seconds, in milliseconds. */
const defaultShutdown = 5000

const shutdownOf = (shutdown: Duration.Input | "brutal-kill" | "infinity"): Shutdown | undefined =>
  shutdown === "brutal-kill" || shutdown === "infinity"
    ? shutdown
    : shutdown === "Infinity"
      ? "infinity"
      : toMilliseconds(shutdown)

const RestartSchema = Schema.Literals(["permanent", "transient", "temporary"])
const TypeSchema = Schema.Literals(["worker", "supervisor"])
const PlacementSchema = Schema.Union([
  Schema.Literals(["here", "least-loaded", "any"]),
  Schema.Struct({ scheduler: Schema.Int }),
  Schema.Struct({ near: anyPid })
])

// Made once: a check is made from its schema each time `Schema.is` is called
const isRestart = Schema.is(RestartSchema)
const isType = Schema.is(TypeSchema)
const isPlacement = Schema.is(PlacementSchema)

/** A child spec as data: its contract by name, its arguments as JSON text where they leave their scheduler. */
export const EncodedChild = Schema.Struct({
  id: Schema.String,
  contract: Schema.String,
  args: GivenArgs.schema,
  name: Schema.optional(Schema.String),
  label: Schema.optional(Schema.String),
  restart: RestartSchema,
  /** Milliseconds, or how else it is stopped. */
  shutdown: Schema.Union([Schema.Number, Schema.Literals(["brutal-kill", "infinity"])]),
  on: Schema.optional(PlacementSchema),
  type: TypeSchema,
  significant: Schema.Boolean
})

/** See the schema of the same name. */
export type EncodedChild = typeof EncodedChild.Type

/** A spec as data. */
export const encode = (spec: ChildSpec): EncodedChild => ({
  id: spec.id,
  contract: spec.definition.name,
  args: GivenArgs.of(spec.definition.args, spec.args),
  name: spec.name,
  label: spec.label,
  restart: spec.restart,
  shutdown: spec.shutdown,
  on: spec.on,
  type: spec.type,
  significant: spec.significant ?? false
})

/** What children bring along: the definitions the system must know to start them. */
export const usesOf = (children: ReadonlyArray<ChildSpec>): ReadonlyArray<Definition> => [
  ...new Set(
    children.flatMap(({ definition, uses }) => ("body" in definition ? [definition as Definition, ...uses] : uses))
  )
]

/** When a supervisor ends by itself because significant children have. */
export type AutoShutdown = "never" | "any-significant" | "all-significant"

/** Throws {@link InvalidChildSpec} when what is given as children are no child specs. */
export const checkChildren = (children: unknown, invalid: ReturnType<typeof invalidIn>): void => {
  if (!Array.isArray(children)) {
    throw invalid("children", "an array of child specs, as Supervisor.child makes them", children)
  }
  for (const [index, child] of children.entries()) {
    const { definition, id } = (child ?? {}) as { readonly definition?: { name?: unknown }; readonly id?: unknown }
    if (typeof definition?.name !== "string" || !isName(id)) {
      throw invalid(`children[${index}]`, "a child spec, as Supervisor.child makes it", child)
    }
  }
}

/** Throws {@link InvalidChildSpec} when the children do not go with each other or with the supervisor. */
export const checkSiblings = (
  children: ReadonlyArray<Pick<ChildSpec, "id" | "significant">>,
  autoShutdown: AutoShutdown
): void => {
  const ids = new Set<string>()
  for (const { id, significant } of children) {
    if (ids.has(id)) {
      throw new InvalidChildSpec({ child: id, field: "id", expected: "an id no other child has", actual: show(id) })
    }
    ids.add(id)
    if (significant === true && autoShutdown === "never") throw insignificant(id)
  }
}

/** Why a child cannot be significant under a supervisor that never ends by itself. Catalogue SU59. */
export const insignificant = (id: string): InvalidChildSpec =>
  new InvalidChildSpec({
    child: id,
    field: "significant",
    expected: 'false under a supervisor whose autoShutdown is "never"',
    actual: "true"
  })
