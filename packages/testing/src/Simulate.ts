/**
 * Searching the interleavings and faults of a whole program. The program is an ordinary one: its processes, servers and supervisors run
 * unchanged in a simulated system (`@understudy/core/Simulation`), in which each step is a choice. A search makes many runs, shrinks the
 * first that fails to the fewest deviations from the plain order, and tells it step by step, with a text that replays it.
 *
 * ```ts
 * const result = simulate(
 *   function* () {
 *     const counter = yield* GenServer.start(Counter, {}, { on: { scheduler: 1 } })
 *     yield* concurrently(increment(counter), increment(counter))
 *     assert.equal(yield* counter.get(), 2)
 *   },
 *   { schedulers: 2, implementations: [CounterLive], runs: 5000 }
 * )
 * if (result._tag === "Failed") throw result.failure
 * ```
 *
 * It cannot find what happens inside one synchronous step, nor what the simulation replaces: rings between threads, the timer wheel,
 * doorbells, the moving of starts. When not to use it: for a program that needs real files, sockets or promises of other code.
 */
import * as Simulation from "@understudy/core/Simulation"
import type { Options as SystemOptions } from "@understudy/core/System"
import { Follower, Recorder, type Strategy } from "./choices/Choosing.ts"
import { type Random, random } from "./choices/Random.ts"
import { type Deviation, plain, type Schedule } from "./choices/Schedule.ts"
import { fromToken, toToken } from "./choices/Token.ts"
import * as Faults from "./faults/Faults.ts"
import { Oracles } from "./oracles/Oracles.ts"
import { describeLeft, type FailureFacts, kindOf, type Problem, SimulationFailed } from "./report/Failure.ts"
import { Story } from "./report/Story.ts"
import { shrink, type Tried } from "./search/Shrink.ts"
import { mutated, Pct, Pos, RandomWalk, type Setting } from "./search/Strategies.ts"

/** The body of a simulation: a generator function, or a function that gives an effect. It runs as a process of scheduler 0. */
export type SimulatedBody = Simulation.Body

/** How a program is simulated. */
export interface SimulateOptions {
  /** How many schedulers it has. Default 1. Races between processes of one scheduler and of several differ: try both. */
  readonly schedulers?: number | undefined
  /** The code of the contracts that processes are started of. */
  readonly implementations?: NonNullable<SystemOptions<never, never>["implementations"]> | undefined
  /** The services of the program's processes. Built for each run, so it may not wait. */
  // biome-ignore lint/suspicious/noExplicitAny: what the layer provides, the program requires
  readonly layer?: SystemOptions<any, any>["layer"] | undefined
  /** How many runs at most. Default: the environment's `UNDERSTUDY_RUNS`, or 1000. */
  readonly runs?: number | undefined
  /** How many milliseconds the search may take at most. Default: the environment's `UNDERSTUDY_TIME`, or no limit. */
  readonly time?: number | undefined
  /** Where the random numbers start. Default: anywhere. What is found is replayed without it. */
  readonly seed?: number | undefined
  /** What may go wrong. Default: nothing. */
  readonly faults?: Faults.Palette | undefined
  /** Schedules that are tried first: failures that were found before. */
  readonly corpus?: ReadonlyArray<string> | undefined
  /** Runs this schedule only, as a token. Default: the environment's `UNDERSTUDY_REPLAY`. */
  readonly replay?: string | undefined
  /**
   * What a run leaves behind when its body is over (processes, timers, monitors, names, calls): `"fail"` (the default) fails it,
   * `"ignore"` does not look.
   */
  readonly leaks?: "fail" | "ignore" | undefined
  /** How many runs shrinking may take. Default 2,000. */
  readonly shrinks?: number | undefined
  /** Milliseconds of virtual time that something ready may be held back in all. Default 100. See `WorldOptions`. */
  readonly slack?: number | undefined
  /** Steps of a run, after which it goes on in plain order. Default 10,000. */
  readonly maxSteps?: number | undefined
  /** For the line that says how to replay it: the test's title. */
  readonly title?: string | undefined
}

/** How much was tried. */
export interface Searched {
  readonly runs: number
  readonly steps: number
  /** How many different schedules. */
  readonly distinct: number
  /** Whether every schedule with one deviation was among them. */
  readonly allSingles: boolean
  readonly seed: number
}

/** Every run was right. */
export interface Passed extends Searched {
  readonly _tag: "Passed"
}

/** A run was wrong. */
export interface Failed extends Searched {
  readonly _tag: "Failed"
  readonly failure: SimulationFailed
}

/** What a search came to. */
export type Result = Passed | Failed

/** One run that was looked at. */
interface Looked {
  readonly problem: Problem | undefined
  readonly run: Simulation.Run
}

