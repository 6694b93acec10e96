/** Runs an effect as a process, from ordinary Effect code. */

import * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import * as Schema from "effect/Schema"
import { outside, type Pid } from "../address/Pid.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { callbackIn } from "../fiber/ProcessFiber.ts"
import { withSystem } from "../fiber/Running.ts"
import type { System } from "../process/Host.ts"
import { find, sendExit } from "../process/Lifecycle.ts"
import type { SpawnOptions } from "../spawn/Spawn.ts"
import type { Self } from "./RawProcess.ts"
import type { Provided } from "./SpawnRaw.ts"
import { spawn } from "./SpawnRaw.ts"

/** The process ended before it had a result. */
export class ProcessExited extends Schema.TaggedError<ProcessExited>()("ProcessExited", {
  reason: ExitReason.schema
}) {
  override get message(): string {
    return `the process ended before it had a result: ${ExitReason.format(this.reason)}`
  }
}

/**
 * Runs an effect as a process and waits for its result: the entry from ordinary Effect code.
 * Given a function, it is called with the process's own `self`, which takes messages of any type. Fails as the effect
 * fails, or with {@link ProcessExited} when an exit signal ends the process first. The process is killed when the
 * waiting fiber is interrupted.
 */
export const run = <A, E, R>(
  program: Effect.Effect<A, E, R> | ((self: Self<unknown>) => Effect.Effect<A, E, R>),
  options?: SpawnOptions
): Effect.Effect<A, E | ProcessExited, System | Exclude<R, Provided>> =>
  Effect.suspend(() => {
    let result: Exit_.Exit<A, E> | undefined
    const body = (self: Self<unknown>) =>
      Effect.onExit(Effect.isEffect(program) ? program : program(self), (exit) =>
        Effect.sync(() => {
          result = exit
        })
      )
    return Effect.flatMap(spawn(Schema.Unknown, body, options), (process) =>
      Effect.flatMap(awaitEnd(process), (reason): Effect.Effect<A, E | ProcessExited> => {
        if (result === undefined || (Exit_.isFailure(result) && Exit_.hasInterrupts(result))) {
          return Effect.fail(new ProcessExited({ reason }))
        }
        return result
      })
    )
  })

/** Waits until a process of this scheduler has ended, from any fiber. */
const awaitEnd = (process: Pid): Effect.Effect<ExitReason.ExitReason, never, System> =>
  withSystem((host) =>
    callbackIn<ExitReason.ExitReason>((resume, priority) => {
      const record = find(host, process)
      const ended = () => resume(Exit_.succeed(record?.exitReason ?? ExitReason.noProcess))
      if (record === undefined || record.isDead) return ended()
      const extra = record.extras()
      extra.finalizers ??= []
      extra.finalizers.push(() => host.enqueue(ended, priority))
      return Effect.sync(() => sendExit(host, process, outside(host), ExitReason.kill, false))
    })
  )
