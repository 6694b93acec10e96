/**
 * A byte ring between exactly one writer and one reader in different isolates, over a `SharedArrayBuffer`. Records keep
 * their order, are seen whole or not at all, and are read in place. Plain and mutable on purpose: every message between
 * schedulers passes here twice.
 *
 * Layout: control words of the reader and of the writer on cache lines of their own, then `capacity` bytes of data. Positions
 * count bytes since the ring was made, modulo 2^32; `position & (capacity - 1)` is the place in the data. A record is a header
 * word (kind in the top bits, length below) and its bytes, padded to 4. A record never straddles the end: where it would, a
 * skip word sends the reader back to the start.
 *
 * Behind what is published stands a header of 0. The writer fills in what comes after it, that header last: one store shows
 * all records since the one before, and the line of memory that the reader waits for brings the first of them along.
 */

/** How many bytes of data a ring holds when nothing else is said: 1 MiB. */
export const defaultRingCapacity = 1 << 20

const minimumCapacity = 16
const maximumCapacity = 1 << 28

/** Byte offset of the data; also what a ring costs on top of its capacity. */
const dataOffset = 384
/** Up to where the reader has given space back. Only the reader stores it. */
const headWord = 0
/** 1 while the writer wants to hear of space. Set by the writer, taken by the reader. */
const waitingWord = 32
/** Up to where there was something to read when the writer asked for that. Only the writer stores it. */
const askedWord = 33

const headerBytes = 4
/** There is no record here yet. */
const nothing = 0
/** In each header, so that none is {@link nothing}. */
const present = 1 << 27
const lengthMask = present - 1
const kindShift = 28
const kindMask = 7
/** In the header whose store has shown a record, and those behind it, to the reader: the sign bit. */
const shown = 1 << 31
/** The kind of the header of the unused bytes before the end; it is therefore not for records. */
const skipKind = 7

/**
 * Up to this many bytes a copying loop beats `set(subarray())`, which allocates a view. Measured on Node 26, one thread
 * writing and reading: 16-byte records 14M/s with the loop and 9M/s with `set`; 128-byte records 3M/s and 12M/s.
 */
const copyLoopLimit = 24

/** A claim is worth while from this many bytes on, in rings that have so many. */
const claimLeast = 1024

/** What the reader calls for each record. The bytes are shared memory, valid only until it returns. */
export type RecordHandler = (bytes: Uint8Array, start: number, end: number, kind: number) => void

/**
 * Makes the memory of one ring.
 *
 * @param capacity - bytes of data: a power of two from 16 to 2^28. Default: {@link defaultRingCapacity}.
 * @param position - the byte count both ends start from, a multiple of 4. Default 0; tests start it close to 2^32.
 * @throws RangeError for any other capacity or position.
 */
export const makeRing = (capacity: number = defaultRingCapacity, position = 0): SharedArrayBuffer => {
  checkCapacity(capacity)
  if (!Number.isInteger(position) || position % headerBytes !== 0) {
    throw new RangeError(`A ring's position must be a multiple of ${headerBytes}, not ${position}`)
  }
  const buffer = new SharedArrayBuffer(dataOffset + capacity)
  const control = new Int32Array(buffer, 0, dataOffset / 4)
  control[headWord] = position | 0
  return buffer
}

const checkCapacity = (capacity: number): number => {
  const isPowerOfTwo = Number.isInteger(capacity) && capacity > 0 && 2 ** Math.round(Math.log2(capacity)) === capacity
  if (!isPowerOfTwo || capacity < minimumCapacity || capacity > maximumCapacity) {
    throw new RangeError(
      `A ring's capacity must be a power of two from ${minimumCapacity} to ${maximumCapacity} bytes, not ${capacity}`
    )
  }
  return capacity
}

const capacityOf = (buffer: SharedArrayBuffer): number => checkCapacity(buffer.byteLength - dataOffset)

/** Bytes a record takes in the ring: its header and its body, padded so that the next header is aligned. */
const sizeOf = (length: number): number => (headerBytes + length + 3) & ~3

