/** Who has sent what arrives from another scheduler: the signal itself does not say. */
import { show } from "@understudy/core/internal/Texts"
import type { StepEvent } from "@understudy/core/Simulation"

/** Follows the messages of one run from scheduler to scheduler. */
export class Senders {
  /** What has left and not arrived, by receiver, oldest first. */
  private readonly underway = new Map<string, Array<{ readonly from: string | undefined; readonly message: unknown }>>()

  /** Notes a message that has left. To be told of each. */
  left({ from, message, signal, to }: StepEvent & { readonly _tag: "Left" }): void {
    if (signal !== "Message" || to === undefined) return
    const entry = { from, message }
    const list = this.underway.get(to)
    if (list === undefined) this.underway.set(to, [entry])
    else list.push(entry)
  }

  /** The sender of a message that is in a mailbox now. To be told of each, once. */
  of({ from, message, to }: StepEvent & { readonly _tag: "Sent" }): string | undefined {
    if (from !== undefined) return from
    const list = this.underway.get(to)
    if (list === undefined) return undefined
    // Alone it can only be that one, and need not be compared, which is dear
    if (list.length === 1) return list.pop()?.from
    const text = show(message)
    const at = list.findIndex((entry) => show(entry.message) === text)
    return at < 0 ? undefined : list.splice(at, 1)[0]?.from
  }
}
