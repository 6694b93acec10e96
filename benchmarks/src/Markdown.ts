/**
 * The tables of a report as Markdown: a section a family of workloads, a line a row, a column a system.
 */
import { ratioToAnchor, ratioToBestPeer } from "./Comparison.ts"
import type { Report, RowResults } from "./Report.ts"
import { formatFigure, formatRatio, header } from "./Table.ts"

const families: { readonly [id: string]: string } = {
  W1: "Starting processes, and their memory",
  W2: "Churn",
  W3: "Ping-pong",
  W4: "Rings",
  W5: "Fan-in",
  W6: "All-to-all",
  W7: "Calls and casts",
  W8: "Receiving past what waits",
  W9: "Computing",
  W10: "Links and monitors",
  W11: "Supervisors",
  W12: "Registries",
  W13: "Timers",
  W14: "Latency",
  W15: "Between schedulers",
  W16: "A pool of threads",
  W17: "A chat over WebSockets"
}

/** The whole report. Cells are the median and the range; the ratios are of our median to the BEAM's and the best peer's. */
export const markdown = (report: Report): string => {
  const ids = [...new Set(report.rows.map(({ id }) => id))]
  const sections = ids.map((id) =>
    section(
      id,
      report.rows.filter((row) => row.id === id)
    )
  )
  return [
    header(report.environment, report, report.versions)
      .map((line) => `- ${line}`)
      .join("\n"),
    ...sections
  ].join("\n\n")
}

const section = (id: string, rows: ReadonlyArray<RowResults>): string => {
  const systems = [...new Set(rows.flatMap(({ results }) => results.map(({ system }) => system)))]
  const head = ["row", "unit", ...systems, "to BEAM", "to best peer"]
  const lines = rows.map((row) => {
    const ours = row.results.find(({ kind }) => kind === "ours")?.system ?? ""
    const toAnchor = ratioToAnchor(row, ours)
    const toPeer = ratioToBestPeer(row, ours)
    return [
      `${row.name} (\`${row.key}\`)`,
      row.unit,
      ...systems.map((system) => cell(row, system)),
      toAnchor === undefined ? "" : formatRatio(toAnchor.ratio),
      toPeer === undefined ? "" : `${formatRatio(toPeer.ratio)} ${toPeer.to}`
    ]
  })
  const name = families[id]
  return [
    `### ${id}${name === undefined ? "" : `: ${name}`}`,
    "",
    tableLine(head),
    tableLine(head.map(() => "---")),
    ...lines.map(tableLine)
  ].join("\n")
}

const tableLine = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const cell = (row: RowResults, system: string): string => {
  const outcome = row.results.find((result) => result.system === system)?.outcome
  if (outcome === undefined) return ""
  if (outcome._tag === "Skipped") return outcome.reason
  if (outcome._tag === "Failed") return "failed"
  const { maximum, median, minimum } = outcome.summary
  return `${formatFigure(median)} (${formatFigure(minimum)}-${formatFigure(maximum)})`
}
