/**
 * `npm run bugs`: looks for the mistake of each program of this folder, shrinks and replays it, and looks for one in its mended version.
 *
 *     npm run bugs                       # all; 10,000 runs of each mended version
 *     npm run bugs -- --runs 1000        # fewer
 *     npm run bugs -- --only lost-update --story
 *     npm run bugs -- --seed 7
 *
 * Ends with code 1 when a mistake was not found, was not found again by its token, or a mended version failed.
 */
import { parseArgs } from "node:util"
import { Faults, prepare, type SimulateOptions, simulate } from "@understudy/testing"
import * as Effect from "effect/Effect"
import { bugs } from "./index.ts"
import type { Bug } from "./support.ts"

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string" },
    only: { type: "string" },
    story: { type: "boolean", default: false }
  }
})
const runs = Number(values.runs)
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const chosen = bugs.filter(({ name }) => values.only === undefined || name === values.only)
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed) || chosen.length === 0) {
  console.error(
    `Usage: npm run bugs -- [--runs N] [--seed N] [--story] [--only ${bugs.map(({ name }) => name).join(" | ")}]`
  )
  process.exit(2)
}

/** What one program came to. */
interface Row {
  readonly name: string
  readonly found: string
  readonly before: number
  readonly after: number
  readonly replayed: boolean
  readonly mended: string
  readonly good: boolean
}

const look = (bug: Bug): Row => {
  const options: SimulateOptions = {
    schedulers: bug.schedulers,
    implementations: bug.implementations,
    seed,
    // A wrong version may stop before it has cleaned up; a mended one may not
    leaks: "ignore",
    faults: Faults.of(...bug.bears)
      .atMost(2)
      .fromStart()
  }
  const wrong = simulate(bug.wrong, { ...options, runs: 20_000 })
  const right = simulate(bug.right, { ...options, runs, leaks: "fail" })
  const mended =
    right._tag === "Passed" ? `clean for ${right.runs} runs` : `FAILS: ${right.failure.message.split("\n")[0]}`
  if (wrong._tag === "Passed") {
    return { name: bug.name, found: "NOT FOUND", before: 0, after: 0, replayed: false, mended, good: false }
  }
  const { failure } = wrong
  const again = simulate(bug.wrong, { ...options, replay: failure.token })
  const replayed = failure.deterministic && again._tag === "Failed" && again.failure.story === failure.story
  if (values.story) console.log(`${bug.title}\n${failure.message}\n`)
  return {
    name: bug.name,
    found: `run ${failure.run}, ${failure.strategy}`,
    before: failure.before,
    after: failure.schedule.deviations.length,
    replayed,
    mended,
    good: replayed && right._tag === "Passed"
  }
}

await Effect.runPromise(prepare)
console.log(`${chosen.length} programs, seed ${seed}\n`)
console.log(
  `${"program".padEnd(26)}${"found after".padEnd(28)}${"deviations".padEnd(12)}${"replayed".padEnd(10)}mended version`
)
const rows = chosen.map((bug) => {
  const row = look(bug)
  const deviations = `${row.before} -> ${row.after}`
  console.log(
    `${row.name.padEnd(26)}${row.found.padEnd(28)}${deviations.padEnd(12)}${(row.replayed ? "yes" : "NO").padEnd(10)}${row.mended}`
  )
  return row
})
const sizes = rows.map(({ after }) => after).sort((a, b) => a - b)
const good = rows.filter((row) => row.good).length
console.log(`\n${good} of ${rows.length} found, replayed, and clean when mended.`)
console.log(`Deviations after shrinking: median ${sizes[sizes.length >> 1]}, most ${sizes.at(-1)}.`)
process.exit(good === rows.length ? 0 : 1)
