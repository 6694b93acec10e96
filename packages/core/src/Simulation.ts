/**
 * A whole system, run step by step in one thread: its processes, the signals between its schedulers, its timers. Each step is chosen by
 * a {@link Chooser}; the same choices are the same run. It is what `@understudy/testing` searches with.
 *
 * **Unstable**: this module may change in any release.
 *
 * ```ts
 * const world = Simulation.world({ schedulers: 2, program: { implementations: [CounterLive] } })
 * const { ending } = world.run(function* () {
 *   const counter = yield* GenServer.start(Counter, { start: 0 }, { on: { scheduler: 1 } })
 *   yield* counter.increment({ by: 2 })
 * }, Simulation.plain)
 * ```
 *
 * A run is synchronous: promises, I/O and host timers of the program come to nothing in it, and who waits for them is told as one that
 * waits for something outside. `Date.now`, `Math.random` and `performance.now` are the simulation's while it runs.
 */
import type * as Effect from "effect/Effect"
import { loadCompiler } from "./schema/EffectCodec.ts"

export { type Chooser, type Fault, type Point, plain, type Source } from "./system/simulation/Choices.ts"
export type { Left } from "./system/simulation/Left.ts"
export type { Observer, StepEvent, StepKind } from "./system/simulation/Story.ts"
export type { Wait } from "./system/simulation/WaitsFor.ts"
export {
  type Body,
  type Crash,
  type Ending,
  faultsBegin,
  type Run,
  type RunOptions,
  type World,
  type WorldOptions,
  world
} from "./system/simulation/World.ts"

/** Loads Effect's schema compiler. Without it, checks of messages are slower, and the same. Await it once, before the first run. */
export const prepare: Effect.Effect<void> = loadCompiler
