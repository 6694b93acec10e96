/**
 * One test: a fresh system, virtual time, a process that runs the test's body, and a look at what that has left behind.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import type { Definition, Startable } from "@understudy/core/internal/Definition"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import { LeftBehind, NoProgress, WaitsForever } from "./Leak.ts"
import { CurrentLedger, Ledger } from "./Ledger.ts"
import { VirtualTime } from "./VirtualTime.ts"

/** The system of a test. */
export interface ProcessOptions<R = never, E = never> {
  /** How many schedulers, all on this thread. Default 1. */
  readonly schedulers?: number | undefined
  /** The code of the contracts that processes are started of. */
  readonly implementations?: ReadonlyArray<{ readonly definition: Definition; readonly "~R": R }> | undefined
  /** Child specs whose definitions the system is to know, with all that they need: supervisors' trees. */
  readonly children?: ReadonlyArray<Pick<Startable, "definition" | "uses">> | undefined
  /** The services of all handlers, and of the test's body. Built once on each scheduler. */
  readonly layer?: Layer.Layer<R, E, System.System> | undefined
  /**
   * Whether the test may wait for something outside of its system: a file, a socket, a promise of other code. Default `"forbid"`:
   * a test that waits and can never go on fails with {@link WaitsForever} at once. `"allow"`: time passes only when nothing has
   * happened for 50 real milliseconds; then the test is not deterministic.
   */
  readonly outside?: "forbid" | "allow" | undefined
  /** What the test leaves behind: `"fail"` (the default) fails it, `"ignore"` does not look. */
  readonly leaks?: "fail" | "ignore" | undefined
  /** How often time may pass before the test fails with {@link NoProgress}. Default 100,000. */
  readonly mostSteps?: number | undefined
  /** Ends the test when it is aborted: the test runner's. */
  readonly signal?: AbortSignal | undefined
}

/** What the body of a test may need: the process it is, its system, and what the layer provides. */
export type Provided<R> = Process.Provided | R

/** The body of a test: an effect, a function that gives one, or a generator function. `self` is its own process, which can receive. */
// biome-ignore lint/suspicious/noExplicitAny: the bound of an inferred type: results and errors are read from it
export type Body<R, A = any, E = any> =
  | Effect.Effect<A, E, Provided<R>>
  // biome-ignore lint/suspicious/noExplicitAny: messages of any type; the test says what it gets
  | ((self: Process.Self<any>) => Effect.Effect<A, E, Provided<R>>)
  // biome-ignore lint/suspicious/noExplicitAny: as above
  | ((self: Process.Self<any>) => Generator<Effect.Effect<unknown, E, Provided<R>>, A, never>)

/** What a body gives. */
export type ResultOf<B> = B extends (...args: never) => Generator<unknown, infer A, never>
  ? A
  : B extends (...args: never) => Effect.Effect<infer A, unknown, unknown>
    ? A
    : B extends Effect.Effect<infer A, unknown, unknown>
      ? A
      : never

const isGenerator = (value: unknown): value is Generator<Effect.Effect<unknown>, unknown, never> =>
  typeof value === "object" && value !== null && Symbol.iterator in value && "next" in value && !Effect.isEffect(value)

const effectOf = (body: Body<never>, self: Process.Self<unknown>): Effect.Effect<unknown, unknown, Process.Provided> =>
  Effect.suspend(() => {
    if (Effect.isEffect(body)) return body
    const made: unknown = body(self)
    if (Effect.isEffect(made)) return made as Effect.Effect<unknown, unknown, Process.Provided>
    // The generator was made by this call, and is used once
    if (isGenerator(made)) return Effect.gen(() => made)
    throw new TypeError(
      `a test's body must be an Effect or a generator function, or give an Effect; got ${typeof made}`
    )
  })

/** A test under way. */
class Run {
  readonly ledger = new Ledger()
  readonly time: VirtualTime
  private readonly options: ProcessOptions<never, unknown>
  private fail: (error: WaitsForever | NoProgress) => void = () => undefined

  constructor(live: Clock.Clock, options: ProcessOptions<never, unknown>) {
    this.options = options
    const { ledger } = this
    this.time = new VirtualTime(live, {
      // What is outside may still answer
      onStuck: () =>
        options.outside === "allow" ? undefined : this.fail(new WaitsForever({ processes: ledger.describeLiving() })),
      onEndless: (times) => this.fail(new NoProgress({ times, processes: ledger.describeLiving() })),
      mostSteps: options.mostSteps ?? 100_000,
      patience: options.outside === "allow" ? 50 : 0
    })
  }

