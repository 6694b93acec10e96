/**
 * How much every scheduler has to do, as one of them sees it: what the shared table says, and the starts it has sent itself
 * that are not in there yet. Without the latter, many starts at once would all go to the one scheduler that was idle before.
 */
import type { SharedTable } from "../transport/SharedTable.ts"

/** One item that waits to run counts as so many processes that are only there. */
const waitingWeight = 16
/**
 * No more waiting items than that are counted. They say whether a scheduler is busy; how many there are at one moment says
 * little, since most take microseconds: among them are those that are just starting the processes to be placed.
 */
const waitingMost = 4

/** What the loads need to know of the scheduler they are seen from. */
export interface OwnLoad {
  readonly slot: number
  readonly runQueueLength: number
  readonly processes: { readonly size: number }
}

/** See the file's header. */
export class Loads {
  private readonly own: OwnLoad
  private readonly table: SharedTable
  /** Starts sent to a slot of which it has not been heard yet. */
  private readonly underway: Array<number> = []
  /** The processes of a slot when a start was last heard of, or sent while none was on its way. */
  private readonly base: Array<number> = []
  /** What the table has of this scheduler; -1: nothing yet. */
  private shownWaiting = -1
  private shownProcesses = -1

  constructor(own: OwnLoad, table: SharedTable) {
    this.own = own
    this.table = table
  }

  /** A start is on its way to a slot. */
  sent(slot: number): void {
    const before = this.underway[slot] ?? 0
    if (before === 0) this.base[slot] = this.table.processes(slot)
    this.underway[slot] = before + 1
  }

  /** Its process is there, or it never will be. The scheduler that says so has shown its load before. */
  seen(slot: number): void {
    this.underway[slot] = Math.max(0, (this.underway[slot] ?? 0) - 1)
    this.base[slot] = this.table.processes(slot)
  }

  /** A new scheduler in that slot: nothing is on its way to it. */
  reset(slot: number): void {
    this.underway[slot] = 0
  }

  /** Writes this scheduler's load where the others see it. */
  show(): void {
    const { own, table } = this
    const { processes, runQueueLength } = own
    if (runQueueLength === this.shownWaiting && processes.size === this.shownProcesses) return
    this.shownWaiting = runQueueLength
    this.shownProcesses = processes.size
    table.setLoad(own.slot, runQueueLength, processes.size)
  }

  /**
   * The slot with the least to do, this one when it has no more than the others.
   *
   * @param reaches - whether something can be sent to that slot.
   */
  least(reaches: (slot: number) => boolean): number {
    const own = this.own.slot
    let best = own
    let least = this.of(own)
    for (let slot = 0; slot < this.table.slots; slot++) {
      if (slot === own || this.table.state(slot) !== "up" || !reaches(slot)) continue
      const load = this.of(slot)
      if (load >= least) continue
      best = slot
      least = load
    }
    return best
  }

  private of(slot: number): number {
    const { table } = this
    // What waits is taken from the table for this scheduler too: at the end of a turn it is what was left over, and in the
    // middle of one it is mostly those that start processes
    return Math.min(table.runQueue(slot), waitingMost) * waitingWeight + this.processes(slot)
  }

  private processes(slot: number): number {
    const { own, table } = this
    if (slot === own.slot) return own.processes.size
    const underway = this.underway[slot] ?? 0
    const there = table.processes(slot)
    // It may have started some of them, and have shown it, before it could be heard of: they count once
    return underway === 0 ? there : Math.max(there, (this.base[slot] ?? 0) + underway)
  }
}
