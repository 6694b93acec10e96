/** Histories: which client called what, when, and what came of it. Recorded while a program runs, checked afterwards. */

import type { Operation } from "./Linearize.ts"

/** A message of a contract with its payload: what a client does. */
export interface Command {
  /** The name of the message in the contract's protocol. */
  readonly tag: string
  /** Of its payload's type; `{}` for a message without one. */
  readonly payload: unknown
}

/** What a call came to. */
export type Outcome =
  | { readonly _tag: "Returned"; readonly value: unknown }
  /** The callee's typed error. */
  | { readonly _tag: "Failed"; readonly error: unknown }

/** What a client learned of a command it gave. */
export type End =
  | Outcome
  /** It may have happened, and may still: the time ran out, or the callee ended. `why` is for people. */
  | { readonly _tag: "Lost"; readonly why: string }
  /** It has not happened, and will not: nobody was there. */
  | { readonly _tag: "NotDone"; readonly why: string }
  /** A cast is on its way. */
  | { readonly _tag: "Sent" }

/** One command of a history. Without an `end` its client was killed before it learned of one. */
export interface Entry {
  readonly client: number
  readonly command: Command
  /** The number of the event: calls and returns are counted together. */
  readonly calledAt: number
  readonly endedAt: number | undefined
  readonly end: End | undefined
}

/** The client of the sequential prefix. The concurrent ones are 1, 2, and so on. */
export const setupClient = 0

/** Records what clients do. All of them share one, so they run on one scheduler; what they call may be anywhere. */
export class Recorder {
  private readonly recorded: Array<Entry> = []
  private events = 0

  /** A client calls now. Returns what to do when that ends. */
  begin(client: number, command: Command): (end: End) => void {
    const index = this.recorded.length
    const calledAt = ++this.events
    this.recorded.push({ client, command, calledAt, endedAt: undefined, end: undefined })
    return (end) => {
      this.recorded[index] = { client, command, calledAt, endedAt: ++this.events, end }
    }
  }

  /** What was recorded until now, in the order of the calls. */
  get history(): ReadonlyArray<Entry> {
    return [...this.recorded]
  }
}

/** Whether a callee's end was seen: then a cast may have got lost with it. */
export const lostAnything = (history: ReadonlyArray<Entry>): boolean =>
  history.some(({ end }) => end?._tag === "Lost" || end?._tag === "NotDone")

/**
 * A history as the checker takes it. A command that was not done is left out. A cast happens before its client's next commands; with
 * `lossy`, it may also never happen.
 */
export const operationsOf = (
  history: ReadonlyArray<Entry>,
  lossy: boolean
): ReadonlyArray<Operation<Command, Outcome>> =>
  history.flatMap(({ calledAt, client, command, end, endedAt }): ReadonlyArray<Operation<Command, Outcome>> => {
    const common = { client, input: command, calledAt }
    switch (end?._tag) {
      case "Returned":
      case "Failed":
        return [{ ...common, known: "answered", returnedAt: endedAt, output: end }]
      case "NotDone":
        return []
      case "Sent":
        return [{ ...common, known: lossy ? "pending" : "sent" }]
      default:
        return [{ ...common, known: "pending" }]
    }
  })
