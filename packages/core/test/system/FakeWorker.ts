/** A worker for tests of the main thread: it says and does what the test tells it to, and stops when it is asked to. */
import { EventEmitter } from "node:events"
import type { Notice, Order } from "../../src/system/threads/Workers.ts"

/** See the file's header. */
export class FakeWorker extends EventEmitter {
  /** All of them, in the order of their start. */
  static started: Array<FakeWorker> = []
  readonly orders: Array<Order["kind"]> = []
  /** How often it was told to end. */
  terminations = 0
  /** Whether it takes its time to end: until the test ends it. */
  lingers = false

  constructor() {
    super()
    FakeWorker.started.push(this)
  }

  postMessage(order: Order): void {
    this.orders.push(order.kind)
    if (order.kind === "stop") this.ends(0)
  }

  terminate(): Promise<void> {
    this.terminations++
    if (!this.lingers) this.ends(1)
    return Promise.resolve()
  }

  get terminated(): boolean {
    return this.terminations > 0
  }

  says(notice: Notice): void {
    this.emit("message", notice)
  }

  /** Later, as a thread's end is always told. */
  ends(code: number): void {
    queueMicrotask(() => this.emit("exit", code))
  }
}
