/**
 * The watchdog's judgement on one worker scheduler: whether it still turns, has been held up for the limit, or for twice the
 * limit.
 */

/** `blocked` is said once for each time that it is held up, `over` when that has been for twice the limit. */
export type Verdict = "turning" | "held" | "blocked" | "over"

/** See the file's header. */
export class Watchdog {
  private readonly limit: number
  private readonly period: number
  private beat: number | undefined
  private looked = 0
  private told = false
  /** For how long its heartbeat has not changed, in milliseconds. */
  held = 0

  /**
   * @param limit - milliseconds it may be held up.
   * @param period - how often {@link look} is called, in milliseconds.
   */
  constructor(limit: number, period: number) {
    this.limit = limit
    this.period = period
  }

  /** Looks at its heartbeat. */
  look(beat: number, now: number): Verdict {
    // The main thread may have been held up itself, or the whole OS process stopped: time without a look does not count
    const watched = Math.min(now - this.looked, this.period * 2)
    this.looked = now
    if (beat !== this.beat) {
      this.beat = beat
      this.held = 0
      this.told = false
      return "turning"
    }
    this.held += watched
    if (this.held >= this.limit * 2) return "over"
    if (this.held < this.limit || this.told) return "held"
    this.told = true
    return "blocked"
  }
}
