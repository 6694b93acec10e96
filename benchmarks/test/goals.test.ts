// Ratios and goals: which of two medians is the better one, what is judged, and what counts as missed.
import { describe, expect, it } from "vitest"
import { isAhead, ratioToAnchor, ratioToBestPeer } from "../src/Comparison.ts"
import { goals, hasGoals, judge, outOfReach, sumUp, undecided } from "../src/Goals.ts"
import { percentiles } from "../src/measure.ts"
import { type Outcome, summarize } from "../src/Outcome.ts"
import type { RowResults } from "../src/Report.ts"
import type { Kind } from "../src/System.ts"
import { systemNames } from "../src/systems/index.ts"
import { goalLines } from "../src/Table.ts"
import type { Unit } from "../src/Workload.ts"
import { workloads } from "../src/workloads/index.ts"

const kinds: { readonly [system: string]: Kind } = {
  understudy: "ours",
  beam: "anchor",
  nact: "peer",
  xstate: "peer",
  plain: "limit"
}

/** A row with the medians of some systems, or what came instead of a median. */
const row = (key: string, unit: Unit, systems: { readonly [system: string]: number | Outcome }): RowResults => ({
  id: "W1",
  key,
  name: key,
  unit,
  schedulers: 1,
  results: Object.entries(systems).map(([system, median]) => ({
    system,
    kind: kinds[system] ?? "peer",
    outcome:
      typeof median === "number"
        ? { _tag: "Measured", figures: [median], summary: { median, minimum: median, maximum: median } }
        : median
  }))
})

const everyone = [...systemNames]
const judged = (results: RowResults, against: ReadonlyArray<string> = everyone) => judge([results], against)

describe("a summary", () => {
  it("takes the middle figure, and of an even number the lower of the two in the middle", () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, minimum: 1, maximum: 5 })
    expect(summarize([4, 1, 3, 2])).toEqual({ median: 2, minimum: 1, maximum: 4 })
    expect(() => summarize([])).toThrow(RangeError)
  })
})

/** A row with the figures of some systems' rounds. */
const rounds = (key: string, unit: Unit, systems: { readonly [system: string]: ReadonlyArray<number> }): RowResults =>
  row(
    key,
    unit,
    Object.fromEntries(
      Object.entries(systems).map(([system, figures]) => [
        system,
        { _tag: "Measured" as const, figures, summary: summarize(figures) }
      ])
    )
  )

