/**
 * Runs a workload on every system that has a program for it: some rounds each to warm up, and for some time at least, then
 * the counted rounds, in which the systems take turns, so that whatever else the machine does meets them all alike. Where
 * that leaves something undecided, those whom it is about go on for some rounds more, and ours with them.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Arguments } from "./Arguments.ts"
import type { Contestant } from "./Contestants.ts"
import { type Outcome, summarize } from "./Outcome.ts"
import type { RowResults } from "./Report.ts"
import type { Figures } from "./System.ts"
import * as SystemProcess from "./SystemProcess.ts"
import { type Row, type WarmUp, type Workload, warmUp as warmUpOf } from "./Workload.ts"

/** How a workload is run. */
export interface RunOptions extends Pick<Arguments, "scale" | "rounds" | "schedulers"> {
  /** Told before each round. */
  readonly progress: (text: string) => void
  /** Default: what the scale takes. */
  readonly warmUp?: WarmUp
  /** The systems of a row that need more rounds than were asked for. Default: none does. */
  readonly undecided?: (row: RowResults) => ReadonlyArray<string>
}

/** At most so many times the rounds that were asked for. */
const mostTimes = 5

/** A system in the running, with what it has measured; `out` says why it no longer runs. */
interface Entrant {
  readonly contestant: Contestant
  process: SystemProcess.SystemProcess | undefined
  out: Exclude<Outcome, { readonly _tag: "Measured" }> | undefined
  /** How many milliseconds its rounds have taken so far. */
  ran: number
  readonly figures: Array<Figures>
}

/**
 * Measures one workload: a result for each of its rows on each system that can do it. Never fails: what goes wrong is a
 * result.
 */
export const run = (
  workload: Workload,
  contestants: ReadonlyArray<Contestant>,
  options: RunOptions
): Effect.Effect<ReadonlyArray<RowResults>> => {
  const schedulers = options.schedulers ?? workload.schedulers
  const entrants = contestants
    .filter(({ system }) => system.has(workload.key))
    .map((contestant): Entrant => {
      const missing = contestant.missing(workload.key)
      const reason =
        schedulers < workload.schedulers ? `needs ${workload.schedulers} schedulers, has ${schedulers}` : missing
      const out = reason === undefined ? undefined : { _tag: "Skipped" as const, reason }
      return { contestant, process: undefined, out, ran: 0, figures: [] }
    })
  const results = () => workload.rows.map((row) => resultsOf(workload, row, schedulers, entrants))
  const { undecided = () => [] } = options
  const needing = () => new Set(results().flatMap(undecided))
  return Effect.map(Effect.scoped(compete(workload, schedulers, entrants, options, needing)), results)
}

const resultsOf = ({ id }: Workload, row: Row, schedulers: number, entrants: ReadonlyArray<Entrant>): RowResults => ({
  id,
  key: row.key,
  name: row.name,
  unit: row.unit,
  schedulers,
  results: entrants.map((entrant) => ({
    system: entrant.contestant.name,
    kind: entrant.contestant.system.kind,
    outcome: outcomeOf(row, entrant)
  }))
})

const compete = (
  workload: Workload,
  schedulers: number,
  entrants: ReadonlyArray<Entrant>,
  { progress, rounds, scale, warmUp = warmUpOf[scale] }: RunOptions,
  needing: () => ReadonlySet<string>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const title = `${workload.id} ${workload.name}`
    for (const entrant of entrants) {
      if (entrant.out !== undefined) continue
      const { name: system, prepared } = entrant.contestant
      progress(`${title}: ${system} starts`)
      const assignment = { system, workload: workload.key, scale, schedulers, prepared }
      yield* step(entrant, SystemProcess.start(assignment), (started) => {
        entrant.process = started
      })
    }
    /** One round of each of them that takes part. */
    const turns = (
      which: string,
      takesPart: (entrant: Entrant) => boolean,
      done: (entrant: Entrant, figures: Figures) => void
    ) =>
      Effect.forEach(
        entrants,
        (entrant) => {
          const { out, process } = entrant
          if (process === undefined || out !== undefined || !takesPart(entrant)) return Effect.void
          progress(`${title}: ${entrant.contestant.name}, ${which}`)
          return step(entrant, Effect.timed(process.round), ([duration, figures]) => {
            entrant.ran += Duration.toMillis(duration)
            done(entrant, figures)
          })
        },
        { discard: true }
      )
    const isCold = ({ out, ran }: Entrant) => out === undefined && ran < warmUp.milliseconds
    for (let round = 1; round <= warmUp.rounds || entrants.some(isCold); round++) {
      yield* turns(
        "warm-up",
        (entrant) => round <= warmUp.rounds || isCold(entrant),
        () => undefined
      )
    }
    for (let round = 1; round <= rounds * mostTimes; round++) {
      const beyond = round > rounds
      const systems = beyond ? needing() : undefined
      if (systems?.size === 0) break
      yield* turns(
        `round ${round} of ${beyond ? "what a close goal takes" : rounds}`,
        ({ contestant: { name, system } }) => systems === undefined || system.kind === "ours" || systems.has(name),
        ({ figures }, measured) => figures.push(measured)
      )
    }
    for (const entrant of entrants) {
      if (entrant.process === undefined || entrant.out !== undefined) continue
      yield* step(entrant, entrant.process.stop, () => undefined)
    }
  })

/** A step of an entrant: the first that fails puts it out of the running. */
const step = <A, R>(
  entrant: Entrant,
  effect: Effect.Effect<A, SystemProcess.WorkloadFailed, R>,
  done: (value: A) => void
): Effect.Effect<void, never, R> =>
  Effect.match(effect, {
    onSuccess: done,
    onFailure: ({ problem }) => {
      entrant.out = { _tag: "Failed", problem }
    }
  })

const figureOf = ({ figure }: Row, figures: Figures): number | undefined => {
  if (typeof figures === "number") return figure === undefined ? figures : undefined
  return figure === undefined ? undefined : figures[figure]
}

const outcomeOf = (row: Row, { figures, out }: Entrant): Outcome => {
  if (out !== undefined) return out
  const own = figures.map((round) => figureOf(row, round)).filter((figure) => figure !== undefined)
  return own.length === figures.length && own.every(Number.isFinite)
    ? { _tag: "Measured", figures: own, summary: summarize(own) }
    : { _tag: "Failed", problem: `it gave no figure for ${row.key}` }
}