/** Simulates one program again and again. Its system is used again for each run. */
export class Simulator {
  private readonly world: Simulation.World
  private readonly body: SimulatedBody
  private readonly leaks: "fail" | "ignore"
  readonly schedulers: number
  steps = 0
  runs = 0

  constructor(body: SimulatedBody, options: SimulateOptions) {
    const { faults, implementations = [], layer, maxSteps, schedulers = 1, slack } = options
    this.body = body
    this.leaks = options.leaks ?? "fail"
    this.schedulers = schedulers
    this.world = Simulation.world({
      schedulers,
      slack,
      maxSteps,
      faults: faults?.from === "start" ? "at once" : "when begun",
      program: { implementations, ...(layer === undefined ? undefined : { layer }) } as never
    })
  }

  /** One run. */
  run(strategy: Strategy, observer?: Simulation.Observer): Looked {
    const oracles = new Oracles()
    const both: Simulation.Observer = {
      step: (event) => {
        oracles.step(event)
        observer?.step?.(event)
      }
    }
    const run = Faults.withBuggify(
      (name) => strategy.buggify(name),
      () => this.world.run(this.body, strategy, both)
    )
    this.runs++
    this.steps += run.steps
    return { problem: this.problemOf(run, oracles), run }
  }

  private problemOf(run: Simulation.Run, { broken }: Oracles): Problem | undefined {
    const { ending } = run
    if (broken[0] !== undefined) return { _tag: "Broken", broken: broken[0] }
    if (ending._tag !== "Done") return ending
    const what = this.leaks === "ignore" ? [] : describeLeft(run.left)
    return what.length === 0 ? undefined : { _tag: "LeftBehind", what }
  }

  /** Follows a schedule. `kind`: the failure that is looked for. */
  attempt(schedule: Schedule, kind: string, options?: { readonly alternatives?: boolean }): Tried {
    const follower = new Follower(schedule, options)
    const { problem } = this.run(follower)
    return {
      fails: problem !== undefined && kindOf(problem) === kind,
      applied: follower.applied,
      alternatives: follower.alternatives ?? []
    }
  }

  /** Follows a schedule and writes down what happens. */
  tell(schedule: Schedule): { readonly story: Story; readonly problem: Problem | undefined; readonly applied: number } {
    const follower = new Follower(schedule)
    let seen = 0
    const story = new Story(() => {
      const deviates = follower.applied.length > seen
      seen = follower.applied.length
      return deviates
    })
    const { problem } = this.run(follower, story)
    return { story, problem, applied: follower.applied.length }
  }

  /** One run, as an error when it is wrong: with its story, not shrunk. For properties, which shrink by themselves. */
  check(strategy: Strategy, chosen: () => Schedule): SimulationFailed | undefined {
    const { problem } = this.run(strategy)
    if (problem === undefined) return undefined
    const schedule = chosen()
    const before = schedule.deviations.length
    return this.failure(schedule, problem, { run: this.runs, strategy: "property", before, shrinks: 0 })
  }

  /** What a schedule that fails is reported as. It is run twice more: for its story, and to see whether that is the same again. */
  failure(
    schedule: Schedule,
    found: Problem,
    how: Pick<FailureFacts, "run" | "strategy" | "before" | "shrinks">,
    title?: string
  ): SimulationFailed {
    const first = this.tell(schedule)
    const second = this.tell(schedule)
    return new SimulationFailed(
      {
        ...how,
        problem: first.problem ?? found,
        schedule,
        token: toToken(schedule),
        story: first.story.text(),
        chart: first.story.mermaid(),
        deterministic: first.problem !== undefined && first.story.digest() === second.story.digest()
      },
      title
    )
  }

  dispose(): void {
    this.world.dispose()
  }
}

/** Up to so many single deviations, all are tried. */
const mostSingles = 500

const environment = (name: string): string | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
  }
  const text = process?.env?.[name]
  return text === undefined || text === "" ? undefined : text
}

const numberFrom = (name: string): number | undefined => {
  const text = environment(name)
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0)) throw new RangeError(`${name}: expected a number above 0; got ${JSON.stringify(text)}`)
  return number
}

/** One search. */
class Search {
  private readonly simulator: Simulator
  private readonly options: SimulateOptions
  private readonly random: Random
  private readonly seed: number
  private readonly seen = new Set<string>()
  private readonly kept: Array<Schedule> = []
  private singles: ReadonlyArray<Deviation> = []
  private length = 20
  private triedSingles = false

  constructor(simulator: Simulator, options: SimulateOptions) {
    this.simulator = simulator
    this.options = options
    this.seed = options.seed ?? Math.floor(Math.random() * 2 ** 31)
    this.random = random(this.seed)
  }

