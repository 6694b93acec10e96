/**
 * What the server processes of one contract share: their callbacks, and what these know of the server that calls them.
 */

import type { Name } from "../address/Name.ts"
import type { Pid } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { StartingCall } from "../process/IncomingCall.ts"
import type { Inspector } from "./Inspection.ts"

/** A contract's callbacks as the loop sees them: it hands back what it was given. */
export interface Callbacks {
  readonly init: (args: unknown, context: unknown) => unknown
  readonly handle: Readonly<Record<string, (state: unknown, ...args: ReadonlyArray<unknown>) => unknown>>
  readonly info?: (state: unknown, message: unknown, context: unknown) => unknown
  readonly timeout?: (state: unknown, context: unknown) => unknown
  readonly continue?: (state: unknown, what: unknown, context: unknown) => unknown
  readonly terminate?: (state: unknown, reason: ExitReason.ExitReason) => unknown
  readonly trapExit?: boolean
}

/** What all server processes of one contract share. */
export interface ServerKind {
  readonly contract: string
  readonly callbacks: Callbacks
  /** The handlers of the protocol's messages, by their numbers. */
  readonly handlers: ReadonlyArray<((state: unknown, ...args: ReadonlyArray<unknown>) => unknown) | undefined>
  /** What reports show of the server. */
  readonly inspector: Inspector
  /** Makes the ref that callbacks know as themselves. */
  readonly self: (pid: Pid) => unknown
}

/** What one server process is started with. Let go when it has initialised. */
export interface Birth {
  readonly args: unknown
  /** The starter's wait for initialisation. */
  readonly started: StartingCall | undefined
  readonly name: Name | undefined
}

/** What callbacks know of their server. The handler of a call knows it from the call. */
export class ServerContext {
  private readonly kind: ServerKind
  readonly pid: Pid
  constructor(kind: ServerKind, pid: Pid) {
    this.kind = kind
    this.pid = pid
  }
  get self(): unknown {
    return this.kind.self(this.pid)
  }
}

keepShapes(new ServerContext(nothing, nothing))
