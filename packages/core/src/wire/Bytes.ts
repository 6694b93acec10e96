/**
 * How values become bytes on the way to another scheduler: a growing writer, and a reader over a record.
 */
import { Buffer } from "node:buffer"
import { none, repeatedTexts, type SentTexts } from "./RepeatedTexts.ts"
import { longestShort, readShort } from "./ShortText.ts"

/**
 * A `Buffer` with its methods for one encoding, which Node has and its types leave out. `write` and `toString` only look
 * the encoding up and call them; that look-up costs 25 to 45 ns a text on Node 26, more than the rest of it.
 */
interface TextMemory extends Buffer {
  utf8Write(text: string, at: number, most: number): number
  latin1Slice(from: number, to: number): string
}

/** The same memory as a `Buffer`; shared memory too. */
const textMemory = (bytes: Uint8Array): TextMemory =>
  // See TextMemory: every Node this runs on has these methods
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as TextMemory

/** How a text is written; the low two bits of its first number, the bytes it takes above them. */
const ascii = 0
const utf8 = 1
const utf16 = 2
/** It is one that the receiver was told before; its number in place of the bytes. */
const repeated = 3

/** Up to this many characters a loop beats the call into `Buffer`: about 3 ns a character against 23 to 40 in all. */
const copyLoopLimit = 8

/** What a number that is no small whole number begins with; those begin with an even byte. */
const double = 1

/**
 * Appends to a buffer that grows and is reused, or to memory it was lent. What was written is
 * `bytes[start, start + length)`. Hot path: plain and mutable.
 */
export class ByteWriter {
  /** Where the writer writes now: its own buffer, or the lent memory while that suffices. */
  bytes: Uint8Array
  /** Where in `bytes` what was written begins: 0 in the own buffer. */
  start = 0
  private at = 0
  private end: number
  private own: Uint8Array
  private view: DataView<ArrayBufferLike>
  private text: TextMemory
  private ownView: DataView<ArrayBufferLike>
  private ownText: TextMemory
  private lent: Uint8Array | undefined
  private lentView: DataView<ArrayBufferLike> | undefined
  private lentText: TextMemory | undefined
  private readonly texts: SentTexts | undefined

  /** `texts`: those that the reader of all of this knows. Default: none. */
  constructor(texts?: SentTexts) {
    this.texts = texts
    this.own = new Uint8Array(4096)
    this.ownView = new DataView(this.own.buffer)
    this.ownText = textMemory(this.own)
    this.lent = undefined
    this.lentView = undefined
    this.lentText = undefined
    this.bytes = this.own
    this.view = this.ownView
    this.text = this.ownText
    this.end = this.own.length
  }

  /** How many bytes were written. */
  get length(): number {
    return this.at - this.start
  }

  /** Forgets what was written and goes on in the own buffer, which stays. Lent memory is given up. */
  reset(): void {
    this.useOwn()
    this.start = 0
    this.at = 0
  }

