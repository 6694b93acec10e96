// Ratios and goals: which of two medians is the better one, what is judged, and what counts as missed.
import { describe, expect, it } from "vitest"
import { isAhead, ratioToAnchor, ratioToBestPeer } from "../src/Comparison.ts"
import { goals, judge } from "../src/Goals.ts"
import { type Outcome, summarize } from "../src/Outcome.ts"
import type { RowResults } from "../src/Report.ts"
import type { Kind } from "../src/System.ts"
import { systemNames } from "../src/systems/index.ts"
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

describe("a ratio", () => {
  it("to the BEAM is our median over its", () => {
    const call = row("call-1", "operations/s", { understudy: 800, beam: 200 })
    expect(ratioToAnchor(call, "understudy")).toEqual({ to: "beam", ratio: 4 })
    expect(ratioToAnchor(call, "beam")).toBeUndefined()
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
      { row: "call-1", goal: "at least 4× beam", actual: "4× beam", met: true }
    ])
    expect(judged(row("call-1", "operations/s", { understudy: 799, beam: 200 }))[0]?.met).toBe(false)
  })

  it("of a size are met up to their ratio", () => {
    expect(judged(row("memory-server", "bytes/process", { understudy: 200, beam: 1000 }))[0]?.met).toBe(true)
    expect(judged(row("memory-server", "bytes/process", { understudy: 201, beam: 1000 }))[0]?.met).toBe(false)
  })

  it("of a figure need no BEAM", () => {
    const memory = (bytes: number) => row("million-servers-memory", "bytes", { understudy: bytes })
    expect(judged(memory(2 ** 30), ["understudy"])).toEqual([
      { row: "million-servers-memory", goal: "at most 1,073,741,824 bytes", actual: "1,073,741,824 bytes", met: true }
    ])
    expect(judged(memory(2 ** 30 + 1), ["understudy"])[0]?.met).toBe(false)
  })

  it("are missed, and say why, when the BEAM is not installed or a system failed", () => {
    const skipped = row("call-1", "operations/s", {
      understudy: 800,
      beam: { _tag: "Skipped", reason: "erlc is not installed" }
    })
    expect(judged(skipped)).toMatchObject([{ actual: "beam: erlc is not installed", met: false }])
    const failed = row("call-1", "operations/s", { understudy: { _tag: "Failed", problem: "it hung" }, beam: 1 })
    expect(judged(failed)).toMatchObject([{ actual: "understudy failed: it hung", met: false }])
  })

  it("against the BEAM are not judged when it was left out on purpose", () => {
    expect(judged(row("call-1", "operations/s", { understudy: 1 }), ["understudy", "nact"])).toEqual([])
  })

  it("against a peer are to be ahead on each row that both have, and half as fast again is allowed to xstate", () => {
    const hops = row("other", "messages/s", { understudy: 100, nact: 101, xstate: 150, plain: 10_000 })
    expect(judged(hops)).toMatchObject([
      { goal: "at least 1× nact", met: false },
      { goal: "at least 0.67× xstate", met: true }
    ])
    expect(judged(row("other", "messages/s", { nact: 1, xstate: 1 }))).toEqual([])
  })
  it("against a peer that does the same work ask for a range that reaches its median", () => {
    const compute = (maximum: number) =>
      row("parallel-cpu", "processes/s", {
        understudy: {
          _tag: "Measured",
          figures: [80, 90, maximum],
          summary: { median: 90, minimum: 80, maximum }
        },
        nact: 100
      })
    expect(judged(compute(100), ["understudy", "nact"])).toEqual([
      { row: "parallel-cpu", goal: "range reaches nact's median", actual: "0.9× nact", met: true }
    ])
    expect(judged(compute(99), ["understudy", "nact"])).toMatchObject([{ met: false }])
  })
})
