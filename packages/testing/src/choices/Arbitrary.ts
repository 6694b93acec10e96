/**
 * Schedules as a fast-check arbitrary, for properties over values and interleavings together. A generated schedule is drawn while its run
 * goes on, since only that knows what can be chosen; what was chosen stands in it afterwards, and shrinking goes on from there.
 */
import * as fc from "fast-check"
import * as Faults from "../faults/Faults.ts"
import { Pct, Pos, RandomWalk } from "../search/Strategies.ts"
import { Follower, Recorder, type Strategy } from "./Choosing.ts"
import { random } from "./Random.ts"
import { describe, plain, type Schedule } from "./Schedule.ts"
import { toToken } from "./Token.ts"

/** How a schedule of a property is chosen. Follow it in one run: {@link strategy} is what the run is given. */
export class DrawnSchedule {
  private recorder: Recorder | undefined
  private readonly make: () => Strategy
  private readonly fixed: Schedule | undefined

  constructor(make: () => Strategy, fixed?: Schedule) {
    this.make = make
    this.fixed = fixed
  }

  /** What a run is to be given. Each call begins anew, and makes the same choices. */
  strategy(): Strategy {
    this.recorder = new Recorder(this.make())
    return this.recorder
  }

  /** What the last run has chosen; before the first, what is known of it. */
  get schedule(): Schedule {
    return this.fixed ?? this.recorder?.schedule ?? plain
  }

  /** For counterexamples. */
  toString(): string {
    const { deviations } = this.schedule
    return deviations.length === 0
      ? "plain order"
      : `${deviations.map(describe).join("; ")} (UNDERSTUDY_REPLAY=${toToken(this.schedule)})`
  }

  [fc.toStringMethod](): string {
    return this.toString()
  }
}

/** A schedule that is known, as one that was drawn. */
export const followed = (schedule: Schedule): DrawnSchedule => new DrawnSchedule(() => new Follower(schedule), schedule)

class ScheduleArbitrary extends fc.Arbitrary<DrawnSchedule> {
  private readonly schedulers: number
  private readonly faults: Faults.Palette

  constructor(schedulers: number, faults: Faults.Palette) {
    super()
    this.schedulers = schedulers
    this.faults = faults
  }

  override generate(mrng: fc.Random): fc.Value<DrawnSchedule> {
    const seed = mrng.nextInt()
    // One in eight is plain: what fails there needs no schedule
    const kind = mrng.nextInt(0, 7)
    if (kind === 0) return new fc.Value(followed(plain), undefined)
    const make = (): Strategy => {
      const setting = { random: random(seed), schedulers: this.schedulers, faults: this.faults, length: 50 }
      if (kind < 4) return new RandomWalk(setting)
      return kind < 6 ? new Pct(setting) : new Pos(setting)
    }
    return new fc.Value(new DrawnSchedule(make), undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is DrawnSchedule {
    return value instanceof DrawnSchedule
  }

  override shrink(value: DrawnSchedule): fc.Stream<fc.Value<DrawnSchedule>> {
    const { deviations } = value.schedule
    const smaller = function* (): IterableIterator<fc.Value<DrawnSchedule>> {
      if (deviations.length === 0) return
      yield new fc.Value(followed(plain), undefined)
      for (let size = deviations.length >> 1; size >= 1; size >>= 1) {
        for (let at = 0; at < deviations.length; at += size) {
          const rest = [...deviations.slice(0, at), ...deviations.slice(at + size)]
          yield new fc.Value(followed({ deviations: rest }), undefined)
        }
      }
    }
    return fc.stream(smaller())
  }
}

/**
 * Any schedule: the plain one, random walks, PCT, POS. It shrinks to fewer deviations. For `it.prop`, and for properties of one's own, which
 * give {@link DrawnSchedule.strategy} to a `Simulator`.
 *
 * - `schedulers`: of the system that it is for. Default 1.
 * - `faults`: what may go wrong. Default: nothing.
 */
export const any = (
  options: { readonly schedulers?: number; readonly faults?: Faults.Palette } = {}
): fc.Arbitrary<DrawnSchedule> => new ScheduleArbitrary(options.schedulers ?? 1, options.faults ?? Faults.none)
