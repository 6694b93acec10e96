/**
 * What is written to the log on each scheduler, for the scenarios about logging. A scheduler's log lines stay in its
 * isolate, so a server there is asked for them.
 */
import { GenServer, Process } from "@understudy/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import { Word } from "./actors.ts"

/** A process whose label begins so makes the logger throw when it is written about. */
export const unloggable = "unloggable"
/** A process whose label begins so makes the logger take a millisecond. */
export const slowToLog = "slow to log"

/** One log line. */
export const Line = Schema.Struct({
  level: Schema.String,
  text: Schema.String,
  /** The process or the supervisor it is about. */
  about: Schema.String,
  /** That process's label, or the child that the supervisor's report is about. */
  label: Schema.String,
  /** The names of what is known beside the text. */
  facts: Schema.Array(Schema.String),
  /** Whether it shows a stack. */
  stack: Schema.Boolean,
  /** What the stack is of: its first line. Empty when there is none. */
  error: Schema.String
})
/** See the schema of the same name. */
export type Line = typeof Line.Type

const written: Array<Line> = []

/** Forgets all lines: a system begins whose processes may have the pids of another one's. */
export const forgetLines = () => {
  written.length = 0
}

/** Remembers what is logged, and writes none of it. */
export const journalLogger = Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  const label = String(annotations.label ?? annotations.child ?? "")
  if (label.startsWith(unloggable)) throw new Error("the logger throws on purpose")
  if (label.startsWith(slowToLog)) {
    const until = performance.now() + 1
    while (performance.now() < until) Math.hypot(until, until)
  }
  written.push({
    level: String(logLevel),
    text: (Array.isArray(message) ? message : [message]).filter((part) => typeof part === "string").join(" "),
    about: String(annotations.pid ?? annotations.supervisor ?? ""),
    label,
    facts: Object.keys(annotations).sort(),
    stack: cause.reasons.length > 0,
    error: Cause.pretty(cause).split("\n")[0] ?? ""
  })
})

/** Knows what its scheduler has logged about processes, given by their pids or labels. */
export const Journal = GenServer.define("conformance/Journal", {
  protocol: {
    lines: GenServer.call({ payload: { about: Schema.Array(Schema.String) }, success: Schema.Array(Line) })
  }
})

/** The code of {@link Journal}. */
export const JournalLive = Journal.implement({
  init: () => 0,
  handle: {
    lines: (state, { about }) =>
      GenServer.reply(
        written.filter((line) => about.includes(line.about) || about.includes(line.label)),
        state
      )
  }
})

/** Says, each time it starts, how many lines its scheduler has written by then about processes whose labels begin so. */
export const Phoenix = GenServer.define("conformance/Phoenix", {
  args: { to: Process.pid(Word), label: Schema.String },
  protocol: { fall: GenServer.cast() }
})

/** The code of {@link Phoenix}. */
export const PhoenixLive = Phoenix.implement({
  init: ({ label, to }) => Process.send(to, written.filter((line) => line.label.startsWith(label)).length),
  handle: {
    fall: () => {
      throw new Error("falls on purpose")
    }
  }
})

/** A server that takes plain messages and has no handler for them. */
export const Deaf = GenServer.define("conformance/Deaf", {
  protocol: { ping: GenServer.call() },
  info: Word
})

/** The code of {@link Deaf}. */
export const DeafLive = Deaf.implement({
  init: () => 0,
  handle: { ping: (state) => GenServer.reply(undefined, state) }
})

/** A deaf server's address as one of plain messages. */
export const earOf = (deaf: { readonly pid: Process.Pid }): Effect.Effect<Process.Pid<Word>> =>
  Effect.orDie(
    Effect.flatMap(
      Schema.encodeEffect(Schema.toCodecJson(Process.anyPid))(deaf.pid),
      Schema.decodeUnknownEffect(Schema.toCodecJson(Process.pid(Word)))
    )
  )
