/**
 * A named program that any scheduler can run: the basis of remote spawns, supervisors and behaviours.
 * The contract (name and schemas) can be imported anywhere; only schedulers load its implementation.
 */

import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Name } from "../address/Name.ts"
import type { ValueCodec } from "../schema/ValueCodec.ts"
import type { StartingCall } from "./IncomingCall.ts"
import type { Bounds } from "./Mailbox.ts"
import type { Body } from "./ProcessRecord.ts"

/** The arguments of a contract without any. Not `{}`, which would accept options in their place. */
type NoArgs = { readonly [field: string]: never }

/** The parameters of a start after its contract: arguments, optional when the contract has none, and options. */
export type ArgsAndOptions<A extends Schema.Struct.Fields, O> = {} extends A
  ? [args?: NoArgs, options?: O]
  : [args: Schema.Struct<A>["Type"], options?: O]

/** The facts a scheduler needs to start processes of one contract. */
export interface Definition {
  /** The contract's name: the same on every scheduler. */
  readonly name: string
  /** Changes when the contract's schemas change; compared at boot. */
  readonly fingerprint: string
  readonly codec: MessageCodec
  readonly args: ValueCodec
  /** The bound of its processes' mailboxes. */
  readonly mailbox: Bounds | undefined
  /** How long the finalizers of its processes may take; `undefined`: as long as by default. */
  readonly unwindTimeout?: Duration.Input | undefined
  /**
   * Makes the body of one new process. The body answers `started`, if there is one, when it has initialised, or calls its
   * `failWhenGone`. It registers the process as `name` before it initialises.
   */
  readonly body: (args: unknown, started: StartingCall | undefined, name: Name | undefined) => Body
  /** Formats arguments for reports. Default: all of them. */
  readonly showArgs?: ((args: unknown) => string) | undefined
  /** Definitions this one cannot run without. */
  readonly uses: ReadonlyArray<Definition>
}

/** Every definition reachable from `definitions`, by name. Later ones do not replace earlier ones of the same name. */
export const collect = (definitions: ReadonlyArray<Definition>): Map<string, Definition> => {
  const found = new Map<string, Definition>()
  const visit = (definition: Definition): void => {
    if (found.has(definition.name)) return
    found.set(definition.name, definition)
    for (const used of definition.uses) visit(used)
  }
  for (const definition of definitions) visit(definition)
  return found
}

/**
 * A process that a system can start as its root, and a supervisor as its child: the required part of a ChildSpec.
 */
export interface Startable {
  readonly definition: Definition
  /** The arguments, of the definition's type. */
  readonly args: unknown
  readonly name?: string | undefined
  /** Milliseconds the process has for an orderly shutdown before it is killed; `"brutal-kill"` gives none, `"infinity"` no limit. */
  readonly shutdown: number | "brutal-kill" | "infinity"
  /** Definitions it needs to run and to start children. */
  readonly uses: ReadonlyArray<Definition>
}
