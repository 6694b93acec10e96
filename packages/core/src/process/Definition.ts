/**
 * A named program that any scheduler can run: what remote spawns, supervisors and behaviours are built on.
 * The contract (name and schemas) can be imported anywhere; only schedulers load what runs it.
 */

import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Name } from "../address/Name.ts"
import type { ValueCodec } from "../schema/ValueCodec.ts"
import type { StartingCall } from "./IncomingCall.ts"
import type { Bounds } from "./Mailbox.ts"
import type { Body } from "./ProcessRecord.ts"

/** The arguments of what takes none. Not `{}`, which options put in their place by mistake would be too. */
type NoArgs = { readonly [field: string]: never }

/** What a start takes behind its contract: its arguments, unless it has none (then they may be left out), and options. */
export type ArgsAndOptions<A extends Schema.Struct.Fields, O> = {} extends A
  ? [args?: NoArgs, options?: O]
  : [args: Schema.Struct<A>["Type"], options?: O]

/** What a scheduler must know to start processes of one contract. */
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
   * Makes the body of one new process. `started` is answered when the process has initialised, and told of a failure
   * otherwise (`failWhenGone`), if anybody waits; the process registers itself as `name` before it initialises.
   */
  readonly body: (args: unknown, started: StartingCall | undefined, name: Name | undefined) => Body
  /** What reports show of arguments. Default: all of them. */
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
 * Something a system can start as its root, and supervisors can start as a child: what a ChildSpec is at least.
 */
export interface Startable {
  readonly definition: Definition
  /** The arguments, of the definition's type. */
  readonly args: unknown
  readonly name?: string | undefined
  /** Milliseconds it gets to end in order before it is killed; `"brutal-kill"` gives none, `"infinity"` no limit. */
  readonly shutdown: number | "brutal-kill" | "infinity"
  /** Definitions it needs to run and to start children. */
  readonly uses: ReadonlyArray<Definition>
}
