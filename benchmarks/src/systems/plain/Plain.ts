/**
 * Plain JavaScript: the limit. A process is an object with a function and an array of messages; one loop calls the
 * functions of those that have messages. There is no process that waits in the middle of its code, no validation, no
 * supervision, no monitor, no timeout, no fairness, and nothing that a failure would not bring down with it.
 */

/** What handles the messages of one actor. */
export type Handler<M> = (message: M) => void

interface Runnable {
  readonly runMailbox: () => void
}

const runnable: Array<Runnable> = []
let first = 0

/** An actor. Forgotten when nobody knows it any more. */
export class Actor<M> implements Runnable {
  handler: Handler<M>
  private mailbox: Array<M> = []
  private isScheduled = false

  constructor(handler: Handler<M>) {
    this.handler = handler
  }

  send(message: M): void {
    this.mailbox.push(message)
    if (this.isScheduled) return
    this.isScheduled = true
    runnable.push(this)
  }

  runMailbox(): void {
    const messages = this.mailbox
    this.mailbox = []
    this.isScheduled = false
    for (const message of messages) this.handler(message)
  }
}

/** Runs actors, in the order in which they got something to do, until none has anything to do. */
export const run = (): void => {
  for (let next = runnable[first]; next !== undefined; next = runnable[first]) {
    next.runMailbox()
    // The array is not moved for every message
    if (++first < 4096) continue
    runnable.splice(0, first)
    first = 0
  }
  runnable.length = 0
  first = 0
}
