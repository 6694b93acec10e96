/** A run, step by step, as text and as a sequence chart: what happened, with values, in the words of the program's processes. */
import * as ExitReason from "@understudy/core/ExitReason"
import { show } from "@understudy/core/internal/Texts"
import * as Process from "@understudy/core/Process"
import type { Observer, StepEvent } from "@understudy/core/Simulation"
import * as Exit from "effect/Exit"
import { describeFault } from "../choices/Schedule.ts"
import { Senders } from "./Senders.ts"

/** What happened in a step, for people. */
export interface Line {
  readonly step: number
  readonly time: number
  readonly who: string
  readonly text: string
  /** Whether the plain run would have had another step here. */
  readonly deviates: boolean
}

/** Writes down one run. */
export class Story implements Observer {
  readonly lines: Array<Line> = []
  /** For the sequence chart: participants in the order of their birth, and arrows. */
  readonly participants: Array<string> = []
  readonly arrows: Array<string> = []
  private readonly isDeviation: () => boolean
  private readonly names = new Map<string, string>()
  private readonly senders = new Senders()

  /** `isDeviation`: whether something but the plain choice was made since it was last asked. */
  constructor(isDeviation: () => boolean) {
    this.isDeviation = isDeviation
  }

  private add({ step, time }: StepEvent, who: string, text: string, deviates = this.isDeviation()): void {
    this.lines.push({ step, time, who: short(who), text, deviates })
  }

  step(event: StepEvent): void {
    switch (event._tag) {
      case "Born":
        this.names.set(String(event.pid), short(event.process))
        this.participants.push(short(event.process))
        if (event.parent !== undefined)
          this.add(
            event,
            event.parent,
            `starts ${short(event.process)}${event.slot === 0 ? "" : ` on scheduler ${event.slot}`}`
          )
        return
      case "Ended":
        this.arrows.push(`Note over ${id(short(event.process))}: ends, ${escaped(ExitReason.format(event.reason))}`)
        return this.add(event, event.process, `ends: ${ExitReason.format(event.reason)}`)
      case "Sent": {
        const { from } = this.senders.arrived(event)
        const isMessage = event.kind === "message"
        this.arrow(from, event.to, `${verb(event.kind)} ${this.value(event.message)}`)
        const to = `${short(event.to)}${isMessage ? ": " : "."}`
        return this.add(event, from ?? "(no process)", `${verb(event.kind)} ${to}${this.value(event.message)}`)
      }
      case "Left":
        this.senders.left(event)
        return
      case "Signal": {
        const { signal } = event
        const of = this.names.get(String(signal instanceof Process.Down ? signal.pid : signal.from)) ?? "somebody"
        const text = `${signal instanceof Process.Down ? "DOWN" : "EXIT"} of ${of}: ${ExitReason.format(signal.reason)}`
        this.arrow(of, event.to, text)
        return this.add(event, event.to, `is told the ${text}`)
      }
      case "Answered":
        if (event.process === undefined) return
        return this.add(event, event.process, `goes on with ${outcome(event.outcome)}`)
      case "Taken":
        return this.add(event, event.process, `takes ${this.value(event.message)}`)
      case "Preempted":
        return this.add(event, event.source.name, "gives way")
      case "Time":
        return this.add(event, "time", `passes: ${event.time - event.from} ms`)
      case "Fault":
        if (event.hit) this.add(event, "fault", describeFault(event.fault), true)
        return
      default:
        return
    }
  }

  private arrow(from: string | undefined, to: string, text: string): void {
    this.arrows.push(`${id(short(from ?? to))}->>${id(short(to))}: ${escaped(text)}`)
  }

  private value(message: unknown): string {
    if (message instanceof Process.Down)
      return `the DOWN of ${this.names.get(String(message.pid)) ?? String(message.pid)}`
    if (message instanceof Process.Exit)
      return `the EXIT of ${this.names.get(String(message.from)) ?? String(message.from)}`
    if (typeof message === "object" && message !== null && "method" in message && "payload" in message) {
      const { method, payload } = message
      const given = show(payload)
      return `${String(method)}${given === "{}" || given === "undefined" ? "" : ` ${given}`}`
    }
    return show(message)
  }

  /** As text: a line a happening, those that the plain run does not have marked with `*`. `most`: how many lines. */
  text(most = 200): string {
    const width = Math.min(24, Math.max(0, ...this.lines.map(({ who }) => who.length)))
    const all = this.lines.map(
      ({ deviates, step, text, who }) =>
        `${deviates ? "  * " : "    "}${String(step).padStart(4)}  ${who.padEnd(width)}  ${text}`
    )
    if (all.length <= most) return all.join("\n")
    // The end is what fails; of the beginning as much as there is room for
    const half = most >> 1
    return [...all.slice(0, half), `      … ${all.length - most} lines …`, ...all.slice(all.length - half)].join("\n")
  }

  /** As a Mermaid sequence chart. */
  mermaid(): string {
    const participants = this.participants.map((name) => `  participant ${id(name)} as ${escaped(name)}`)
    return ["sequenceDiagram", ...participants, ...this.arrows.map((arrow) => `  ${arrow}`)].join("\n")
  }

  /** What two runs must have in common to be the same. */
  digest(): string {
    return this.lines.map(({ step, text, time, who }) => `${step} ${time} ${who} ${text}`).join("\n")
  }
}

/** Without the test's own process, which everything descends from. */
const short = (name: string): string => (name.startsWith("test/") ? name.slice(5) : name)

const verb = (kind: "message" | "cast" | "call"): string =>
  kind === "message" ? "sends" : kind === "cast" ? "casts" : "calls"

const outcome = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isSuccess(exit) ? show(exit.value) : `the failure ${show(exit.cause)}`

const id = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "_") || "_"

const escaped = (text: string): string => text.replaceAll(/[\n;#]/g, " ").slice(0, 120)
