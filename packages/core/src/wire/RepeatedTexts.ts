/**
 * Texts that go the same way again and again (a program's literals, the name of a room): each is told to the receiver once, in a
 * record of its own, and is a number from then on. The BEAM's literals are never copied either. Writing and reading a text of
 * 25 characters was a quarter of a round trip between schedulers.
 */

/** How many texts have a number at a time. A power of two. */
export const repeatedTexts = 64

/** Longer texts are seldom the same again, and what is kept should stay small. */
const longest = 128

/** A text that was sent so often is told. */
const often = 3
/** So many other texts in its place, at most, make a text that was sent often give way. */
const mostCredit = 8

/** No number. */
export const none = -1

/** The writer's side: which texts the receiver knows. Each text has one place it can be in. Hot path: plain and mutable. */
export class SentTexts {
  /** The place of a text that has been sent often by now; {@link none}: there is none. The code that sends the text says so by {@link told}. */
  due = none
  private readonly texts: Array<string> = new Array(repeatedTexts).fill("")
  /**
   * What the last other text in each place was like. A text is kept only when two like it come in a row: what is always another one is
   * not, nor the long text that it may be cut from, which V8 keeps with it.
   */
  private readonly likeness = new Int32Array(repeatedTexts)
  /** How often each was sent of late, less how often another was that has its place. */
  private readonly credit = new Uint8Array(repeatedTexts)
  private readonly known = new Uint8Array(repeatedTexts)

  /** The number by which the receiver knows a text, or {@link none}; then it is noted. */
  find(text: string): number {
    const { length } = text
    if (length > longest) return none
    const likeness = length * 7 + text.charCodeAt(0) * 5 + text.charCodeAt(length - 1)
    const at = likeness & (repeatedTexts - 1)
    return this.texts[at] === text
      ? this.again(at)
      : this.other(at, text, likeness ^ (text.charCodeAt(length >> 1) << 16))
  }

  private again(at: number): number {
    // `as number`: there are as many of each
    const credit = this.credit[at] as number
    if (credit < mostCredit) this.credit[at] = credit + 1
    if (this.known[at] === 1) return at
    if (credit + 1 >= often) this.due = at
    return none
  }

  private other(at: number, text: string, likeness: number): number {
    const credit = this.credit[at] as number
    if (credit > 0) this.credit[at] = credit - 1
    else if (this.likeness[at] !== likeness) this.likeness[at] = likeness
    else {
      this.texts[at] = text
      this.credit[at] = 1
      this.known[at] = 0
    }
    return none
  }

  /** The text in the place that is due, for the record that tells it. From now on the receiver knows it: that record is written next. */
  told(): string {
    const { due } = this
    this.known[due] = 1
    this.due = none
    return this.texts[due] as string
  }
}
