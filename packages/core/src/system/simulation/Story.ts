/** What an observer of a simulation is told. */
import type * as Exit from "effect/Exit"
import type { Pid } from "../../address/Pid.ts"
import type * as ExitReason from "../../exit/ExitReason.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { ProcessEvent } from "../../signal/ProcessEvent.ts"
import type { Down, Exit as ExitMessage } from "../../signal/Signal.ts"
import type { Fault, Source } from "./Choices.ts"

/** What a step is: a turn of a process, a fiber that goes on, an answer, a timer, other code, a signal that arrives, the loss of a scheduler, a refill. */
export type StepKind = "turn" | "resumes" | "answer" | "timer" | "task" | "arrival" | "lost" | "boot"

type Happening =
  /** Before the step is taken. */
  | { readonly _tag: "Step"; readonly source: Source; readonly what: StepKind }
  | { readonly _tag: "Preempted"; readonly source: Source }
  /** Time has passed since `from`. */
  | { readonly _tag: "Time"; readonly from: number }
  /** `hit`: whether there was anything for it to change. */
  | { readonly _tag: "Fault"; readonly fault: Fault; readonly hit: boolean }
  | {
      readonly _tag: "Born"
      readonly process: string
      readonly parent: string | undefined
      readonly slot: number
      readonly pid: Pid
      readonly label: string | undefined
    }
  | { readonly _tag: "Ended"; readonly process: string; readonly reason: ExitReason.ExitReason }
  /** A message is in the mailbox of `to`. Of a call or a cast: as the receiver's contract has it. */
  | {
      readonly _tag: "Sent"
      readonly from: string | undefined
      readonly to: string
      readonly kind: "message" | "cast" | "call"
      readonly message: unknown
    }
  /** A signal has left for another scheduler. Its arrival is a step. */
  | {
      readonly _tag: "Left"
      readonly from: string | undefined
      readonly edge: string
      readonly signal: string
      readonly to: string | undefined
      readonly message: unknown
    }
  /** A process has taken a message out of its mailbox. */
  | { readonly _tag: "Taken"; readonly process: string; readonly message: unknown }
  /** A DOWN or an EXIT is in the mailbox of `to`. */
  | { readonly _tag: "Signal"; readonly to: string; readonly signal: Down | ExitMessage }
  /** Who has called goes on with that. */
  | {
      readonly _tag: "Answered"
      readonly process: string | undefined
      readonly outcome: Exit.Exit<unknown, unknown>
    }
  | { readonly _tag: "Monitored"; readonly process: string; readonly of: string }
  /** What the runtime reports: crashes, supervisors, schedulers that come and go. */
  | { readonly _tag: "Event"; readonly slot: number; readonly event: ProcessEvent | SchedulerEvent }

/** One thing that has happened, in which step and at what virtual time (milliseconds). */
export type StepEvent = Happening & { readonly step: number; readonly time: number }

/** Is told what happens, in order. It must not throw, and not touch the system. */
export interface Observer {
  step?(event: StepEvent): void
}

/** As {@link StepEvent}, before it is stamped. */
export type Unstamped = Happening
