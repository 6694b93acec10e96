/** Choosers for tests: each makes the plain choices but for what it is given. */
import * as Simulation from "@understudy/core/Simulation"

/** A stream of numbers below 1 that a seed decides. */
export const numbers = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Chooses at random, and preempts at such a share of all operations. */
export const random = (seed: number, preempts = 0.2): Simulation.Chooser => {
  const next = numbers(seed)
  return {
    pick: ({ ready, timer }) => Math.floor(next() * (ready.length + (timer ? 1 : 0))),
    preempt: () => next() < preempts,
    fault: () => undefined,
    draw: (bound) => Math.floor(next() * bound)
  }
}

/** Plain, but for these answers. */
export const choosing = (own: Partial<Simulation.Chooser>): Simulation.Chooser => ({ ...Simulation.plain, ...own })

/** Plain, with this fault at the first step for which `when` holds. */
export const failing = (
  fault: Simulation.Fault,
  when: (point: Simulation.Point) => boolean = () => true
): Simulation.Chooser => {
  let done = false
  return choosing({
    fault: (point) => {
      if (done || !when(point)) return undefined
      done = true
      return fault
    }
  })
}

/** Lets the source of that name wait for as long as anything else can happen. */
export const starving = (name: string): Simulation.Chooser =>
  choosing({
    pick: ({ ready }) =>
      Math.max(
        0,
        ready.findIndex((source) => source.name !== name)
      )
  })
