/**
 * The figures of a run, row by row: what is printed as tables, judged, written by `--json` and read by `--table`.
 */
import { open, readFile, unlink, writeFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Environment } from "./Environment.ts"
import { Outcome } from "./Outcome.ts"
import { Kind } from "./System.ts"
import { Unit } from "./Workload.ts"

/** One row on all systems that have a program for it, in the order in which they took turns. */
export const RowResults = Schema.Struct({
  /** The workload's family: W1. */
  id: Schema.String,
  key: Schema.String,
  name: Schema.String,
  unit: Unit,
  /** How many every system had. */
  schedulers: Schema.Int,
  results: Schema.Array(Schema.Struct({ system: Schema.String, kind: Kind, outcome: Outcome }))
})
export type RowResults = (typeof RowResults)["Type"]

/** See the file's header. */
export const Report = Schema.Struct({
  environment: Environment,
  /** Of the systems that are not part of the workspace. */
  versions: Schema.Record(Schema.String, Schema.String),
  scale: Schema.Literals(["full", "smoke"]),
  /** That counted. */
  rounds: Schema.Int,
  /** What was asked for every system; absent when each row had as many as it needs. */
  schedulers: Schema.optional(Schema.Int),
  rows: Schema.Array(RowResults)
})
export type Report = (typeof Report)["Type"]

/** A report could not be read. */
export class UnreadableReport extends Schema.TaggedError<UnreadableReport>()("UnreadableReport", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.file}: ${this.problem}`
  }
}

/** A report could not be written. */
export class UnwritableReport extends Schema.TaggedError<UnwritableReport>()("UnwritableReport", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `--json: cannot write ${this.file}: ${this.problem}`
  }
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const unwritable = (file: string) => (error: unknown) => new UnwritableReport({ file, problem: problemOf(error) })

const isThere = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EEXIST"

/**
 * Finds out whether a report can be written, by opening its file as if to write: what is in it stays, and none is left
 * where there was none. Fails with {@link UnwritableReport} when it is a folder, or not ours to write, or its folder is not there.
 */
export const checkWritable = (file: string): Effect.Effect<void, UnwritableReport> =>
  Effect.tryPromise({
    try: async () => {
      try {
        await (await open(file, "ax")).close()
      } catch (error) {
        if (!isThere(error)) throw error
        return await (await open(file, "a")).close()
      }
      await unlink(file)
    },
    catch: unwritable(file)
  })

/** A report as it is written. */
export const encode = (report: Report): string => `${JSON.stringify(report, undefined, 2)}\n`

/** Writes a report as JSON. Fails with {@link UnwritableReport}. */
export const write = (file: string, report: Report): Effect.Effect<void, UnwritableReport> =>
  Effect.tryPromise({ try: () => writeFile(file, encode(report)), catch: unwritable(file) })

/** Reads a report. Fails with {@link UnreadableReport} when there is none, or it is not one. */
export const read = (file: string): Effect.Effect<Report, UnreadableReport> => {
  const unreadable = (error: unknown) => new UnreadableReport({ file, problem: problemOf(error) })
  return Effect.tryPromise({
    try: async (): Promise<unknown> => JSON.parse(await readFile(file, "utf8")),
    catch: unreadable
  }).pipe(Effect.flatMap((content) => Effect.mapError(Schema.decodeUnknownEffect(Report)(content), unreadable)))
}
