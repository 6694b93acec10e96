/** Doing several things at once, each in a process of its own. */
import type { System } from "@understudy/core/internal/Host"
import * as Process from "@understudy/core/Process"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

type Results<Effects extends ReadonlyArray<AnyEffect>> = { [K in keyof Effects]: Effect.Success<Effects[K]> }

/** One of several failed. */
export class ConcurrentFailure extends Schema.TaggedError<ConcurrentFailure>()("ConcurrentFailure", {
  /** Which one, from 0, and of how many. */
  index: Schema.Int,
  count: Schema.Int,
  /** What it failed with, or why its process ended. */
  error: Schema.Unknown
}) {
  override get message(): string {
    const { count, error, index } = this
    return `effect ${index + 1} of ${count} failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

/**
 * Runs effects at once, each in a process of its own, and gives their results in the order of the effects. All run to their end. When
 * any fails (or dies, or its process is ended) this fails with {@link ConcurrentFailure}, of the first in order.
 *
 * ```ts
 * const [a, b] = yield* concurrently(counter.increment(), counter.increment())
 * ```
 */
export const concurrently = <const Effects extends ReadonlyArray<AnyEffect>>(
  ...effects: Effects
): Effect.Effect<
  Results<Effects>,
  ConcurrentFailure,
  System | Exclude<Effect.Services<Effects[number]>, Process.Provided>
> =>
  Effect.gen(function* () {
    const run = (effect: AnyEffect, index: number) =>
      // A failure is a result, and no crash of the process. The services are required of whoever runs this
      Effect.exit(
        Effect.flatten(
          Process.run(Effect.exit(effect as Effect.Effect<unknown, unknown>), { label: `concurrently ${index + 1}` })
        )
      )
    const exits = yield* Effect.forEach(effects, run, { concurrency: "unbounded" })
    for (const [index, exit] of exits.entries()) {
      if (Exit.isSuccess(exit)) continue
      return yield* new ConcurrentFailure({ index, count: effects.length, error: Cause.squash(exit.cause) })
    }
    return exits.map((exit) => (exit as Exit.Success<unknown>).value) as Results<Effects>
  }) as never
