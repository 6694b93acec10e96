/**
 * Records that wait in memory because their ring is full, first in first out. They stand one behind the other in large
 * blocks: a buffer for each would cost more than all else about it.
 */

/** Bytes of a block. A longer record gets one of its own. */
const blockBytes = 1 << 16

const headerBytes = 4
const kindShift = 28
const lengthMask = (1 << kindShift) - 1

interface Block {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Behind the last record. */
  end: number
}

const makeBlock = (size: number): Block => {
  const buffer = new ArrayBuffer(size)
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), end: 0 }
}

/** The bytes a record takes: its header, and its body padded so that the next header is aligned. */
const sizeOf = (length: number): number => (headerBytes + length + 3) & ~3

const none = makeBlock(0)

/** See the file's header. Hot path when a receiver is slower than its sender: plain and mutable. */
export class Outbox {
  /** How many records wait. */
  length = 0
  /** The oldest record, as {@link first} found it: `size` of these bytes, from `from` on. */
  bytes: Uint8Array = none.bytes
  from = 0
  size = 0
  kind = 0
  readonly #blocks: Array<Block> = []
  /** Where in the first block the oldest record begins. */
  #at = 0
  /** The block that is written to: the last one. */
  #last: Block = none

  /** Appends a record of the first `length` bytes, which are copied. */
  push(bytes: Uint8Array, length: number, kind: number): void {
    const size = sizeOf(length)
    if (this.#last.end + size > this.#last.bytes.length) {
      // The block that was kept is empty: were it left there, it would stand before the new one's records
      if (this.length === 0) this.#blocks.length = 0
      this.#last = makeBlock(Math.max(blockBytes, size))
      this.#blocks.push(this.#last)
    }
    const block = this.#last
    block.words[block.end >> 2] = (kind << kindShift) | length
    block.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), block.end + headerBytes)
    block.end += size
    this.length++
  }

  /** Finds the oldest record. Only to be called when there is one. */
  first(): void {
    // `as`: there is a record, so there is a block with a header in it
    const block = this.#blocks[0] as Block
    const header = block.words[this.#at >> 2] as number
    this.bytes = block.bytes
    this.from = this.#at + headerBytes
    this.size = header & lengthMask
    this.kind = header >>> kindShift
  }

  /** Drops the record that {@link first} found. */
  shift(): void {
    this.length--
    // `as Block`: the record that was found is in it
    const block = this.#blocks[0] as Block
    this.#at = this.from - headerBytes + sizeOf(this.size)
    if (this.#at < block.end) return
    this.#at = 0
    // One block is kept, since a channel that was full once will be full again
    if (block === this.#last && block.bytes.length === blockBytes) block.end = 0
    else this.#blocks.shift()
    if (this.#blocks.length === 0) this.#last = none
  }

  clear(): void {
    this.#blocks.length = 0
    this.#last = none
    this.#at = 0
    this.length = 0
  }
}
