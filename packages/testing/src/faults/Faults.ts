/**
 * Which faults a search may make. A fault never hits the process of the test itself. Faults begin when the body says
 * `yield* Faults.begin`; with the palette's `from: "start"`, at the first step.
 *
 * ```ts
 * simulate(body, { schedulers: 2, faults: Faults.of("kill", "hold").atMost(2) })
 * ```
 */
import * as ExitReason from "@understudy/core/ExitReason"
import { type Fault, faultsBegin, type Point } from "@understudy/core/Simulation"
import * as Effect from "effect/Effect"
import type { Random } from "../choices/Random.ts"

/** The kinds of faults. See `Fault` of `@understudy/core/Simulation` for what each does. */
export type Kind = Fault["kind"]

/** All kinds. */
export const kinds: ReadonlyArray<Kind> = ["kill", "exit", "killScheduler", "hold", "pause", "delay", "slow"]

/** Faults that a run may have. Immutable. */
export interface Palette {
  readonly kinds: ReadonlyArray<Kind>
  readonly most: number
  readonly from: "begin" | "start"
  /** Which processes a kill, an exit signal or a delay may hit: by their paths of birth. Default: all but the test's own. */
  readonly targets: (name: string) => boolean
  /** The same without these kinds. */
  without(...kinds: ReadonlyArray<Kind>): Palette
  /** At most so many a run. Default 2. */
  atMost(most: number): Palette
  /** From the first step on, not from {@link begin}. */
  fromStart(): Palette
  /** Only processes whose path of birth that takes. */
  hitting(targets: (name: string) => boolean): Palette
}

const make = (facts: Pick<Palette, "kinds" | "most" | "from" | "targets">): Palette => ({
  ...facts,
  without: (...without) => make({ ...facts, kinds: facts.kinds.filter((kind) => !without.includes(kind)) }),
  atMost: (most) => {
    if (!Number.isInteger(most) || most < 0)
      throw new RangeError(`Faults.atMost: expected a whole number from 0 on; got ${most}`)
    return make({ ...facts, most })
  },
  fromStart: () => make({ ...facts, from: "start" }),
  hitting: (targets) => make({ ...facts, targets })
})

/** These kinds of faults. Throws a RangeError when one is none. */
export const of = (...wanted: ReadonlyArray<Kind>): Palette => {
  const unknown = wanted.find((kind) => !kinds.includes(kind))
  if (unknown !== undefined)
    throw new RangeError(`Faults.of: expected ${kinds.join(", ")}; got ${JSON.stringify(unknown)}`)
  return make({ kinds: wanted, most: 2, from: "begin", targets: () => true })
}

/** All kinds of faults. */
export const all: Palette = of(...kinds)

/** No faults. */
export const none: Palette = of()

/** From here on faults may happen. Nothing outside of a simulation. */
export const begin: Effect.Effect<void> = faultsBegin

/** The simulation that runs, which answers for `buggify`. */
const running: { buggify: ((name: string) => boolean) | undefined } = { buggify: undefined }

/** Runs something with an answer to {@link buggify}. For this package only. */
export const withBuggify = <A>(answer: (name: string) => boolean, run: () => A): A => {
  const before = running.buggify
  running.buggify = answer
  try {
    return run()
  } finally {
    running.buggify = before
  }
}

/**
 * Whether something rare is to happen here: a retry, an early return, a small buffer. A search tries both; outside of one it is `false`.
 *
 * ```ts
 * const size = (yield* Faults.buggify("small batch")) ? 1 : 100
 * ```
 */
export const buggify = (name: string): Effect.Effect<boolean> => Effect.sync(() => running.buggify?.(name) ?? false)

/** Makes a palette's faults at random. */
export class FaultMaker {
  private left: number
  private readonly palette: Palette
  private readonly random: Random
  private readonly rate: number
  private readonly slots: number

  constructor(palette: Palette, random: Random, slots: number) {
    this.palette = palette
    this.random = random
    this.slots = slots
    // Each run has its own number of faults, and rate: some have none
    this.left = random.below(palette.most + 1)
    this.rate = random.next() * 0.2
  }

  next(point: Point): Fault | undefined {
    const { palette, random } = this
    if (this.left === 0 || palette.kinds.length === 0 || random.next() > this.rate) return undefined
    const fault = this.make(palette.kinds[random.below(palette.kinds.length)] as Kind, point)
    if (fault !== undefined) this.left--
    return fault
  }

  private make(kind: Kind, point: Point): Fault | undefined {
    const { random, slots } = this
    const steps = 1 + random.below(60)
    switch (kind) {
      case "kill":
      case "exit":
      case "delay": {
        const processes = point.ready.filter((source) => source.kind === "process" && this.palette.targets(source.name))
        const target = processes[random.below(processes.length)]?.name
        if (target === undefined) return undefined
        if (kind === "kill") return { kind, target }
        return kind === "delay" ? { kind, target, steps } : { kind, target, reason: ExitReason.shutdown }
      }
      case "killScheduler":
        return slots < 2 ? undefined : { kind, slot: 1 + random.below(slots - 1) }
      case "hold": {
        if (slots < 2) return undefined
        const from = random.below(slots)
        const to = (from + 1 + random.below(slots - 1)) % slots
        return { kind, edge: `${from}->${to}`, steps }
      }
      case "pause":
        return { kind, slot: random.below(slots), steps }
      case "slow":
        return { kind, milliseconds: 1 + random.below(30) }
    }
  }
}
