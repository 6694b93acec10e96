/**
 * One scheduler's copy of all tables of names. Looking up, adding and taking out cost the same however many entries there
 * are, of a key, of a process or in all: most keys have one entry, so one stands for itself and only more of them need a
 * set; what a process holds is a list that its entries themselves are linked to.
 */
import type { DirectoryChange, DirectoryEntry, DirectoryTable, DirectoryTables } from "../../address/Directory.ts"
import { equals, keyOf, type Pid, PidImpl } from "../../address/Pid.ts"
import { keepShapes } from "../../base/Shape.ts"
import { type Keyed, KeyTable } from "./KeyTable.ts"

/** An entry of a table. Only {@link NameTables} changes it. */
export interface TableEntry extends DirectoryEntry, Keyed {
  readonly table: string
  readonly key: string
  value: unknown
  /** Its neighbours among what its process holds. */
  previous: TableEntry | undefined
  next: TableEntry | undefined
}

/** What one process holds, oldest first. */
interface Held {
  /** The process, as {@link keyOf} has it. */
  readonly by: number
  first: TableEntry | undefined
  last: TableEntry | undefined
  count: number
}

const makeEntry = (table: string, key: string, pid: Pid, value: unknown): TableEntry => ({
  table,
  key,
  pid,
  value,
  previous: undefined,
  next: undefined
})

const makeHeld = (by: number, only: TableEntry): Held => ({ by, first: only, last: only, count: 1 })

/** Several entries of one key in the order they came. */
class KeyEntries implements Keyed {
  readonly key: string
  readonly all: Set<TableEntry>
  /** The same as an array, once it was asked for and until it changes. */
  private list: ReadonlyArray<TableEntry> | undefined = undefined

  constructor(first: TableEntry, second: TableEntry) {
    this.key = first.key
    this.all = new Set([first, second])
  }

  add(entry: TableEntry): void {
    this.all.add(entry)
    this.list = undefined
  }

  delete(entry: TableEntry): void {
    this.all.delete(entry)
    this.list = undefined
  }

  array(): ReadonlyArray<TableEntry> {
    this.list ??= Array.from(this.all)
    return this.list
  }
}

/** Entries in the order they came; one stands for itself. */
type Entries = TableEntry | KeyEntries

const nobody: ReadonlyArray<TableEntry> = []

const arrayOf = (entries: Entries | undefined): ReadonlyArray<TableEntry> =>
  entries === undefined ? nobody : entries instanceof KeyEntries ? entries.array() : [entries]

/** The oldest. */
const firstOf = (entries: Entries | undefined): TableEntry | undefined =>
  entries instanceof KeyEntries ? entries.all.values().next().value : entries

/** One table. Only {@link NameTables} changes it. */
export class NameTable implements DirectoryTable {
  readonly name: string
  readonly byKey = new KeyTable<Entries>()
  readonly listeners = new Set<(change: DirectoryChange) => void>()
  count = 0
  changes = 0

  constructor(name: string) {
    this.name = name
  }

  lookup(key: string): ReadonlyArray<TableEntry> {
    return arrayOf(this.byKey.get(key))
  }

  first(key: string): TableEntry | undefined {
    return firstOf(this.byKey.get(key))
  }

  /** Adds an entry. If it is to be `unique` and its key has one, gives that: then nothing has changed. */
  add(entry: TableEntry, unique: boolean): TableEntry | undefined {
    const there = this.byKey.add(entry)
    if (there !== undefined) {
      if (unique) return firstOf(there)
      if (there instanceof KeyEntries) there.add(entry)
      else this.byKey.replace(there, new KeyEntries(there, entry))
    }
    this.changed(1)
    return undefined
  }

  delete(entry: TableEntry): void {
    const { byKey } = this
    const known = byKey.get(entry.key)
    if (known instanceof KeyEntries) {
      known.delete(entry)
      if (known.all.size === 0) byKey.delete(known)
    } else if (known === entry) byKey.delete(known)
    this.changed(-1)
  }

  private changed(by: 1 | -1): void {
    this.count += by
    this.changes++
  }

