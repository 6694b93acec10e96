/**
 * The schedulers of a system beside the main one, worker threads, or virtual schedulers that share
 * the main thread.
 */
import { MessageChannel } from "node:worker_threads"
import type { PeerEnd } from "../mesh/Mesh.ts"
import { makeRing } from "../transport/Ring.ts"

/** See the file's header. */
export interface Crew {
  /** Boots all of them. Rejects when one fails to start. */
  start(): Promise<void>
  /** Ends one at once, as a crash would; its slot is refilled. */
  kill(slot: number): void
  /** Empties one in order; its slot is refilled. */
  drain(slot: number): void
  /** Stops all of them in order. */
  stop(): Promise<void>
}

/** A scheduler's place: its slot, and which life of the slot. */
export interface Place {
  readonly slot: number
  readonly incarnation: number
}

/** The two ends of a new connection: `theirs` is for the newcomer, `ours` for the other. */
export const makePair = (newcomer: Place, other: Place): { readonly theirs: PeerEnd; readonly ours: PeerEnd } => {
  const toOther = makeRing()
  const toNewcomer = makeRing()
  const { port1, port2 } = new MessageChannel()
  return {
    theirs: { slot: other.slot, incarnation: other.incarnation, out: toOther, in: toNewcomer, port: port1 },
    ours: { ...newcomer, out: toNewcomer, in: toOther, port: port2 }
  }
}
