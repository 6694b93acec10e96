/**
 * The interface between a scheduler and its system: routing to other schedulers, placement, reports.
 */

import type { Directory } from "../address/Directory.ts"
import type { AwaitedStart } from "../address/Reply.ts"
import type { Host, Offer, Placement } from "../process/Host.ts"
import type { EventLevel, ProcessEvent } from "../signal/ProcessEvent.ts"
import type { Signal, SpawnSignal } from "../signal/Signal.ts"
import type { SchedulerEvent } from "./SchedulerEvent.ts"

/** What connects a scheduler to the others of its system. A system of one scheduler has an uplink too. */
export interface Uplink {
  readonly directory: Directory
  /** How many schedulers the system has. */
  readonly slots: number
  route(slot: number, incarnation: number, signal: Signal): void
  routeMessage: Host["routeMessage"]
  routeSpawn(signal: SpawnSignal, call: AwaitedStart): void
  offer(offer: Offer): void
  place(placement: Placement): number
  reserveSerials(): { readonly first: number; readonly count: number }
  report(event: ProcessEvent | SchedulerEvent): void
  isHeard(level: EventLevel): boolean
  /** A turn begins. */
  beginTurn(): void
  /**
   * Between two items: what was written to other schedulers is published, what came from them is taken in.
   *
   * @returns whether something came.
   */
  exchange(): boolean
  /**
   * There is nothing to run: looks for a while whether something comes from other schedulers, and takes it in.
   *
   * @param until - a time of the clock after which it must not go on.
   * @returns whether something came.
   */
  busyWait(until: number): boolean
  /** How many milliseconds were spent in {@link busyWait} so far. What came at once is not counted. */
  readonly waited: number
  /**
   * The end of a turn: others get what they are to get, and unless there is something to run, this scheduler is about to
   * sleep.
   *
   * @param busyMilliseconds - how long it took, without what was waited.
   * @returns whether another turn is wanted.
   */
  endOfTurn(busyMilliseconds: number): boolean
}
