/**
 * The table every scheduler of a system reads without messages: one row a slot, with the state and the load of the
 * scheduler in it, the room for its doorbell, and the counter its process serials come from. All of it lives in one
 * `SharedArrayBuffer`. Each figure is read and written atomically; a row as a whole is not.
 */
import { doorbellWords } from "./Doorbell.ts"

/** What the scheduler in a slot is doing. A slot is `down` before its first start and between two incarnations. */
export type SlotState = "down" | "starting" | "up" | "stopping"

/** A copy of one row. */
export interface SlotSnapshot {
  readonly slot: number
  readonly state: SlotState
  /** How many schedulers the slot has had, the present one included. */
  readonly incarnation: number
  /** Processes that are ready to run. */
  readonly runQueue: number
  /** Processes that are alive. */
  readonly processes: number
  /** Reductions spent, modulo 2^32: subtract two snapshots with `>>> 0`. */
  readonly reductions: number
  /** The share of time spent running processes, 0 to 1000. */
  readonly utilisation: number
  /** A count the scheduler bumps for as long as its event loop turns, modulo 2^32. */
  readonly heartbeat: number
  /** How often the slot was refilled after a death. */
  readonly restarts: number
  /** Starts placed on `"any"` that it has not got to: idle schedulers may take them. */
  readonly unstarted: number
}

/** The process whose code a scheduler runs, as other threads see it. */
export interface Running {
  /** The process's serial, or 0: none, or code that belongs to no process. */
  readonly serial: number
  /** The process's definition: its place, from 1, among the names of the system's definitions in order; 0 for a closure. */
  readonly kind: number
}

/** Process serials are handed out in blocks of this many. */
export const serialBlock = 2 ** 22
/** All serials are below this, so that a serial and a slot number fit a double together. */
export const serialLimit = 2 ** 47

const states: ReadonlyArray<SlotState> = ["down", "starting", "up", "stopping"]

// A row is two cache lines: what its owner writes each turn, and what changes when a scheduler comes or goes.
const rowWords = 32
const runQueueWord = 0
const processesWord = 1
const reductionsWord = 2
const utilisationWord = 3
const heartbeatWord = 4
// Two floating-point numbers, so at an even word: they are written for each process that runs, without atomics.
const traceWord = 6
const stateWord = 16
const incarnationWord = 17
const restartsWord = 18
const serialBlocksWord = 19
const listenersWord = 20
const thievesWord = 21
// Not beside the run queue's length: an idle scheduler looks at it after each turn, and it seldom changes.
const unstartedWord = 23

const bytesPerSlot = (rowWords + doorbellWords) * 4

/**
 * The shared table. Methods that take a slot throw a `RangeError` when the table has none of that number.
 */
