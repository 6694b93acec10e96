/**
 * One side of a stream of numbered, checksummed records through a Channel and a Doorbell: both the tests and the workers they
 * start run it. It stops sending while a backlog stands and goes on only when it is rung, so a lost wake-up hangs it.
 */
import type { MessagePort } from "node:worker_threads"
import { Channel } from "../../src/system/transport/Channel.ts"
import { Doorbell } from "../../src/system/transport/Doorbell.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import { ByteWriter } from "../../src/wire/Bytes.ts"

/** What a worker is given to be the other side. */
export interface StreamData {
  readonly table: SharedArrayBuffer
  readonly out: SharedArrayBuffer
  readonly in: SharedArrayBuffer
  readonly port: MessagePort
  readonly slot: number
  readonly peer: number
  readonly seed: number
  /** How many records to send. */
  readonly count: number
  /** How many to wait for. */
  readonly expected: number
  /** One in this many records is longer than the ring takes. */
  readonly oversizedEvery: number
  /** Two words: records the sender has published at least, and records it has begun to send. */
  readonly progress: SharedArrayBuffer
  /** Set when the worker is to `process.exit` with this code as soon as all it sent is published. */
  readonly exitCode?: number
  /**
   * Whether it behaves as a scheduler does: while awake it looks by itself and nobody rings at it, and before it sleeps it
   * looks once more. Otherwise everything is rung for.
   */
  readonly awake?: boolean
}

const batch = 200
const backlogLimit = 64
/** Longer records are always copied in: writing them byte by byte takes long. */
const inPlaceLimit = 200
/** Oversized records are longer than the ring takes by less than this. */
const oversizedSpread = 1000

/** A well-mixed 32-bit number for each input. */
const mix = (value: number): number => {
  let hash = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 16)) >>> 0
}

