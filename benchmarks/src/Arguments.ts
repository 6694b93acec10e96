/**
 * The command line: what is measured, how much, how often, and where the figures go.
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type SystemName, systemNames } from "./systems/index.ts"
import type { Scale, Workload } from "./Workload.ts"

/** What the command line asks for. */
export interface Arguments {
  readonly scale: Scale
  /** In the order of the table, whatever the order on the command line. */
  readonly workloads: ReadonlyArray<Workload>
  /** The systems that take turns, in their order. */
  readonly against: ReadonlyArray<SystemName>
  /** Rounds that count; those to warm up come before them. */
  readonly rounds: number
  /** Where the figures are written as JSON. */
  readonly json: string | undefined
  /** How many schedulers every system gets. Default: as many as the workload needs. */
  readonly schedulers: number | undefined
  /** Whether the goals are judged. */
  readonly check: boolean
}

/** The other thing the command line may ask for: the tables of a run that was written as JSON. */
export interface Tables {
  readonly table: string
}

/** Counted rounds without which no goal is judged: the median of fewer says more of the machine than of a system. */
const roundsOfCheck = 5

/** The command line cannot be understood, or asks for what makes no sense. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/** What `--help` prints. */
export const usage = (workloads: ReadonlyArray<Workload>): string => {
  const width = Math.max(...workloads.map(({ key }) => key.length))
  return `Usage: npm run bench -- [options]

  --smoke              small sizes and 3 rounds: proves in seconds that everything runs
  --workload W3,cast   only these, by id (all of a family) or by key
  --against a,b        only these systems, of ${systemNames.join(", ")}
  --rounds N           counted rounds after those to warm up (default: 5; with --smoke 3)
  --schedulers N       schedulers every system gets (default: what the workload needs)
  --check              also judges the goals, with full sizes and ${roundsOfCheck} rounds or more; ends with code 1 when one is missed
  --json FILE          also writes the figures there, relative to the project's root
  --table FILE         runs nothing: prints the tables of figures written by --json, as Markdown
  --help               this text

Workloads:
${workloads.map(({ id, key, name }) => `  ${id.padEnd(4)} ${key.padEnd(width)}  ${name}`).join("\n")}`
}

const options = {
  smoke: { type: "boolean", default: false },
  workload: { type: "string", multiple: true },
  rounds: { type: "string" },
  schedulers: { type: "string" },
  json: { type: "string" },
  against: { type: "string", multiple: true },
  check: { type: "boolean", default: false },
  table: { type: "string" },
  help: { type: "boolean", default: false }
} as const

/**
 * Reads the command line. Gives `"help"` when that is asked for. Fails with {@link UsageError} that names the option and
 * what was expected.
 */
export const parse = (
  args: ReadonlyArray<string>,
  workloads: ReadonlyArray<Workload>
): Effect.Effect<Arguments | Tables | "help", UsageError> =>
  Effect.gen(function* () {
    const { tokens, values } = yield* Effect.try({
      try: () => parseArgs({ args: [...args], options, tokens: true }),
      // Node.js says which option is wrong and why
      catch: (error) => new UsageError({ problem: error instanceof Error ? error.message : String(error) })
    })
    if (values.help) return "help" as const
    for (const option of ["json", "table"] as const) {
      if (values[option] === "") return yield* new UsageError({ problem: `--${option}: expected the name of a file` })
    }
    if (values.table !== undefined) {
      if (tokens.length > 1) return yield* new UsageError({ problem: "--table: goes with no other option" })
      return { table: values.table }
    }
    if (values.smoke && values.check) {
      return yield* new UsageError({ problem: "--check: goals are judged at full sizes, not with --smoke" })
    }
    const scale: Scale = values.smoke ? "smoke" : "full"
    const rounds = (yield* wholeNumber("--rounds", values.rounds, 1000)) ?? (scale === "smoke" ? 3 : 5)
    if (values.check && rounds < roundsOfCheck) {
      const problem = `--check: goals are judged by ${roundsOfCheck} counted rounds or more, not by ${rounds}`
      return yield* new UsageError({ problem })
    }
    return {
      scale,
      workloads: yield* select(values.workload, workloads),
      against: yield* selectSystems(values.against),
      check: values.check,
      rounds,
      schedulers: yield* wholeNumber("--schedulers", values.schedulers, 64),
      json: values.json
    }
  })

const wholeNumber = (
  option: string,
  text: string | undefined,
  maximum: number
): Effect.Effect<number | undefined, UsageError> => {
  if (text === undefined) return Effect.succeed(undefined)
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= 1 && value <= maximum
    ? Effect.succeed(value)
    : Effect.fail(new UsageError({ problem: `${option}: expected a whole number from 1 to ${maximum}, got "${text}"` }))
}

/** The names in an option that may be given several times, each time with a list. */
const namesIn = (asked: ReadonlyArray<string>): ReadonlyArray<string> =>
  asked.flatMap((list) => list.split(",")).map((name) => name.trim().toLowerCase())

const selectSystems = (
  asked: ReadonlyArray<string> | undefined
): Effect.Effect<ReadonlyArray<SystemName>, UsageError> => {
  if (asked === undefined) return Effect.succeed(systemNames)
  const wanted = namesIn(asked)
  const unknown = wanted.find((name) => !systemNames.some((system) => system === name))
  return unknown === undefined
    ? Effect.succeed(systemNames.filter((system) => wanted.includes(system)))
    : Effect.fail(
        new UsageError({ problem: `--against: there is no system "${unknown}"; there are ${systemNames.join(", ")}` })
      )
}

const select = (
  asked: ReadonlyArray<string> | undefined,
  workloads: ReadonlyArray<Workload>
): Effect.Effect<ReadonlyArray<Workload>, UsageError> => {
  if (asked === undefined) return Effect.succeed(workloads)
  const wanted = namesIn(asked)
  const isCalled = ({ id, key }: Workload, name: string) => id.toLowerCase() === name || key === name
  const unknown = wanted.find((name) => !workloads.some((workload) => isCalled(workload, name)))
  if (unknown !== undefined) {
    const ids = [...new Set(workloads.map(({ id }) => id))].join(", ")
    const keys = workloads.map(({ key }) => key).join(", ")
    return Effect.fail(
      new UsageError({ problem: `--workload: there is no "${unknown}"; there are ${ids}, or by key ${keys}` })
    )
  }
  return Effect.succeed(workloads.filter((workload) => wanted.some((name) => isCalled(workload, name))))
}
