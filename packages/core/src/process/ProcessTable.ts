/**
 * The living processes of a scheduler by serial. Serials count up, so a table of pages is smaller and faster than a map.
 */
import type { ProcessRecord } from "./ProcessRecord.ts"

/** Processes a page holds; a power of two. */
const pageSize = 512

interface Page {
  readonly records: Array<ProcessRecord | undefined>
  count: number
}

/** See the file's header. Hot path: plain and mutable. */
export class ProcessTable {
  private readonly pages = new Map<number, Page>()
  /** The page used last: lookups mostly concern processes started at about the same time. */
  private recent: Page | undefined = undefined
  private recentNumber = -1
  private newest = -1
  /** How many processes live. */
  size = 0

  private page(number: number): Page | undefined {
    if (number === this.recentNumber) return this.recent
    const page = this.pages.get(number)
    if (page === undefined) return undefined
    this.recent = page
    this.recentNumber = number
    return page
  }

  get(serial: number): ProcessRecord | undefined {
    return this.page(Math.floor(serial / pageSize))?.records[serial % pageSize]
  }

  has(serial: number): boolean {
    return this.get(serial) !== undefined
  }

  /** Enters a process that is not in the table. */
  add(serial: number, record: ProcessRecord): void {
    const number = Math.floor(serial / pageSize)
    let page = this.page(number)
    if (page === undefined) {
      page = { records: new Array(pageSize).fill(undefined), count: 0 }
      const last = this.newest
      this.newest = number
      // The newest page stays when it is empty, until another is the newest
      if (this.pages.get(last)?.count === 0) this.pages.delete(last)
      this.pages.set(number, page)
      this.recent = page
      this.recentNumber = number
    }
    page.records[serial % pageSize] = record
    page.count++
    this.size++
  }

  delete(serial: number): void {
    const number = Math.floor(serial / pageSize)
    const page = this.page(number)
    if (page?.records[serial % pageSize] === undefined) return
    page.records[serial % pageSize] = undefined
    this.size--
    if (--page.count > 0 || number === this.newest) return
    this.pages.delete(number)
    this.recent = undefined
    this.recentNumber = -1
  }

  /** Forgets all of them. */
  clear(): void {
    this.pages.clear()
    this.recent = undefined
    this.recentNumber = this.newest = -1
    this.size = 0
  }

  /** All of them, the oldest first. */
  *values(): IterableIterator<ProcessRecord> {
    for (const { records } of this.pages.values()) {
      for (const record of records) if (record !== undefined) yield record
    }
  }
}
