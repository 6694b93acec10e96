/**
 * Oracles: what every run has to keep, whatever the program is. They watch what happens in a run, and say what was wrong.
 *
 * - **pair order**: what one process sends another arrives in the order in which it was sent;
 * - **ends**: a monitor tells one DOWN, and nothing of a process arrives behind its DOWN.
 *
 * Deadlocks, runs that do not end, waits for something outside and what is left behind are found by the simulation itself.
 */
import { show } from "@understudy/core/internal/Texts"
import * as Process from "@understudy/core/Process"
import type { Observer, StepEvent } from "@understudy/core/Simulation"
import { Senders } from "../report/Senders.ts"

/** A rule that a run has broken. */
export interface Broken {
  readonly rule: "pair order" | "ends"
  readonly step: number
  readonly problem: string
}

/** Watches one run. */
export class Oracles implements Observer {
  readonly broken: Array<Broken> = []
  private readonly senders = new Senders()
  /** Processes by their pids. */
  private readonly names = new Map<string, string>()
  /** Ends that a process was told, as `of watcher`. */
  private readonly told = new Set<string>()
  private readonly downs = new Set<string>()

  step(event: StepEvent): void {
    switch (event._tag) {
      case "Born":
        this.names.set(String(event.pid), event.process)
        return
      case "Left":
        return this.senders.left(event)
      case "Sent":
        return this.sent(event)
      case "Signal":
        if (event.signal instanceof Process.Down) this.down(event, event.signal)
        return
      default:
        return
    }
  }

  private sent(event: StepEvent & { readonly _tag: "Sent" }): void {
    const { message, step, to } = event
    const { from, late } = this.senders.arrived(event)
    if (this.told.has(`${from} ${to}`)) {
      const problem = `${to} got ${show(message)} of ${from} behind the end of ${from}`
      this.broken.push({ rule: "ends", step, problem })
    }
    if (late) {
      const problem = `${to} got ${show(message)} of ${from} behind what was sent after it`
      this.broken.push({ rule: "pair order", step, problem })
    }
  }

  private down({ step, to }: StepEvent & { readonly _tag: "Signal" }, { pid, reason, ref }: Process.Down): void {
    const key = `${to} ${ref}`
    if (this.downs.has(key)) this.broken.push({ rule: "ends", step, problem: `${to} got two DOWNs of one monitor` })
    this.downs.add(key)
    // A monitor of a process that was gone says nothing of what is underway
    const of = reason._tag === "NoProcess" ? undefined : this.names.get(String(pid))
    if (of !== undefined) this.told.add(`${of} ${to}`)
  }
}
