/**
 * What a system watches itself for: the limits beyond which something is reported as an event, as `erlang:system_monitor`
 * has them, and the probe that measures how long ready processes wait.
 */
import * as Duration from "effect/Duration"
import type { Scheduler, SchedulerLimits } from "../../scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"

/** The limits a system can be given. Infinity switches one off. See `System.events`. */
export interface MonitorSettings {
  /**
   * A turn of a scheduler that takes as long, and keeps its sockets and timers waiting, is a `LongTurn`. Default 250
   * milliseconds.
   */
  readonly longTurn?: Duration.Input | undefined
  /**
   * A process that has its scheduler to itself for as long is a `LongHandler`: one slice of messages, or of an effect's
   * operations, or what a single one of them does synchronously. Default 100 milliseconds.
   */
  readonly longHandler?: Duration.Input | undefined
  /**
   * More messages than that, waiting for a process without a `mailboxLimit` of its own, are a `LongMailbox`. Told once,
   * and again only after the mailbox has been shorter. Default 100,000.
   */
  readonly longMailbox?: number | undefined
  /**
   * A scheduler on which something ready to run waits for as long is a `SlowScheduler`. Looked at twice a second. Default 1
   * second.
   */
  readonly slowScheduler?: Duration.Input | undefined
}

/** The same in milliseconds, all of them set. */
export interface MonitorLimits extends SchedulerLimits {
  readonly slowScheduler: number
}

/** See {@link MonitorSettings} for the defaults. */
export const limitsOf = (settings: MonitorSettings | undefined): MonitorLimits => ({
  longTurn: Duration.toMillis(settings?.longTurn ?? "250 millis"),
  longHandler: Duration.toMillis(settings?.longHandler ?? "100 millis"),
  longMailbox: settings?.longMailbox ?? 100_000,
  slowScheduler: Duration.toMillis(settings?.slowScheduler ?? "1 second")
})

/** Sends something through one scheduler's run queue from time to time, and tells when it takes too long to get through. */
export class OverloadProbe {
  private readonly scheduler: Scheduler
  private readonly limit: number
  private readonly report: (event: SchedulerEvent) => void
  /** When the probe that has not run yet was sent. */
  private sent: number | undefined
  private told = false

  constructor(scheduler: Scheduler, limit: number, report: (event: SchedulerEvent) => void) {
    this.scheduler = scheduler
    this.limit = limit
    this.report = report
  }

  /** Called every now and then. A scheduler with nothing to do is left alone. */
  look(): void {
    const { scheduler } = this
    if (this.limit === Number.POSITIVE_INFINITY) return
    if (this.sent !== undefined) return this.waited(scheduler.timers.now() - this.sent)
    if (scheduler.runQueueLength === 0) return this.waited(0)
    const sent = scheduler.timers.now()
    this.sent = sent
    scheduler.enqueue(() => {
      this.sent = undefined
      this.waited(scheduler.timers.now() - sent)
    }, "normal")
  }

  private waited(milliseconds: number): void {
    if (milliseconds < this.limit) {
      if (milliseconds < this.limit / 2) this.told = false
      return
    }
    if (this.told) return
    this.told = true
    const { runQueueLength: runQueue, slot } = this.scheduler
    this.report({ _tag: "SlowScheduler", slot, milliseconds, runQueue })
  }
}
