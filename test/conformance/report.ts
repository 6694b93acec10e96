/**
 * `npm run conformance`: runs the tests that carry catalogue ids in their titles and says, for every scenario of the
 * catalogue and every system, whether it passed, failed, does not apply (and why), or is missing.
 *
 * - `--areas P,L`: these areas only. Default: all.
 * - `--systems simulated`: these systems only. Default: all.
 * - `--json FILE`: where one row a scenario is written. Default: `report.json` beside this file.
 *
 * Ends with code 1 when a scenario of the asked areas is missing or failing on a system.
 */
import { readFile, writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { startVitest, type TestCase } from "vitest/node"
import { allSystems, reasonIn, type TestSystem } from "./testSystems.ts"

interface Scenario {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly importance: "core" | "common" | "rare"
}

type SystemName = TestSystem["name"]
const known = allSystems.map(({ name }) => name)
/** Those that are asked for. */
let systems: ReadonlyArray<SystemName> = known

type State = "passed" | "failed" | "not applicable" | "missing"

/** What one test says about the scenarios in its title. */
interface Outcome {
  readonly state: "passed" | "failed" | "not applicable"
  readonly title: string
  readonly reason: string | undefined
}

/** A scenario on one system: its tests together. */
interface Verdict {
  readonly state: State
  readonly tests: ReadonlyArray<string>
  /** Why all of it, or a part of it, does not apply. */
  readonly notApplicable: ReadonlyArray<string>
}

interface Row extends Scenario {
  readonly systems: Record<SystemName, Verdict>
}

/** Where the tests of an area are, if not (only) in this folder. */
const homes: Readonly<Record<string, string>> = {
  GS: "packages/core/test",
  SU: "packages/supervisor/test",
  DS: "packages/supervisor/test",
  RG: "packages/registry/test"
}

const idPattern = /\b[A-Z]{1,2}\d{2}\b/g

/** The system a test runs on: told by the titles around it or by its file; it is one scheduler where nothing is told. */
const systemOf = (test: TestCase): SystemName => {
  const around = test.parent.type === "suite" ? test.parent.fullName : ""
  if (/, simulated$/.test(around)) return "simulated"
  if (/two virtual schedulers/.test(around)) return "two virtual schedulers"
  return /two schedulers/.test(around) || /TwoSchedulers/.test(test.module.moduleId)
    ? "two schedulers"
    : "one scheduler"
}

const outcomeOf = (test: TestCase): Outcome | undefined => {
  const result = test.result()
  const title = test.name
  switch (result.state) {
    case "passed":
      return { state: "passed", title, reason: undefined }
    case "failed":
      return { state: "failed", title, reason: result.errors[0]?.message }
    case "skipped": {
      const reason = reasonIn(result.note)
      // Skipped for any other reason is as good as not written
      return reason === undefined ? undefined : { state: "not applicable", title, reason }
    }
    case "pending":
      return undefined
  }
}

const verdictOf = (outcomes: ReadonlyArray<Outcome>): Verdict => {
  const has = (state: Outcome["state"]) => outcomes.some((outcome) => outcome.state === state)
  const state = has("failed")
    ? "failed"
    : has("passed")
      ? "passed"
      : has("not applicable")
        ? "not applicable"
        : "missing"
  return {
    state,
    tests: outcomes.map(({ title }) => title),
    notApplicable: outcomes.flatMap(({ reason, state, title }) =>
      state === "not applicable" ? [`${title}: ${reason}`] : []
    )
  }
}

const tellFailure = (test: TestCase): void => {
  const result = test.result()
  if (result.state === "failed") console.error(`failed: ${test.fullName}\n  ${result.errors[0]?.message ?? ""}`)
}

/** Runs the tests; gives what they say by `id` and system, and the files that could not be run. */
const run = async (areas: ReadonlyArray<string>) => {
  const files = new Set(["test/conformance", ...areas.flatMap((area) => homes[area] ?? [])])
  const vitest = await startVitest([...files], {
    watch: false,
    // Only what fails is worth a line while they run
    reporters: [{ onTestCaseResult: tellFailure }],
    silent: true,
    typecheck: { enabled: false },
    // Suites end in the name of their system; scenarios of one scheduler alone need not say so
    ...(systems.length === 1 && systems[0] === "simulated" ? { testNamePattern: /, simulated / } : {})
  })
  const outcomes = new Map<string, Array<Outcome>>()
  const broken: Array<string> = []
  for (const module of vitest.state.getTestModules()) {
    if (module.errors().length > 0) broken.push(module.relativeModuleId)
    for (const test of module.children.allTests()) {
      const outcome = outcomeOf(test)
      if (outcome === undefined) continue
      for (const id of new Set(test.name.match(idPattern))) {
        const key = `${id} ${systemOf(test)}`
        outcomes.set(key, [...(outcomes.get(key) ?? []), outcome])
      }
    }
  }
  await vitest.close()
  return { outcomes, broken }
}

const table = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const count = (rows: ReadonlyArray<Row>, system: SystemName, state: State): number =>
  rows.filter((row) => row.systems[system].state === state).length

/** One line an area and system. */
const summary = (rows: ReadonlyArray<Row>): string => {
  const areas = [...new Set(rows.map(({ area }) => area)), "all"]
  const lines = [["area", "system", "scenarios", "passed", "not applicable", "failed", "missing"]]
  for (const area of areas) {
    const of = area === "all" ? rows : rows.filter((row) => row.area === area)
    for (const system of systems) {
      const counts = (["passed", "not applicable", "failed", "missing"] as const).map((state) =>
        count(of, system, state)
      )
      lines.push([system === systems[0] ? area : "", system, String(of.length), ...counts.map(String)])
    }
  }
  return table(lines)
}

/** Every reason why something does not apply, with what it is given for. */
const reasons = (rows: ReadonlyArray<Row>): string => {
  const known = new Map<string, Set<string>>()
  for (const row of rows) {
    for (const system of systems) {
      for (const reason of row.systems[system].notApplicable) {
        known.set(reason, (known.get(reason) ?? new Set<string>()).add(system))
      }
    }
  }
  const lines = Array.from(known, ([reason, where]) =>
    where.size === systems.length ? `  ${reason}` : `  ${reason} (${[...where].join(", ")})`
  )
  return lines.length === 0 ? "" : ["Not applicable:", ...lines].join("\n")
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { areas: { type: "string" }, systems: { type: "string" }, json: { type: "string" } }
  })
  const asking = values.systems?.split(",").map((name) => name.trim()) ?? known
  const strange = asking.filter((name) => !known.some((one) => one === name))
  if (strange.length > 0) {
    console.error(`There is no system ${strange.join(", ")}; there are ${known.join(", ")}.`)
    return 2
  }
  systems = known.filter((name) => asking.includes(name))
  const catalogue: ReadonlyArray<Scenario> = JSON.parse(
    await readFile(new URL("./catalogue.json", import.meta.url), "utf8")
  )
  const areas = new Set(catalogue.map(({ area }) => area))
  const asked = values.areas?.split(",").map((area) => area.trim()) ?? [...areas]
  const unknown = asked.filter((area) => !areas.has(area))
  if (unknown.length > 0) {
    console.error(`There is no area ${unknown.join(", ")}; there are ${[...areas].join(", ")}.`)
    return 2
  }
  const { broken, outcomes } = await run(asked)
  const rows = catalogue
    .filter(({ area }) => asked.includes(area))
    .map((scenario): Row => {
      const of = (system: SystemName) => verdictOf(outcomes.get(`${scenario.id} ${system}`) ?? [])
      return {
        ...scenario,
        systems: {
          "one scheduler": of("one scheduler"),
          "two virtual schedulers": of("two virtual schedulers"),
          "two schedulers": of("two schedulers"),
          simulated: of("simulated")
        }
      }
    })
  const file = values.json === undefined ? new URL("./report.json", import.meta.url) : resolve(values.json)
  await writeFile(file, `${JSON.stringify(rows, undefined, 2)}\n`)

  console.log(`\n${summary(rows)}\n`)
  for (const state of ["failed", "missing"] as const) {
    for (const system of systems) {
      const ids = rows.filter((row) => row.systems[system].state === state).map(({ id }) => id)
      if (ids.length > 0) console.log(`${state} on ${system}: ${ids.join(" ")}`)
    }
  }
  console.log(reasons(rows))
  for (const path of broken) console.log(`could not be run: ${path}`)
  const complete = rows.every((row) =>
    systems.every((system) => ["passed", "not applicable"].includes(row.systems[system].state))
  )
  return complete && broken.length === 0 ? 0 : 1
}

process.exitCode = await main()
