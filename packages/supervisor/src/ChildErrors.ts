/**
 * What can go wrong when a supervisor is asked to do something with a child. OTP answers with atoms and tuples; here
 * each answer is an error of its own.
 */

import { anyPid } from "@understudy/core/Process"
import * as Schema from "effect/Schema"

/**
 * A child spec or a supervisor's options that cannot be meant. Thrown where a spec is made, and the answer to a
 * `startChild` whose spec does not go with the supervisor's options. Catalogue SU10, SU59, DS04.
 */
export class InvalidChildSpec extends Schema.TaggedError<InvalidChildSpec>()("InvalidChildSpec", {
  /** The id of the child, or the name of the supervisor. */
  child: Schema.String,
  /** Which of its fields. */
  field: Schema.String,
  expected: Schema.String,
  /** What was given, for people. */
  actual: Schema.String
}) {
  override get message(): string {
    return `invalid child spec ${this.child}: ${this.field}: expected ${this.expected}, got ${this.actual}`
  }
}

/** A child of that id is running. OTP's `{already_started, Pid}`. */
export class AlreadyStarted extends Schema.TaggedError<AlreadyStarted>()("AlreadyStarted", {
  id: Schema.String,
  pid: anyPid
}) {
  override get message(): string {
    return `child ${this.id} is running as ${this.pid}`
  }
}

/** There is a child of that id, which does not run: restart it, or delete it first. OTP's `already_present`. */
export class AlreadyPresent extends Schema.TaggedError<AlreadyPresent>()("AlreadyPresent", {
  id: Schema.String
}) {
  override get message(): string {
    return `there is a child ${this.id}, which is not running: restart it, or delete it first`
  }
}

/** The supervisor has no such child. OTP's `not_found`. */
export class ChildNotFound extends Schema.TaggedError<ChildNotFound>()("ChildNotFound", {
  /** The id, or the pid as text. */
  id: Schema.String
}) {
  override get message(): string {
    return `the supervisor has no child ${this.id}`
  }
}

/** What was asked is only possible with a child that is stopped. OTP's `running`. */
export class ChildRunning extends Schema.TaggedError<ChildRunning>()("ChildRunning", {
  id: Schema.String
}) {
  override get message(): string {
    return `child ${this.id} is running: terminate it first`
  }
}

/** What was asked is only possible with a child that is stopped; the supervisor is busy restarting it. OTP's `restarting`. */
export class ChildRestarting extends Schema.TaggedError<ChildRestarting>()("ChildRestarting", {
  id: Schema.String
}) {
  override get message(): string {
    return `child ${this.id} is being restarted: terminate it first`
  }
}

/** The dynamic supervisor has all the children it may have. Catalogue DS06. */
export class MaxChildrenReached extends Schema.TaggedError<MaxChildrenReached>()("MaxChildrenReached", {
  supervisor: Schema.String,
  maxChildren: Schema.Int
}) {
  override get message(): string {
    return `supervisor ${this.supervisor} has ${this.maxChildren} children, and its maxChildren allows no more`
  }
}