  run(): Result {
    const replay = this.options.replay ?? environment("UNDERSTUDY_REPLAY")
    if (replay !== undefined) return this.replay(fromToken(replay))
    for (const token of this.options.corpus ?? []) {
      const failed = this.follow(new Follower(fromToken(token)), fromToken(token), "corpus")
      if (failed !== undefined) return failed
    }
    const look = new Follower(plain, { alternatives: true })
    const failed = this.follow(look, plain, "plain order")
    if (failed !== undefined) return failed
    this.singles = look.alternatives ?? []
    const { runs = numberFrom("UNDERSTUDY_RUNS") ?? 1000 } = this.options
    const end = performance.now() + (this.options.time ?? numberFrom("UNDERSTUDY_TIME") ?? Number.POSITIVE_INFINITY)
    for (const single of this.singles.length <= mostSingles ? this.singles : []) {
      if (this.simulator.runs >= runs || performance.now() > end) return this.passed()
      const schedule = { deviations: [single] }
      const failed = this.follow(new Follower(schedule), schedule, "single deviations")
      if (failed !== undefined) return failed
    }
    this.triedSingles = this.singles.length > 0 && this.singles.length <= mostSingles
    while (this.simulator.runs < runs && performance.now() <= end) {
      const [name, strategy] = this.strategy()
      const recorder = new Recorder(strategy)
      const { problem, run } = this.simulator.run(recorder)
      if (problem !== undefined) return this.failed(problem, recorder.schedule, name)
      this.length = Math.max(this.length, run.points)
      const token = toToken(recorder.schedule)
      if (!this.seen.has(token)) {
        this.seen.add(token)
        if (this.kept.length < 64) this.kept.push(recorder.schedule)
        else this.kept[this.random.below(64)] = recorder.schedule
      }
    }
    return this.passed()
  }

  /** One run by a known schedule. What it comes to, if it is wrong. */
  private follow(follower: Follower, schedule: Schedule, strategy: string): Failed | undefined {
    const { problem, run } = this.simulator.run(follower)
    this.seen.add(toToken(schedule))
    this.length = Math.max(this.length, run.points)
    return problem === undefined ? undefined : this.failed(problem, schedule, strategy)
  }

  private strategy(): readonly [string, Strategy] {
    const setting: Setting = {
      random: this.random,
      schedulers: this.simulator.schedulers,
      faults: this.options.faults ?? Faults.none,
      length: this.length
    }
    const which = this.random.next()
    if (which < 0.4) return ["random walk", new RandomWalk(setting)]
    if (which < 0.7) return ["PCT", new Pct(setting)]
    if (which < 0.9 || this.kept.length === 0) return ["POS", new Pos(setting)]
    const base = this.kept[this.random.below(this.kept.length)] as Schedule
    return ["mutation", mutated(base, this.singles, this.random)]
  }

  private get searched(): Searched {
    const { runs, steps } = this.simulator
    return { runs, steps, distinct: this.seen.size, allSingles: this.triedSingles, seed: this.seed }
  }

  private passed(): Passed {
    return { _tag: "Passed", ...this.searched }
  }

  /** Shrinks what was found, and reports it. */
  private failed(problem: Problem, found: Schedule, strategy: string): Failed {
    const { searched, simulator } = this
    const kind = kindOf(problem)
    const budget = this.options.shrinks ?? 2_000
    const { schedule, tries } = shrink(found, (given, options) => simulator.attempt(given, kind, options), budget)
    const how = { run: searched.runs, strategy, before: found.deviations.length, shrinks: tries }
    return { _tag: "Failed", ...searched, failure: simulator.failure(schedule, problem, how, this.options.title) }
  }

  /** Runs one schedule. One whose deviations do not all apply is of another program. */
  private replay(schedule: Schedule): Result {
    const { applied, problem } = this.simulator.tell(schedule)
    if (applied < schedule.deviations.length) {
      throw new ProgramChanged(
        `the schedule has ${schedule.deviations.length} deviations, of which ${applied} apply: the program has changed since it was found`
      )
    }
    if (problem === undefined) return this.passed()
    const { searched } = this
    const how = { run: searched.runs, strategy: "replay", before: schedule.deviations.length, shrinks: 0 }
    return { _tag: "Failed", ...searched, failure: this.simulator.failure(schedule, problem, how, this.options.title) }
  }
}

/** A schedule that is replayed does not fit the program: it has changed since the schedule was found. */
export class ProgramChanged extends Error {
  override readonly name = "ProgramChanged"
}

/**
 * Searches the interleavings of a program, and its faults where a palette is given. Synchronous. Throws what `Simulation.world` throws for
 * options that make no sense, `InvalidToken` for a replay or corpus that is no schedule, and {@link ProgramChanged} when a replay does
 * not fit. See the file's header.
 */
export const simulate = (body: SimulatedBody, options: SimulateOptions = {}): Result => {
  const simulator = new Simulator(body, options)
  try {
    return new Search(simulator, options).run()
  } finally {
    simulator.dispose()
  }
}