  private get layer() {
    const { children = [], implementations = [], layer, schedulers = 1 } = this.options
    const definitions = children.flatMap(({ definition, uses }) => [definition, ...uses])
    const watching = Layer.effectDiscard(Effect.map(System.System, (host) => this.ledger.watch(host)))
    return System.layer({
      schedulers,
      virtual: true,
      implementations: [
        ...implementations,
        // Their services are of the layer, as those of the implementations
        ...definitions.map((definition) => ({ definition, "~R": undefined as never }))
      ],
      layer:
        layer === undefined ? watching : Layer.merge(layer as Layer.Layer<never, unknown, System.System>, watching),
      watchdog: "Infinity"
    })
  }

  /** Fails when the test can never end. */
  private readonly hopeless: Effect.Effect<never, WaitsForever | NoProgress> = Effect.callback((resume) => {
    this.fail = (error) => resume(Effect.fail(error))
  })

  /** Runs a body in a process, and looks at what is left while that process lives: what it has set up is told by it. */
  private test(body: Body<never>): Effect.Effect<unknown, unknown, System.System> {
    const { ledger, time } = this
    let pid: Process.Pid | undefined
    const inProcess = (self: Process.Self<unknown>) =>
      Effect.gen(function* () {
        pid = self.pid
        // Its own scope: what the test has started in it is stopped before anything is looked for
        const exit = yield* Effect.exit(Effect.scoped(effectOf(body, self)))
        yield* time.settled
        return { exit, leaks: ledger.leaks(self.pid) }
      })
    return Effect.gen({ self: this }, function* () {
      time.watching = true
      const run = yield* Effect.exit(Effect.raceFirst(Process.run(inProcess, { label: "test" }), this.hopeless))
      time.watching = false
      const killed = Exit.isFailure(run)
      const exit = killed ? run : run.value.exit
      // A process that was killed could not clean up
      if (killed) for (const helper of ledger.helpers) yield* Process.exit(helper, ExitReason.kill)
      if (killed) yield* time.settled
      const leaks = killed ? ledger.leaks(pid) : run.value.leaks
      yield* this.endAll
      if (Exit.isFailure(exit)) return yield* exit
      if (leaks.length > 0 && this.options.leaks !== "ignore") return yield* new LeftBehind({ leaks })
      return exit.value
    })
  }

  /** What is left need not end in order. */
  private readonly endAll: Effect.Effect<void, never, System.System> = Effect.suspend(() => {
    const pids = this.ledger.hosts.flatMap((host) => [...host.processes.values()].map(({ pid }) => pid))
    return Effect.forEach(pids, (pid) => Process.exit(pid, ExitReason.kill), { discard: true })
  })

  effect(body: Body<never>): Effect.Effect<unknown, unknown> {
    return this.test(body).pipe(
      Effect.provide(this.layer),
      Effect.scoped,
      Effect.provideService(CurrentLedger, this.ledger),
      Effect.provideService(Clock.Clock, this.time),
      Effect.provideService(Scheduler.Scheduler, this.time.scheduler)
    )
  }
}

/**
 * Runs a body as a process of a fresh system, under virtual time, and gives what it came to. Time passes only when nothing is ready,
 * and what happens is the same each time. When the body has ended, what was started by `startSupervised` and all probes are stopped;
 * what is left then fails the run with {@link LeftBehind}, unless it has failed already.
 *
 * Beside what the body fails with: {@link WaitsForever} when it waits for what can never happen, {@link NoProgress} when it waits and
 * something sets timers for ever, `ProcessExited` when its process is ended, as by a link, and what the layer fails with.
 *
 * ```ts
 * const exit = await runProcess(function* () {
 *   const counter = yield* startSupervised(CounterLive, { start: 0 })
 *   yield* counter.increment({ by: 2 })
 *   return yield* counter.get()
 * })
 * // Exit.succeed(2)
 * ```
 *
 * It is `it.process` without vitest.
 */
export const runProcess = <const B extends Body<R>, R = never, E = never>(
  body: B,
  options: ProcessOptions<R, E> = {}
): Promise<Exit.Exit<ResultOf<B>, unknown>> => {
  const program = Clock.clockWith((live) =>
    // Services are those of the layer, which is in the options
    new Run(live, options as unknown as ProcessOptions<never, unknown>).effect(body as unknown as Body<never>)
  )
  const { signal } = options
  return Effect.runPromiseExit(program, signal === undefined ? undefined : { signal }) as Promise<
    Exit.Exit<ResultOf<B>, unknown>
  >
}

/** What a run failed with, as one error to throw. */
export const errorOf = (exit: Exit.Failure<unknown, unknown>): unknown => Cause.squash(exit.cause)
