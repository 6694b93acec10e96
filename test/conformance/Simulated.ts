/**
 * Scenarios on a simulated system: each on a new one of two schedulers, in plain order first, and then under so many random schedules
 * as `UNDERSTUDY_RUNS` says (default 2), of the seeds from `UNDERSTUDY_SEED` on (default 1). A failure names its seed.
 */
import { ExitReason, type Process, type System } from "@understudy/core"
import * as Simulation from "@understudy/core/Simulation"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { random } from "../../packages/core/test/simulation/choosers.ts"

/** What a simulated system runs. */
export type SimulatedProgram = Pick<System.Options<never, never>, "implementations" | "layer">

const runs = Number(process.env.UNDERSTUDY_RUNS ?? 2)
const firstSeed = Number(process.env.UNDERSTUDY_SEED ?? 1)

const describeWait = ({ for: what, of, process }: Simulation.Wait): string =>
  `${process} waits for ${what}${of === undefined ? "" : ` of ${of}`}`

/** What is wrong with a run, if anything is. */
const problemOf = ({ ending }: Simulation.Run): unknown => {
  switch (ending._tag) {
    case "Done":
      return undefined
    case "Failed":
      return Cause.hasInterruptsOnly(ending.cause)
        ? new Error(`the tester was ended: ${ExitReason.format(ExitReason.fromCause(ending.cause))}`)
        : Cause.squash(ending.cause)
    case "Deadlock":
      return new Error(`deadlock: ${ending.cycle.map(describeWait).join(", ")}`)
    case "Stuck":
    case "TooLong":
      return new Error(`${ending._tag}: ${ending.waits.map(describeWait).join(", ")}`)
  }
}

/** Plays scenarios of a program. `slack`: 0 where they count on no time passing between two steps of a process. */
export const makeSimulated = (program: SimulatedProgram, mailbox: Schema.Top, slack: number | undefined) => {
  const world = Simulation.world({
    schedulers: 2,
    program,
    slack,
    maxSteps: 400_000,
    // Some scenarios are about calls that time out
    deadlocks: false,
    // The program's own logger decides what is written
    context: Context.empty()
  })
  return <M>(
    title: string,
    steps: (tester: Process.Self<M>) => Generator<Effect.Effect<unknown, unknown, Process.Provided>, void, never>
  ): void => {
    const play = (chooser: Simulation.Chooser, schedule: string) => {
      const problem = problemOf(world.run(steps, chooser, undefined, { mailbox, label: "tester" }))
      if (problem === undefined) return
      const where = `${title}, ${schedule}`
      if (!(problem instanceof Error)) throw new Error(`${where}: ${String(problem)}`)
      problem.message = `${where}: ${problem.message}`
      throw problem
    }
    play(Simulation.plain, "in plain order")
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) play(random(seed, 0.1), `seed ${seed}`)
  }
}