export class SharedTable {
  /** How many slots there are; they are numbered from 0. */
  readonly slots: number
  /** The memory, to hand to another isolate. */
  readonly buffer: SharedArrayBuffer
  /** The words for the `Doorbell` of each slot. */
  readonly doorbells: Int32Array
  readonly #rows: Int32Array
  readonly #traces: Float64Array

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.slots = buffer.byteLength / bytesPerSlot
    this.#rows = new Int32Array(buffer, 0, this.slots * rowWords)
    this.#traces = new Float64Array(buffer, 0, (this.slots * rowWords) / 2)
    this.doorbells = new Int32Array(buffer, this.slots * rowWords * 4, this.slots * doorbellWords)
  }

  /**
   * Makes a table whose slots are all down.
   *
   * @throws RangeError when `slots` is not a whole number above 0.
   */
  static make(slots: number): SharedTable {
    if (!Number.isInteger(slots) || slots < 1) throw new RangeError(`A table needs 1 slot or more, not ${slots}`)
    return new SharedTable(new SharedArrayBuffer(slots * bytesPerSlot))
  }

  /**
   * The same table, in another isolate.
   *
   * @throws RangeError when `buffer` is not the `buffer` of a table.
   */
  static from(buffer: SharedArrayBuffer): SharedTable {
    if (buffer.byteLength === 0 || buffer.byteLength % bytesPerSlot !== 0) {
      throw new RangeError(`A buffer of ${buffer.byteLength} bytes is not a shared table`)
    }
    return new SharedTable(buffer)
  }

  /** As it was made: all slots are down, and nothing is counted. Only when nobody else has it. */
  clear(): void {
    this.#rows.fill(0)
    this.doorbells.fill(0)
  }

  /** A copy of a slot's row. Its figures may come from slightly different moments. */
  snapshot(slot: number): SlotSnapshot {
    return {
      slot,
      state: this.state(slot),
      incarnation: this.incarnation(slot),
      runQueue: this.runQueue(slot),
      processes: this.processes(slot),
      reductions: this.reductions(slot),
      utilisation: this.utilisation(slot),
      heartbeat: this.heartbeat(slot),
      restarts: this.restarts(slot),
      unstarted: this.unstarted(slot)
    }
  }

  /** What the scheduler in the slot is doing. */
  state(slot: number): SlotState {
    // The cast holds because only `setState` writes the word.
    return states[this.#load(slot, stateWord)] as SlotState
  }

  /** Says what the scheduler in the slot is doing. */
  setState(slot: number, state: SlotState): void {
    this.#store(slot, stateWord, states.indexOf(state))
  }

  /** How many schedulers the slot has had. 0 before the first. */
  incarnation(slot: number): number {
    return this.#load(slot, incarnationWord)
  }

  /** Begins the slot's next incarnation, with the load of none. Returns its number, from 1. */
  nextIncarnation(slot: number): number {
    this.setLoad(slot, 0, 0)
    this.setUtilisation(slot, 0)
    this.setUnstarted(slot, 0)
    for (const thief of this.thieves(slot)) this.removeThief(slot, thief)
    this.#store(slot, listenersWord, 0)
    this.trace(slot).fill(0)
    return this.#add(slot, incarnationWord, 1)
  }

  /** How often the slot was refilled after a death. */
  restarts(slot: number): number {
    return this.#load(slot, restartsWord)
  }

  /** Counts a restart. Returns how many there have been. */
  addRestart(slot: number): number {
    return this.#add(slot, restartsWord, 1)
  }

  /** Processes that are ready to run. */
  runQueue(slot: number): number {
    return this.#load(slot, runQueueWord)
  }

  /** Processes that are alive. */
  processes(slot: number): number {
    return this.#load(slot, processesWord)
  }

  /** Sets the length of the run queue and the number of processes. */
  setLoad(slot: number, runQueue: number, processes: number): void {
    this.#store(slot, runQueueWord, runQueue)
    this.#store(slot, processesWord, processes)
  }

  /** Reductions spent, modulo 2^32. */
  reductions(slot: number): number {
    return this.#load(slot, reductionsWord)
  }

  /** Counts reductions as spent. */
  addReductions(slot: number, reductions: number): void {
    this.#add(slot, reductionsWord, reductions)
  }

  /** The share of time spent running processes, 0 to 1000. */
  utilisation(slot: number): number {
    return this.#load(slot, utilisationWord)
  }

  /** Sets the share of time spent running processes; brought to a whole number from 0 to 1000. */
  setUtilisation(slot: number, perMille: number): void {
    this.#store(slot, utilisationWord, Math.min(1000, Math.max(0, Math.round(perMille))))
  }

  /** The slot's heartbeat, modulo 2^32. */
  heartbeat(slot: number): number {
    return this.#load(slot, heartbeatWord)
  }

  /** Bumps the slot's heartbeat. */
  beat(slot: number): void {
    this.#add(slot, heartbeatWord, 1)
  }

  /**
   * Starts that wait in the slot and that any scheduler may take. May be late to see a change, and costs next to nothing: a
   * scheduler that has nothing to do asks again and again.
   */
  unstarted(slot: number): number {
    // `as number`: the index was checked
    return (this.#rows[this.#index(slot, unstartedWord)] as number) >>> 0
  }

  /** Sets how many starts wait in the slot that any scheduler may take. */
  setUnstarted(slot: number, starts: number): void {
    this.#store(slot, unstartedWord, starts)
  }

  /** Asks the slot for some of its unstarted starts. Whether that is news to it. */
  addThief(slot: number, thief: number): boolean {
    const bit = 1 << (thief & 31)
    return (Atomics.or(this.#rows, this.#index(slot, thievesWord + (thief >> 5)), bit) & bit) === 0
  }

  /** The slots that have asked and were not answered, in order. */
  thieves(slot: number): ReadonlyArray<number> {
    const thieves: Array<number> = []
    for (let half = 0; half < 2; half++) {
      const asked = this.#load(slot, thievesWord + half)
      // Mostly none has
      if (asked === 0) continue
      for (let bit = 0; bit < 32; bit++) if ((asked & (1 << bit)) !== 0) thieves.push(half * 32 + bit)
    }
    return thieves
  }

  /** A slot that has asked can see what came of it, and may ask again. */
  removeThief(slot: number, thief: number): void {
    Atomics.and(this.#rows, this.#index(slot, thievesWord + (thief >> 5)), ~(1 << (thief & 31)))
  }

  /** How many in the slot listen to the system's events. */
  listeners(slot: number): number {
    return this.#load(slot, listenersWord)
  }

  /** Counts a listener to the system's events in the slot; -1: one less. */
  addListener(slot: number, by: 1 | -1): void {
    this.#add(slot, listenersWord, by)
  }

  /** The two numbers of {@link Running}, for the slot's scheduler to write. */
  trace(slot: number): Float64Array {
    const start = this.#index(slot, traceWord) / 2
    return this.#traces.subarray(start, start + 2)
  }

  /**
   * The process whose code the slot's scheduler runs. Written without synchronisation: it is right for code that has been running for a
   * while, which is what it is for.
   */
  running(slot: number): Running {
    const [serial = 0, kind = 0] = this.trace(slot)
    return { serial, kind }
  }

  /**
   * Reserves the next {@link serialBlock} process serials of a slot: no other call for it, from any isolate or
   * incarnation, is ever given the same ones. Blocks are taken whole, so what a dead incarnation left unused is lost.
   *
   * @returns the first serial of the block.
   * @throws RangeError when the slot has no serials left below {@link serialLimit}, which takes 2^25 blocks.
   */
  reserveSerials(slot: number): number {
    const index = this.#index(slot, serialBlocksWord)
    // A plain add would go on past the limit and come round to serials in use.
    for (;;) {
      const block = Atomics.load(this.#rows, index)
      const first = block * serialBlock
      if (first >= serialLimit) throw new RangeError(`Slot ${slot} has used all its process serials`)
      if (Atomics.compareExchange(this.#rows, index, block, block + 1) === block) return first
    }
  }

  #index(slot: number, word: number): number {
    if (!(slot >= 0 && slot < this.slots)) {
      throw new RangeError(`There is no slot ${slot} in a table of ${this.slots}`)
    }
    return slot * rowWords + word
  }

  /** Words are read as unsigned, so that counts do not turn negative halfway. */
  #load(slot: number, word: number): number {
    return Atomics.load(this.#rows, this.#index(slot, word)) >>> 0
  }

  #store(slot: number, word: number, value: number): void {
    Atomics.store(this.#rows, this.#index(slot, word), value)
  }

  /** Returns the word after the addition. */
  #add(slot: number, word: number, by: number): number {
    return (Atomics.add(this.#rows, this.#index(slot, word), by) + by) >>> 0
  }
}
