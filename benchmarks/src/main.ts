/**
 * `npm run bench`: measures the workloads asked for and prints a table. Ends with code 0, with 1 when a workload failed
 * its verification (or its system crashed), with 2 when the command line was wrong. No figure is ever judged.
 */
import { access, constants, writeFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { type Arguments, parse, UsageError, usage } from "./Arguments.ts"
import { type Environment, environment } from "./Environment.ts"
import type { Result } from "./Result.ts"
import * as Runner from "./Runner.ts"
import { header, table } from "./Table.ts"
import { workloads } from "./workloads/index.ts"

const print = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

/** One line that is overwritten, and only where somebody watches. */
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

/** Found out before the measuring, not after it. */
const checkWritable = (file: string): Effect.Effect<void, UsageError> => {
  const folder = dirname(resolve(file))
  return Effect.tryPromise({
    try: () => access(folder, constants.W_OK),
    catch: () => new UsageError({ problem: `--json: cannot write to the folder ${folder}` })
  })
}

const json = (environment: Environment, { rounds, scale }: Arguments, results: ReadonlyArray<Result>): string => {
  const lines = results.map(({ system, workload: { id, key, name, unit }, ...outcome }) => ({
    id,
    key,
    name,
    system,
    unit,
    ...outcome
  }))
  return `${JSON.stringify({ environment, scale, rounds, results: lines }, undefined, 2)}\n`
}

const bench = Effect.gen(function* () {
  const args = yield* parse(process.argv.slice(2), workloads)
  if (args === "help") {
    yield* print(usage(workloads))
    return 0
  }
  const file = args.json
  if (file !== undefined) yield* checkWritable(file)
  const found = yield* environment
  const { head, row } = table(args)
  yield* print(`${header(found, args)}\n\n${head}`)
  const results: Array<Result> = []
  for (const workload of args.workloads) {
    for (const result of yield* Runner.run(workload, { ...args, progress })) {
      progress("")
      yield* print(row(result))
      results.push(result)
    }
  }
  if (file !== undefined) yield* Effect.promise(() => writeFile(file, json(found, args, results)))
  const failed = results.filter((result) => result._tag === "Failed").length
  if (failed === 0) return 0
  yield* print(`\n${failed} of ${results.length} failed.`)
  return 1
})

const complain = (error: UsageError) =>
  Effect.sync(() => {
    process.stderr.write(`${error.message}\nSee npm run bench -- --help\n`)
    return 2
  })

process.exitCode = await Effect.runPromise(Effect.catchTag(bench, "UsageError", complain))
