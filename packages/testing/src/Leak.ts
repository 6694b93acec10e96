/** What a test can leave behind, and the errors that say so. */
import { anyPid } from "@understudy/core/Process"
import * as Schema from "effect/Schema"

/**
 * The kinds of leaks.
 *
 * - `process`: it was started, and lives.
 * - `timer`: a message or an exit signal that is still to be sent, or code that is still to be run.
 * - `monitor`: a process that is left, or the test's own, watches somebody.
 * - `name`: it is registered.
 * - `call`: somebody waits for an answer.
 * - `crash`: a process ended abnormally by its own doing, and the test has not said that it expects it.
 */
export const leakKind = Schema.Literals(["process", "timer", "monitor", "name", "call", "crash"])

/** One thing a test has left behind. */
export const Leak = Schema.Struct({
  kind: leakKind,
  /** What it is, for people: label, contract, pid, message, reason. */
  what: Schema.String,
  /** The process it is, or whose it is. */
  pid: Schema.optional(anyPid),
  /** That process's label. */
  label: Schema.optional(Schema.String),
  /** The name that is registered. */
  name: Schema.optional(Schema.String),
  /** Who has started the process, nearest first. */
  startedBy: Schema.optional(Schema.String),
  /** Where it was made: lines of the program, the innermost first. Undefined when no line of the program was running. */
  madeAt: Schema.optional(Schema.String)
})
/** One thing a test has left behind. */
export type Leak = typeof Leak.Type

/** The text of one leak. */
export const leakText = ({ kind, madeAt, startedBy, what }: Leak): string =>
  [
    `${kind}: ${what}`,
    ...(startedBy === undefined ? [] : [`  started by ${startedBy}`]),
    ...(madeAt ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `  ${line}`)
  ].join("\n")

/**
 * A test has left something behind. Stop or undo what is named, or say that it is meant: `expectLeft` and, for crashes,
 * `expectCrash`.
 */
export class LeftBehind extends Schema.TaggedError<LeftBehind>()("LeftBehind", { leaks: Schema.Array(Leak) }) {
  override get message(): string {
    const texts = this.leaks.map((leak) => leakText(leak).replaceAll("\n", "\n  "))
    const advice = this.leaks.some(({ kind }) => kind === "crash")
      ? "If a crash is meant, say so before it happens: yield* expectCrash(…)."
      : "If it is meant to be left, say so: yield* expectLeft(…)."
    return `the test has left behind:\n  ${texts.join("\n  ")}\n${advice}`
  }
}

/** The test can never end: nothing is ready, and no timer is set. */
export class WaitsForever extends Schema.TaggedError<WaitsForever>()("WaitsForever", {
  /** The processes that live, with what waits in their mailboxes. */
  processes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const processes = this.processes.map((process) => `\n  ${process}`).join("")
    return (
      `the test waits for something that can never happen: nothing is ready, and no timer is set. Processes that live:${processes}\n` +
      'If it waits for something outside the system (a file, a socket, a promise of other code), run it with { outside: "allow" }.'
    )
  }
}

/** Time has passed again and again, and the test has not ended: something sets timers for ever. */
export class NoProgress extends Schema.TaggedError<NoProgress>()("NoProgress", {
  times: Schema.Int,
  processes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const processes = this.processes.map((process) => `\n  ${process}`).join("")
    return `time has passed ${this.times} times, and the test has not ended. Does it wait for something while an interval runs? Processes that live:${processes}`
  }
}
