// The command line of the benchmarks: what it asks for, what it refuses, what it prints and which code it ends with.
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Arguments, parse } from "../src/Arguments.ts"
import * as Contestants from "../src/Contestants.ts"
import { progressOn } from "../src/Progress.ts"
import { checkWritable, type RowResults } from "../src/Report.ts"
import * as Runner from "../src/Runner.ts"
import { type SystemName, systemNames } from "../src/systems/index.ts"
import { workloads } from "../src/workloads/index.ts"

const parsed = async (...args: ReadonlyArray<string>): Promise<Arguments> => {
  const result = await Effect.runPromise(parse(args, workloads))
  if (result === "help" || "table" in result) throw new Error(`not a run: ${args.join(" ")}`)
  return result
}
const refused = (...args: ReadonlyArray<string>) =>
  Effect.runPromise(Effect.map(Effect.flip(parse(args, workloads)), ({ message }) => message))

describe("the arguments", () => {
  it("are everything at full size, five rounds, when none are given", async () => {
    expect(await parsed()).toMatchObject({
      scale: "full",
      rounds: 5,
      workloads,
      against: systemNames,
      check: false,
      schedulers: undefined,
      json: undefined
    })
  })

  it("choose workloads by family and by key, in the order of the table", async () => {
    const { workloads } = await parsed("--workload", "cast,w4")
    expect(workloads.map(({ key }) => key)).toEqual(["ring-1000", "ring-503", "cast"])
  })

  it("choose systems in the order in which they take turns", async () => {
    expect((await parsed("--against", "beam", "--against", "understudy")).against).toEqual(["understudy", "beam"])
  })

  it.each([
    [["--workload", "W99"], '--workload: there is no "w99"'],
    [["--against", "akka"], '--against: there is no system "akka"'],
    [["--rounds", "0"], "--rounds: expected a whole number from 1 to 1000"],
    [["--schedulers", "many"], "--schedulers: expected a whole number from 1 to 64"],
    [["--json", ""], "--json: expected the name of a file"],
    [["--smoke", "--check"], "--check: goals are judged at full sizes"],
    [["--check", "--rounds", "4"], "--check: goals are judged by 5 counted rounds or more, not by 4"],
    [["--table", "a.json", "--smoke"], "--table: goes with no other option"],
    [["--table=a.json", "--check"], "--table: goes with no other option"],
    [["--table=a.json", "--table=b.json"], "--table: goes with no other option"],
    [["--fast"], "--fast"]
  ])("%j are refused", async (args, problem) => {
    expect(await refused(...args)).toContain(problem)
  })
})

interface Ended {
  readonly code: number
  readonly output: string
  readonly errors: string
}

