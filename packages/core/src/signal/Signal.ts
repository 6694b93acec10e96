/**
 * Everything that travels between processes on different schedulers. One ordered channel per pair of schedulers
 * carries all of it, so a process's last words arrive before its DOWN. (On one scheduler the same steps are
 * plain function calls in `Signals.ts`.)
 */

import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Name } from "../address/Name.ts"
import type { Pid } from "../address/Pid.ts"
import type { ExitReason } from "../exit/ExitReason.ts"
import type { ByteWriter } from "../wire/Bytes.ts"
import type { Question } from "./Question.ts"

/** A message for a mailbox. `codec` is how the sender encodes it; the receiver decodes with its own. */
export interface MessageSignal {
  readonly _tag: "Message"
  readonly to: Pid
  readonly codec: MessageCodec
  readonly message: unknown
  /** The alias it is sent through, or 0. */
  readonly alias: number
  /** The call this message makes, or 0. */
  readonly call: number
  /** What to answer when the message is in a mailbox that makes senders wait, or 0. */
  readonly accepted: number
  /** Whether the message is to wait for room in a full mailbox. */
  readonly wait: boolean
}

/** An exit signal: sent by `Process.exit`, or by a link when `link` is true. */
export interface ExitSignal {
  readonly _tag: "Exit"
  readonly to: Pid
  readonly from: Pid
  readonly reason: ExitReason
  readonly link: boolean
}

export interface LinkSignal {
  readonly _tag: "Link"
  readonly to: Pid
  readonly from: Pid
}

/** Unlinking across schedulers is acknowledged, so that an exit already on its way can be told from a new link's. */
export interface UnlinkSignal {
  readonly _tag: "Unlink"
  readonly to: Pid
  readonly from: Pid
  readonly id: number
}

export interface UnlinkAckSignal {
  readonly _tag: "UnlinkAck"
  readonly to: Pid
  readonly from: Pid
  readonly id: number
}

export interface MonitorSignal {
  readonly _tag: "Monitor"
  readonly to: Pid
  readonly from: Pid
  readonly ref: number
}

export interface DemonitorSignal {
  readonly _tag: "Demonitor"
  readonly to: Pid
  readonly ref: number
}

export interface DownSignal {
  readonly _tag: "Down"
  readonly to: Pid
  readonly from: Pid
  readonly ref: number
  readonly reason: ExitReason
}

/** A caller no longer waits for the answer, or a sender for room: it was interrupted, its time is over, or it is gone. */
export interface AbandonSignal {
  readonly _tag: "Abandon"
  readonly to: Pid
  /** The number of the call, or of the question whether the message is in. */
  readonly call: number
}

/** The answer to a call (or to any question one scheduler asks another), addressed by the asker's call id. */
export interface ReplySignal {
  readonly _tag: "Reply"
  readonly slot: number
  readonly incarnation: number
  readonly call: number
  /** How the answer was written: the asker knows what it asked for and reads it accordingly. */
  readonly write: (writer: ByteWriter) => void
}

/** Starts a process of a definition both schedulers know. The answer is a reply to `call`, when initialisation is done. */
export interface SpawnSignal {
  readonly _tag: "Spawn"
  readonly slot: number
  readonly from: { readonly slot: number; readonly incarnation: number }
  readonly call: number
  readonly definition: string
  readonly writeArgs: (writer: ByteWriter) => void
  readonly parent: Pid | undefined
  readonly ancestors: ReadonlyArray<Pid>
  readonly link: boolean
  /** A monitor of the parent, or 0. */
  readonly monitor: number
  readonly name: Name | undefined
  /** What of the options goes along, if anything: placement has been decided, the name has a field of its own. */
  readonly options: object | undefined
}

/** Asks a scheduler about one of its processes or timers; ordered behind the asker's earlier signals. */
export interface QuerySignal {
  readonly _tag: "Query"
  readonly slot: number
  readonly incarnation: number
  readonly question: Question
  /** A process's serial, or a timer's reference. */
  readonly subject: number
  readonly from: { readonly slot: number; readonly incarnation: number }
  readonly call: number
}

/** Tells the asker of a spawn which pid it got, before anything else the new process does. */
export interface SpawnedSignal {
  readonly _tag: "Spawned"
  readonly slot: number
  readonly incarnation: number
  readonly call: number
  readonly pid: Pid
}

/** One change of a table of names, on its way to every scheduler. */
export interface DirectoryChangeSignal {
  readonly _tag: "DirectoryChange"
  /** `release`: its process's own scheduler says that it has ended; `released`: slot 0 has heard so, and says it to the others. */
  readonly change: "add" | "remove" | "update" | "release" | "released"
  readonly table: string
  readonly key: string
  readonly pid: Pid
  readonly value: unknown
  /** The call of the sender that is answered when it is in, or 0. */
  readonly call: number
  readonly from: { readonly slot: number; readonly incarnation: number }
}

/** Asks the scheduler that orders changes (slot 0) for one. Answered when every scheduler has it. */
export interface DirectoryRequestSignal {
  readonly _tag: "DirectoryRequest"
  readonly request: "register" | "unregister" | "update"
  readonly keys: "unique" | "duplicate"
  readonly table: string
  readonly key: string
  readonly pid: Pid
  readonly value: unknown
  readonly call: number
  readonly from: { readonly slot: number; readonly incarnation: number }
}

/** An event, for a scheduler with listeners. */
export interface EventSignal {
  readonly _tag: "Event"
  readonly write: (writer: ByteWriter) => void
}

/** What crosses between schedulers. */
export type Signal =
  | MessageSignal
  | ExitSignal
  | LinkSignal
  | UnlinkSignal
  | UnlinkAckSignal
  | MonitorSignal
  | DemonitorSignal
  | DownSignal
  | AbandonSignal
  | ReplySignal
  | SpawnSignal
  | SpawnedSignal
  | QuerySignal
  | DirectoryChangeSignal
  | DirectoryRequestSignal
  | EventSignal

/** A monitored process is gone. Delivered once per monitor, for any reason. */
export class Down {
  readonly _tag = "Down"
  /** The monitor, as `Process.monitor` returned it. */
  readonly ref: MonitorRef
  /** The process that is gone. */
  readonly pid: Pid
  /** The name it was monitored by, when it was. Catalogue M13. */
  readonly name: string | undefined
  readonly reason: ExitReason
  constructor(ref: MonitorRef, pid: Pid, name: string | undefined, reason: ExitReason) {
    this.ref = ref
    this.pid = pid
    this.name = name
    this.reason = reason
  }
}

/** An exit signal that a process which traps exits received as a message. */
export class Exit {
  readonly _tag = "Exit"
  readonly from: Pid
  readonly reason: ExitReason
  constructor(from: Pid, reason: ExitReason) {
    this.from = from
    this.reason = reason
  }
}

/** Identifies one monitor. Unique in the system; compare with `===`. */
export type MonitorRef = number & { readonly "~understudy/MonitorRef": true }

/** Identifies one timer. Unique in the system; compare with `===`. */
export type TimerRef = number & { readonly "~understudy/TimerRef": true }
