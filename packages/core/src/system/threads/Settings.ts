/**
 * The settings of a system: what they are, what they are by default, and that each of them makes sense.
 */
import { availableParallelism } from "node:os"
import { inspect } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { maximumSlots } from "../../address/Pid.ts"
import type { MonitorSettings } from "../events/Monitor.ts"
import type { BusyWaitMode } from "../load/BusyWait.ts"
import type { Program } from "./Launch.ts"

/** The settings of a system. */
export interface Settings {
  /** How many schedulers, the main thread included: 1 to 64. Default: one per core with an entry, else 1. */
  readonly schedulers?: number | undefined
  /**
   * The module every further scheduler runs; it must call {@link main} (or build {@link layer}) with the same program.
   * `main` takes it from `import.meta`. Needed for more than one scheduler. A `file:` or `data:` URL.
   */
  readonly entry?: URL | undefined
  /**
   * Runs all schedulers on this thread, connected as real ones are: for tests of what crossing schedulers changes.
   * Default false.
   */
  readonly virtual?: boolean | undefined
  /**
   * A worker scheduler that has not come back from a turn for so long is reported (`SchedulerBlocked`, with the process that
   * holds it), and is ended and refilled after twice as long. The main thread is not watched. Default 10 seconds, at least
   * 100 milliseconds; Infinity switches it off.
   */
  readonly watchdog?: Duration.Input | undefined
  /**
   * How long a worker scheduler may take from the start of its thread until it is ready: to load the entry and to build the
   * program's layer. At the first boot one that takes longer fails the start with a {@link BootError}; one that refills a
   * slot is ended, reported (`SchedulerDown`) and tried again. Default 30 seconds, at least 100 milliseconds; Infinity
   * switches it off.
   */
  readonly bootTimeout?: Duration.Input | undefined
  /** What is reported as an event of the system, see {@link events}. */
  readonly monitor?: MonitorSettings | undefined
  /** Whether messages that are shared by reference on one scheduler are deep-frozen. Default: not in production. */
  readonly freeze?: boolean | undefined
  /** Reductions a process may use before others get their turn: a whole number from 1 on. Default 128. */
  readonly slice?: number | undefined
  /**
   * How long a scheduler without work looks for messages from others before it sleeps, so that an answer need not wake
   * it: `"none"` not at all, `"short"` 0.2 ms, `"long"` 2 ms. It adapts: a scheduler looks only while that has recently
   * found something, so one without traffic just sleeps. Default: `"short"`; `"none"` when there are more schedulers
   * than cores. Without effect in a virtual system and on one core.
   */
  readonly busyWait?: BusyWaitMode | undefined
}

/** A system that could not start: a bad option, a worker that failed, or schedulers of different builds. */
export class BootError extends Schema.TaggedError<BootError>()("BootError", {
  problem: Schema.String
}) {
  override get message(): string {
    return `the system could not start: ${this.problem}`
  }
}

// --- what is allowed -------------------------------------------------------------------------------------------------

/** Below that, a pause of the garbage collector or of the machine could pass for a scheduler that hangs. */
const shortestLimit = 100

/** An option that may be left out. `expected` is what its error says. */
const option = (expected: string, allows: (value: unknown) => boolean) =>
  Schema.optional(Schema.declare((value): value is unknown => allows(value), { expected }))

const wholeFrom = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most

/** Milliseconds; `undefined` for what is no duration. */
const millisecondsOf = (value: unknown): number | undefined => {
  try {
    // It throws for what it does not know
    return Duration.toMillis(value as Duration.Input)
  } catch {
    return undefined
  }
}

const duration = (least: number, expected: string) =>
  option(expected, (value) => {
    const milliseconds = millisecondsOf(value)
    return milliseconds !== undefined && milliseconds > 0 && milliseconds >= least
  })

const limit = duration(shortestLimit, `a duration of at least ${shortestLimit} milliseconds, or Infinity`)
const eventLimit = duration(0, "a duration above zero, or Infinity")
const flag = option("true or false", (value) => typeof value === "boolean")

/** What is started by its definition has one, with a name. */
const hasDefinition = (value: unknown): boolean => {
  const { definition } = (value ?? {}) as { readonly definition?: { readonly name?: unknown } | null }
  return typeof definition?.name === "string"
}