describe("the command", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "understudy-benchmarks-test-"))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const bench = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): Promise<Ended> =>
    new Promise((resolve) => {
      const main = join(import.meta.dirname, "../src/main.ts")
      const flags = ["--conditions=@understudy/source", "--expose-gc"]
      execFile(process.execPath, [...flags, main, ...args], { env }, (error, output, errors) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors })
      )
    })

  it("ends with 2 and says what is wrong when it cannot be understood", async () => {
    const { code, errors } = await bench(["--rounds", "none"])
    expect(code).toBe(2)
    expect(errors).toContain("--rounds: expected a whole number")
  })

  it("prints the rows as it measures, and writes a file that gives the same rows as Markdown", async () => {
    const file = join(folder, "figures.json")
    const args = ["--smoke", "--rounds", "1", "--workload", "latency-0", "--against", "understudy", "--json", file]
    const { code, output } = await bench(args)
    expect(code).toBe(0)
    expect(output).toMatch(/W14 .*round trip alone, p99\.9 +understudy +[\d.,]+/)
    expect(output).toContain("as many schedulers as a row needs")
    const report = JSON.parse(await readFile(file, "utf8"))
    expect(report.schedulers).toBeUndefined()
    expect(report.rows[0].schedulers).toBe(1)
    expect(report.rows.map(({ key }: { readonly key: string }) => key)).toEqual([
      "latency-0-p50",
      "latency-0-p99",
      "latency-0-p99.9"
    ])
    const table = await bench(["--table", file])
    expect(table.code).toBe(0)
    expect(table.output).toMatch(/### W14: Latency\n\n\| row \| unit \| understudy \|/)
    expect(table.output).toMatch(/\| round trip alone, p50 \(`latency-0-p50`\) \| µs \| [\d.]+ \([\d.]+-[\d.]+\) \|/)
  }, 60_000)

  it("tells in the header and in the file how many schedulers were asked for", async () => {
    const file = join(folder, "schedulers.json")
    const args = ["--smoke", "--rounds", "1", "--workload", "churn", "--against", "understudy", "--schedulers", "2"]
    const { code, output } = await bench([...args, "--json", file])
    expect(code).toBe(0)
    expect(output).toContain("2 schedulers in every row")
    const report = JSON.parse(await readFile(file, "utf8"))
    expect(report).toMatchObject({ schedulers: 2, rows: [{ schedulers: 2 }] })
    expect((await bench(["--table", file])).output).toContain("2 schedulers in every row")
  }, 60_000)

  it("refuses a file that cannot be written before it measures anything, and leaves what is there as it is", async () => {
    const args = ["--smoke", "--workload", "churn", "--against", "plain", "--json"]
    for (const file of [folder, join(folder, "no folder", "figures.json")]) {
      const { code, errors, output } = await bench([...args, file])
      expect(code).toBe(2)
      expect(errors).toContain(`--json: cannot write ${file}`)
      expect(output).toBe("")
    }
    const there = join(folder, "there.json")
    await writeFile(there, "something")
    await Effect.runPromise(checkWritable(there))
    expect(await readFile(there, "utf8")).toBe("something")
    const absent = join(folder, "absent.json")
    await Effect.runPromise(checkWritable(absent))
    await expect(readFile(absent)).rejects.toThrow("ENOENT")
  })

  // It can be opened, and nothing can be written to it
  it.skipIf(process.platform !== "linux")("prints the figures that could not be written after all", async () => {
    const args = ["--smoke", "--rounds", "1", "--workload", "churn", "--against", "plain", "--json", "/dev/full"]
    const { code, output } = await bench(args)
    expect(code).toBe(1)
    expect(output).toMatch(/--json: cannot write \/dev\/full: .*The figures:/)
    expect(JSON.parse(output.slice(output.indexOf("\n{")))).toMatchObject({ scale: "smoke", rows: [{ key: "churn" }] })
  })

  it("refuses to check rows that have no goals before it measures anything", async () => {
    const args = ["--check", "--workload", "spawn-1m", "--against", "understudy"]
    const { code, errors, output } = await bench(args)
    expect(code).toBe(2)
    expect(errors).toContain("--check: none of these rows has a goal with these systems")
    expect(output).toBe("")
  })

  it("ends with 2 when the file it is to print is none of its own", async () => {
    const file = join(folder, "other.json")
    await writeFile(file, "{}")
    expect(await bench(["--table", file])).toMatchObject({ code: 2 })
    expect(await bench(["--table", join(folder, "nothing.json")])).toMatchObject({ code: 2 })
  })

  it("says so where the BEAM is not installed; a check that needs it fails for that", async () => {
    const nowhere = { ...process.env, PATH: folder }
    const args = ["--workload", "receive-tag-behind-10k,call-behind-10k"]
    const run = await bench([...args, "--against", "beam"], nowhere)
    expect(run).toMatchObject({ code: 0 })
    expect(run.output).toContain("skipped: erlc is not installed")
    const check = await bench([...args, "--against", "beam", "--check"], nowhere)
    expect(check).toMatchObject({ code: 1 })
    expect(check.output).toMatch(/MISSED +call-behind-10k +at least 2× beam +understudy was not measured/)
  }, 60_000)
})

