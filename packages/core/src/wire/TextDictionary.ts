/**
 * Dictionary encoding of texts that a channel carries repeatedly (a program's literals, the name of a room). The sender defines a
 * text once, in a record of its own, and writes its index from then on: encoding and decoding texts would otherwise dominate
 * small messages. The BEAM does not copy literals either.
 */

/** How many entries the dictionary has. A power of two. */
export const dictionarySize = 64

/** Longer texts rarely repeat, and the dictionary's memory is to stay small. In characters. */
const maxLength = 128

/** The score at which a text is defined. */
const definedAfter = 3
/** The highest score: so many misses in an entry evict its text, however often it was sent. */
const maxScore = 8

/** The index of a text that the dictionary does not have. */
export const noIndex = -1

/** The sender's half of the dictionary. Direct-mapped: a text has one entry that it can be in. Hot path: plain and mutable. */
export class TextDictionary {
  /** The entry whose text is to be defined next, or {@link noIndex}. The channel writes the definition by {@link define}. */
  pending = noIndex
  private readonly texts: Array<string> = new Array(dictionarySize).fill("")
  /**
   * A hash of the last missed text of each entry. A text is stored only when two with the same hash come in a row, so texts that
   * never repeat are not retained, nor the longer text that V8 keeps alive behind a slice.
   */
  private readonly hashes = new Int32Array(dictionarySize)
  /** Each entry's recent hits minus its misses. */
  private readonly scores = new Uint8Array(dictionarySize)
  /** 1 for each entry whose text the receiver has. */
  private readonly defined = new Uint8Array(dictionarySize)

  /** The index of a text that the receiver has, or {@link noIndex}, and then counts it. */
  find(text: string): number {
    const { length } = text
    if (length > maxLength) return noIndex
    const hash = length * 7 + text.charCodeAt(0) * 5 + text.charCodeAt(length - 1)
    const at = hash & (dictionarySize - 1)
    return this.texts[at] === text ? this.hit(at) : this.miss(at, text, hash ^ (text.charCodeAt(length >> 1) << 16))
  }

  private hit(at: number): number {
    // `as number`: the arrays have the same length
    const score = this.scores[at] as number
    if (score < maxScore) this.scores[at] = score + 1
    if (this.defined[at] === 1) return at
    if (score + 1 >= definedAfter) this.pending = at
    return noIndex
  }

  private miss(at: number, text: string, hash: number): number {
    const score = this.scores[at] as number
    if (score > 0) this.scores[at] = score - 1
    else if (this.hashes[at] !== hash) this.hashes[at] = hash
    else {
      this.texts[at] = text
      this.scores[at] = 1
      this.defined[at] = 0
    }
    return noIndex
  }

  /** The text of the pending entry, for the definition record, which must be written next: from now on {@link find} returns its index. */
  define(): string {
    const { pending } = this
    this.defined[pending] = 1
    this.pending = noIndex
    return this.texts[pending] as string
  }
}
