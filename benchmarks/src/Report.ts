/**
 * The figures of a run, row by row: what is printed as tables, judged, written by `--json` and read by `--table`.
 */
import { readFile, writeFile } from "node:fs/promises"
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

/** Writes a report as JSON. A file that cannot be written is a defect. */
export const write = (file: string, report: Report): Effect.Effect<void> =>
  Effect.promise(() => writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`))

/** Reads a report. Fails with {@link UnreadableReport} when there is none, or it is not one. */
export const read = (file: string): Effect.Effect<Report, UnreadableReport> => {
  const unreadable = (error: unknown) =>
    new UnreadableReport({ file, problem: error instanceof Error ? error.message : String(error) })
  return Effect.tryPromise({
    try: async (): Promise<unknown> => JSON.parse(await readFile(file, "utf8")),
    catch: unreadable
  }).pipe(Effect.flatMap((content) => Effect.mapError(Schema.decodeUnknownEffect(Report)(content), unreadable)))
}
