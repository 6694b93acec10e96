/** The way from one simulated scheduler to another: what was sent and has not arrived, in order. */
import type { ByteWriter } from "../../wire/Bytes.ts"
import type { Link, ReceiveHandler } from "../transport/Channel.ts"
import type { Candidate, Machine } from "./Machine.ts"
import type { StepKind } from "./Story.ts"

/** The sender's end: behind all it had sent. */
type Loss = () => void

/** See the file's header. Hot path: plain and mutable. */
export class Edge implements Candidate {
  readonly kind = "edge"
  readonly priority = "normal"
  readonly name: string
  readonly slot: number
  readonly from: number
  waited = 0
  heldUntil = 0
  /** Does what a record says, where it arrives. Set by whoever connects. */
  take: ReceiveHandler = () => undefined
  private readonly machine: Machine
  private readonly records: Array<Uint8Array | Loss> = []
  /** Nothing more is sent: one of both ends is gone. */
  private closed = false

  constructor(machine: Machine, from: number, to: number) {
    this.machine = machine
    this.from = from
    this.slot = to
    this.name = `${from}->${to}`
  }

  send(record: Uint8Array): void {
    if (!this.closed) this.add(record)
  }

  private add(record: Uint8Array | Loss): void {
    if (this.records.push(record) === 1) this.machine.becomesReady(this)
  }

  /** The sender is gone: what it has sent arrives, and then `lost` is called. */
  lose(lost: Loss): void {
    if (this.closed) return
    this.closed = true
    this.add(lost)
  }

  /** Nobody takes anything any more. */
  close(): void {
    this.closed = true
    this.records.length = 0
  }

  get length(): number {
    return this.records.length
  }

  get what(): StepKind {
    return typeof this.records[0] === "function" ? "lost" : "arrival"
  }

  step(): void {
    const { records } = this
    // Only who is ready is asked
    const record = records.shift() as Uint8Array | Loss
    if (records.length > 0) this.machine.becomesReady(this)
    if (typeof record === "function") record()
    else this.take(record, 0, record.length)
    if (records.length === 0) this.waited = 0
  }

  /** Takes in one record at once, out of order with all else. */
  takeOne(handle: ReceiveHandler): boolean {
    const [record] = this.records
    if (record === undefined || typeof record === "function") return false
    this.records.shift()
    handle(record, 0, record.length)
    return true
  }

  /** As it was made. */
  clear(): void {
    this.records.length = this.waited = this.heldUntil = 0
    this.closed = false
  }
}

/** One end of a connection: what a scheduler's mesh sends by. What arrives, the world hands over. */
export class EdgeLink implements Link {
  private readonly out: Edge
  private readonly inward: Edge
  readonly unpublished = 0
  readonly backlog = 0

  constructor(out: Edge, inward: Edge) {
    this.out = out
    this.inward = inward
  }

  send(bytes: Uint8Array, length: number = bytes.length): void {
    this.out.send(bytes.slice(0, length))
  }

  begin(writer: ByteWriter): void {
    writer.reset()
  }

  end(writer: ByteWriter): void {
    this.out.send(writer.bytes.slice(writer.start, writer.start + writer.length))
  }

  flush(): boolean {
    return false
  }

  publish(): void {}

  receive(handle: ReceiveHandler, max: number): number {
    let taken = 0
    while (taken < max && this.inward.takeOne(handle)) taken++
    return taken
  }

  hasInbound(): boolean {
    return false
  }

  seemsInbound(): boolean {
    return false
  }

  close(): void {
    this.out.close()
  }
}