describe("what is undecided in a row", () => {
  const open = (results: RowResults) => undecided(results, everyone)
  const beam = [100, 100, 100, 100, 100]

  it("is nothing when all of five rounds reach the goal, or none does, whatever the speed of the machine in each", () => {
    expect(open(rounds("call-1", "operations/s", { understudy: [401, 500, 800, 410, 420], beam }))).toEqual([])
    expect(open(rounds("call-1", "operations/s", { understudy: [399, 300, 100, 10, 398], beam }))).toEqual([])
    const slower = [100, 50, 20, 100, 80]
    const ours = slower.map((rate) => rate * 4.1)
    expect(open(rounds("call-1", "operations/s", { understudy: ours, beam: slower }))).toEqual([])
  })

  it("is the goal against the BEAM when one round of five says otherwise, and is not when one of nine does", () => {
    const close = [390, 500, 800, 410, 420]
    expect(open(rounds("call-1", "operations/s", { understudy: close, beam }))).toEqual(["beam"])
    const more = { understudy: [...close, 500, 500, 500, 500], beam: [...beam, 100, 100, 100, 100] }
    expect(open(rounds("call-1", "operations/s", more))).toEqual([])
  })

  it("is a peer's, by itself, with its tolerance; and stays decided when ours goes on without it", () => {
    const understudy = [100, 100, 100, 100, 100]
    const near = [149, 151, 140, 120, 149]
    const far = [149, 148, 140, 120, 149]
    expect(open(rounds("call-1", "operations/s", { understudy, xstate: near, nact: far }))).toEqual(["xstate"])
    expect(open(rounds("call-1", "operations/s", { understudy, xstate: far, nact: near }))).toEqual([])
    expect(open(rounds("call-1", "operations/s", { understudy, nact: [99, 101, 99, 99, 99] }))).toEqual(["nact"])
    const longer = [...understudy, 1, 1, 1, 1]
    expect(open(rounds("call-1", "operations/s", { understudy: longer, xstate: far }))).toEqual([])
    expect(open(rounds("call-1", "operations/s", { understudy, plain: [99, 101, 99, 99, 99] }))).toEqual([])
  })

  it("is ours where a goal is our figure; less may be better", () => {
    const sizes = { understudy: [2 ** 29, 2 ** 31, 1, 1, 1] }
    expect(open(rounds("million-servers-memory", "bytes", sizes))).toEqual(["understudy"])
    expect(open(rounds("million-servers-memory", "bytes", { understudy: [1, 1, 1, 1, 1] }))).toEqual([])
    expect(open(rounds("latency-2-p99", "µs", { understudy: [90, 99, 80, 101, 90], beam }))).toEqual(["beam"])
    expect(open(rounds("latency-2-p99", "µs", { understudy: [90, 99, 80, 99, 90], beam }))).toEqual([])
  })

  it("is nothing where nothing is to be judged: a system that failed, a row without a goal", () => {
    const failed = row("call-1", "operations/s", { understudy: 1, beam: { _tag: "Failed", problem: "it hung" } })
    expect(open(failed)).toEqual([])
    const spawned = { understudy: [1, 3, 1, 3, 1], beam: [2, 2, 2, 2, 2] }
    expect(open(rounds("spawn-100k", "processes/s", spawned))).toEqual([])
  })
})

describe("a ratio", () => {
  it("to the BEAM is our median over its", () => {
    const call = row("call-1", "operations/s", { understudy: 800, beam: 200 })
    expect(ratioToAnchor(call, "understudy")).toEqual({ to: "beam", ratio: 4 })
    expect(ratioToAnchor(call, "beam")).toBeUndefined()
  })

  it("is of the rounds that both had", () => {
    const call = rounds("call-1", "operations/s", { understudy: [300, 200, 100, 900, 900], beam: [100, 100, 100] })
    expect(ratioToAnchor(call, "understudy")).toEqual({ to: "beam", ratio: 2 })
  })

  it("to the best peer takes the largest rate, the smallest size, and never the language's own limit", () => {
    const rates = row("call-1", "operations/s", { understudy: 100, nact: 10, xstate: 50, plain: 1000, beam: 500 })
    expect(ratioToBestPeer(rates, "understudy")).toEqual({ to: "xstate", ratio: 2 })
    const sizes = row("memory-raw", "bytes/process", { understudy: 100, nact: 10, xstate: 50 })
    expect(ratioToBestPeer(sizes, "understudy")).toEqual({ to: "nact", ratio: 10 })
    expect(ratioToBestPeer(rates, "nact")).toBeUndefined()
  })

  it("is ahead when more is better and there is more, or less is better and there is less", () => {
    expect(isAhead(1, "messages/s")).toBe(true)
    expect(isAhead(0.99, "messages/s")).toBe(false)
    expect(isAhead(0.7, "messages/s", 1.5)).toBe(true)
    expect(isAhead(0.99, "µs")).toBe(true)
    expect(isAhead(1.01, "bytes")).toBe(false)
    expect(isAhead(1.4, "bytes", 1.5)).toBe(true)
  })
})

