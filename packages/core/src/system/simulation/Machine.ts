/** What the parts of a simulated system need of the world they are in. */
import type * as Fiber from "effect/Fiber"
import type { Pid } from "../../address/Pid.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import type { Priority } from "../../run/RunQueue.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { ProcessEvent } from "../../signal/ProcessEvent.ts"
import type { Source } from "./Choices.ts"
import type { NamesByKey } from "./Names.ts"
import type { StepKind, Unstamped } from "./Story.ts"

/** What can have the next step. Hot path: plain and mutable. */
export interface Candidate extends Source {
  /** Takes the step. */
  step(): void
  /** What the step will be. */
  readonly what: StepKind
  readonly priority: Priority
  /** How much time has passed while it was ready, since it last had nothing to do: milliseconds. */
  waited: number
  /** It is passed over before that step. */
  heldUntil: number
}

/** See the file's header. */
export interface Machine extends NamesByKey {
  readonly now: number
  /** Whether somebody wants to know what happens. */
  readonly observed: boolean
  tell(event: Unstamped): void
  /** It has something to do from now on. */
  becomesReady(candidate: Candidate): void
  /** Who has this step; `undefined` between two. */
  readonly running: Candidate | undefined
  /** Whether who runs gives way before its next operation. `fiber`: what it runs on. */
  preempts(fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean
  /** The same for an operation that would be done on the spot: if so, it is given to the interpreter, and gives way there. */
  preemptsInline(): boolean
  draw(bound: number): number
  /** A process was started. Its lane. */
  born(record: ProcessRecord, call: number | undefined): void
  ended(record: ProcessRecord): void
  /** A start is on its way to another scheduler, under the number of its call. */
  leaves(call: number, parent: Pid | undefined, title: string): void
  reported(slot: number, event: ProcessEvent | SchedulerEvent): void
  /** Slots of schedulers that are up, the given one first. */
  slotsFrom(slot: number): ReadonlyArray<number>
  /** Where it was made, when that is to be known. */
  site(): string | undefined
}