  /**
   * Forgets what was written and goes on in `bytes[start, end)`, which may be shared memory, without copying. When a
   * record does not fit, all of it moves to the own buffer: it stayed exactly when `writer.bytes` is still `bytes`. The
   * room is asked for before the exact size is known, so a record may move that would have fitted with little to spare.
   * Nothing outside `[start, end)` is touched; what is inside is undefined when the record moved.
   */
  over(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.lent) {
      this.lent = bytes
      this.lentView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.lentText = textMemory(bytes)
    }
    // Set together with `lent`
    this.view = this.lentView as DataView<ArrayBufferLike>
    this.text = this.lentText as TextMemory
    this.bytes = bytes
    this.start = start
    this.at = start
    this.end = end
    return this
  }

  private useOwn(): void {
    this.bytes = this.own
    this.view = this.ownView
    this.text = this.ownText
    this.end = this.own.length
  }

  /** Makes room for `size` more bytes. */
  private reserve(size: number): void {
    if (this.at + size > this.end) this.move(size)
  }

  private move(size: number): void {
    const { bytes, length, start } = this
    const needed = length + size
    if (needed > this.own.length) {
      this.own = new Uint8Array(Math.max(needed, this.own.length * 2))
      this.ownView = new DataView(this.own.buffer)
      this.ownText = textMemory(this.own)
    }
    if (bytes !== this.own) this.own.set(bytes.subarray(start, start + length))
    this.start = 0
    this.at = length
    this.useOwn()
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  /** A whole number from 0 to 2^32 - 1, in four bytes. */
  u32(value: number): void {
    this.reserve(4)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8)
    if (value < 0x80) this.bytes[this.at++] = value
    else this.long(value)
  }

  /** Unrolled for what identifiers mostly are; twice as fast as the loop for them. */
  private long(value: number): void {
    const { bytes } = this
    let { at } = this
    if (value < 0x10000000) {
      bytes[at++] = value | 128
      if (value >= 0x4000) {
        bytes[at++] = (value >>> 7) | 128
        if (value >= 0x200000) {
          bytes[at++] = (value >>> 14) | 128
          bytes[at++] = value >>> 21
        } else bytes[at++] = value >>> 14
      } else bytes[at++] = value >>> 7
    } else {
      let rest = value
      while (rest > 127) {
        bytes[at++] = (rest % 128) + 128
        rest = Math.floor(rest / 128)
      }
      bytes[at++] = rest
    }
    this.at = at
  }

  f64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Any number: a small whole one takes one to five bytes, others nine. */
  number(value: number): void {
    const whole = value | 0
    // -0 is equal to 0, but not the same number
    if (whole === value && whole < 0x20000000 && whole >= -0x20000000 && (whole !== 0 || 1 / value > 0)) {
      this.reserve(8)
      // Zigzag, so that small negative numbers are short too; doubled, so that the first byte is even
      const even = (((whole << 1) ^ (whole >> 31)) << 1) >>> 0
      if (even < 128) this.bytes[this.at++] = even
      else this.long(even)
      return
    }
    this.reserve(9)
    this.bytes[this.at++] = double
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Any text, lone surrogates included. */
  string(value: string): void {
    const size = value.length
    if (size <= copyLoopLimit) {
      this.reserve(size + 1)
      const { at, bytes } = this
      let index = 0
      for (; index < size; index++) {
        const code = value.charCodeAt(index)
        if (code > 127) break
        bytes[at + 1 + index] = code
      }
      if (index === size) {
        bytes[at] = size * 4 + ascii
        this.at = at + 1 + size
        return
      }
    }
    const number = this.texts === undefined ? none : this.texts.find(value)
    if (number === none) this.longString(value, size)
    else this.varint(number * 4 + repeated)
  }

  /** A text with its number, for {@link ByteReader.learn}. From then on the writer may write the number alone. */
  teach(texts: SentTexts): void {
    this.varint(texts.due)
    const text = texts.told()
    this.longString(text, text.length)
  }

  private longString(value: string, size: number): void {
    // UTF-8 takes at most three bytes per UTF-16 unit
    this.reserve(size * 3 + 8)
    const from = this.at
    this.varint(size * 4 + ascii)
    const written = this.text.utf8Write(value, this.at, size * 3)
    if (written === size) {
      // As many bytes as units: all of them are ASCII
      this.at += written
      return
    }
    this.at = from
    if (value.isWellFormed()) {
      this.varint(written * 4 + utf8)
      this.at += this.text.utf8Write(value, this.at, written)
    } else {
      this.varint(size * 8 + utf16)
      this.at += this.text.write(value, this.at, size * 2, "utf16le")
    }
  }

  blob(value: Uint8Array): void {
    this.varint(value.length)
    this.reserve(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }
}

/**
 * Reads one record. The bytes may be shared memory, so what must outlive the record is copied out. Every method throws
 * a `RangeError` when the record ends early or holds what its writer cannot have written.
 */
export class ByteReader {
  private bytes: Uint8Array = new Uint8Array(0)
  private view: DataView<ArrayBufferLike> = new DataView(this.bytes.buffer)
  private text: TextMemory = textMemory(this.bytes)
  private at = 0
  private end = 0
  /** The texts it was told, by number. */
  private readonly texts: Array<string> = []

  /** Points the reader at `bytes[start, end)`. */
  over(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.text = textMemory(bytes)
    }
    this.at = start
    this.end = end
    return this
  }

  /** How many bytes of the record have not been read. */
  get left(): number {
    return this.end - this.at
  }

  /** Throws when something of the record has not been read. */
  finish(): void {
    if (this.at !== this.end) throw new RangeError(`record is too long: ${this.left} bytes left`)
  }

  private advance(size: number): number {
    const at = this.at
    if (at + size > this.end) throw new RangeError(`record ends early: ${size} bytes wanted, ${this.end - at} left`)
    this.at = at + size
    return at
  }

  u8(): number {
    // `as number`: `advance` has checked that the byte is there
    return this.bytes[this.advance(1)] as number
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true)
  }

  varint(): number {
    const byte = this.u8()
    return byte < 128 ? byte : this.following(byte)
  }

  /** The rest of a number above 127. */
  private following(first: number): number {
    const second = this.u8()
    let value = (first & 127) | ((second & 127) << 7)
    if (second < 128) return value
    const third = this.u8()
    value |= (third & 127) << 14
    return third < 128 ? value : this.large(value)
  }

  private large(lowest: number): number {
    let value = lowest
    let scale = 0x200000
    while (true) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) break
      scale *= 128
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("record holds a number that is too large")
    return value
  }

  f64(): number {
    return this.view.getFloat64(this.advance(8), true)
  }

  number(): number {
    const first = this.u8()
    if (first === double) return this.view.getFloat64(this.advance(8), true)
    const even = first < 128 ? first : this.following(first)
    if ((even & 1) === 1 || even > 0xffffffff) throw new RangeError("record holds no number where one was wanted")
    const zigzag = even >>> 1
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  string(): string {
    const head = this.varint()
    if ((head & 3) === repeated) return this.known(head >>> 2)
    const size = Math.floor(head / 4)
    const at = this.advance(size)
    switch (head & 3) {
      case ascii:
        return size <= longestShort ? readShort(this.bytes, at, size) : this.text.latin1Slice(at, at + size)
      case utf8:
        return this.text.toString("utf8", at, at + size)
      case utf16:
        if ((size & 1) === 0) return this.text.toString("utf16le", at, at + size)
    }
    throw new RangeError("record holds no text where one was wanted")
  }

  private known(number: number): string {
    const text = this.texts[number]
    if (text === undefined) throw new RangeError("record holds a text that nobody has told")
    return text
  }

  /** Reads a text that {@link ByteWriter.teach} wrote, for all records from now on. */
  learn(): void {
    const number = this.varint()
    if (number >= repeatedTexts)
      throw new RangeError(`record holds text number ${number}, and there are ${repeatedTexts}`)
    this.texts[number] = this.string()
  }

  blob(): Uint8Array<ArrayBuffer> {
    const size = this.varint()
    const at = this.advance(size)
    const copy = new Uint8Array(size)
    copy.set(this.bytes.subarray(at, at + size))
    return copy
  }
}
