/**
 * One end of the connection between two schedulers: a ring to the peer, a ring from it, and a port for the records that fit
 * no ring. Sending never blocks and never loses: what does not fit now waits in memory, in order.
 */
import type { MessagePort } from "node:worker_threads"
import { receiveMessageOnPort } from "node:worker_threads"
import type { ByteWriter } from "../../wire/Bytes.ts"
import { Outbox } from "./Outbox.ts"
import { RingReader, RingWriter } from "./Ring.ts"

/** Called for each record received. The bytes may be shared memory, valid only until it returns. */
export type ReceiveHandler = (bytes: Uint8Array, start: number, end: number) => void

/** What a channel end is made of. */
export interface ChannelOptions {
  /** The ring to the peer, which holds it as `in`. See `makeRing`. */
  readonly out: SharedArrayBuffer
  /** The ring from the peer, which holds it as `out`. See `makeRing`. */
  readonly in: SharedArrayBuffer
  /** One end of a `MessageChannel`; the peer has the other. The channel owns it: attach no listener. */
  readonly port: MessagePort
  /**
   * Called during `receive` or `hasInbound` when space was given back that the peer is waiting for: ring the peer's doorbell,
   * so that it calls `flush`. Default: nothing, for a peer that flushes by itself.
   */
  readonly onSpace?: () => void
}

/** What a mesh needs of a connection to another scheduler. {@link Channel} says what each is. */
export interface Link {
  readonly unpublished: number
  readonly backlog: number
  send(bytes: Uint8Array, length?: number): void
  begin(writer: ByteWriter): void
  end(writer: ByteWriter): void
  flush(): boolean
  publish(): void
  receive(handle: ReceiveHandler, max: number): number
  hasInbound(): boolean
  seemsInbound(): boolean
  close(): void
}

/** Kinds of records in the ring. */
const inline = 0
/** An empty record in the place of one whose bytes are next on the port. */
const onPort = 1

const nothing = new Uint8Array(0)

/**
 * One end of a channel.
 *
 * The order of records is the order of `send`, whatever their size. The owner calls `flush` at the end of each turn in which
 * it sent something or `backlog` is not 0, and rings the peer when `flush` says true; it calls `receive` while `hasInbound`.
 * The channel does not keep the event loop alive.
 *
 * When the peer's isolate has died, `receive` still delivers all it had published; only then `close`.
 */
export class Channel implements Link {
  readonly #writer: RingWriter
  readonly #reader: RingReader
  readonly #port: MessagePort
  readonly #outbox = new Outbox()
  /** Whether something was published that `flush` has not reported yet. */
  #unreported = false
  #closed = false
  #handle: ReceiveHandler = () => undefined

  /** @throws RangeError when a ring was not made by `makeRing`. */
  constructor(options: ChannelOptions) {
    this.#writer = new RingWriter(options.out)
    this.#reader = new RingReader(options.in, options.onSpace)
    this.#port = options.port
    this.#port.unref()
  }