const headerOf = (length: number, kind: number): number => (kind << kindShift) | present | length

const skip = headerOf(0, skipKind)

const kindOf = (header: number): number => (header >>> kindShift) & kindMask

/** How far it is from a header to the next. */
const stepOf = (header: number, place: number, capacity: number): number =>
  kindOf(header) === skipKind ? capacity - place : sizeOf(header & lengthMask)

/**
 * The writing end of a ring. There may be one at a time; a new one continues after what its predecessor published.
 *
 * Nothing written is visible to the reader before `publish`, so a writer that dies between the two, or in the middle of a
 * record, leaves only whole records behind.
 */
export class RingWriter {
  /** Bytes of data the ring holds. */
  readonly capacity: number
  /**
   * The longest record this ring takes, in bytes. Half the capacity (less a header), because a record that does not fit
   * before the end also costs the bytes it skips there, and the next header behind it: so an empty ring takes it wherever it
   * stands.
   */
  readonly maxRecord: number
  /** The ring's data, for records that are written in place. */
  readonly bytes: Uint8Array
  /** Where in `bytes` a claimed record begins. */
  claimStart = 0
  /** Before where it must end. */
  claimEnd = 0
  readonly #control: Int32Array
  readonly #words: Int32Array
  readonly #mask: number
  /** Less room than this is not worth a claim: most records would not fit. */
  readonly #claimLeast: number
  /** Where the next record goes; ahead of `#published` by what is written but not visible. */
  #tail: number
  #published: number
  /** The header that publishes, and the index of its word: the first of those that are not visible. {@link nothing}: all are. */
  #first = nothing
  #firstAt = 0
  /** The reader's head as last seen, so that it is not asked for each record. */
  #head: number

  /** @throws RangeError when `buffer` was not made by {@link makeRing}. */
  constructor(buffer: SharedArrayBuffer) {
    this.capacity = capacityOf(buffer)
    this.maxRecord = this.capacity / 2 - headerBytes
    this.#control = new Int32Array(buffer, 0, dataOffset / 4)
    this.#words = new Int32Array(buffer, dataOffset, this.capacity / 4)
    this.bytes = new Uint8Array(buffer, dataOffset, this.capacity)
    this.#mask = this.capacity - 1
    this.#claimLeast = Math.min(claimLeast, this.capacity / 4)
    this.#head = Atomics.load(this.#control, headWord)
    this.#tail = this.#end(this.#head)
    this.#published = this.#tail
  }

  /** Where what is published ends. */
  #end(head: number): number {
    let end = head
    while (true) {
      const place = end & this.#mask
      const header = Atomics.load(this.#words, place >> 2)
      if (header === nothing) return end
      end = (end + stepOf(header, place, this.capacity)) | 0
    }
  }

