/** Why a process of a contract could not be started. */
import * as Schema from "effect/Schema"
import { formatTime } from "../base/FormatNumber.ts"
import { expectedName } from "../base/NameCheck.ts"
import * as ExitReason from "../exit/ExitReason.ts"

/**
 * A start that failed.
 *
 * - `failed`: `init` failed, died or stopped; `reason` says how.
 * - `already-started`: the name is held by `pid`; no `init` ran.
 * - `ignored`: `init` chose not to start.
 * - `unknown-contract`: the scheduler has no implementation of the contract.
 * - `timeout`: `init` took longer than `milliseconds`; its process was killed.
 * - `no-such-scheduler`: it was placed on `scheduler`, and there are only `schedulers`, numbered from 0.
 * - `invalid-name`: the name is none: a name is a text that is not empty.
 * - `invalid-option`: `option` is not what is `expected`.
 * - `other-version`: the system's implementation is of a contract of that name with other schemas.
 *
 * Nothing was started in the last four cases.
 */
export class StartError extends Schema.TaggedError<StartError>()("StartError", {
  contract: Schema.String,
  problem: Schema.Literals([
    "failed",
    "already-started",
    "ignored",
    "unknown-contract",
    "timeout",
    "no-such-scheduler",
    "invalid-name",
    "invalid-option",
    "other-version"
  ]),
  /** For `failed`. */
  reason: Schema.optional(ExitReason.schema),
  /** The name it was to have. */
  registeredName: Schema.optional(Schema.String),
  /** The holder of the name, for `already-started`, as text. */
  pid: Schema.optional(Schema.String),
  /** How long `init` had, for `timeout`. */
  milliseconds: Schema.optional(Schema.Number),
  /** The slot that was asked for, for `no-such-scheduler`. */
  scheduler: Schema.optional(Schema.Number),
  /** How many schedulers the system has, for `no-such-scheduler`. */
  schedulers: Schema.optional(Schema.Number),
  /** The option, for `invalid-option`. */
  option: Schema.optional(Schema.String),
  /** What it can be, for `invalid-option`. */
  expected: Schema.optional(Schema.String),
  /** What was given, as text, for `invalid-name` and `invalid-option`. */
  given: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const as = this.registeredName === undefined ? "" : ` as "${this.registeredName}"`
    return `cannot start ${this.contract}${as}: ${why(this)}`
  }
}

const why = (error: StartError): string => {
  const { contract, expected, given, option, problem, reason } = error
  switch (problem) {
    case "failed":
      if (reason === undefined) return "it ended before it was ready"
      return childOf(reason) ?? `it ended before it was ready: ${ExitReason.format(reason)}`
    case "already-started": {
      const holder = error.pid === undefined ? "" : ` by ${error.pid}`
      return `the name is taken${holder}. Choose another name, or use the process that has it`
    }
    case "ignored":
      return "its init chose not to start it (GenServer.ignore)"
    case "unknown-contract": {
      const missing = implementationOf(contract)
      return `no implementation of it was given. Add ${missing} to the option "implementations" of the system`
    }
    case "timeout": {
      const limit = error.milliseconds === undefined ? "its timeout" : formatTime(error.milliseconds)
      return `its init took longer than ${limit}, and it was killed. Give it more time, or do the work in its continue handler`
    }
    case "no-such-scheduler": {
      const { scheduler, schedulers = 1 } = error
      const those = schedulers === 1 ? "only scheduler 0" : `the schedulers 0 to ${schedulers - 1}`
      return `there is no scheduler ${scheduler}. This system has ${those} (its option "schedulers")`
    }
    case "invalid-name":
      return `a name is ${expectedName}; got ${given}`
    case "invalid-option":
      return `${option}: expected ${expected}; got ${given}`
    case "other-version":
      return "the implementation that was given is of another version of it, with other schemas. Look whether its module is there twice"
  }
}

/** The expression that implements a contract: those of the framework are exported by their modules. */
const implementationOf = (contract: string): string => {
  if (/^understudy\/(Dynamic)?Supervisor$/.test(contract)) return "Supervisor.implementation"
  if (contract === "understudy/Registry") return "Registry.implementation"
  return `the result of ${contract}.implement(…)`
}

/** The text for a supervisor that could not start a child: its exit reason holds the child's. */
const childOf = (reason: ExitReason.ExitReason | undefined): string | undefined => {
  if (reason?._tag !== "Shutdown" || typeof reason.detail !== "object" || reason.detail === null) return undefined
  const { _tag, child, reason: inner } = reason.detail as { _tag?: unknown; child?: unknown; reason?: unknown }
  if (_tag !== "FailedToStartChild" || !ExitReason.isExitReason(inner)) return undefined
  return `its child "${child}" could not be started: ${failureOf(inner)}`
}

/** The text of a child's exit reason; a nested StartError has its own. */
const failureOf = (reason: ExitReason.ExitReason): string => {
  const error = reason._tag === "Failed" ? reason.error : undefined
  if (error instanceof Error && (error as { readonly _tag?: unknown })._tag === "StartError") return error.message
  return childOf(reason) ?? ExitReason.format(reason)
}
