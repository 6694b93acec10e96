/**
 * What Understudy's programs are made with. They are effects that run outside any process, as the code of an application
 * that mounts `System.layer` does; {@link asProcess} is their way in.
 */
import * as Process from "@understudy/core/Process"
import type * as System from "@understudy/core/System"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { verify } from "../../measure.ts"
import type { Figures } from "../../System.ts"

/** An effect that gives figures, or fails when the work was not done. */
export type UnderstudyProgram = Effect.Effect<Figures, unknown, System.System>

/** Runs a program as a process with a mailbox of its own, and gives its result when the process is gone. */
export const asProcess = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: (self: Process.Self<S["Type"]>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, System.System | Exclude<R, Process.Provided>> =>
  Effect.gen(function* () {
    const result = yield* Deferred.make<A, E>()
    const process = yield* Process.spawn(mailbox, (self) =>
      Effect.onExit(program(self), (exit) => Deferred.done(result, exit))
    )
    const exit = yield* Effect.exit(Deferred.await(result))
    // The result is there before the process is gone, and whoever comes next may count processes
    while (yield* Process.isAlive(process)) yield* Effect.yieldNow
    return yield* exit
  })

/** How many processes live on the scheduler that asks. */
export const processCount: Effect.Effect<number, never, System.System> = Process.count

/** How many times {@link verifyProcessCount} looks before it gives up. Between two looks it waits twice as long each time. */
const looks = 16

/** Fails unless the number of living processes comes to be `expected`, as those that are ending end. */
export const verifyProcessCount = (expected: number) =>
  Effect.gen(function* () {
    let living = yield* processCount
    for (let look = 0; living !== expected && look < looks; look++) {
      // Counting a million processes takes longer than letting many of them end
      for (let turn = 0; turn < 2 ** look; turn++) yield* Effect.yieldNow
      living = yield* processCount
    }
    yield* verify("living processes", expected, living)
  })