const busyWaitModes: Readonly<Record<BusyWaitMode, true>> = { none: true, short: true, long: true }

/** A check for each option, so that one without is an error of the compiler. */
type Checks<Options> = Readonly<Record<keyof Options, Schema.Codec<unknown, unknown>>>

const monitorFields: Checks<MonitorSettings> = {
  longTurn: eventLimit,
  longHandler: eventLimit,
  longMailbox: option(
    "a whole number from 1 on, or Infinity",
    (value) => value === Number.POSITIVE_INFINITY || wholeFrom(1, Number.MAX_SAFE_INTEGER)(value)
  ),
  slowScheduler: eventLimit
}
const optionFields: Checks<Settings & Program<unknown, unknown>> = {
  schedulers: option(`1 to ${maximumSlots}`, wholeFrom(1, maximumSlots)),
  entry: option("a file: or data: URL", (value) => value instanceof URL && /^(file|data):$/.test(value.protocol)),
  virtual: flag,
  watchdog: limit,
  bootTimeout: limit,
  monitor: Schema.optional(Schema.Struct(monitorFields)),
  freeze: flag,
  slice: option("a whole number from 1 on", wholeFrom(1, Number.MAX_SAFE_INTEGER)),
  busyWait: option(
    `one of ${Object.keys(busyWaitModes).join(", ")}`,
    (value) => typeof value === "string" && Object.hasOwn(busyWaitModes, value)
  ),
  implementations: option(
    "an array of implementations, as a contract's implement makes them",
    (value) => Array.isArray(value) && value.every((one) => hasDefinition(one))
  ),
  root: option("something to start, as Supervisor.supervisor makes it", hasDefinition),
  layer: option("a layer", Layer.isLayer)
}

const judge = Schema.decodeUnknownResult(Schema.Struct(optionFields))
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** What stands at a path, however much of it there is. */
const at = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce((found, key) => (found as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], value)

/** One line for each bad option: its name, what was expected, and what was given. */
const complaints = (options: unknown, error: Schema.SchemaError): string =>
  (issuesOf(error.issue).issues as ReadonlyArray<{ message: string; path: ReadonlyArray<PropertyKey> }>)
    .map(({ message, path }) => {
      const name = path.length === 0 ? "options" : path.map(String).join(".")
      // Its message begins with the same word, and ends with it where a value may also be left out
      const expected = message.replace(/^Expected /, "").replace(/ \| undefined$/, "")
      const given = inspect(at(options, path), { depth: 0, breakLength: Number.POSITIVE_INFINITY })
      return `${name}: expected ${expected}, got ${given}`
    })
    .join("; ")

/** How many schedulers a system has. Fails when an option is not what it should be, see {@link Settings}. */
export const checkOptions = (options: Settings): Effect.Effect<number, BootError> =>
  Effect.suspend(() => {
    const judged = judge(options, { errors: "all" })
    if (Result.isFailure(judged)) return Effect.fail(new BootError({ problem: complaints(options, judged.failure) }))
    const schedulers =
      options.schedulers ?? (options.entry === undefined ? 1 : Math.min(availableParallelism(), maximumSlots))
    if (schedulers > 1 && options.entry === undefined && options.virtual !== true) {
      const problem = "entry: expected the URL of the module that further schedulers run, got undefined"
      return Effect.fail(new BootError({ problem }))
    }
    return Effect.succeed(schedulers)
  })

// --- what is meant ---------------------------------------------------------------------------------------------------

/** The time limits for worker schedulers in milliseconds. See {@link Settings} for the defaults. */
export const timeLimitsOf = (settings: Settings): { readonly watchdog: number; readonly bootTimeout: number } => ({
  watchdog: Duration.toMillis(settings.watchdog ?? "10 seconds"),
  bootTimeout: Duration.toMillis(settings.bootTimeout ?? "30 seconds")
})

/** Busy waiting only helps while the other scheduler has a core to run on. */
export const busyWaitOf = (settings: Settings, schedulers: number): BusyWaitMode => {
  const cores = availableParallelism()
  if (settings.virtual === true || schedulers === 1 || cores === 1) return "none"
  return settings.busyWait ?? (schedulers > cores ? "none" : "short")
}
