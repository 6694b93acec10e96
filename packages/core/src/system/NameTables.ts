/**
 * One scheduler's copy of all tables of names. Looking up, adding and taking out cost the same however many entries there
 * are, of a key, of a process or in all: most keys have one entry, so one stands for itself and only more of them need a
 * set; what a process holds is a list that its entries themselves are linked to.
 */
import type { DirectoryChange, DirectoryEntry } from "../process/Host.ts"
import { equals, keyOf, type Pid } from "../process/Pid.ts"

/** An entry of a table. Only {@link NameTables} changes it. */
export interface TableEntry extends DirectoryEntry {
  readonly table: string
  value: unknown
  /** Its neighbours among what its process holds. */
  previous: TableEntry | undefined
  next: TableEntry | undefined
}

/** What one process holds, oldest first. */
interface Held {
  first: TableEntry | undefined
  last: TableEntry | undefined
  count: number
}

/** Entries in the order they came; one stands for itself. */
type Entries = TableEntry | Set<TableEntry>

interface Table {
  readonly name: string
  readonly byKey: Map<string, Entries>
  readonly listeners: Set<(change: DirectoryChange) => void>
  count: number
}

const nobody: ReadonlyArray<TableEntry> = []

const add = (map: Map<string, Entries>, key: string, entry: TableEntry): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, entry)
  else if (known instanceof Set) known.add(entry)
  else map.set(key, new Set([known, entry]))
}

const remove = (map: Map<string, Entries>, key: string, entry: TableEntry): void => {
  const known = map.get(key)
  if (known === entry || (known instanceof Set && known.delete(entry) && known.size === 0)) map.delete(key)
}

const arrayOf = (entries: Entries | undefined): ReadonlyArray<TableEntry> =>
  entries === undefined ? nobody : entries instanceof Set ? Array.from(entries) : [entries]

const first = (entries: Entries | undefined): TableEntry | undefined =>
  entries instanceof Set ? entries.values().next().value : entries

const heldOf = (held: Held | undefined): Array<TableEntry> => {
  const all: Array<TableEntry> = []
  for (let entry = held?.first; entry !== undefined; entry = entry.next) all.push(entry)
  return all
}

/** See the file's header. Hot path: plain and mutable. */
export class NameTables {
  private readonly tables = new Map<string, Table>()
  /** What each process holds, anywhere. */
  private readonly byPid = new Map<number, Held>()

  private tableOf(name: string): Table {
    const known = this.tables.get(name)
    if (known !== undefined) return known
    const made: Table = { name, byKey: new Map(), listeners: new Set(), count: 0 }
    this.tables.set(name, made)
    return made
  }

  /** All entries of a key, oldest first. */
  lookup(table: string, key: string): ReadonlyArray<TableEntry> {
    return arrayOf(this.tables.get(table)?.byKey.get(key))
  }

  /** The oldest entry of a key. */
  first(table: string, key: string): TableEntry | undefined {
    return first(this.tables.get(table)?.byKey.get(key))
  }

  entries(table: string): ReadonlyArray<TableEntry> {
    const known = this.tables.get(table)
    return known === undefined ? nobody : Array.from(known.byKey.values(), arrayOf).flat()
  }

  count(table: string): number {
    return this.tables.get(table)?.count ?? 0
  }

  /** What a process holds in a table, oldest first. */
  held(table: string, pid: Pid): ReadonlyArray<TableEntry> {
    const held = this.byPid.get(keyOf(pid))
    return held === undefined ? nobody : heldOf(held).filter((entry) => entry.table === table)
  }

  /** What a process holds in all tables. */
  allHeld(pid: Pid): ReadonlyArray<TableEntry> {
    const held = this.byPid.size === 0 ? undefined : this.byPid.get(keyOf(pid))
    return held === undefined ? nobody : heldOf(held)
  }

  /** All entries of all tables. */
  *everything(): Iterable<TableEntry> {
    for (const { byKey } of this.tables.values()) for (const entries of byKey.values()) yield* arrayOf(entries)
  }

  subscribe(table: string, listener: (change: DirectoryChange) => void): () => void {
    const { listeners } = this.tableOf(table)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  insert(name: string, key: string, pid: Pid, value: unknown): void {
    const table = this.tableOf(name)
    const entry: TableEntry = { table: name, key, pid, value, previous: undefined, next: undefined }
    add(table.byKey, key, entry)
    this.hold(entry)
    table.count++
    if (table.listeners.size > 0) tell(table, key, pid, "registered")
  }

  /** Takes out all a process holds under a key. Whether there was something. */
  remove(name: string, key: string, pid: Pid): boolean {
    const table = this.tables.get(name)
    if (table === undefined) return false
    const own = this.own(table, key, pid)
    for (const entry of own) {
      remove(table.byKey, key, entry)
      this.letGo(entry)
      table.count--
    }
    if (own.length > 0 && table.listeners.size > 0) tell(table, key, pid, "unregistered")
    return own.length > 0
  }

  /** Replaces the value of all a process holds under a key. Whether there was something. */
  update(name: string, key: string, pid: Pid, value: unknown): boolean {
    const table = this.tables.get(name)
    if (table === undefined) return false
    const own = this.own(table, key, pid)
    for (const entry of own) entry.value = value
    return own.length > 0
  }

  private hold(entry: TableEntry): void {
    const key = keyOf(entry.pid)
    const held = this.byPid.get(key)
    if (held === undefined) {
      this.byPid.set(key, { first: entry, last: entry, count: 1 })
      return
    }
    entry.previous = held.last
    if (held.last !== undefined) held.last.next = entry
    held.last = entry
    held.count++
  }

  private letGo(entry: TableEntry): void {
    const key = keyOf(entry.pid)
    const held = this.byPid.get(key)
    if (held === undefined) return
    const { next, previous } = entry
    if (previous === undefined) held.first = next
    else previous.next = next
    if (next === undefined) held.last = previous
    else next.previous = previous
    if (--held.count === 0) this.byPid.delete(key)
  }

  /** What a process holds under a key: looked for among the key's entries or the process's, whichever are fewer. */
  private own(table: Table, key: string, pid: Pid): ReadonlyArray<TableEntry> {
    const ofKey = table.byKey.get(key)
    if (ofKey === undefined) return nobody
    if (!(ofKey instanceof Set)) return equals(ofKey.pid, pid) ? [ofKey] : nobody
    const ofPid = this.byPid.get(keyOf(pid))
    return (ofPid?.count ?? 0) < ofKey.size
      ? heldOf(ofPid).filter((entry) => entry.table === table.name && entry.key === key)
      : arrayOf(ofKey).filter((entry) => equals(entry.pid, pid))
  }
}

const tell = (table: Table, key: string, pid: Pid, event: DirectoryChange["event"]): void => {
  for (const listener of table.listeners) listener({ table: table.name, key, pid, event })
}
