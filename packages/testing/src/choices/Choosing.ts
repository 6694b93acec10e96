/** Choosers of a simulation: one that follows a schedule, and one that notes what a strategy chose as a schedule. */
import type { Chooser, Fault, Point, Source } from "@understudy/core/Simulation"
import { type Deviation, placeOf, type Schedule, time } from "./Schedule.ts"

/** What a strategy is asked beside what a {@link Chooser} is. */
export interface Strategy extends Chooser {
  /** Whether a `buggify` point is on. */
  buggify(name: string): boolean
}

/** Numbers how often something was asked. */
class Counts {
  private readonly counts = new Map<string, number>()

  next(key: string): number {
    const nth = (this.counts.get(key) ?? 0) + 1
    this.counts.set(key, nth)
    return nth
  }
}

const sourceAt = (point: Point, index: number): string => point.ready[index]?.name ?? time

/** Asks `strategy`, and notes what was not plain. What it notes, {@link follow} does again. */
export class Recorder implements Strategy {
  readonly deviations: Array<Deviation> = []
  private readonly counts = new Counts()
  private readonly strategy: Strategy

  constructor(strategy: Strategy) {
    this.strategy = strategy
  }

  get schedule(): Schedule {
    return { deviations: [...this.deviations] }
  }

  pick(point: Point): number {
    const of = sourceAt(point, 0)
    const nth = this.counts.next(`Pick ${of}`)
    const candidates = point.ready.length + (point.timer ? 1 : 0)
    const picked = ((this.strategy.pick(point) % candidates) + candidates) % candidates
    if (picked !== 0) this.deviations.push({ _tag: "Pick", of, nth, instead: sourceAt(point, picked) })
    return picked
  }

  preempt(source: Source): boolean {
    const nth = this.counts.next(`Preempt ${source.name}`)
    const gives = this.strategy.preempt(source)
    if (gives) this.deviations.push({ _tag: "Preempt", of: source.name, nth })
    return gives
  }

  fault(point: Point): Fault | undefined {
    const nth = this.counts.next("Disturb")
    const fault = this.strategy.fault(point)
    if (fault !== undefined) this.deviations.push({ _tag: "Disturb", nth, fault })
    return fault
  }

  draw(bound: number): number {
    const nth = this.counts.next("Draw")
    const value = bound > 1 ? this.strategy.draw(bound) % bound : 0
    if (value !== 0) this.deviations.push({ _tag: "Draw", nth, value })
    return value
  }

  buggify(name: string): boolean {
    const nth = this.counts.next(`Buggify ${name}`)
    const on = this.strategy.buggify(name)
    if (on) this.deviations.push({ _tag: "Buggify", name, nth })
    return on
  }
}

/** Follows a schedule. A deviation whose place does not come, or whose candidate is not ready, has no effect. */
export class Follower implements Strategy {
  /** Deviations that had an effect. */
  readonly applied: Array<Deviation> = []
  /** All single deviations that would have been possible, if they are wanted. */
  readonly alternatives: Array<Deviation> | undefined
  private readonly counts = new Counts()
  private readonly byPlace: ReadonlyMap<string, Deviation>

  constructor(schedule: Schedule, options: { readonly alternatives?: boolean } = {}) {
    this.byPlace = new Map(schedule.deviations.map((deviation) => [placeOf(deviation), deviation]))
    this.alternatives = options.alternatives === true ? [] : undefined
  }

  pick(point: Point): number {
    const of = sourceAt(point, 0)
    const nth = this.counts.next(`Pick ${of}`)
    const candidates = point.ready.length + (point.timer ? 1 : 0)
    for (let index = 1; this.alternatives !== undefined && index < candidates; index++) {
      this.alternatives.push({ _tag: "Pick", of, nth, instead: sourceAt(point, index) })
    }
    const deviation = this.byPlace.get(`Pick ${nth} ${of}`)
    if (deviation?._tag !== "Pick") return 0
    const index =
      deviation.instead === time
        ? point.timer
          ? point.ready.length
          : -1
        : point.ready.findIndex(({ name }) => name === deviation.instead)
    if (index <= 0) return 0
    this.applied.push(deviation)
    return index
  }

  preempt(source: Source): boolean {
    const nth = this.counts.next(`Preempt ${source.name}`)
    this.alternatives?.push({ _tag: "Preempt", of: source.name, nth })
    const deviation = this.byPlace.get(`Preempt ${nth} ${source.name}`)
    if (deviation !== undefined) this.applied.push(deviation)
    return deviation !== undefined
  }

  fault(): Fault | undefined {
    const deviation = this.byPlace.get(`Disturb ${this.counts.next("Disturb")}`)
    if (deviation?._tag !== "Disturb") return undefined
    this.applied.push(deviation)
    return deviation.fault
  }

  draw(bound: number): number {
    const deviation = this.byPlace.get(`Draw ${this.counts.next("Draw")}`)
    if (deviation?._tag !== "Draw" || bound < 2) return 0
    this.applied.push(deviation)
    return deviation.value % bound
  }

  buggify(name: string): boolean {
    const deviation = this.byPlace.get(`Buggify ${this.counts.next(`Buggify ${name}`)} ${name}`)
    if (deviation !== undefined) this.applied.push(deviation)
    return deviation !== undefined
  }
}
