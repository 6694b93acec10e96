/**
 * The time and the run loop of one test: everything of the test runs in one queue, and time passes only when nothing is ready. It is a
 * `TestClock`, so `TestClock.adjust` in a test does what it says.
 */

import { System } from "@understudy/core/System"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scheduler from "effect/Scheduler"
import type * as TestClock from "effect/testing/TestClock"

/** What a {@link VirtualTime} tells, and when it gives up. */
export interface VirtualTimeOptions {
  /**
   * Nothing is ready and no timer is set, so nothing in the test can ever happen again. Called once for each time that is so, while it
   * is {@link VirtualTime.watching}.
   */
  readonly onStuck: () => void
  /** Time has passed by itself so many times: there is no progress. */
  readonly onEndless: (times: number) => void
  /** How often time may pass. */
  readonly mostSteps: number
  /**
   * How many real milliseconds nothing happens before time passes. 0: two turns of the event loop, in which promises that are
   * settled are seen, and no answers of sockets or files.
   */
  readonly patience: number
}

interface Sleep {
  readonly at: number
  readonly wake: () => void
  /** Whether code of the system's processes sleeps: else it is the system's own timers. */
  readonly ofProgram: boolean
}

/** Tasks that run before the event loop has a turn, so that timeouts of the test runner still fire. */
const mostTasks = 4096

/** See the file's header. */
export class VirtualTime implements TestClock.TestClock {
  /** Whether nothing being ready is worth telling: while the test's body runs. */
  watching = false
  private readonly options: VirtualTimeOptions
  private readonly live: Clock.Clock
  private now = 0
  private steps = 0
  private readonly tasks: Array<() => void> = []
  /** By time, then by when they were set. */
  private readonly sleeps: Array<Sleep> = []
  /** Who waits until nothing is ready, oldest first. */
  private readonly settlers: Array<() => void> = []
  /** Who waits until an instant is over, oldest first. */
  private readonly lasts: Array<() => void> = []
  private armed = false

  constructor(live: Clock.Clock, options: VirtualTimeOptions) {
    this.live = live
    this.options = options
  }

  // --- the run loop --------------------------------------------------------------------------------------------------

  /** Runs the fibers of the test. No `MixedScheduler`: by that a system knows that its time is virtual. */
  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => ({
      scheduleTask: (task) => {
        this.tasks.push(task)
        this.arm()
      },
      flush: () => this.run()
    })
  }

  private arm(): void {
    if (this.armed) return
    this.armed = true
    setImmediate(this.turn)
  }

  private run(): void {
    for (let left = mostTasks; left > 0; left--) {
      const task = this.tasks.shift()
      if (task === undefined) break
      task()
    }
  }

  private readonly turn = (): void => {
    this.run()
    if (this.tasks.length > 0) return void setImmediate(this.turn)
    const { patience } = this.options
    // What promises have brought is there after a turn of the event loop
    const idle = () => (this.tasks.length > 0 ? this.turn() : this.idle())
    if (patience > 0) setTimeout(idle, patience)
    else setImmediate(idle)
  }

  /** Nothing is ready. */
  private idle(): void {
    const next = this.settlers.shift() ?? this.nextDue() ?? this.lasts.shift() ?? this.nextSleep()
    if (next !== undefined) {
      // One at a time: what it leads to comes before the next
      next()
      return this.turn()
    }
    this.armed = false
    if (this.watching) this.options.onStuck()
  }

  /** What is due now. */
  private nextDue(): (() => void) | undefined {
    return this.sleeps[0] !== undefined && this.sleeps[0].at <= this.now ? this.nextSleep() : undefined
  }

  private nextSleep(): (() => void) | undefined {
    const next = this.sleeps.shift()
    if (next === undefined) return undefined
    if (next.at > this.now) {
      this.now = next.at
      if (++this.steps === this.options.mostSteps) this.options.onEndless(this.steps)
    }
    return next.wake
  }

  /** Returns when nothing is ready, before time passes. */
  readonly settled: Effect.Effect<void> = this.waitIn(this.settlers)

  /** As {@link settled}, when all that is due now has happened too. */
  private readonly instantIsOver: Effect.Effect<void> = this.waitIn(this.lasts)

  private waitIn(queue: Array<() => void>): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const wake = () => resume(Effect.void)
      queue.push(wake)
      this.arm()
      return Effect.sync(() => remove(queue, wake))
    })
  }

  /** When the program's next sleep is over that is none of the system's own timers. */
  get nextOfProgram(): number | undefined {
    return this.sleeps.find((sleep) => sleep.ofProgram)?.at
  }

  // --- the clock -----------------------------------------------------------------------------------------------------

  currentTimeMillisUnsafe(): number {
    return this.now
  }
  readonly currentTimeMillis = Effect.sync(() => this.now)
  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.round(this.now * 1_000_000))
  }
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe()
  }
  readonly monotonicTimeNanos = this.currentTimeNanos

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const delay = Duration.toMillis(duration)
    if (delay <= 0) return Effect.void
    return Effect.withFiber((fiber) => {
      const ofProgram = Context.getOrUndefined(fiber.context, System) !== undefined
      return Effect.callback((resume) => {
        const sleep = { at: this.now + delay, wake: () => resume(Effect.void), ofProgram }
        const behind = this.sleeps.findIndex(({ at }) => at > sleep.at)
        this.sleeps.splice(behind < 0 ? this.sleeps.length : behind, 0, sleep)
        this.arm()
        return Effect.sync(() => remove(this.sleeps, sleep))
      })
    })
  }

  /** Time passes by itself, so who wants to be later only waits. What is due at the same time comes first. */
  adjust(duration: Duration.Input): Effect.Effect<void> {
    return Effect.andThen(this.sleep(Duration.fromInputUnsafe(duration)), this.instantIsOver)
  }

  setTime(timestamp: number): Effect.Effect<void> {
    return Effect.suspend(() => this.adjust(timestamp - this.now))
  }

  withLive<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.provideService(effect, Clock.Clock, this.live)
  }
}

const remove = <A>(from: Array<A>, one: A): void => {
  const at = from.indexOf(one)
  if (at >= 0) from.splice(at, 1)
}
