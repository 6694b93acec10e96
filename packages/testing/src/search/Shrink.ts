/**
 * Shrinking: the smallest schedule near one that fails. Size is complexity: each deviation that can be left out is one less to understand.
 */
import { type Deviation, placeOf, type Schedule } from "../choices/Schedule.ts"

/** What came of one try: whether it failed in the same way, and the deviations that had an effect. */
export interface Tried {
  readonly fails: boolean
  readonly applied: ReadonlyArray<Deviation>
  /** Single deviations that this run could have had in addition. Only when asked for. */
  readonly alternatives: ReadonlyArray<Deviation>
}

/** How a schedule is tried. */
export type Try = (schedule: Schedule, options?: { readonly alternatives?: boolean }) => Tried

/** The smallest schedule that was found, and how many tries that took. */
export interface Shrunk {
  readonly schedule: Schedule
  readonly tries: number
}

/** How many pairs of deviations are tried at most. */
const mostPairs = 2_000

/** Shrinks a schedule that fails, with at most `budget` tries. The result fails. */
export const shrink = (start: Schedule, attempt: Try, budget: number): Shrunk => {
  let tries = 0
  let best = start.deviations
  const smaller = (deviations: ReadonlyArray<Deviation>): boolean => {
    if (tries >= budget) return false
    tries++
    const { applied, fails } = attempt({ deviations })
    // What had no effect is not needed
    if (fails) best = applied.length < deviations.length ? applied : deviations
    return fails
  }
  smaller(best)
  for (let before = -1; before !== best.length && tries < budget; ) {
    before = best.length
    dropChunks(() => best, smaller)
    mergeDelays(() => best, smaller)
    earlier(() => best, smaller)
  }
  if (best.length > 1)
    near(
      () => best,
      smaller,
      (schedule) => attempt(schedule, { alternatives: true }),
      () => budget - tries
    )
  lower(() => best, smaller)
  return { schedule: { deviations: best }, tries }
}

/** Drops halves, quarters and so on, then single deviations. */
const dropChunks = (
  best: () => ReadonlyArray<Deviation>,
  smaller: (deviations: ReadonlyArray<Deviation>) => boolean
): void => {
  for (let size = Math.max(1, best().length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < best().length; ) {
      const rest = [...best().slice(0, at), ...best().slice(at + size)]
      if (!smaller(rest)) at += size
    }
  }
}

/** Holding one process back for long is one deviation, however many steps it loses. */
const mergeDelays = (
  best: () => ReadonlyArray<Deviation>,
  smaller: (deviations: ReadonlyArray<Deviation>) => boolean
): void => {
  const held = new Map<string, number>()
  for (const deviation of best()) {
    if (deviation._tag === "Pick") held.set(deviation.of, (held.get(deviation.of) ?? 0) + 1)
  }
  for (const [target, times] of held) {
    if (times < 2) continue
    const others = best().filter((deviation) => !(deviation._tag === "Pick" && deviation.of === target))
    for (const nth of [1, 2, 4, 8, 16, 32]) {
      for (const steps of [8, 32]) {
        const fault = target.includes("->")
          ? ({ kind: "hold", edge: target, steps } as const)
          : ({ kind: "delay", target, steps } as const)
        if (smaller([...others, { _tag: "Disturb", nth, fault }])) return
      }
    }
  }
}

/** Earlier places and fewer steps read more easily, and often make others superfluous. */
const earlier = (
  best: () => ReadonlyArray<Deviation>,
  smaller: (deviations: ReadonlyArray<Deviation>) => boolean
): void => {
  for (let at = 0; at < best().length; at++) {
    const deviation = best()[at] as Deviation
    for (const nth of [1, deviation.nth >> 1, deviation.nth - 1]) {
      if (nth < 1 || nth >= deviation.nth) continue
      const moved = { ...deviation, nth }
      if (best().some((other) => other !== deviation && placeOf(other) === placeOf(moved))) continue
      if (smaller(best().map((other, index) => (index === at ? moved : other)))) break
    }
  }
}

/** All schedules of one deviation, then of two that contain one of those left. */
const near = (
  best: () => ReadonlyArray<Deviation>,
  smaller: (deviations: ReadonlyArray<Deviation>) => boolean,
  look: (schedule: Schedule) => Tried,
  left: () => number
): void => {
  const singles = look({ deviations: [] }).alternatives
  for (const one of singles) {
    if (left() <= 0) return
    if (smaller([one])) return
  }
  if (best().length <= 2) return
  let pairs = 0
  for (const one of best()) {
    for (const other of look({ deviations: [one] }).alternatives) {
      if (left() <= 0 || ++pairs > mostPairs) return
      if (placeOf(other) !== placeOf(one) && smaller([one, other])) return
    }
  }
}

/** Smaller numbers in faults and draws. */
const lower = (
  best: () => ReadonlyArray<Deviation>,
  smaller: (deviations: ReadonlyArray<Deviation>) => boolean
): void => {
  for (let at = 0; at < best().length; at++) {
    for (;;) {
      const deviation = best()[at]
      const next = deviation === undefined ? undefined : lowered(deviation)
      if (next === undefined || !smaller(best().map((other, index) => (index === at ? next : other)))) break
    }
  }
}

const lowered = (deviation: Deviation): Deviation | undefined => {
  if (deviation._tag === "Draw") return deviation.value > 1 ? { ...deviation, value: deviation.value >> 1 } : undefined
  if (deviation._tag !== "Disturb") return undefined
  const { fault } = deviation
  if ("steps" in fault)
    return fault.steps > 1 ? { ...deviation, fault: { ...fault, steps: fault.steps >> 1 } } : undefined
  if (fault.kind === "slow") {
    return fault.milliseconds > 1
      ? { ...deviation, fault: { ...fault, milliseconds: fault.milliseconds >> 1 } }
      : undefined
  }
  return undefined
}
