/**
 * `npm run bench`: measures the workloads asked for on the systems asked for and prints a table. Ends with code 0; with
 * 1 when a workload failed its verification (or its system crashed), or when `--check` finds a goal missed; with 2 when
 * the command line was wrong. Without `--check` no figure is judged.
 */
import { access, constants } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { type Arguments, parse, UsageError, usage } from "./Arguments.ts"
import * as Contestants from "./Contestants.ts"
import { environment } from "./Environment.ts"
import { judge } from "./Goals.ts"
import { markdown } from "./Markdown.ts"
import * as Report from "./Report.ts"
import * as Runner from "./Runner.ts"
import { goalLines, header, table } from "./Table.ts"
import { workloads } from "./workloads/index.ts"

const print = (...lines: ReadonlyArray<string>) => Effect.sync(() => process.stdout.write(`${lines.join("\n")}\n`))

/** One line that is overwritten, and only where somebody watches. */
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`)
}

/** Found out before the measuring, not after it. */
const checkWritable = (file: string): Effect.Effect<void, UsageError> => {
  const folder = dirname(resolve(file))
  return Effect.tryPromise({
    try: () => access(folder, constants.W_OK),
    catch: () => new UsageError({ problem: `--json: cannot write to the folder ${folder}` })
  })
}

/** Runs all workloads, printing as it goes. */
const measure = (args: Arguments) =>
  Effect.gen(function* () {
    const found = yield* environment
    progress("preparing the systems")
    const contestants = yield* Contestants.gather(args.against, ({ has }) => args.workloads.some(({ key }) => has(key)))
    progress("")
    const versions = Contestants.versionsOf(contestants)
    const { head, lines } = table(args)
    yield* print(...header(found, args, versions), "", head)
    const rows: Array<Report.RowResults> = []
    for (const workload of args.workloads) {
      const measured = yield* Runner.run(workload, contestants, { ...args, progress })
      progress("")
      for (const row of measured) if (row.results.length > 0) yield* print(...lines(row))
      rows.push(...measured)
    }
    return { environment: found, versions, scale: args.scale, rounds: args.rounds, rows } satisfies Report.Report
  })

/** Prints the goals; whether all of them were met, and there were any. */
const check = (rows: ReadonlyArray<Report.RowResults>, against: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const judgements = judge(rows, against)
    const missed = judgements.filter(({ met }) => !met).length
    yield* print("", ...goalLines(judgements), "", `${missed} of ${judgements.length} goals missed.`)
    return missed === 0 && judgements.length > 0
  })

const bench = Effect.gen(function* () {
  const args = yield* parse(process.argv.slice(2), workloads)
  if (args === "help") {
    yield* print(usage(workloads))
    return 0
  }
  if ("table" in args) {
    yield* print(markdown(yield* Report.read(args.table)))
    return 0
  }
  if (args.json !== undefined) yield* checkWritable(args.json)
  const report = yield* Effect.scoped(measure(args))
  if (args.json !== undefined) yield* Report.write(args.json, report)
  const results = report.rows.flatMap((row) => row.results)
  const failed = results.filter(({ outcome }) => outcome._tag === "Failed").length
  if (failed > 0) yield* print("", `${failed} of ${results.length} failed.`)
  const reached = args.check ? yield* check(report.rows, args.against) : true
  return failed === 0 && reached ? 0 : 1
})

const complain = (error: UsageError | Report.UnreadableReport) =>
  Effect.sync(() => {
    process.stderr.write(`${error.message}\nSee npm run bench -- --help\n`)
    return 2
  })

process.exitCode = await Effect.runPromise(
  Effect.catchTags(bench, { UsageError: complain, UnreadableReport: complain })
)