const checksum = (bytes: Uint8Array, start: number, end: number): number => {
  let sum = 0x811c9dc5
  for (let index = start; index < end; index++) sum = Math.imul(sum ^ (bytes[index] ?? 0), 0x01000193)
  return sum >>> 0
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export class Stream {
  readonly channel: Channel
  readonly doorbell: Doorbell
  /** Resolves when all expected records have come. */
  readonly received: Promise<void>
  /** Rejects when a record is not the one that should come, or whole. Unhandled in a worker, which is its end. */
  readonly broken: Promise<never>
  /** Records received so far: all of them right, in order and without a gap. */
  receivedCount = 0
  onRecord: ((count: number) => void) | undefined
  readonly #data: StreamData
  readonly #progress: Int32Array
  readonly #settle = Promise.withResolvers<void>()
  readonly #broken = Promise.withResolvers<never>()
  readonly #scratch: Uint8Array
  readonly #scratchView: DataView
  readonly #largest: number
  readonly #writer = new ByteWriter()
  #next = 0
  #closed = false

  constructor(data: StreamData) {
    this.#data = data
    this.#progress = new Int32Array(data.progress)
    this.#largest = data.out.byteLength
    this.#scratch = new Uint8Array(this.#largest + oversizedSpread)
    this.#scratchView = view(this.#scratch)
    this.received = this.#settle.promise
    this.broken = this.#broken.promise
    const turn = data.awake === true ? () => void setImmediate(this.#awakeTurn) : () => this.#turn()
    this.doorbell = new Doorbell(SharedTable.from(data.table).doorbells, data.slot, turn)
    this.channel = new Channel({
      out: data.out,
      in: data.in,
      port: data.port,
      onSpace: () => this.doorbell.ring(data.peer)
    })
    if (data.expected === 0) this.#settle.resolve()
  }

  start(): void {
    this.doorbell.ring(this.#data.slot)
    this.doorbell.listen()
  }

  close(): void {
    this.#closed = true
    this.doorbell.close()
    this.channel.close()
  }

  /** Reads what has been published until nothing is left, whether or not the peer lives. */
  drain(): void {
    while (this.channel.receive(this.#handle, 1000) > 0);
  }

  #turn(): void {
    try {
      const { slot, peer } = this.#data
      this.#exchange()
      if (this.channel.flush()) this.doorbell.ring(peer)
      this.#told()
      if (this.#mayGoOn() || this.channel.hasInbound()) this.doorbell.ring(slot)
      this.#exitWhenDone()
    } catch (error) {
      this.#broken.reject(error)
    }
  }

  /** As `Mesh` does it. */
  readonly #awakeTurn = (): void => {
    if (this.#closed) return
    try {
      const { peer } = this.#data
      this.doorbell.pause()
      this.#exchange()
      if (this.channel.flush()) this.doorbell.wake(peer)
      this.#told()
      this.#exitWhenDone()
      if (this.#mayGoOn() || this.channel.seemsInbound()) return void setImmediate(this.#awakeTurn)
      this.doorbell.answer()
      if (this.channel.flush()) this.doorbell.wake(peer)
      this.#told()
      this.doorbell.listen()
      if (!this.channel.hasInbound() && !this.#mayGoOn()) return
      this.doorbell.pause()
      setImmediate(this.#awakeTurn)
    } catch (error) {
      this.#broken.reject(error)
    }
  }

  #exchange(): void {
    const { count } = this.#data
    this.channel.receive(this.#handle, 512)
    for (let sent = 0; sent < batch && this.#next < count && this.channel.backlog < backlogLimit; sent++) {
      Atomics.store(this.#progress, 1, this.#next + 1)
      this.#send(this.#encode(this.#next))
      this.#next++
    }
  }

  /** By turns copied in and written in place. */
  #send(length: number): void {
    if (this.#next % 2 === 0 || length > inPlaceLimit) return this.channel.send(this.#scratch, length)
    this.channel.begin(this.#writer)
    // `as number`: inside the scratch buffer
    for (let index = 0; index < length; index++) this.#writer.u8(this.#scratch[index] as number)
    this.channel.end(this.#writer)
  }

  #mayGoOn(): boolean {
    return this.#next < this.#data.count && this.channel.backlog < backlogLimit
  }

  #told(): void {
    Atomics.store(this.#progress, 0, this.#next - this.channel.backlog)
  }

  #exitWhenDone(): void {
    const { count, exitCode } = this.#data
    if (this.#next === count && this.channel.backlog === 0 && exitCode !== undefined) process.exit(exitCode)
  }

  /** The record of a number is the same on both sides. Layout: number, length, filling, checksum. */
  #encode(sequence: number): number {
    const hash = mix(sequence ^ this.#data.seed)
    const oversized = sequence % this.#data.oversizedEvery === this.#data.oversizedEvery - 1
    const length = oversized ? Math.floor(this.#largest / 2) + (hash % oversizedSpread) : 12 + (hash % 100)
    this.#scratchView.setUint32(0, sequence, true)
    this.#scratchView.setUint32(4, length, true)
    this.#scratch.fill(hash & 255, 8, length - 4)
    this.#scratchView.setUint32(length - 4, checksum(this.#scratch, 0, length - 4), true)
    return length
  }

  readonly #handle = (bytes: Uint8Array, start: number, end: number): void => {
    const fields = view(bytes)
    const sequence = fields.getUint32(start, true)
    const length = fields.getUint32(start + 4, true)
    const where = `seed ${this.#data.seed}, record ${this.receivedCount}`
    if (sequence !== this.receivedCount) throw new Error(`${where}: record ${sequence} came in its place`)
    if (length !== end - start) throw new Error(`${where}: ${end - start} bytes of ${length} came`)
    if (fields.getUint32(end - 4, true) !== checksum(bytes, start, end - 4)) throw new Error(`${where}: it is torn`)
    this.receivedCount++
    this.onRecord?.(this.receivedCount)
    if (this.receivedCount === this.#data.expected) this.#settle.resolve()
  }
}
