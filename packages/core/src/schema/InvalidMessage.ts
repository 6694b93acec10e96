/** The error for messages that do not match their schema. */
import * as Schema from "effect/Schema"

/** A message that does not fit the mailbox it was sent to: what was expected, and where it differs. */
export class InvalidMessage extends Schema.TaggedError<InvalidMessage>()("InvalidMessage", {
  /** The mailbox, and the kind of message. */
  target: Schema.String,
  /** The schema's issue: what was expected and at which path. */
  problem: Schema.String
}) {
  override get message(): string {
    return `invalid message for ${this.target}: ${this.problem}`
  }
}
