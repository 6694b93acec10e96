/**
 * What can go wrong with a registry. All of it can be the typed error of a call and travel between schedulers.
 */

import { anyPid } from "@understudy/core/Process"
import * as Schema from "effect/Schema"

/** The key of a unique registry is held by a living process. Catalogue RG01. */
export class AlreadyRegistered extends Schema.TaggedError<AlreadyRegistered>()("AlreadyRegistered", {
  registry: Schema.String,
  /** The key, as JSON. */
  key: Schema.String,
  /** The holder. It may be the process that asked. */
  holder: anyPid
}) {
  override get message(): string {
    return `the key ${this.key} of the registry "${this.registry}" is held by ${this.holder}`
  }
}

/** The registry is not started: its spec is under no supervisor, or its process has ended. Catalogue RG22. */
export class UnknownRegistry extends Schema.TaggedError<UnknownRegistry>()("UnknownRegistry", {
  registry: Schema.String
}) {
  override get message(): string {
    return `the registry "${this.registry}" is not started: is its spec among a supervisor's children?`
  }
}

/** The process does not hold the key it wanted to change. Catalogue RG05. */
export class NotRegistered extends Schema.TaggedError<NotRegistered>()("NotRegistered", {
  registry: Schema.String,
  /** The key, as JSON. */
  key: Schema.String,
  /** The process that does not hold it. */
  pid: anyPid
}) {
  override get message(): string {
    return `${this.pid} does not hold the key ${this.key} of the registry "${this.registry}"`
  }
}

/** The process that was to be registered has ended. */
export class NotAlive extends Schema.TaggedError<NotAlive>()("NotAlive", {
  registry: Schema.String,
  /** The key, as JSON. */
  key: Schema.String,
  pid: anyPid
}) {
  override get message(): string {
    return `cannot register ${this.pid} as ${this.key} in the registry "${this.registry}": it has ended`
  }
}
