/**
 * Runs a workload on every system that has a program for it: one round each to warm up, then the counted rounds, in
 * which the systems take turns, so that whatever else the machine does meets them all alike.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Arguments } from "./Arguments.ts"
import { type Result, summarize } from "./Result.ts"
import * as SystemProcess from "./SystemProcess.ts"
import { type SystemName, systems } from "./systems/index.ts"
import type { Workload } from "./Workload.ts"

/** How a workload is run. */
export interface RunOptions extends Pick<Arguments, "scale" | "rounds" | "schedulers"> {
  /** Told before each round. */
  readonly progress: (text: string) => void
}

/** A system in the running, with what it has measured; `failure` once it is out. */
interface Entrant {
  readonly system: SystemName
  process: SystemProcess.SystemProcess | undefined
  failure: string | undefined
  readonly figures: Array<number>
}

/** Measures one workload. Never fails: what goes wrong is a result. */
export const run = (workload: Workload, options: RunOptions): Effect.Effect<ReadonlyArray<Result>> => {
  const schedulers = options.schedulers ?? workload.schedulers
  // Object.keys of a record of systems gives the names of systems
  const names = (Object.keys(systems) as Array<SystemName>).filter((name) => workload.run[name] !== undefined)
  if (schedulers < workload.schedulers) {
    const reason = `needs ${workload.schedulers} schedulers, has ${schedulers}`
    return Effect.succeed(names.map((system): Result => ({ _tag: "Skipped", workload, system, reason })))
  }
  const entrants = names.map((system): Entrant => ({ system, process: undefined, failure: undefined, figures: [] }))
  return Effect.as(Effect.scoped(compete(workload, schedulers, entrants, options)), entrants).pipe(
    Effect.map((all) => all.map((entrant) => resultOf(workload, entrant)))
  )
}

const compete = (
  workload: Workload,
  schedulers: number,
  entrants: ReadonlyArray<Entrant>,
  { progress, rounds, scale }: RunOptions
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const title = `${workload.id} ${workload.name}`
    for (const entrant of entrants) {
      const { system } = entrant
      progress(`${title}: ${system} starts`)
      yield* step(entrant, SystemProcess.start({ system, workload: workload.key, scale, schedulers }), (started) => {
        entrant.process = started
      })
    }
    for (let round = 0; round <= rounds; round++) {
      for (const entrant of entrants) {
        if (entrant.process === undefined || entrant.failure !== undefined) continue
        progress(`${title}: ${entrant.system}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}`)
        yield* step(entrant, entrant.process.round, (figure) => {
          if (round > 0) entrant.figures.push(figure)
        })
      }
    }
    for (const entrant of entrants) {
      if (entrant.process === undefined || entrant.failure !== undefined) continue
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
      entrant.failure = problem
    }
  })

const resultOf = (workload: Workload, { failure, figures, system }: Entrant): Result =>
  failure === undefined
    ? { _tag: "Measured", workload, system, figures, summary: summarize(figures) }
    : { _tag: "Failed", workload, system, problem: failure }
