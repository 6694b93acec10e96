/** Who has sent what arrives from another scheduler, and whether it comes too late: the signal itself says neither. */
import { show } from "@understudy/core/internal/Texts"
import type { StepEvent } from "@understudy/core/Simulation"

interface Underway {
  readonly from: string | undefined
  readonly message: unknown
  /** Something that its sender sent later is in the mailbox. A full mailbox and an ended alias drop messages, so it need not come. */
  overtaken: boolean
}

/** A message that is in a mailbox. */
export interface Arrival {
  /** The sender, if a process sent it and that is known. */
  readonly from: string | undefined
  /** Whether something that the sender sent later was there before it. */
  readonly late: boolean
}

/** Follows the messages of one run from scheduler to scheduler. */
export class Senders {
  /** What has left and not arrived, by receiver, oldest first. */
  private readonly underway = new Map<string, Array<Underway>>()

  /** Notes a message that has left. To be told of each. */
  left({ from, message, signal, to }: StepEvent & { readonly _tag: "Left" }): void {
    if (signal !== "Message" || to === undefined) return
    const entry = { from, message, overtaken: false }
    const list = this.underway.get(to)
    if (list === undefined) this.underway.set(to, [entry])
    else list.push(entry)
  }

  /** A message is in a mailbox now. To be told of each, once. */
  arrived({ from, message, to }: StepEvent & { readonly _tag: "Sent" }): Arrival {
    const list = from === undefined ? this.underway.get(to) : undefined
    if (list === undefined || list.length === 0) return { from, late: false }
    const at = list.length === 1 ? 0 : indexOf(list, message)
    const [found] = at < 0 ? [] : list.splice(at, 1)
    if (found === undefined) return { from, late: false }
    for (const entry of list.slice(0, at)) if (entry.from === found.from) entry.overtaken = true
    return { from: found.from, late: found.overtaken }
  }
}

/** Where a message stands that has arrived: what was overtaken may have been dropped, so others come first. Comparing texts is dear. */
const indexOf = (list: ReadonlyArray<Underway>, message: unknown): number => {
  const text = show(message)
  const same = (overtaken: boolean) => (entry: Underway) =>
    entry.overtaken === overtaken && show(entry.message) === text
  const inTime = list.findIndex(same(false))
  return inTime >= 0 ? inTime : list.findIndex(same(true))
}
