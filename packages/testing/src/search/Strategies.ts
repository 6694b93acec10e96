/**
 * Strategies: how a run's choices are made at random. Each makes runs of another kind; a search mixes them.
 *
 * - A **random walk** leaves the plain order at each point with one probability, drawn for the run.
 * - **PCT** (Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding bugs", 2010) gives each source a random
 *   priority and lowers that of the running one at a few random steps: it holds a process back for long, with few deviations.
 * - **POS** (Yuan and others, "Partial order aware concurrency sampling", 2018) draws a source's priority anew after each of its steps.
 * - A **mutation** follows a schedule that was tried before, with one deviation more or less, or another one.
 */
import type { Fault, Point, Source } from "@understudy/core/Simulation"
import { Follower, type Strategy } from "../choices/Choosing.ts"
import type { Random } from "../choices/Random.ts"
import type { Deviation, Schedule } from "../choices/Schedule.ts"
import { FaultMaker, type Palette } from "../faults/Faults.ts"

/** What strategies are made with. */
export interface Setting {
  readonly random: Random
  readonly schedulers: number
  readonly faults: Palette
  /** How many points a run has, from earlier ones. */
  readonly length: number
}

abstract class Searching implements Strategy {
  protected readonly random: Random
  private readonly faults: FaultMaker
  /** How often something gives way, and a `buggify` point is on. */
  private readonly preempts: number
  private readonly buggifies: number
  private readonly draws: number

  constructor({ faults, random, schedulers }: Setting, preempts: number) {
    this.random = random
    this.faults = new FaultMaker(faults, random, schedulers)
    this.preempts = preempts
    this.buggifies = random.next() < 0.5 ? 0 : random.next() * 0.5
    this.draws = random.next()
  }

  abstract pick(point: Point): number

  preempt(_source: Source): boolean {
    return this.random.next() < this.preempts
  }

  fault(point: Point): Fault | undefined {
    return this.faults.next(point)
  }

  draw(bound: number): number {
    return this.random.next() < this.draws ? this.random.below(bound) : 0
  }

  buggify(): boolean {
    return this.random.next() < this.buggifies
  }
}

const candidates = (point: Point): number => point.ready.length + (point.timer ? 1 : 0)

/** See the file's header. */
export class RandomWalk extends Searching {
  private readonly leaves: number

  constructor(setting: Setting) {
    const { random } = setting
    super(setting, [0.05, 0.2, 0.5][random.below(3)] as number)
    this.leaves = [0.1, 0.3, 0.6, 0.9][random.below(4)] as number
  }

  pick(point: Point): number {
    return this.random.next() < this.leaves ? this.random.below(candidates(point)) : 0
  }
}

/** See the file's header. `depth`: how many steps lower a priority, and one more. */
export class Pct extends Searching {
  private readonly priorities = new Map<string, number>()
  private readonly changes: ReadonlySet<number>
  private points = 0
  private lowest = 0

  constructor(setting: Setting) {
    super(setting, 0.1)
    const { length, random } = setting
    const depth = 2 + random.below(4)
    this.changes = new Set(Array.from({ length: depth - 1 }, () => 1 + random.below(Math.max(1, length))))
  }

  private priorityOf(name: string): number {
    let priority = this.priorities.get(name)
    if (priority === undefined) {
      priority = 1 + this.random.next()
      this.priorities.set(name, priority)
    }
    return priority
  }

  pick(point: Point): number {
    this.points++
    const first = this.highest(point)
    if (!this.changes.has(this.points)) return first
    const name = point.ready[first]?.name
    if (name !== undefined) this.priorities.set(name, --this.lowest)
    return this.highest(point)
  }

  private highest(point: Point): number {
    let best = 0
    for (let index = 1; index < point.ready.length; index++) {
      const [one, other] = [point.ready[index] as Source, point.ready[best] as Source]
      if (this.priorityOf(one.name) > this.priorityOf(other.name)) best = index
    }
    // Time is a source as well: whoever has sunk below 0 is slow enough for it to pass
    const sunk = this.priorityOf((point.ready[best] as Source).name) < 0
    return sunk && point.timer ? point.ready.length : best
  }
}

/** See the file's header. */
export class Pos extends Searching {
  private readonly priorities = new Map<string, number>()

  constructor(setting: Setting) {
    super(setting, 0.2)
  }

  pick(point: Point): number {
    if (point.timer && this.random.next() < 0.1) return point.ready.length
    let best = 0
    let most = -1
    for (const [index, { name }] of point.ready.entries()) {
      let priority = this.priorities.get(name)
      if (priority === undefined) {
        priority = this.random.next()
        this.priorities.set(name, priority)
      }
      if (priority > most) {
        best = index
        most = priority
      }
    }
    const name = point.ready[best]?.name
    if (name !== undefined) this.priorities.delete(name)
    return best
  }
}

/** A schedule that was tried, changed in one place. `alternatives`: single deviations that are possible. */
export const mutated = (schedule: Schedule, alternatives: ReadonlyArray<Deviation>, random: Random): Strategy => {
  const deviations = [...schedule.deviations]
  const drop = deviations.length > 0 && random.next() < 0.4
  if (drop) deviations.splice(random.below(deviations.length), 1)
  const added = alternatives[random.below(alternatives.length)]
  if (added !== undefined && (!drop || random.next() < 0.5)) deviations.push(added)
  return new Follower({ deviations })
}
