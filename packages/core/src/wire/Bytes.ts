/**
 * The byte encoding between schedulers: a growable writer, and a reader of one record.
 */
import { Buffer } from "node:buffer"
import { maxShortLength, readShort } from "./ShortText.ts"
import { dictionarySize, noIndex, type TextDictionary } from "./TextDictionary.ts"

/**
 * A `Buffer` with Node's untyped methods for one encoding. `write` and `toString` look the encoding up and call these; for a
 * short text the look-up costs more than the rest.
 */
interface TextMemory extends Buffer {
  utf8Write(text: string, at: number, most: number): number
  latin1Slice(from: number, to: number): string
}

/** The same memory as a `Buffer`; shared memory too. */
const textMemory = (bytes: Uint8Array): TextMemory =>
  // See TextMemory: every Node this runs on has these methods
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as TextMemory

/** The encoding of a text: the low two bits of its header. The bits above are its size in bytes. */
const ascii = 0
const utf8 = 1
const utf16 = 2
/** A text that was defined: its dictionary index in place of the size, and no bytes. */
const dictionary = 3

/** Up to this many characters a loop is faster than a call into `Buffer`. */
const copyLoopLimit = 8

/** The first byte of a number that is not a small integer. Small integers begin with an even byte. */
const double = 1

/**
 * Appends to its own buffer, which grows and is reused, or to lent memory. The record is
 * `bytes[start, start + length)`. Hot path: plain and mutable.
 */
export class ByteWriter {
  /** The current target: the own buffer, or the lent memory while the record fits. */
  bytes: Uint8Array
  /** The offset of the record in `bytes`: 0 in the own buffer. */
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
  private readonly texts: TextDictionary | undefined

  /** `texts`: the dictionary of the channel, for a single reader of all records. Default: texts are never written by index. */
  constructor(texts?: TextDictionary) {
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

  /** The size of the record in bytes. */
  get length(): number {
    return this.at - this.start
  }

  /** Starts a new record in the own buffer, which keeps its capacity. */
  reset(): void {
    this.useOwn()
    this.start = 0
    this.at = 0
  }

  /**
   * Starts a new record in `bytes[start, end)`, which may be shared memory, without copying. A record that does not fit moves
   * to the own buffer: it did not move if `writer.bytes` is still `bytes`. Space is reserved by an upper bound of the size,
   * so a record may move that would just have fitted. Bytes outside `[start, end)` are not written; those inside are
   * undefined when the record moved.
   */
  wrap(bytes: Uint8Array, start: number, end: number): this {
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

  /** Ensures space for `size` more bytes. */
  private reserve(size: number): void {
    if (this.at + size > this.end) this.moveToOwn(size)
  }

  private moveToOwn(size: number): void {
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

  /** An integer from 0 to 2^32 - 1, in four bytes. */
  u32(value: number): void {
    this.reserve(4)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8)
    if (value < 0x80) this.bytes[this.at++] = value
    else this.longVarint(value)
  }

  /** Unrolled for the usual size of identifiers, which is faster than the loop. */
  private longVarint(value: number): void {
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

  /** Any number: a small integer takes one to five bytes, others nine. */
  number(value: number): void {
    const whole = value | 0
    // -0 is equal to 0, but not the same number
    if (whole === value && whole < 0x20000000 && whole >= -0x20000000 && (whole !== 0 || 1 / value > 0)) {
      this.reserve(8)
      // Zigzag, so that small negative numbers are short too; doubled, so that the first byte is even
      const even = (((whole << 1) ^ (whole >> 31)) << 1) >>> 0
      if (even < 128) this.bytes[this.at++] = even
      else this.longVarint(even)
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
    const number = this.texts === undefined ? noIndex : this.texts.find(value)
    if (number === noIndex) this.longString(value, size)
    else this.varint(number * 4 + dictionary)
  }

  /** The pending text of the dictionary with its index, for {@link ByteReader.readDefinition}. Later texts may be written as that index. */
  defineText(texts: TextDictionary): void {
    this.varint(texts.pending)
    const text = texts.define()
    this.longString(text, text.length)
  }

  private longString(value: string, size: number): void {
    // UTF-8 takes at most three bytes per UTF-16 unit
    this.reserve(size * 3 + 8)
    const from = this.at
    this.varint(size * 4 + ascii)
    const written = this.text.utf8Write(value, this.at, size * 3)
    if (written === size) {
      // One byte per unit: the text is ASCII
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
 * Reads one record. The bytes may be shared memory, so the values read are copies. Every method throws
 * a `RangeError` when the record ends early or is invalid.
 */
export class ByteReader {
  private bytes: Uint8Array = new Uint8Array(0)
  private view: DataView<ArrayBufferLike> = new DataView(this.bytes.buffer)
  private text: TextMemory = textMemory(this.bytes)
  private at = 0
  private end = 0
  /** The receiver's half of the dictionary, by index. */
  private readonly texts: Array<string> = []

  /** Points the reader at `bytes[start, end)`. */
  wrap(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.text = textMemory(bytes)
    }
    this.at = start
    this.end = end
    return this
  }

  /** The number of unread bytes. */
  get left(): number {
    return this.end - this.at
  }

  /** Throws when there are unread bytes. */
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
    return byte < 128 ? byte : this.varintTail(byte)
  }

  /** The rest of a varint above 127. */
  private varintTail(first: number): number {
    const second = this.u8()
    let value = (first & 127) | ((second & 127) << 7)
    if (second < 128) return value
    const third = this.u8()
    value |= (third & 127) << 14
    return third < 128 ? value : this.largeVarint(value)
  }

  private largeVarint(lowest: number): number {
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
    const even = first < 128 ? first : this.varintTail(first)
    if ((even & 1) === 1 || even > 0xffffffff) throw new RangeError("record holds no number where one was wanted")
    const zigzag = even >>> 1
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  string(): string {
    const head = this.varint()
    if ((head & 3) === dictionary) return this.definedText(head >>> 2)
    const size = Math.floor(head / 4)
    const at = this.advance(size)
    switch (head & 3) {
      case ascii:
        return size <= maxShortLength ? readShort(this.bytes, at, size) : this.text.latin1Slice(at, at + size)
      case utf8:
        return this.text.toString("utf8", at, at + size)
      case utf16:
        if ((size & 1) === 0) return this.text.toString("utf16le", at, at + size)
    }
    throw new RangeError("record holds no text where one was wanted")
  }

  private definedText(number: number): string {
    const text = this.texts[number]
    if (text === undefined) throw new RangeError("record holds the index of a text that was not defined")
    return text
  }

  /** Reads a definition that {@link ByteWriter.defineText} wrote. It holds for all later records. */
  readDefinition(): void {
    const number = this.varint()
    if (number >= dictionarySize)
      throw new RangeError(`record holds text number ${number}, and there are ${dictionarySize}`)
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
