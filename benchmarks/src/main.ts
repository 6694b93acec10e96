/**
 * `npm run bench`: measures the workloads asked for on the systems asked for and prints a table. Ends with code 0; with
 * 1 when a workload failed its verification (or its system crashed), when `--check` finds a goal missed, or when the
 * figures could not be written after all; with 2, before anything is measured, when the command line was wrong: when
 * nothing it asks for could be judged, or the file not be written, too. Without `--check` no figure is judged.
 */
import * as Effect from "effect/Effect"
import { type Arguments, parse, UsageError, usage } from "./Arguments.ts"
import * as Contestants from "./Contestants.ts"
import { environment } from "./Environment.ts"
import { hasGoals, judge, sumUp, undecided } from "./Goals.ts"
import { markdown } from "./Markdown.ts"
import { progressOn } from "./Progress.ts"
import * as Report from "./Report.ts"
import * as Runner from "./Runner.ts"
import { goalLines, header, table } from "./Table.ts"
import { workloads } from "./workloads/index.ts"

const print = (...lines: ReadonlyArray<string>) => Effect.sync(() => process.stdout.write(`${lines.join("\n")}\n`))

const progress = progressOn(process.stderr)

/** Found out before the measuring, not after it: a check of nothing would show nothing. */
const checkGoals = ({ against, check, workloads }: Arguments, contestants: ReadonlyArray<Contestants.Contestant>) => {
  const judged = workloads.some(({ key, rows }) => {
    const systems = contestants.filter(({ system }) => system.has(key)).map(({ name }) => name)
    return rows.some((row) => hasGoals(row.key, systems, against))
  })
  return check && !judged
    ? Effect.fail(new UsageError({ problem: "--check: none of these rows has a goal with these systems" }))
    : Effect.void
}

/** Runs all workloads, printing as it goes. */
const measure = (args: Arguments) =>
  Effect.gen(function* () {
    const found = yield* environment
    progress("preparing the systems")
    const contestants = yield* Contestants.gather(args.against, ({ has }) => args.workloads.some(({ key }) => has(key)))
    progress("")
    yield* checkGoals(args, contestants)
    const versions = Contestants.versionsOf(contestants)
    const { head, lines } = table(args)
    yield* print(...header(found, args, versions), "", head)
    const rows: Array<Report.RowResults> = []
    const open = (row: Report.RowResults) => (args.check ? undecided(row, args.against) : [])
    for (const workload of args.workloads) {
      const measured = yield* Runner.run(workload, contestants, { ...args, progress, undecided: open })
      progress("")
      for (const row of measured) if (row.results.length > 0) yield* print(...lines(row))
      rows.push(...measured)
    }
    const { rounds, scale, schedulers } = args
    return { environment: found, versions, scale, rounds, schedulers, rows } satisfies Report.Report
  })

/** Prints the goals; whether all of them were met, but for those out of reach. */
const check = (rows: ReadonlyArray<Report.RowResults>, against: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const judgements = judge(rows, against)
    const { line, passed } = sumUp(judgements)
    yield* print("", ...goalLines(judgements), "", line)
    return passed
  })

/** Writes the report. Where that fails after all, its text goes to the output, since measuring it took long. */
const save = (file: string, report: Report.Report) =>
  Effect.matchEffect(Report.write(file, report), {
    onSuccess: () => Effect.succeed(true),
    onFailure: ({ message }) =>
      Effect.as(print("", `${message}. The figures:`, "", Report.encode(report).trimEnd()), false)
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
  if (args.json !== undefined) yield* Report.checkWritable(args.json)
  const report = yield* Effect.scoped(measure(args))
  const results = report.rows.flatMap((row) => row.results)
  const failed = results.filter(({ outcome }) => outcome._tag === "Failed").length
  if (failed > 0) yield* print("", `${failed} of ${results.length} failed.`)
  const reached = args.check ? yield* check(report.rows, args.against) : true
  const saved = args.json === undefined || (yield* save(args.json, report))
  return failed === 0 && reached && saved ? 0 : 1
})

const complain = (error: UsageError | Report.UnreadableReport | Report.UnwritableReport) =>
  Effect.sync(() => {
    process.stderr.write(`${error.message}\nSee npm run bench -- --help\n`)
    return 2
  })

process.exitCode = await Effect.runPromise(
  Effect.catchTags(bench, { UsageError: complain, UnreadableReport: complain, UnwritableReport: complain })
)
