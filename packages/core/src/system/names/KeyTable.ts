/**
 * What stands under texts. V8 interns each text that a `Map` is asked for, and for a text that was just made that takes longer
 * than all the rest. So a text stands under a number made of its letters; only where two have the same number, under itself.
 */

/** What can stand in such a table. */
export interface Keyed {
  readonly key: string
}

/** Of a longer text, the number is made of its length and as many letters in all, at its beginning and at its end. */
const longest = 64

/** A small whole number, which is as good as any other for texts that differ in what it is made of. */
const numberOf = (text: string): number => {
  const { length } = text
  let number =
    length <= longest
      ? mix(length, text, 0, length)
      : mix(mix(length, text, 0, longest / 2), text, length - longest / 2, length)
  number = Math.imul(number ^ (number >>> 16), 0x7feb352d)
  number = Math.imul(number ^ (number >>> 15), 0x846ca68b)
  return (number ^ (number >>> 16)) & 0x3fffffff
}

/** Two letters at a time: each step waits for the one before. */
const mix = (start: number, text: string, from: number, to: number): number => {
  let number = start
  let at = from
  for (; at < to - 1; at += 2) {
    number = Math.imul(number ^ text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 16), 0x9e3779b1)
    number ^= number >>> 15
  }
  return at < to ? Math.imul(number ^ text.charCodeAt(at), 0x9e3779b1) : number
}

/** See the file's header. Hot path: plain and mutable. */
export class KeyTable<Value extends Keyed> {
  private readonly byNumber = new Map<number, Value>()
  /** By number and text, those whose number is another's in {@link byNumber}. Mostly there are none. */
  private readonly others = new Map<number, Map<string, Value>>()

  get(key: string): Value | undefined {
    const number = numberOf(key)
    const there = this.byNumber.get(number)
    return there === undefined || there.key === key ? there : this.others.get(number)?.get(key)
  }

  /** Enters a value under its key if nothing stands there yet. Otherwise gives what does. */
  add(value: Value): Value | undefined {
    const { key } = value
    const number = numberOf(key)
    const there = this.byNumber.get(number)
    if (there === undefined) {
      this.byNumber.set(number, value)
      return undefined
    }
    return there.key === key ? there : this.addOther(number, value)
  }

  private addOther(number: number, value: Value): Value | undefined {
    const { key } = value
    const others = this.others.get(number)
    const there = others?.get(key)
    if (there !== undefined) return there
    if (others === undefined) this.others.set(number, new Map([[key, value]]))
    else others.set(key, value)
    return undefined
  }

  /** Enters `next` in the place of a value of the same key. */
  replace(value: Value, next: Value): void {
    const { key } = value
    const number = numberOf(key)
    if (this.byNumber.get(number) === value) this.byNumber.set(number, next)
    else this.others.get(number)?.set(key, next)
  }

  /** Takes out a value. */
  delete(value: Value): void {
    const { key } = value
    const number = numberOf(key)
    const others = this.others.get(number)
    if (this.byNumber.get(number) !== value) others?.delete(key)
    else {
      // Another one of the number takes its place: those under their texts are only found behind one
      const other = others?.values().next().value
      if (other === undefined) this.byNumber.delete(number)
      else {
        this.byNumber.set(number, other)
        others?.delete(other.key)
      }
    }
    if (others?.size === 0) this.others.delete(number)
  }

  /** All that stands in it. Those that came first come first, but for texts of the same number. */
  *values(): Iterable<Value> {
    yield* this.byNumber.values()
    for (const others of this.others.values()) yield* others.values()
  }
}