  tell(key: string, pid: Pid, event: DirectoryChange["event"]): void {
    if (this.listeners.size === 0) return
    for (const listener of this.listeners) listener({ table: this.name, key, pid, event })
  }
}

const heldOf = (held: Held | undefined): Array<TableEntry> => {
  const all: Array<TableEntry> = []
  for (let entry = held?.first; entry !== undefined; entry = entry.next) all.push(entry)
  return all
}

/** See the file's header. Hot path: plain and mutable. */
export class NameTables implements DirectoryTables {
  private readonly tables = new Map<string, NameTable>()
  /** What each process holds, anywhere. */
  private readonly byPid = new Map<number, Held>()
  // Registrations mostly come several in one table
  private lastTable: NameTable | undefined = undefined
  private lastHeld: Held | undefined = undefined

  table(name: string): NameTable {
    const last = this.lastTable
    if (last?.name === name) return last
    let table = this.tables.get(name)
    if (table === undefined) {
      table = new NameTable(name)
      this.tables.set(name, table)
    }
    this.lastTable = table
    return table
  }

  private heldBy(by: number): Held | undefined {
    const last = this.lastHeld
    return last?.by === by ? last : this.byPid.get(by)
  }

  /** All entries of a key, oldest first. */
  lookup(table: string, key: string): ReadonlyArray<TableEntry> {
    return this.tables.get(table)?.lookup(key) ?? nobody
  }

  /** The oldest entry of a key. */
  first(table: string, key: string): TableEntry | undefined {
    return this.tables.get(table)?.first(key)
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
    const { listeners } = this.table(table)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  insert(name: string, key: string, pid: Pid, value: unknown): void {
    this.insertInto(this.table(name), key, pid, value, false)
  }

  /** Gives the entry that its key has, if it is to be `unique` and there is one: then nothing has changed. */
  insertInto(table: NameTable, key: string, pid: Pid, value: unknown, unique: boolean): TableEntry | undefined {
    const entry = makeEntry(table.name, key, pid, value)
    const holder = table.add(entry, unique)
    if (holder !== undefined) return holder
    this.hold(entry)
    table.tell(key, pid, "registered")
    return undefined
  }

  /** Takes out all a process holds under a key. Whether there was something. */
  remove(name: string, key: string, pid: Pid): boolean {
    const table = this.tables.get(name)
    if (table === undefined) return false
    const own = this.own(table, key, pid)
    for (const entry of own) {
      table.delete(entry)
      this.letGo(entry)
    }
    if (own.length > 0) table.tell(key, pid, "unregistered")
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
    const held = this.heldBy(key)
    if (held === undefined) {
      this.byPid.set(key, makeHeld(key, entry))
      return
    }
    this.lastHeld = held
    entry.previous = held.last
    if (held.last !== undefined) held.last.next = entry
    held.last = entry
    held.count++
  }

  private letGo(entry: TableEntry): void {
    const key = keyOf(entry.pid)
    const held = this.heldBy(key)
    if (held === undefined) return
    const { next, previous } = entry
    if (previous === undefined) held.first = next
    else previous.next = next
    if (next === undefined) held.last = previous
    else next.previous = previous
    if (--held.count > 0) return
    this.byPid.delete(key)
    if (held === this.lastHeld) this.lastHeld = undefined
  }

  /** What a process holds under a key: looked for among the key's entries or the process's, whichever are fewer. */
  private own(table: NameTable, key: string, pid: Pid): ReadonlyArray<TableEntry> {
    const ofKey = table.byKey.get(key)
    if (ofKey === undefined) return nobody
    if (!(ofKey instanceof KeyEntries)) return equals(ofKey.pid, pid) ? [ofKey] : nobody
    const ofPid = this.byPid.get(keyOf(pid))
    return (ofPid?.count ?? 0) < ofKey.all.size
      ? heldOf(ofPid).filter((entry) => entry.table === table.name && entry.key === key)
      : Array.from(ofKey.all).filter((entry) => equals(entry.pid, pid))
  }
}

// With a real pid: V8 knows what kind of object a field has held so far, and asks no further
const example = makeEntry("", "", new PidImpl(0, 0, 0, undefined), undefined)
keepShapes(example, makeHeld(0, example), new KeyEntries(example, example))
