/**
 * How often a supervisor restarts children before it gives up: at most `restarts` within a sliding window of time.
 */
import { wholeMilliseconds } from "@understudy/core/internal/Texts"
import type * as Duration from "effect/Duration"
import { InvalidChildSpec } from "./ChildErrors.ts"
import { show } from "./Given.ts"

/** Restarts a supervisor makes; one more within the window ends it with reason shutdown. */
export interface Intensity {
  /** 0 or more. Default 3. */
  readonly restarts: number
  /** Longer than 0. Default 5 seconds. */
  readonly within: Duration.Input
}

/** {@link Intensity} in milliseconds. */
export interface Limits {
  readonly restarts: number
  readonly within: number
}

const defaults: Intensity = { restarts: 3, within: "5 seconds" }

/** The limits an intensity means. Throws {@link InvalidChildSpec}. */
export const limitsOf = (supervisor: string, intensity: Intensity | undefined): Limits => {
  const { restarts, within } = intensity ?? defaults
  const fail = (field: string, expected: string, actual: unknown) =>
    new InvalidChildSpec({ child: supervisor, field: `intensity.${field}`, expected, actual: show(actual) })
  if (!Number.isInteger(restarts) || restarts < 0) throw fail("restarts", "a whole number from 0", restarts)
  const milliseconds = toMilliseconds(within)
  if (milliseconds === undefined || milliseconds <= 0) throw fail("within", "a finite duration longer than 0", within)
  return { restarts, within: milliseconds }
}

/** A duration in milliseconds; `undefined` when it is none, is endless or is negative. */
export const toMilliseconds = (input: Duration.Input): number | undefined => {
  const value = wholeMilliseconds(input)
  return value === Number.POSITIVE_INFINITY ? undefined : value
}

/** The restarts of one supervisor. Catalogue SU21, SU23. */
export class RestartWindow {
  readonly limits: Limits
  /** Oldest first; those before `first` are out of the window. */
  private times: Array<number> = []
  /** Which child each of them was of. */
  private children: Array<string> = []
  private first = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /**
   * Counts a restart of `child` at `now` (milliseconds of the scheduler's time). Whether it is still allowed. Costs the same
   * however many restarts the window holds.
   */
  add(now: number, child: string): boolean {
    const { restarts, within } = this.limits
    const { times } = this
    times.push(now)
    this.children.push(child)
    while (now > (times[this.first] ?? now) + within) this.first++
    if (this.first > times.length / 2) {
      this.times = times.slice(this.first)
      this.children = this.children.slice(this.first)
      this.first = 0
    }
    return this.times.length - this.first <= restarts
  }

  /** How often each child was restarted within the window, the most first. */
  get of(): ReadonlyArray<{ readonly child: string; readonly times: number }> {
    const counts = new Map<string, number>()
    for (const child of this.children.slice(this.first)) counts.set(child, (counts.get(child) ?? 0) + 1)
    return [...counts].map(([child, times]) => ({ child, times })).sort((a, b) => b.times - a.times)
  }
}
