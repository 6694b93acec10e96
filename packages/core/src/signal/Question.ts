/** What one scheduler can ask another about a process or a timer, and what is known of a process. */
import type { Pid } from "../address/Pid.ts"

/** What can be asked. The subject is a process's serial, or a timer's reference. */
export type Question = "alive" | "info" | "cancel-timer" | "read-timer"

/** What is known of a process. Catalogue P23. */
export interface Info {
  readonly pid: Pid
  readonly label: string | undefined
  readonly registeredName: string | undefined
  readonly parent: Pid | undefined
  /** The process that started it, that one's starter, and so on, nearest first. Catalogue P29. */
  readonly ancestors: ReadonlyArray<Pid>
  readonly links: ReadonlyArray<Pid>
  readonly monitors: ReadonlyArray<Pid>
  readonly monitoredBy: ReadonlyArray<Pid>
  readonly trapExit: boolean
  readonly messageQueueLength: number
  readonly reductions: number
  readonly status: "running" | "exiting"
  readonly priority: "max" | "high" | "normal" | "low"
}
