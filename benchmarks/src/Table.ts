/**
 * The figures as people read them: a header that says what they were measured on, and aligned columns.
 */
import type { Arguments } from "./Arguments.ts"
import type { Environment } from "./Environment.ts"
import type { Result } from "./Result.ts"
import { systems } from "./systems/index.ts"

/** What is printed above the table. */
export const header = (environment: Environment, { rounds, scale }: Arguments): string => {
  const { commit, cores, node, nodeEnv, platform, processor, validation } = environment
  const source = commit === undefined ? "no commit" : `commit ${commit.id}${commit.changed ? " with changes" : ""}`
  return [
    `Understudy benchmarks, ${source}`,
    `Node.js ${node} on ${platform}, ${cores} ${cores === 1 ? "core" : "cores"} (${processor})`,
    `validation ${validation}, NODE_ENV=${nodeEnv} (shared messages are not frozen)`,
    `${scale} sizes, ${rounds} ${rounds === 1 ? "round" : "rounds"} after one to warm up`
  ].join("\n")
}

/** Wide enough for figures up to 999 million. */
const figureWidth = 11
const rangeWidth = 2 * figureWidth + 1

const format = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

/** Prints rows of the same widths as they come in. */
export interface Table {
  readonly head: string
  readonly row: (result: Result) => string
}

/** The table for the workloads that will be run. */
export const table = ({ workloads }: Pick<Arguments, "workloads">): Table => {
  const widest = (texts: ReadonlyArray<string>) => Math.max(...texts.map((text) => text.length))
  const widths = {
    id: widest(workloads.map(({ id }) => id)),
    name: widest(["workload", ...workloads.map(({ name }) => name)]),
    system: widest(["system", ...Object.keys(systems)])
  }
  const line = (id: string, name: string, system: string, rest: string) =>
    `${id.padEnd(widths.id)}  ${name.padEnd(widths.name)}  ${system.padEnd(widths.system)}  ${rest}`
  const figures = (median: string, range: string, unit: string) =>
    `${median.padStart(figureWidth)}  ${range.padStart(rangeWidth)}  ${unit}`
  return {
    head: line("", "workload", "system", figures("median", "min-max", "unit")),
    row: (result) => line(result.workload.id, result.workload.name, result.system, describe(result, figures))
  }
}

const describe = (result: Result, figures: (median: string, range: string, unit: string) => string): string => {
  switch (result._tag) {
    case "Measured": {
      const { maximum, median, minimum } = result.summary
      return figures(format.format(median), `${format.format(minimum)}-${format.format(maximum)}`, result.workload.unit)
    }
    case "Skipped":
      return `skipped: ${result.reason}`
    case "Failed":
      return `FAILED: ${result.problem}`
  }
}
