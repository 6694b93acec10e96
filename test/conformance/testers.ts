/**
 * Scenarios on every system: one scheduler, two virtual ones on one thread, and two real ones, with the processes concerned
 * spread over both. A scenario's test is itself a process, the tester, on scheduler 0. For the scenarios of this folder, and
 * for those whose area has its home in a package.
 */
import { ExitReason, Process, type System } from "@understudy/core"
import * as Simulation from "@understudy/core/Simulation"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, it } from "vitest"
import { makeSimulated, type SimulatedProgram } from "./Simulated.ts"
import { noteOf, settingsOf, simulatedSystem, type TestSystem, testSystems } from "./testSystems.ts"

/** The option that places a process. */
export interface Place {
  readonly on: { readonly scheduler: number }
}

/** The steps of one scenario. What it requires, every process has. `M`: what can be sent to the tester. */
export type Steps<M> = (
  tester: Process.Self<M>
) => Generator<Effect.Effect<unknown, unknown, Process.Provided>, void, never>

/** A system that scenarios are played on, and how. */
export interface Stage<M> {
  readonly system: TestSystem
  readonly schedulers: 1 | 2
  /** Starts a process away from the tester: on the other scheduler, where there is one. */
  readonly there: Place
  /** Starts a process on the tester's scheduler. */
  readonly here: Place
  /** Starts the `index`th process of a row whose neighbours are on different schedulers. */
  readonly alternate: (index: number) => Place
  /** A scenario by its catalogue id and title. */
  readonly scenario: (title: string, steps: Steps<M>) => void
  /** A scenario that this system cannot play, and why. Reported as skipped, with the reason. */
  readonly notApplicable: (title: string, reason: string) => void
}

/** What the schedulers run, and what the tester takes. */
export interface Play<S extends Schema.Top> {
  readonly mailbox: S
  /** The file that the second of two threads runs: it starts the same program. */
  readonly entry: URL
  /** The program, for a simulated system. Default: none is played on. */
  readonly program?: SimulatedProgram | undefined
  /** A system of the program with these settings. */
  readonly layer: (settings: ReturnType<typeof settingsOf>) => Layer.Layer<System.System, unknown>
}

const on = (scheduler: number): Place => ({ on: { scheduler } })

/** Declares the scenarios of one area for each system, each booted once for all of them. */
export const onEachSystem = <S extends Schema.Top>(
  area: string,
  { entry, layer, mailbox, program }: Play<S>,
  declare: (stage: Stage<S["Type"]>) => void
): void => {
  for (const system of testSystems) {
    const { name, schedulers } = system
    describe(`${area}, ${name}`, () => {
      const runtime = ManagedRuntime.make(layer(settingsOf(system, entry)))
      beforeAll(() => runtime.runPromise(Effect.void))
      afterAll(() => runtime.dispose())
      declare({
        system,
        schedulers,
        here: on(0),
        there: on(schedulers - 1),
        alternate: (index) => on((index + 1) % schedulers),
        scenario: (title, steps) => it(title, () => runtime.runPromise(asTester(mailbox, steps))),
        notApplicable: (title, reason) => it(title, ({ skip }) => skip(noteOf(reason)))
      })
    })
  }
  if (program !== undefined) onSimulated(area, program, mailbox, declare)
}

/** Declares the scenarios of one area for the simulated system. */
const onSimulated = <S extends Schema.Top>(
  area: string,
  program: SimulatedProgram,
  mailbox: S,
  declare: (stage: Stage<S["Type"]>) => void
): void => {
  const { name, schedulers } = simulatedSystem
  describe(`${area}, ${name}`, () => {
    const play = makeSimulated(program, mailbox, area.startsWith("T ") ? 0 : undefined)
    beforeAll(() => Effect.runPromise(Simulation.prepare))
    declare({
      system: simulatedSystem,
      schedulers,
      here: on(0),
      there: on(schedulers - 1),
      alternate: (index) => on((index + 1) % schedulers),
      scenario: (title, steps) => it(title, () => play(title, steps)),
      notApplicable: (title, reason) => it(title, ({ skip }) => skip(noteOf(reason)))
    })
  })
}

/** Runs the steps as a process and waits for its end. */
const asTester = <S extends Schema.Top>(
  mailbox: S,
  steps: Steps<S["Type"]>
): Effect.Effect<void, unknown, System.System> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<void, unknown>()
    yield* Process.spawn(
      mailbox,
      (tester) =>
        Effect.onExit(
          Effect.gen(() => steps(tester)),
          (exit) => Deferred.done(ended, exit)
        ),
      { label: "tester" }
    )
    const exit = yield* Effect.exit(Deferred.await(ended))
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) {
      return yield* Effect.die(
        new Error(`the tester was ended: ${ExitReason.format(ExitReason.fromCause(exit.cause))}`)
      )
    }
    return yield* exit
  })
