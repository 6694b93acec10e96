/** Events of processes that are reported to operators, and their readers. */
import type { Pid } from "../address/Pid.ts"
import type { Asker } from "../address/Reply.ts"
import type { ExitReason } from "../exit/ExitReason.ts"

/** More restarts than a supervisor's intensity allows. */
export interface GaveUp {
  /** How many restarts the intensity allows. */
  readonly restarts: number
  /** Within how many milliseconds. */
  readonly within: number
  /** What was restarted within that time, the last attempt that is not made included: how often each child, the most first. */
  readonly of: ReadonlyArray<{ readonly child: string; readonly times: number }>
}

/** How much an event matters: the level it is logged at. */
export type EventLevel = "debug" | "info" | "warning" | "error"

/** Something worth telling an operator. Given to the system's event stream and to the log. */
export type ProcessEvent =
  | {
      /** A process ended abnormally, by its own doing. */
      readonly _tag: "ProcessCrashed"
      readonly pid: Pid
      readonly label: string | undefined
      readonly parent: Pid | undefined
      readonly ancestors: ReadonlyArray<Pid>
      readonly reason: ExitReason
      /** The message it was handling, or had handled last, as text: what its contract's `inspect` shows of it. */
      readonly lastMessage: string | undefined
      /** A server's state before that message, as text: what its contract's `inspect` shows of it. */
      readonly state: string | undefined
      /** The caller: set when the last message is a call that was not answered. */
      readonly caller: Asker | undefined
      readonly mailboxLength: number
      readonly links: ReadonlyArray<Pid>
    }
  | {
      /** A message was not one of the mailbox it was for: of another contract, or of another schema. It was dropped. */
      readonly _tag: "MessageRejected"
      readonly pid: Pid
      readonly problem: string
    }
  | {
      /** A process took a message that its behaviour has no handler for. It goes on. */
      readonly _tag: "UnexpectedMessage"
      readonly pid: Pid
      readonly label: string | undefined
      /** As text: what the contract's `inspect` shows of it. */
      readonly received: string | undefined
    }
  | {
      /** A supervisor's account: what happened to which child. */
      readonly _tag: "SupervisorReport"
      readonly supervisor: Pid
      readonly name: string
      /** `shutdown`: it gives up, since it has restarted children as often as its intensity allows. */
      readonly context: "child-terminated" | "start-error" | "shutdown-error" | "shutdown"
      /** The child's id; its label or its contract's name under a dynamic supervisor. */
      readonly child: string
      /** The child's process: the one that has ended. Undefined when it could not be started. */
      readonly pid: Pid | undefined
      /** The name of the child's contract. */
      readonly contract: string
      /** The child's arguments, as text: what its contract's `inspect` shows of them. */
      readonly args: string | undefined
      readonly restart: "permanent" | "transient" | "temporary"
      /** Milliseconds, or how else it is stopped. */
      readonly shutdown: number | "brutal-kill" | "infinity"
      readonly type: "worker" | "supervisor"
      readonly reason: ExitReason
      /** Of a supervisor that gives up. */
      readonly gaveUp: GaveUp | undefined
    }
  | {
      /** A supervisor has started a child: OTP's progress report. */
      readonly _tag: "ChildStarted"
      readonly supervisor: Pid
      readonly name: string
      /** As in a `SupervisorReport`. */
      readonly child: string
      readonly pid: Pid
      readonly contract: string
      /** Whether the supervisor has started it again, and not for the first time. */
      readonly restarted: boolean
    }
  | {
      /** More messages wait for a process than its limit says. */
      readonly _tag: "LongMailbox"
      readonly pid: Pid
      readonly label: string | undefined
      readonly length: number
      readonly limit: number
    }
  | {
      /** A process's finalizers have not come to their end in time: it counts as ended, and its code has no effect on other processes any more. */
      readonly _tag: "UnwindTimeout"
      readonly pid: Pid
      readonly label: string | undefined
      /** Its `unwindTimeout`. */
      readonly milliseconds: number
    }
  | {
      /** Something in the runtime itself, or in a foreign callback it ran, threw. */
      readonly _tag: "RuntimeError"
      readonly during: string
      readonly error: unknown
    }

/** The readers of events: the log, and listeners on any scheduler. */
export interface Reporter {
  report(event: ProcessEvent): void
  /** Whether an event of that level has a reader. Without one it need not be made. */
  isHeard(level: EventLevel): boolean
}
