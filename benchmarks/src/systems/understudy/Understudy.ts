/**
 * Understudy itself, through its public API only. Programs are effects that run outside any process, as the code of an
 * application that mounts `System.layer` does; {@link asProcess} is their way in.
 */
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import { verify } from "../../measure.ts"
import type { BenchedSystem } from "../index.ts"
import { implementations } from "./implementations.ts"

/** An effect that gives a figure, or fails when the work was not done. */
export type UnderstudyProgram = Effect.Effect<number, unknown, System.System>

/** See the file's header. */
export const understudy: BenchedSystem<UnderstudyProgram> = {
  name: "understudy",
  start: ({ schedulers }) =>
    Effect.map(
      Layer.build(
        System.layer(
          schedulers === 1
            ? { schedulers, implementations }
            : { schedulers, implementations, entry: new URL("./entry.ts", import.meta.url) }
        )
      ),
      (context) => ({ measure: (program) => Effect.provideContext(program, context) })
    )
}

/** Runs a program as a process with a mailbox of its own, and gives its result. */
export const asProcess = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: (self: Process.Self<S["Type"]>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, System.System | Exclude<R, Process.Provided>> =>
  Effect.gen(function* () {
    const result = yield* Deferred.make<A, E>()
    yield* Process.spawn(mailbox, (self) => Effect.onExit(program(self), (exit) => Deferred.done(result, exit)))
    return yield* Deferred.await(result)
  })

/** How many processes live on the scheduler that asks. */
export const processCount: Effect.Effect<number, never, System.System> = Effect.map(
  Process.list,
  (processes) => processes.length
)

/** How often {@link verifyProcessCount} lets the scheduler work on before it gives up. */
const patience = 1000

/** Fails unless the number of living processes comes to be `expected`, as those that are ending end. */
export const verifyProcessCount = (expected: number) =>
  Effect.gen(function* () {
    let living = yield* processCount
    for (let turn = 0; living !== expected && turn < patience; turn++) {
      yield* Effect.yieldNow
      living = yield* processCount
    }
    yield* verify("living processes", expected, living)
  })