describe("the goals", () => {
  it("are of rows that exist", () => {
    const keys = new Set(workloads.flatMap(({ rows }) => rows.map(({ key }) => key)))
    expect(Object.keys(goals).filter((key) => !keys.has(key))).toEqual([])
  })

  it("of a rate are met from their ratio on", () => {
    expect(judged(row("call-1", "operations/s", { understudy: 800, beam: 200 }))).toEqual([
      { row: "call-1", goal: "at least 4× beam", actual: "4× beam", verdict: "met" }
    ])
    expect(judged(row("call-1", "operations/s", { understudy: 799, beam: 200 }))[0]?.verdict).toBe("missed")
  })

  it("of a size are met up to their ratio", () => {
    expect(judged(row("memory-server", "bytes/process", { understudy: 200, beam: 1000 }))[0]?.verdict).toBe("met")
    expect(judged(row("memory-server", "bytes/process", { understudy: 201, beam: 1000 }))[0]?.verdict).toBe("missed")
  })

  it("of a figure need no BEAM", () => {
    const memory = (bytes: number) => row("million-servers-memory", "bytes", { understudy: bytes })
    expect(judged(memory(2 ** 30), ["understudy"])).toEqual([
      {
        row: "million-servers-memory",
        goal: "at most 1,073,741,824 bytes",
        actual: "1,073,741,824 bytes",
        verdict: "met"
      }
    ])
    expect(judged(memory(2 ** 30 + 1), ["understudy"])[0]?.verdict).toBe("missed")
  })

  it("are missed, and say why, when the BEAM is not installed or a system failed", () => {
    const skipped = row("call-1", "operations/s", {
      understudy: 800,
      beam: { _tag: "Skipped", reason: "erlc is not installed" }
    })
    expect(judged(skipped)).toMatchObject([{ actual: "beam: erlc is not installed", verdict: "missed" }])
    const failed = row("call-1", "operations/s", { understudy: { _tag: "Failed", problem: "it hung" }, beam: 1 })
    expect(judged(failed)).toMatchObject([{ actual: "understudy failed: it hung", verdict: "missed" }])
  })

  it("against the BEAM are not judged when it was left out on purpose", () => {
    expect(judged(row("call-1", "operations/s", { understudy: 1 }), ["understudy", "nact"])).toEqual([])
  })

  it("against a peer are to be ahead on each row that both have, and half as fast again is allowed to xstate", () => {
    const hops = row("other", "messages/s", { understudy: 100, nact: 101, xstate: 150, plain: 10_000 })
    expect(judged(hops)).toMatchObject([
      { goal: "at least 1× nact", verdict: "missed" },
      { goal: "at least 0.67× xstate", verdict: "met" }
    ])
    expect(judged(row("other", "messages/s", { nact: 1, xstate: 1 }))).toEqual([])
  })
  it("are written with as many digits as tell what was measured from what was asked for", () => {
    expect(judged(row("call-1", "operations/s", { understudy: 3996, beam: 1000 }))).toEqual([
      { row: "call-1", goal: "at least 4× beam", actual: "3.996× beam", verdict: "missed" }
    ])
    expect(judged(row("other", "messages/s", { understudy: 6664, xstate: 10_000 }))).toMatchObject([
      { goal: "at least 0.667× xstate", actual: "0.666× xstate", verdict: "missed" }
    ])
  })

  it("are there for a row when a system that it has a goal against takes part", () => {
    expect(hasGoals("call-1", ["understudy", "beam"], ["understudy", "beam"])).toBe(true)
    expect(hasGoals("call-1", ["understudy"], ["understudy"])).toBe(false)
    expect(hasGoals("call-1", ["understudy", "nact"], ["understudy", "nact"])).toBe(true)
    expect(hasGoals("call-1", ["nact"], ["nact"])).toBe(false)
    expect(hasGoals("spawn-1m", ["understudy", "beam"], ["understudy", "beam"])).toBe(false)
    expect(hasGoals("million-servers-memory", ["understudy"], ["understudy"])).toBe(true)
  })

  it("against a peer that does the same work ask for a best round that reaches 0.98 of its median", () => {
    const compute = (maximum: number) =>
      rounds("parallel-cpu", "processes/s", { understudy: [80, 90, maximum], nact: [100, 100, 100] })
    expect(judged(compute(98), ["understudy", "nact"])).toEqual([
      {
        row: "parallel-cpu",
        goal: "our best round reaches 0.98× nact's median",
        actual: "0.98× nact, our median 0.9×",
        verdict: "met"
      }
    ])
    expect(judged(compute(97.9), ["understudy", "nact"])).toMatchObject([{ verdict: "missed" }])
  })
})

