/** Why a process of a contract could not be started. */
import * as Schema from "effect/Schema"
import * as ExitReason from "./ExitReason.ts"

/**
 * A start that gave no server.
 *
 * - `failed`: `init` failed, died or stopped; `reason` says how.
 * - `already-started`: the name is held by `pid`; no `init` ran.
 * - `ignored`: `init` chose not to start.
 * - `unknown-contract`: the scheduler has no implementation of the contract.
 * - `timeout`: `init` took too long; its process was killed.
 */
export class StartError extends Schema.TaggedError<StartError>()("StartError", {
  contract: Schema.String,
  problem: Schema.Literals(["failed", "already-started", "ignored", "unknown-contract", "timeout"]),
  /** An `ExitReason`, for `failed`. */
  reason: Schema.optional(Schema.Unknown),
  /** The holder of the name, for `already-started`, as text. */
  pid: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const why = this.exitReason === undefined ? "" : `: ${ExitReason.format(this.exitReason)}`
    const who = this.pid === undefined ? "" : ` as ${this.pid}`
    return `cannot start ${this.contract}: ${this.problem}${who}${why}`
  }
  /** {@link reason}, typed. */
  get exitReason(): ExitReason.ExitReason | undefined {
    // Only starts make these errors, and only with exit reasons
    return this.reason as ExitReason.ExitReason | undefined
  }
}
