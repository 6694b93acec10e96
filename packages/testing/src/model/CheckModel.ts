/**
 * Checks a model on many fresh virtual systems, with random programs. Each program that fails is shrunk; what is left is told with its
 * history. The plain function behind the test runner's `model`.
 */

import type { Protocol, Provided, Ref } from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as fc from "fast-check"
import { type Program, type ProgramOptions, showProgram } from "./Commands.ts"
import type { CheckOptions } from "./Linearize.ts"
import { assertLinearisable, type Model, NotLinearisable, type Run, type RunOptions } from "./Model.ts"

/** How a model is checked. */
export interface CheckModelOptions<P extends Protocol, E> extends ProgramOptions, CheckOptions {
  /**
   * Starts what is checked and gives a ref to it, in its initial state. Run by a process, once on each system; what it starts linked
   * ends with that process. A ref by name survives restarts.
   */
  readonly start: Effect.Effect<Ref<P>, E, Provided>
  /** What the systems can run. */
  readonly implementations: NonNullable<System.Options<never, never>["implementations"]>
  /** How many schedulers each system has. Default 1. */
  readonly schedulers?: number | undefined
  /** How many programs are tried. Default 100. */
  readonly runs?: number | undefined
  /** Of fast-check. A failure prints it. Default: a new one. */
  readonly seed?: number | undefined
  /** The timeout of every call. Default: that of calls, 5 seconds. */
  readonly timeout?: Duration.Input | undefined
}

/** How many runs there were, and how many of them were too hard to decide. */
export interface Checked {
  readonly runs: number
  readonly unknown: number
}

/**
 * What a process does to check one program: starts the server, runs the program against it, and fails with {@link NotLinearisable} when
 * the model does not explain what was seen. For systems of one's own, and for simulations.
 */
export const modelBody = <P extends Protocol, State, E>(
  model: Model<P, State>,
  start: Effect.Effect<Ref<P>, E, Provided>,
  options: RunOptions & { readonly program: Program }
): Effect.Effect<Run<State>, E | NotLinearisable, Provided> =>
  Effect.flatMap(start, (ref) =>
    Effect.flatMap(model.run(ref, options), (run) => Effect.as(assertLinearisable(model.name, run), run))
  )

/** One program on a system of its own. Rejects as its body fails. */
const runOnce = <P extends Protocol, State, E>(
  model: Model<P, State>,
  program: Program,
  options: CheckModelOptions<P, E>
): Promise<Run<State>> => {
  const { budget, implementations, schedulers = 1, start, timeout } = options
  const body = modelBody(model, start, { program, timeout, budget })
  const system = System.layer({ virtual: true, schedulers, implementations, layer: quiet })
  return Effect.runPromise(Effect.scoped(Effect.provide(Process.run(body, { label: "test" }), system)))
}

// What ends in a run is part of the run; its reports would be those of hundreds of programs
const quiet = Logger.layer([])

/**
 * Whether a model's servers behave as it says, in `runs` random programs. Rejects with {@link NotLinearisable} for the smallest program
 * that was found to fail, with its seed and what each client does; or with what a start or a run died of.
 */
export const checkModel = async <P extends Protocol, State, E>(
  model: Model<P, State>,
  options: CheckModelOptions<P, E>
): Promise<Checked> => {
  const { runs = 100, seed } = options
  let unknown = 0
  const property = fc.asyncProperty(model.arbitrary(options), async (program) => {
    const { verdict } = await runOnce(model, program, options)
    if (verdict._tag === "Unknown") unknown++
  })
  const result = await fc.check(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) })
  if (!result.failed) return { runs: result.numRuns, unknown }
  const error = result.errorInstance
  const [program] = result.counterexample ?? []
  if (!(error instanceof NotLinearisable) || program === undefined)
    throw error ?? new Error(fc.defaultReportMessage(result))
  const found = `found in run ${result.numRuns} of ${runs}, shrunk ${result.numShrinks} times; seed ${result.seed}`
  throw new NotLinearisable({ model: model.name, problem: `${error.problem}\n${showProgram(program)}\n(${found})` })
}
