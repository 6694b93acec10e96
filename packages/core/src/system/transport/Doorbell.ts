/**
 * How one scheduler wakes another that sleeps in its event loop: a counter in shared memory that is bumped for each ring,
 * and a flag that says whether its scheduler sleeps. A ring at a scheduler that is awake is two atomic operations.
 */

/** Words of shared memory a slot's doorbell takes: a counter, a sleeping flag and a time, padded against false sharing. */
export const doorbellWords = 32

const counterOffset = 0
const sleepingOffset = 1
/** When the sleeper was last woken, in microseconds of the clock all isolates share, modulo 2^32. */
const wokenOffset = 2

/** The isolates' own clocks begin at different times; this one is the process's. */
const microseconds = (): number => {
  const [seconds, nanoseconds] = process.hrtime()
  return (seconds * 1e6 + Math.floor(nanoseconds / 1e3)) | 0
}

type State = "idle" | "listening" | "paused" | "closed"

/**
 * One scheduler's doorbell, and its finger for those of the others.
 *
 * Rings coalesce: `onRing` runs once for any number of them, and may run once for none, so look at all channels there. No
 * ring is lost: one that comes at any moment after `onRing` began runs it again. A ring from before the doorbell was made
 * counts, under any incarnation of the slot. `onRing` always runs in a task of its own, never inside `ring` or `listen`; an error
 * it throws is an unhandled rejection, after which the doorbell still listens.
 *
 * Listening does not keep the event loop alive: the owner must hold something that does for as long as it wants to be
 * woken, such as a port with a listener or a timer.
 */
export class Doorbell {
  readonly #words: Int32Array
  readonly #slots: number
  readonly #counter: number
  readonly #sleeping: number
  readonly #wokenAt: number
  readonly #onRing: () => void
  #state: State = "idle"
  /** The count when `onRing` last began. 0 and not the count of now, so that an earlier ring is answered. */
  #seen = 0
  #listeningSince = 0
  /** Whether a wait of ours is registered. It cannot be taken back, only woken, so it outlasts `pause`. */
  #waiting = false

  /**
   * @param words - {@link doorbellWords} a slot, over a `SharedArrayBuffer`.
   * @param slot - the slot of the scheduler this is made in. It may have one open doorbell at a time.
   * @param onRing - called after rings.
   * @throws RangeError when `words` has no such slot.
   */
  constructor(words: Int32Array, slot: number, onRing: () => void) {
    this.#words = words
    this.#slots = Math.floor(words.length / doorbellWords)
    this.#onRing = onRing
    this.#counter = this.#base(slot) + counterOffset
    this.#sleeping = this.#base(slot) + sleepingOffset
    this.#wokenAt = this.#base(slot) + wokenOffset
  }

  /**
   * Rings at a slot, this one's included. Do it after publishing what the other is to find.
   *
   * @throws RangeError when there is no such slot.
   */
  ring(slot: number): void {
    const base = this.#base(slot)
    Atomics.add(this.#words, base + counterOffset, 1)
    wakeSleeper(this.#words, base)
  }

  /**
   * As {@link ring}, for a slot whose scheduler looks at its channels once more after `listen`, and does not sleep if
   * there is something: then one that is awake need not be told anything, and this is one look at its flag.
   *
   * @throws RangeError when there is no such slot.
   */
  wake(slot: number): void {
    if (Atomics.load(this.#words, this.#base(slot) + sleepingOffset) !== 0) this.ring(slot)
  }

  /** Starts to listen, or goes on after `pause`; a ring in between is answered now. Does nothing once closed. */
  listen(): void {
    if (this.#state === "closed") return
    this.#state = "listening"
    this.#listeningSince = microseconds()
    this.#arm()
  }

  /**
   * How many milliseconds after `listen` it was rung, if it was. It takes long until `onRing` runs after that, so
   * this says better than a clock looked at there how soon a scheduler would have found what it was rung for.
   */
  get rungAfter(): number {
    return Math.max(0, (Atomics.load(this.#words, this.#wokenAt) - this.#listeningSince) | 0) / 1000
  }

  /**
   * Says that this scheduler is awake and looks at its channels by itself, so that no scheduler spends time on waking it:
   * `onRing` does not run until `listen` is called again.
   */
  pause(): void {
    if (this.#state !== "listening") return
    this.#state = "paused"
    Atomics.store(this.#words, this.#sleeping, 0)
  }

  /**
   * Says that this scheduler looks at all its channels after this: what was rung until now is answered by that, and no
   * longer a reason for `onRing` to run.
   */
  answer(): void {
    this.#seen = Atomics.load(this.#words, this.#counter)
  }

  /** Stops for good: `onRing` does not run any more, and the pending wait is let go. Closing twice does nothing. */
  close(): void {
    if (this.#state === "closed") return
    this.#state = "closed"
    Atomics.store(this.#words, this.#sleeping, 0)
    if (this.#waiting) Atomics.notify(this.#words, this.#counter)
  }

  #arm(): void {
    // Asked again until it waits: "not-equal" only says that a ring came between the two operations.
    while (!this.#waiting) {
      const wait = Atomics.waitAsync(this.#words, this.#counter, Atomics.load(this.#words, this.#counter))
      if (!wait.async) continue
      this.#waiting = true
      wait.value.then(() => this.#woken())
    }
    Atomics.store(this.#words, this.#sleeping, 1)
    // The ringer counts and then looks at the flag; here the flag is set and then the count looked at. So one of the two
    // sees the other. A ring while this scheduler was awake wakes it here: through the event loop like any other, so
    // that a peer that never stops ringing cannot keep this isolate from its sockets and timers.
    if (Atomics.load(this.#words, this.#counter) !== this.#seen) {
      wakeSleeper(this.#words, this.#counter - counterOffset)
    }
  }

  #woken(): void {
    this.#waiting = false
    if (this.#state !== "listening") return
    Atomics.store(this.#words, this.#sleeping, 0)
    // Before `onRing`: what is rung from here on, it may have missed.
    this.#seen = Atomics.load(this.#words, this.#counter)
    try {
      this.#onRing()
    } finally {
      if (this.#state === "listening") this.#arm()
    }
  }

  #base(slot: number): number {
    if (!(slot >= 0 && slot < this.#slots)) {
      throw new RangeError(`There is no doorbell in slot ${slot}; there are ${this.#slots}`)
    }
    return slot * doorbellWords
  }
}

/** Only the thread that clears the flag notifies, so a sleeper costs one notification however many ring. */
const wakeSleeper = (words: Int32Array, base: number): void => {
  if (Atomics.load(words, base + sleepingOffset) === 0) return
  if (Atomics.compareExchange(words, base + sleepingOffset, 1, 0) === 1) {
    // Before the sleeper is told, so that it finds the time
    Atomics.store(words, base + wokenOffset, microseconds())
    Atomics.notify(words, base + counterOffset)
  }
}