/** Runs the smallest workload for one round, or for as many as the options make of it. */
const churn = (
  systems: ReadonlyArray<SystemName>,
  options: Pick<Runner.RunOptions, "progress"> & Partial<Runner.RunOptions>
) => {
  const workload = workloads.find(({ key }) => key === "churn")
  if (workload === undefined) throw new Error("there is no such workload")
  return Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(
        Contestants.gather(systems, () => true),
        (contestants) =>
          Runner.run(workload, contestants, { scale: "smoke", rounds: 1, schedulers: undefined, ...options })
      )
    )
  )
}

describe("warming up", () => {
  it("goes on, for each system by itself, until it has run for as long as it must", async () => {
    const steps: Array<string> = []
    const progress = (step: string) => steps.push(step)
    const [row] = await churn(["effect", "plain"], { progress, warmUp: { rounds: 1, milliseconds: 500 } })
    const count = (what: string) => steps.filter((step) => step.endsWith(what)).length
    // A round takes some milliseconds, and collecting garbage some dozens
    expect(count("effect, warm-up")).toBeGreaterThan(1)
    expect(count("plain, warm-up")).toBeGreaterThan(1)
    expect(steps.slice(-2).map((step) => step.split(": ")[1])).toEqual(["effect, round 1 of 1", "plain, round 1 of 1"])
    expect(row?.results.map(({ outcome }) => outcome._tag === "Measured" && outcome.figures.length)).toEqual([1, 1])
  }, 60_000)
})

describe("rounds beyond those asked for", () => {
  /** How many figures each system has. */
  const counts = ({ results }: RowResults) =>
    Object.fromEntries(
      results.map(({ outcome, system }) => [system, outcome._tag === "Measured" ? outcome.figures.length : 0])
    )
  const countsUntil = async (undecided: (row: RowResults) => ReadonlyArray<string>) => {
    const rows = await churn(["understudy", "effect", "plain"], { progress: () => undefined, undecided })
    return rows.map(counts)
  }

  it("are for ours and those whom something undecided is about, until it is decided", async () => {
    const effectTwice = (row: RowResults) => ((counts(row).effect ?? 0) < 2 ? ["effect"] : [])
    expect(await countsUntil(effectTwice)).toEqual([{ understudy: 2, effect: 2, plain: 1 }])
  }, 60_000)

  it("make no more than five times as many", async () => {
    expect(await countsUntil(() => ["plain"])).toEqual([{ understudy: 5, effect: 1, plain: 5 }])
  }, 60_000)
})

describe("the progress", () => {
  /** What is written to a terminal, or to something that is none. */
  const screen = (terminal: { readonly isTTY: boolean; readonly columns?: number }) => {
    const written: Array<string> = []
    return { written, show: progressOn({ ...terminal, write: (text) => written.push(text) }) }
  }
  const clear = "\r\u001b[K"

  it("is one line of a terminal that is overwritten, cut where it would wrap, and taken away in the end", () => {
    const { show, written } = screen({ isTTY: true, columns: 11 })
    show("round 1 of 5")
    show("")
    expect(written).toEqual([`${clear}round 1 of`, clear])
  })

  it("is not written where nobody watches", () => {
    const { show, written } = screen({ isTTY: false, columns: 80 })
    show("round 1 of 5")
    expect(written).toEqual([])
  })

  it("tells each start and each round of each system in turn", async () => {
    const { show, written } = screen({ isTTY: true, columns: 200 })
    await churn(["effect", "plain"], { progress: show })
    const steps = ["effect starts", "plain starts", "effect, warm-up", "plain, warm-up"]
    expect(written).toEqual(
      [...steps, "effect, round 1 of 1", "plain, round 1 of 1"].map((step) => `${clear}W2 spawn and exit: ${step}`)
    )
  }, 60_000)
})
