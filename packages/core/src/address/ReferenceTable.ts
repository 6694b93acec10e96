/**
 * What the processes of one scheduler know by references, its timers or its monitors: a hash table whose hash is the
 * reference's counter. References are counted, so entries sit side by side, and there is nothing to compute.
 */

/** What a reference stands for. */
export interface Referenced {
  readonly ref: number
  /** The next one of the same place in the table, which is of the same kind. */
  sibling: Referenced | undefined
}

const smallest = 1024

// Only entries of one kind are in one table
const siblingOf = <Entry extends Referenced>(entry: Entry): Entry | undefined => entry.sibling as Entry | undefined

/** Hot path: plain and mutable. References are multiples of a power of two, `unit`, and a rest below it. */
export class ReferenceTable<Entry extends Referenced> {
  private readonly perReference: number
  private places: Array<Entry | undefined> = new Array(smallest).fill(undefined)
  private count = 0
  /** The entry that was added last is not in its place yet: most of them are taken out before there is another. */
  private newest: Entry | undefined = undefined

  constructor(unit: number) {
    // A power of two: multiplying is as exact as dividing, and faster
    this.perReference = 1 / unit
  }

  get size(): number {
    return this.newest === undefined ? this.count : this.count + 1
  }

  private placeOf(ref: number): number {
    // The lowest 32 bits of the counter, as bit operations see it
    return Math.floor(ref * this.perReference) & (this.places.length - 1)
  }

  add(entry: Entry): void {
    const before = this.newest
    this.newest = entry
    if (before !== undefined) this.place(before)
  }

  private place(entry: Entry): void {
    if (this.count >= this.places.length) this.grow()
    const place = this.placeOf(entry.ref)
    entry.sibling = this.places[place]
    this.places[place] = entry
    this.count++
  }

  get(ref: number): Entry | undefined {
    if (this.newest?.ref === ref) return this.newest
    let entry = this.places[this.placeOf(ref)]
    while (entry !== undefined && entry.ref !== ref) entry = siblingOf(entry)
    return entry
  }

  /** Takes the entry of a reference out; gives it, if there was one. */
  take(ref: number): Entry | undefined {
    const { newest } = this
    if (newest !== undefined && newest.ref === ref) {
      this.newest = undefined
      return newest
    }
    return this.count === 0 ? undefined : this.takeFromPlace(ref)
  }

  private takeFromPlace(ref: number): Entry | undefined {
    const place = this.placeOf(ref)
    let before: Entry | undefined
    let entry = this.places[place]
    while (entry !== undefined && entry.ref !== ref) {
      before = entry
      entry = siblingOf(entry)
    }
    if (entry === undefined) return undefined
    if (before === undefined) this.places[place] = siblingOf(entry)
    else before.sibling = entry.sibling
    entry.sibling = undefined
    this.count--
    return entry
  }

  /** Takes all entries out. */
  clear(): void {
    this.newest = undefined
    if (this.count === 0) return
    this.count = 0
    this.places.fill(undefined)
  }

  private grow(): void {
    const { places } = this
    this.places = new Array(places.length * 2).fill(undefined)
    for (const first of places) {
      for (let entry = first; entry !== undefined; ) {
        const sibling: Entry | undefined = siblingOf(entry)
        const place = this.placeOf(entry.ref)
        entry.sibling = this.places[place]
        this.places[place] = entry
        entry = sibling
      }
    }
  }
}
