// Every row of ours and, where it is installed, of the BEAM: its program does its work and gives the row's figures, again
// and again. Sizes are tiny: how long it takes is not the question here.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Figures, Preparation } from "../src/System.ts"
import { loadSystem } from "../src/systems/index.ts"
import type { Workload } from "../src/Workload.ts"
import { workloads } from "../src/workloads/index.ts"
import { tiny } from "./tiny.ts"

const understudy = await loadSystem("understudy")
const beam = await loadSystem("beam")

/** What the programs of the table's first fifteen families are compared in. The others compare with a peer each. */
const families = workloads.filter(({ id }) => Number(id.slice(1)) <= 15)

/** The registry of W12 is Elixir's; Erlang has none. */
const languages = [
  { language: "Erlang", written: families.filter(({ id }) => id !== "W12") },
  { language: "Elixir", written: families.filter(({ id }) => id === "W12") }
]

/** The rows that came out of some rounds. */
const figuresOf = (rounds: ReadonlyArray<Figures>): ReadonlyArray<{ readonly [figure: string]: number }> =>
  rounds.map((round) => (typeof round === "number" ? { "": round } : round))

const expectFigures = ({ rows }: Workload, rounds: ReadonlyArray<Figures>): void => {
  for (const figures of figuresOf(rounds)) {
    expect(Object.keys(figures).sort()).toEqual(rows.map(({ figure }) => figure ?? "").sort())
    for (const figure of Object.values(figures)) expect(figure).toSatisfy(Number.isFinite)
  }
}

describe("our program", () => {
  it("is there for every workload", () => {
    expect(workloads.filter(({ key }) => !understudy.has(key))).toEqual([])
  })

  it.each(families)("$key gives its figures, twice in a row", async (workload) => {
    const rounds = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const options = { schedulers: workload.schedulers, prepared: "" }
          const round = yield* understudy.start(workload.key, tiny(workload), options)
          return [yield* round, yield* round]
        })
      )
    )
    expectFigures(workload, rounds)
  })
})

describe("the BEAM's program", () => {
  const scope = Scope.makeUnsafe()
  let preparation: Preparation

  beforeAll(async () => {
    preparation = await Effect.runPromise(Effect.provideService(beam.prepare, Scope.Scope, scope))
  }, 60_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it("is there for every workload of the first fifteen families", () => {
    expect(families.filter(({ key }) => !beam.has(key))).toEqual([])
  })

  // Skipped, and not passed, where a language is not installed. Some at once: most of a BEAM's time is its start, and they
  // do not depend on each other
  it.for(languages)(
    "gives its figures in $language, twice in a row, for every workload of that language",
    {
      timeout: 120_000
    },
    async ({ written }, { skip }) => {
      const { missing, prepared } = preparation
      const reason = written.map(({ key }) => missing(key)).find((why) => why !== undefined)
      if (reason !== undefined) return skip(reason)
      const measured = await Effect.runPromise(
        Effect.forEach(
          written,
          (workload) =>
            Effect.scoped(
              Effect.gen(function* () {
                const options = { schedulers: workload.schedulers, prepared }
                const round = yield* beam.start(workload.key, tiny(workload), options)
                return { workload, rounds: [yield* round, yield* round] }
              })
            ),
          { concurrency: 4 }
        )
      )
      for (const { rounds, workload } of measured) expectFigures(workload, rounds)
    }
  )

  it("tells what went wrong when it cannot do its work", async ({ skip }) => {
    const { missing, prepared } = preparation
    const reason = missing("ping-pong")
    if (reason !== undefined) return skip(reason)
    // Without its parameters no clause of the program matches
    const failing = Effect.flatten(beam.start("ping-pong", { other: 1 }, { schedulers: 1, prepared }))
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(failing)))
    expect(String(error)).toContain("function_clause")
  })
})
