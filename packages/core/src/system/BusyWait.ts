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
/** So many short sleeps in a row: one alone may be chance. */
const convincing = 2

/** See the file's header. Times are in milliseconds. */
export class BusyWait {
  /** How many looks there were, and how many of them found something: for tests and for tuning. */
  readonly counts = { paid: 0, missed: 0, sleeps: 0 }
  private readonly window: number
  /** Misses that are still forgiven. 0: it does not pay at present. */
  private credit = 0
  private shortSleeps = 0
  private asleepSince = Number.NEGATIVE_INFINITY

  constructor(mode: BusyWaitMode) {
    this.window = windows[mode]
  }

  /** How long to look now. 0: sleep at once. */
  get budget(): number {
    return this.credit > 0 ? this.window : 0
  }

  /** Something came while it was looked for. */
  paid(): void {
    this.counts.paid++
    this.credit = patience
  }

  /** Nothing came within the budget. */
  missed(): void {
    this.counts.missed++
    this.credit--
  }

  /** It goes to sleep. */
  sleep(now: number): void {
    this.counts.sleeps++
    this.asleepSince = now
  }

  /**
   * It wakes. Had it looked for as long as a short sleep, it would have found what a peer woke it for; what it woke for
   * by itself (a timer, a socket) it would not.
   */
  woken(now: number, byPeer: boolean): void {
    if (now - this.asleepSince > this.window) this.shortSleeps = 0
    else if (byPeer && ++this.shortSleeps >= convincing) this.credit = patience
    this.asleepSince = Number.NEGATIVE_INFINITY
  }
}
