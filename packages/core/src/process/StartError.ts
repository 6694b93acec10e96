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
  /** For `failed`. */
  reason: Schema.optional(ExitReason.schema),
  /** The holder of the name, for `already-started`, as text. */
  pid: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const why = this.reason === undefined ? "" : `: ${ExitReason.format(this.reason)}`
    const who = this.pid === undefined ? "" : ` as ${this.pid}`
    return `cannot start ${this.contract}: ${this.problem}${who}${why}`
  }
}