  /**
   * Writes one record behind those written before; `publish` makes it visible.
   *
   * @param bytes - the record is `length` bytes of them, from `from` on. They are copied.
   * @param length - bytes. Default: all of them.
   * @param kind - a number from 0 to 6 for the two ends to agree on. Default 0.
   * @param from - where in `bytes` the record begins. Default 0.
   * @returns false when there is no room for it now; then nothing has changed.
   * @throws RangeError when it could never fit, being longer than `maxRecord`.
   */
  write(bytes: Uint8Array, length: number = bytes.length, kind = 0, from = 0): boolean {
    if (length > this.maxRecord) {
      throw new RangeError(`A record of ${length} bytes does not fit this ring, which takes at most ${this.maxRecord}`)
    }
    const size = sizeOf(length)
    let start = this.#tail & this.#mask
    const untilEnd = this.capacity - start
    const skipped = size > untilEnd ? untilEnd : 0
    if (!this.#hasSpace(skipped + size)) return false
    if (skipped > 0) start = 0
    // First, so that a copy that fails halfway has written nothing.
    this.#copy(bytes, from, length, start + headerBytes)
    if (skipped > 0) this.#advance(skip, skipped)
    this.#advance(headerOf(length, kind), size)
    return true
  }

  /** Enters a header for what now comes to stand at the end. */
  #advance(header: number, size: number): void {
    const at = (this.#tail & this.#mask) >> 2
    this.#tail = (this.#tail + size) | 0
    this.#words[(this.#tail & this.#mask) >> 2] = nothing
    if (this.#first !== nothing) this.#words[at] = header
    else {
      this.#first = header | shown
      this.#firstAt = at
    }
  }

  /**
   * Offers room for one record to be written in place: `bytes[claimStart, claimEnd)`. {@link commit} makes it a record; a
   * claim that is not committed, or is followed by a `write`, has changed nothing.
   *
   * @returns false when there is little room where the next record goes. `write` may still find some.
   */
  claim(): boolean {
    const place = this.#tail & this.#mask
    const untilEnd = this.capacity - place
    let free = this.#free()
    if (free < this.#claimLeast) {
      this.#head = Atomics.load(this.#control, headWord)
      free = this.#free()
    }
    const room = Math.min(free, untilEnd)
    if (room < this.#claimLeast) return false
    this.claimStart = place + headerBytes
    this.claimEnd = place + Math.min(room, headerBytes + this.maxRecord)
    return true
  }

  /**
   * Makes the first `length` bytes of what was claimed a record behind those written before; `publish` makes it visible.
   *
   * @param length - at most what was claimed.
   * @param kind - as for {@link write}.
   */
  commit(length: number, kind = 0): void {
    this.#advance(headerOf(length, kind), sizeOf(length))
  }

  /** Makes everything written so far visible to the reader, at once. */
  publish(): void {
    if (this.#first === nothing) return
    this.#published = this.#tail
    // The one store that hands over records: all that was stored before it is visible to the thread that loads it.
    Atomics.store(this.#words, this.#firstAt, this.#first)
    this.#first = nothing
  }

  /** Whether something is written that the reader cannot see yet. */
  get hasUnpublished(): boolean {
    return this.#first !== nothing
  }

  /** How many bytes of the ring are written that the reader cannot see yet. */
  get unpublished(): number {
    return (this.#tail - this.#published) | 0
  }

  /**
   * Asks the reader to report the next space it gives back. Call it after a `write` said false, then `write` once more:
   * the reader may have made room between the two, and would not report that.
   */
  awaitSpace(): void {
    // Loading first spares the expensive store when an earlier request still stands, and then no second look is missed:
    // the reader takes the request only after giving space.
    if (Atomics.load(this.#control, waitingWord) !== 0) return
    this.#control[askedWord] = this.#published
    Atomics.store(this.#control, waitingWord, 1)
  }

  /** Takes back {@link awaitSpace}. The reader may have reported already. */
  cancelAwaitSpace(): void {
    if (Atomics.load(this.#control, waitingWord) !== 0) Atomics.store(this.#control, waitingWord, 0)
  }

  #hasSpace(size: number): boolean {
    if (size <= this.#free()) return true
    this.#head = Atomics.load(this.#control, headWord)
    return size <= this.#free()
  }

  /** The room there is, as far as it is known; the last header is kept. */
  #free(): number {
    // `| 0` keeps the difference right when the counts have gone round 2^32.
    return this.capacity - headerBytes - ((this.#tail - this.#head) | 0)
  }

  #copy(bytes: Uint8Array, from: number, length: number, at: number): void {
    if (length > copyLoopLimit) {
      this.bytes.set(bytes.subarray(from, from + length), at)
      return
    }
    const target = this.bytes
    // `as number`: the record is inside `bytes`.
    for (let index = 0; index < length; index++) target[at + index] = bytes[from + index] as number
  }
}

/** The reading end of a ring. There may be one at a time; a new one continues after the space its predecessor gave back. */
export class RingReader {
  readonly #control: Int32Array
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #capacity: number
  readonly #mask: number
  readonly #onSpace: (() => void) | undefined
  /**
   * Space is given back in steps of this many bytes, or where the writer waits for it: so a long batch does not hold up the
   * writer until its end, and a single record costs nothing.
   */
  readonly #releaseStep: number
  /** Behind the last record taken. */
  #head: number
  /** Up to where space has been given back: behind `#head` by less than a step, and by the records that are being handled. */
  #released: number
  /** How many calls of `read` are on the stack. */
  #depth = 0

  /**
   * @param onSpace - called during `read` or `isEmpty` when space was given back that the writer had asked to hear of (see
   * {@link RingWriter.awaitSpace}): wake the writer.
   * @throws RangeError when `buffer` was not made by {@link makeRing}.
   */
  constructor(buffer: SharedArrayBuffer, onSpace?: () => void) {
    this.#capacity = capacityOf(buffer)
    this.#control = new Int32Array(buffer, 0, dataOffset / 4)
    this.#words = new Int32Array(buffer, dataOffset, this.#capacity / 4)
    this.#bytes = new Uint8Array(buffer, dataOffset, this.#capacity)
    this.#mask = this.#capacity - 1
    this.#releaseStep = this.#capacity / 8
    this.#onSpace = onSpace
    this.#head = Atomics.load(this.#control, headWord)
    this.#released = this.#head
  }

  /** Whether no published record is waiting. Gives the space of handled ones back: the caller may be about to sleep. */
  isEmpty(): boolean {
    if (this.#depth === 0) this.#release()
    return Atomics.load(this.#words, (this.#head & this.#mask) >> 2) === nothing
  }

  /**
   * Whether there seems to be nothing to `read`, nor a writer that waits for space which that would give back. What was just
   * published may not be seen yet, so `isEmpty` decides before a scheduler sleeps; for looking again and again, this is
   * cheaper: 1 ns against 15 on Node 26.
   */
  looksEmpty(): boolean {
    if (this.#words[(this.#head & this.#mask) >> 2] !== nothing) return false
    return this.#released === this.#head || this.#control[waitingWord] === 0
  }

  /**
   * Hands published records to `handle`, in order, each once. A record counts as read when `handle` is called: if it
   * throws, the error comes out here and the next `read` goes on with the record after it. `handle` may itself `read`;
   * the bytes it was given stay in place until it returns. Records published meanwhile may be left to the next `read`.
   *
   * @param max - how many records at most.
   * @returns how many records were handled.
   */
  read(handle: RecordHandler, max: number): number {
    let handled = 0
    this.#depth++
    try {
      while (handled < max) {
        const place = this.#head & this.#mask
        // `as number`: `place` is inside the ring.
        const header = this.#words[place >> 2] as number
        if (header === nothing) break
        // Only atomic accesses let it see what was stored before. The records behind this one were published with it
        if ((header & shown) !== 0) Atomics.load(this.#words, place >> 2)
        this.#head = (this.#head + stepOf(header, place, this.#capacity)) | 0
        const kind = kindOf(header)
        if (kind === skipKind) continue
        const start = place + headerBytes
        handled++
        handle(this.#bytes, start, start + (header & lengthMask), kind)
        if (this.#depth === 1 && this.#unreleased() >= this.#releaseStep) this.#release()
      }
    } finally {
      this.#depth--
      // An outer `read` may still be handling a record in this space; then it gives the space back.
      if (this.#depth === 0 && (this.#unreleased() >= this.#releaseStep || this.#control[waitingWord] !== 0))
        this.#release()
    }
    return handled
  }

  #unreleased(): number {
    return (this.#head - this.#released) | 0
  }

  /** Gives the space of handled records back. */
  #release(): void {
    if (this.#released === this.#head) return
    this.#released = this.#head
    Atomics.store(this.#control, headWord, this.#head)
    // The writer sets its request and then looks at the head; here the head is set and then the request looked at. Both
    // are sequentially consistent, so one of the two sees the other. Waiting for half a ring keeps a writer under pressure
    // from being woken for each record; an empty ring is always reported.
    if (Atomics.load(this.#control, waitingWord) === 0) return
    if ((((this.#control[askedWord] as number) - this.#head) | 0) > this.#capacity / 2) return
    if (Atomics.exchange(this.#control, waitingWord, 0) === 1) this.#onSpace?.()
  }
}