  /**
   * Sends one record. The peer sees it after the next `flush`, or earlier when the ring is full. After `close` it is dropped.
   *
   * @param bytes - the record is their first `length` bytes. They are copied, so the caller may reuse them at once.
   * @param length - bytes. Default: all of them.
   */
  send(bytes: Uint8Array, length: number = bytes.length): void {
    if (this.#closed) return
    if (length > this.#writer.maxRecord) {
      // Posted before its marker is written, so that the reader of the marker finds the bytes on the port.
      const copy = copyOf(bytes, length)
      this.#port.postMessage(copy.buffer, [copy.buffer])
      if (!this.#writeNow(nothing, 0, onPort)) this.#outbox.push(nothing, 0, onPort)
      return
    }
    if (!this.#writeNow(bytes, length, inline)) this.#outbox.push(bytes, length, inline)
  }

  /**
   * Points `writer` at the place where the next record goes, straight in the ring if there is room. What is then written
   * becomes a record by {@link end}; until then, nothing else may be sent.
   *
   * @param writer - used for this channel only, so that it need not look at another memory each time.
   */
  begin(writer: ByteWriter): void {
    const ring = this.#writer
    // Behind what waits in memory, a record waits there too
    if (this.#outbox.length === 0 && ring.claim()) writer.wrap(ring.bytes, ring.claimStart, ring.claimEnd)
    else writer.reset()
  }

  /** Sends what was written since {@link begin}, as `send` does. */
  end(writer: ByteWriter): void {
    if (writer.bytes === this.#writer.bytes) this.#writer.commit(writer.length, inline)
    else this.send(writer.bytes, writer.length)
  }

  /** How many bytes were sent that the peer cannot see yet, those that wait in memory left out. */
  get unpublished(): number {
    return this.#writer.unpublished
  }

  /**
   * Makes what was sent visible to the peer, and moves what waits in memory into the ring as far as it has space.
   *
   * @returns true when there is something new for the peer: ring its doorbell.
   */
  flush(): boolean {
    if (this.#closed) return false
    this.#drain()
    this.publish()
    const reported = this.#unreported
    this.#unreported = false
    return reported
  }

  /**
   * Hands records that the peer published to `handle`, in order, each once. If `handle` throws, the error comes out here,
   * and the next `receive` goes on with the record after that one.
   *
   * @param max - how many records at most.
   * @returns how many records were handled.
   */
  receive(handle: ReceiveHandler, max: number): number {
    const outer = this.#handle
    this.#handle = handle
    try {
      return this.#reader.read(this.#take, max)
    } finally {
      this.#handle = outer
    }
  }

  /** One function for all records of all calls: making one for each call costs as much as a record. */
  readonly #take = (bytes: Uint8Array, start: number, end: number, kind: number): void => {
    if (kind === inline) return this.#handle(bytes, start, end)
    const payload = this.#takePayload()
    this.#handle(payload, 0, payload.length)
  }

  /** Whether `receive` would deliver something. Call it before sleeping: it gives back what space is left to give. */
  hasInbound(): boolean {
    return !this.#reader.isEmpty()
  }

  /** Whether `receive` seems to have something to do: to deliver, or space to give back. May be late to see it, but costs next to nothing. */
  seemsInbound(): boolean {
    return !this.#reader.looksEmpty()
  }

  /** How many sent records wait in memory because the ring is full. */
  get backlog(): number {
    return this.#outbox.length
  }

  /** Closes the port and drops what waits in memory. What was published stays readable for the peer. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#outbox.clear()
    this.#writer.cancelAwaitSpace()
    this.#port.close()
  }

  /** Writes a record into the ring, if nothing waits before it and it fits. */
  #writeNow(bytes: Uint8Array, length: number, kind: number): boolean {
    return this.#drain() && this.#writeOrAwait(bytes, length, kind)
  }

  /** Moves waiting records into the ring. Returns whether none is left. */
  #drain(): boolean {
    const outbox = this.#outbox
    while (outbox.length > 0) {
      outbox.first()
      if (!this.#writeOrAwait(outbox.bytes, outbox.size, outbox.kind, outbox.from)) return false
      outbox.shift()
      if (outbox.length === 0) this.#writer.cancelAwaitSpace()
    }
    return true
  }

  /** Writes a record; where it does not fit, asks the peer to report space and shows it what there is to read. */
  #writeOrAwait(bytes: Uint8Array, length: number, kind: number, from = 0): boolean {
    if (this.#writer.write(bytes, length, kind, from)) return true
    // The peer can only make space by reading, and it reads only what is published.
    this.publish()
    this.#writer.awaitSpace()
    return this.#writer.write(bytes, length, kind, from)
  }

  /** Makes what is in the ring visible to the peer; the next {@link flush} says that there is something new. */
  publish(): void {
    if (!this.#writer.hasUnpublished) return
    this.#writer.publish()
    this.#unreported = true
  }

  #takePayload(): Uint8Array {
    const received = receiveMessageOnPort(this.#port)
    // The peer posts bytes before it writes their marker; only a port that others use or have closed can break that.
    if (received === undefined) throw new Error("A channel's port holds no bytes for the marker just read")
    // `message` is untyped; a channel posts nothing but buffers.
    return new Uint8Array(received.message as ArrayBuffer)
  }
}

/** Not `slice`, which shares memory when `bytes` is a Node `Buffer`. */
const copyOf = (bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(length)
  copy.set(length === bytes.length ? bytes : bytes.subarray(0, length))
  return copy
}