describe("a goal that is out of reach", () => {
  const known = { understudy: 1.1, xstate: 0.2 }

  it("is named by a row that there is and a peer that there is, once, with a reason", () => {
    const rows = workloads.flatMap(({ rows }) => rows.map(({ key }) => key))
    for (const { peer, reason, row } of outOfReach) {
      expect(rows).toContain(row)
      expect(systemNames).toContain(peer)
      expect(reason).not.toBe("")
    }
    expect(new Set(outOfReach.map(({ peer, row }) => `${row} ${peer}`)).size).toBe(outOfReach.length)
  })

  it("is told apart when it is missed, with its ratio and the reason", () => {
    const [judgement, ...others] = judged(row("latency-0-p50", "µs", known))
    expect(others).toEqual([])
    expect(judgement).toEqual({
      row: "latency-0-p50",
      goal: "at most 1.5× xstate",
      actual: "5.5× xstate",
      verdict: "out of reach",
      reason: expect.stringContaining("a call on the sender's stack")
    })
    expect(goalLines(judgement === undefined ? [] : [judgement]).at(-1)).toMatch(
      /^OUT OF REACH {2}latency-0-p50 {2}at most 1\.5× xstate {2}5\.5× xstate: a send to an idle xstate actor is a call/
    )
  })

  it("is met like any other when it is met", () => {
    expect(judged(row("latency-0-p50", "µs", { understudy: 0.3, xstate: 0.2 }))).toEqual([
      { row: "latency-0-p50", goal: "at most 1.5× xstate", actual: "1.5× xstate", verdict: "met" }
    ])
  })

  it("excuses no other row, no other peer, and nothing that was not measured", () => {
    expect(judged(row("latency-0-p99", "µs", known))).toMatchObject([{ verdict: "missed" }])
    expect(judged(row("latency-0-p50", "µs", { understudy: 1.1, nact: 0.2 }))).toMatchObject([{ verdict: "missed" }])
    const failed: Outcome = { _tag: "Failed", problem: "it hung" }
    expect(judged(row("latency-0-p50", "µs", { understudy: failed, xstate: 0.2 }))).toMatchObject([
      { actual: "understudy failed: it hung", verdict: "missed" }
    ])
  })

  it("is counted apart and fails no check; one that is missed does", () => {
    const beyond = judged(row("latency-0-p50", "µs", known))
    const missed = judged(row("latency-0-p99", "µs", known))
    const met = judged(row("latency-0-p99", "µs", { understudy: 0.1, xstate: 0.2 }))
    expect(sumUp([...beyond, ...met])).toEqual({
      line: "0 of 2 goals missed. 1 of 2 goals is out of reach.",
      passed: true
    })
    expect(sumUp([...beyond, ...missed])).toMatchObject({ passed: false })
    expect(sumUp(met)).toEqual({ line: "0 of 1 goals missed.", passed: true })
    expect(sumUp([])).toMatchObject({ passed: false })
  })
})

describe("percentiles", () => {
  it("are the smallest time that at least such a share of all does not exceed", () => {
    const upTo = (count: number) => Float64Array.from({ length: count }, (_, index) => count - index)
    expect(percentiles(upTo(10_000))).toEqual({ p50: 5000, p99: 9900, "p99.9": 9990 })
    expect(percentiles(upTo(1))).toEqual({ p50: 1, p99: 1, "p99.9": 1 })
    expect(percentiles(upTo(3))).toEqual({ p50: 2, p99: 3, "p99.9": 3 })
  })
})
