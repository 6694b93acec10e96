/**
 * What a scheduler holds of another one: the channel to it, the memory what is sent is written into, and how far that has been
 * shown to it.
 */
import { ByteWriter } from "../../wire/Bytes.ts"
import { noIndex, TextDictionary } from "../../wire/TextDictionary.ts"
import type { Link, ReceiveHandler } from "./Channel.ts"
import { writeText } from "./Wire.ts"

/** See the file's header. Hot path: plain and mutable. */
export class Peer {
  readonly slot: number
  readonly incarnation: number
  readonly channel: Link
  /** Handles a record from it. Set when it is connected. */
  take: ReceiveHandler = () => undefined
  /** A start that was sent to it has happened. Set when it is connected. */
  started: () => void = () => undefined
  /** How many signals were sent since the mesh last looked after it. */
  sent = 0
  /** Whether one was all the last time. So it probably is again, and is shown at once: the peer need not wait for the sender's slice. */
  single = true
  /** How often something was shown to it since it was last woken. */
  publications = 0
  private readonly texts = new TextDictionary()
  private readonly writer = new ByteWriter(this.texts)
  private writing = false
  /** What was sent while `writer` was in use. */
  private readonly held: Array<ByteWriter> = []

  constructor(slot: number, incarnation: number, channel: Link) {
    this.slot = slot
    this.incarnation = incarnation
    this.channel = channel
  }

  /** Where the next record is to be written. {@link end} is called next for what this returns, in any case. */
  begin(): ByteWriter {
    // A codec of the application's that itself sends: its message goes behind the one it is writing
    if (this.writing) return new ByteWriter()
    this.writing = true
    this.channel.begin(this.writer)
    return this.writer
  }

  /**
   * Sends what was written.
   *
   * @param whole - whether the record is complete; one that is not is dropped.
   */
  end(writer: ByteWriter, whole: boolean): void {
    if (writer !== this.writer) {
      if (whole) this.held.push(writer)
      return
    }
    this.writing = false
    if (whole) this.channel.end(writer)
    if (this.texts.pending !== noIndex) this.tell()
    if (this.held.length > 0) for (const own of this.held.splice(0)) this.channel.send(own.bytes, own.length)
  }

  private tell(): void {
    this.channel.begin(this.writer)
    writeText(this.writer, this.texts)
    this.channel.end(this.writer)
  }
}
