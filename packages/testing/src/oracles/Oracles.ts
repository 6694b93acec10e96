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

/** What one process has sent another, and is not in the mailbox. */
interface Underway {
  readonly sent: Array<unknown>
  /** What was sent before something that is in the mailbox already. It was dropped, or it comes too late. */
  readonly overtaken: Array<string>
}

/** Watches one run. */
export class Oracles implements Observer {
  readonly broken: Array<Broken> = []
  private readonly underway = new Map<string, Underway>()
  /** Processes by their pids. */
  private readonly names = new Map<string, string>()
  /** Ends that a process was told, as `watcher of`. */
  private readonly told = new Set<string>()
  private readonly downs = new Set<string>()
  private readonly senders = new Senders()

  step(event: StepEvent): void {
    switch (event._tag) {
      case "Born":
        this.names.set(String(event.pid), event.process)
        return
      case "Left":
        this.senders.left(event)
        if (event.from !== undefined && event.to !== undefined && event.signal === "Message") {
          this.pair(event.from, event.to).sent.push(event.message)
        }
        return
      case "Sent": {
        const from = this.senders.of(event)
        if (from !== undefined) this.arrived(event, from)
        return
      }
      case "Signal":
        if (event.signal instanceof Process.Down) this.down(event, event.signal)
        return
      default:
        return
    }
  }

  private pair(from: string, to: string): Underway {
    const key = `${from} -> ${to}`
    let pair = this.underway.get(key)
    if (pair === undefined) {
      pair = { sent: [], overtaken: [] }
      this.underway.set(key, pair)
    }
    return pair
  }

  private arrived({ message, step, to }: StepEvent & { readonly _tag: "Sent" }, from: string): void {
    if (this.told.has(`${to} ${from}`)) {
      this.broken.push({
        rule: "ends",
        step,
        problem: `${to} got ${show(message)} of ${from} behind the end of ${from}`
      })
    }
    const { overtaken, sent } = this.pair(from, to)
    if (sent.length === 0 && overtaken.length === 0) return
    // Alone it can only be that one, and need not be compared, which is dear
    if (sent.length === 1 && overtaken.length === 0) return void sent.pop()
    const text = show(message)
    const at = sent.findIndex((other) => show(other) === text)
    // A full mailbox and an ended alias drop messages, so what is overtaken need not come
    if (at >= 0) {
      const before = sent.splice(0, at + 1).slice(0, -1)
      overtaken.push(...before.map((other) => show(other)))
    } else if (overtaken.includes(text)) {
      this.broken.push({
        rule: "pair order",
        step,
        problem: `${to} got ${text} of ${from} behind what was sent after it`
      })
    }
  }

  private down({ step, to }: StepEvent & { readonly _tag: "Signal" }, { pid, reason, ref }: Process.Down): void {
    const key = `${to} ${ref}`
    if (this.downs.has(key)) this.broken.push({ rule: "ends", step, problem: `${to} got two DOWNs of one monitor` })
    this.downs.add(key)
    // A monitor of a process that was gone says nothing of what is underway
    const of = reason._tag === "NoProcess" ? undefined : this.names.get(String(pid))
    if (of !== undefined) this.told.add(`${to} ${of}`)
  }
}
