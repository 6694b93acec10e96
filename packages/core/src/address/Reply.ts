/** The way of an answer from the callee back to the caller. */
import type * as Exit from "effect/Exit"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import type { Pid } from "./Pid.ts"

/** Where an answer goes. */
export interface ReplyTo {
  answer(exit: Exit.Exit<unknown, unknown>): void
  /** As {@link answer} with a success, without making an `Exit` of it: the answer of nearly all calls. */
  succeed(value: unknown): void
  /** The callee is gone (or never was). */
  down(reason: ExitReason.ExitReason): void
  /** Whether the answer is there, or the caller no longer waits. */
  readonly settled: boolean
  /** The callee does not take such calls: it is of the named contract, and not of the call's, or it has no handler for it. */
  refuse(contract: string, problem: Refusal): void
  /** The caller, as far as it is known, for reports. */
  readonly asker?: Asker | undefined
  /** Gives the asker a number that the scheduler of that slot can answer to. Absent where the asker is on another scheduler already. */
  export?(slot: number): number
  /** The caller no longer waits, and the callee never knew of the call. */
  abandon?(): void
}

/** A wait on this scheduler for an answer from another one. */
export interface AwaitedReply {
  /** The scheduler that is to answer. */
  readonly slot: number
  /** The answer is there. */
  receive(reader: ByteReader): void
  /** There will be none. */
  down(reason: ExitReason.ExitReason): void
  /** Told the pid of a process that it has asked to start, before anything else of that process can be seen. */
  readonly spawned: ((pid: Pid) => void) | undefined
}

/** What a start waits with for the answer of the new process. */
export interface AwaitedStart extends AwaitedReply {
  /** The number that it is answered under. */
  readonly id: number
  /** Whether the process need not be started any more: the starter no longer waits, or has ended. Then it ends by {@link down}. */
  readonly unwanted: boolean
  /** It is on its way to another scheduler, and happens there. */
  leaves(): void
}

/** Why a process does not take a call. */
export type Refusal = "other-contract" | "no-handler"

/** The caller of a call that arrives in bytes. */
export interface Caller {
  /** Where the answer goes, which is written by that codec. */
  reply(codec: AnswerCodec): ReplyTo
}

/** The caller, for reports. */
export interface Asker {
  readonly scheduler: number
  /** The process, if it is one of the scheduler that is asked, and asks by its own fiber. */
  readonly pid: Pid | undefined
  /** Where it asks, as lines of a stack: the `yield*`, and the functions made by `Effect.fn` that it is in. */
  readonly stack: string | undefined
}

/** Writes a success or a failure with the codecs of what was asked. */
export interface AnswerCodec {
  readonly success: { encode(value: unknown, writer: ByteWriter): void; decode(reader: ByteReader): unknown }
  readonly error: { encode(value: unknown, writer: ByteWriter): void; decode(reader: ByteReader): unknown }
}
