/**
 * A link between two processes of one scheduler: one entry in the lists of both, so that the end of either needs no lookup.
 * Links to other schedulers are in a {@link LinkTable}.
 */
import type { ProcessRecord } from "./ProcessRecord.ts"

/** Hot path: plain and mutable. The lists are circular; a record knows its oldest entry. */
export class LinkEntry {
  private readonly first: ProcessRecord
  private readonly second: ProcessRecord
  // Its place in the list of the first, and in that of the second
  private firstNext: LinkEntry = this
  private firstPrevious: LinkEntry = this
  private secondNext: LinkEntry = this
  private secondPrevious: LinkEntry = this

  /** Links two different processes that are not linked. It is the youngest link of both. */
  constructor(first: ProcessRecord, second: ProcessRecord) {
    this.first = first
    this.second = second
    this.enter(first)
    this.enter(second)
  }

  /** The other end. */
  partnerOf(record: ProcessRecord): ProcessRecord {
    return record === this.first ? this.second : this.first
  }

  /** Removes the link from both lists. */
  leave(): void {
    this.leaveListOf(this.first)
    this.leaveListOf(this.second)
  }

  /** The link between two processes. Walks both lists at once: takes the time of the shorter one. */
  static between(one: ProcessRecord, other: ProcessRecord): LinkEntry | undefined {
    let a = one.links
    let b = other.links
    while (a !== undefined && b !== undefined) {
      if (a.partnerOf(one) === other) return a
      if (b.partnerOf(other) === one) return b
      a = a.after(one)
      b = b.after(other)
    }
    return undefined
  }

  /** The processes of its own scheduler that a process is linked to, oldest link first. */
  static partnersOf(record: ProcessRecord): ReadonlyArray<ProcessRecord> {
    const partners: Array<ProcessRecord> = []
    for (let entry = record.links; entry !== undefined; entry = entry.after(record)) {
      partners.push(entry.partnerOf(record))
    }
    return partners
  }

  /** The next younger one of a process's links. */
  private after(record: ProcessRecord): LinkEntry | undefined {
    const next = this.nextOf(record)
    return next === record.links ? undefined : next
  }

  private nextOf(record: ProcessRecord): LinkEntry {
    return record === this.first ? this.firstNext : this.secondNext
  }

  private previousOf(record: ProcessRecord): LinkEntry {
    return record === this.first ? this.firstPrevious : this.secondPrevious
  }

  private setNext(record: ProcessRecord, next: LinkEntry): void {
    if (record === this.first) this.firstNext = next
    else this.secondNext = next
  }

  private setPrevious(record: ProcessRecord, previous: LinkEntry): void {
    if (record === this.first) this.firstPrevious = previous
    else this.secondPrevious = previous
  }

  private enter(record: ProcessRecord): void {
    const oldest = record.links
    if (oldest === undefined) {
      record.links = this
      return
    }
    const youngest = oldest.previousOf(record)
    youngest.setNext(record, this)
    oldest.setPrevious(record, this)
    this.setPrevious(record, youngest)
    this.setNext(record, oldest)
  }

  private leaveListOf(record: ProcessRecord): void {
    const next = this.nextOf(record)
    const previous = this.previousOf(record)
    if (record.links === this) record.links = next === this ? undefined : next
    previous.setNext(record, next)
    next.setPrevious(record, previous)
    // A removed entry must not retain its neighbours
    this.setNext(record, this)
    this.setPrevious(record, this)
  }
}
