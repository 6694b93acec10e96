/**
 * How long a scheduler that has nothing to run looks at its rings before it sleeps. Being woken costs tens of
 * microseconds and a system call on the other side, so looking pays when an answer comes at once, and only then: it is
 * done while it has recently paid, or while the last sleeps were so short that it would have.
 */

/** How much a scheduler may look before it sleeps: not at all, or for a time worth a wake-up, or for much longer. */
export type BusyWaitMode = "none" | "short" | "long"

/**
 * The longest time spent looking in vain, in milliseconds. A wake-up takes 30 to 100 microseconds on the machines measured,
 * and an answer to it as long again: `short` bridges both. `long` also bridges a partner that computes in between.
 */
const windows: Readonly<Record<BusyWaitMode, number>> = { none: 0, short: 0.2, long: 2 }

/** In vain so often without a hit between, and looking stops until short sleeps show that it would pay. */
const patience = 4
/** So many short sleeps in a row are convincing at first: one alone may be chance. */
const convincing = 2
/**
 * Each time looking was given up without having paid, twice as many are wanted, up to so many: where others use the cores too,
 * a peer answers soon after one sleeps because it gets the core, and would not have while one looked.
 */
const convincingMost = 512
/** Looking has paid if it did so often before it was given up. */
const worthwhile = 16

/** Looks before the clock is looked at, and between two looks at it. A look takes a few nanoseconds, the clock 30 to 70. */
const looksBeforeClock = 64
const looksPerClock = 16

/** Tells the processor that this is a waiting loop. The cast: the type library does not know it yet, nor do older engines. */
const pause = (Atomics as { readonly pause?: () => void }).pause ?? (() => undefined)

/** See the file's header. Times are in milliseconds. */
export class BusyWait {
  /** How many looks there were, and how many of them found something: for tests and for tuning. */
  readonly counts = { paid: 0, missed: 0, sleeps: 0 }
  /** The time spent looking so far. What was found at once is not counted. */
  waited = 0
  private readonly window: number
  /** Misses that are still forgiven. 0: it does not pay at present. */
  private credit = 0
  private shortSleeps = 0
  private wanted = convincing
  /** How often it paid since it was begun. */
  private hits = 0
  private asleepSince = Number.NEGATIVE_INFINITY

  /** When this round of looking began, while there is one. */
  private since: number | undefined = undefined
  private readonly now: () => number

  constructor(mode: BusyWaitMode, now: () => number) {
    this.window = windows[mode]
    this.now = now
  }

  /** How long to look now. 0: sleep at once. */
  get budget(): number {
    return this.credit > 0 ? this.window : 0
  }

  /** Whether a round of looking was broken off before its budget was used up. */
  get waiting(): boolean {
    return this.since !== undefined
  }

  /**
   * Looks until something is found, the budget is used up, or it is `until`; in the last case the next call goes on.
   *
   * @param look - whether there is something.
   * @param idle - called once a round, when nothing was there at once: there is time for what idle schedulers do.
   * @returns whether something was found.
   */
  wait(look: () => boolean, until: number, idle: () => void): boolean {
    const { budget } = this
    if (budget === 0) return false
    // An answer at full speed is here before the clock is worth looking at
    for (let left = looksBeforeClock; left > 0; left--) if (look()) return this.paid()
    let now = this.now()
    if (this.since === undefined) {
      this.since = now
      idle()
    }
    const spent = this.since + budget
    while (now < until && now < spent) {
      for (let left = looksPerClock; left > 0; left--) {
        if (look() || look() || look() || look()) return this.paid()
        pause()
      }
      const before = now
      now = this.now()
      this.waited += now - before
    }
    if (now >= spent) this.missed()
    return false
  }

  /** Ends a round of looking: there is something else to do. */
  stop(): void {
    this.since = undefined
  }

  private paid(): true {
    this.counts.paid++
    this.hits++
    this.credit = patience
    this.since = undefined
    return true
  }

  private missed(): void {
    this.counts.missed++
    if (--this.credit === 0) this.givenUp()
    this.since = undefined
  }

  private givenUp(): void {
    this.wanted = this.hits >= worthwhile ? convincing : Math.min(convincingMost, this.wanted * 2)
    this.shortSleeps = 0
  }

  /** It goes to sleep. */
  sleep(): void {
    this.counts.sleeps++
    this.asleepSince = this.now()
  }

  /**
   * It wakes. Had it looked for as long as it took a peer to wake it, it would have found what it was woken for; what it
   * woke for by itself (a timer, a socket) it would not.
   *
   * @param rungAfter - how long after it went to sleep a peer woke it: being awake takes longer. `undefined`: none did.
   */
  woken(rungAfter: number | undefined): void {
    const after = rungAfter ?? this.now() - this.asleepSince
    if (after > this.window) this.shortSleeps = 0
    else if (rungAfter !== undefined && ++this.shortSleeps >= this.wanted && this.credit === 0) {
      this.credit = patience
      this.hits = 0
    }
    this.asleepSince = Number.NEGATIVE_INFINITY
  }
}
