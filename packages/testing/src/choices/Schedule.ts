/**
 * Schedules: how one run of a simulation differs from the plain one. A schedule lists its deviations and nothing else, so the empty one is
 * the order in which a system without a search runs, and what is left after shrinking is what matters.
 *
 * A deviation says where it applies by names and counts of one process, not by the number of a step: one that is dropped does not shift
 * the others.
 */
import type { Fault } from "@understudy/core/Simulation"

/** Another process, edge or scheduler has the step that `of` would have had, at its `nth` such step (from 1). `time`: time passes. */
export interface Pick {
  readonly _tag: "Pick"
  readonly of: string
  readonly nth: number
  readonly instead: string
}

/** `of` gives way before an operation: the `nth` at which it was asked. */
export interface Preempt {
  readonly _tag: "Preempt"
  readonly of: string
  readonly nth: number
}

/** Something goes wrong at the `nth` question whether it does. */
export interface Disturb {
  readonly _tag: "Disturb"
  readonly nth: number
  readonly fault: Fault
}

/** The `nth` number that was drawn (a placement, a tie of timers, a seed) is not 0. */
export interface Draw {
  readonly _tag: "Draw"
  readonly nth: number
  readonly value: number
}

/** A `buggify` point of that name is on, the `nth` time that it is reached. */
export interface Buggify {
  readonly _tag: "Buggify"
  readonly name: string
  readonly nth: number
}

/** One difference from the plain run. */
export type Deviation = Pick | Preempt | Disturb | Draw | Buggify

/** The differences of a run from the plain one, in the order in which they happened. */
export interface Schedule {
  readonly deviations: ReadonlyArray<Deviation>
}

/** The order of a system without a search. */
export const plain: Schedule = { deviations: [] }

/** The name that stands for time among what may have the next step. */
export const time = "time"

/** A deviation's place: no run has two at one. */
export const placeOf = (deviation: Deviation): string => {
  switch (deviation._tag) {
    case "Pick":
    case "Preempt":
      return `${deviation._tag} ${deviation.nth} ${deviation.of}`
    case "Buggify":
      return `Buggify ${deviation.nth} ${deviation.name}`
    default:
      return `${deviation._tag} ${deviation.nth}`
  }
}

/** A fault in words. */
export const describeFault = (fault: Fault): string => {
  switch (fault.kind) {
    case "kill":
      return `${fault.target} is killed`
    case "exit":
      return `${fault.target} is sent an exit signal`
    case "killScheduler":
      return `scheduler ${fault.slot} is lost`
    case "hold":
      return `nothing arrives over ${fault.edge} for ${fault.steps} steps`
    case "pause":
      return `scheduler ${fault.slot} runs nothing for ${fault.steps} steps`
    case "delay":
      return `${fault.target} does not run for ${fault.steps} steps`
    case "slow":
      return `${fault.milliseconds} ms pass`
  }
}

/** A deviation in words. */
export const describe = (deviation: Deviation): string => {
  switch (deviation._tag) {
    case "Pick":
      return deviation.instead === time
        ? `time passes before ${deviation.of} has its ${ordinal(deviation.nth)} step`
        : `${deviation.instead} goes before the ${ordinal(deviation.nth)} step of ${deviation.of}`
    case "Preempt":
      return `${deviation.of} gives way before its ${ordinal(deviation.nth)} operation`
    case "Disturb":
      return describeFault(deviation.fault)
    case "Draw":
      return `the ${ordinal(deviation.nth)} number drawn is ${deviation.value}`
    case "Buggify":
      return `buggify("${deviation.name}") is on the ${ordinal(deviation.nth)} time`
  }
}

const ordinal = (nth: number): string => {
  const ten = nth % 100
  const end = ten > 10 && ten < 14 ? "th" : (["th", "st", "nd", "rd"][nth % 10] ?? "th")
  return `${nth}${end}`
}
