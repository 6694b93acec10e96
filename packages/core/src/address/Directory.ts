/** What processes and behaviours need of the tables of names: `system/names` has them. */
import type * as Effect from "effect/Effect"
import type { Pid } from "./Pid.ts"

/** One entry of a table of names: a key, the process that holds it, and a value. */
export interface DirectoryEntry {
  readonly key: string
  readonly pid: Pid
  readonly value: unknown
}

/** What went into or out of a table. */
export interface DirectoryChange {
  readonly table: string
  readonly key: string
  readonly pid: Pid
  readonly event: "registered" | "unregistered"
}

/** How many processes may hold one key of a table. */
export type Keys = "unique" | "duplicate"

/** The result of entering a table: done, the key is taken by `holder`, or the process has a name: it has one at most. */
export type Registration =
  | { readonly _tag: "Registered" }
  | { readonly _tag: "AlreadyRegistered"; readonly holder: Pid }
  | { readonly _tag: "AlreadyNamed"; readonly name: string }
  | { readonly _tag: "NotAlive" }

/** One table of names on one scheduler. It changes as the table does, and lasts as long as the scheduler. */
export interface DirectoryTable {
  /** How often anything went into it or out of it. */
  readonly changes: number
  /** All entries of a key, oldest first. The same array until the key's entries change, if there are several. */
  lookup(key: string): ReadonlyArray<DirectoryEntry>
  /** The oldest entry of a key. */
  first(key: string): DirectoryEntry | undefined
}

/** The tables of one scheduler, for code that looks things up often: it can keep the table. */
export interface DirectoryTables {
  table(name: string): DirectoryTable
}

/**
 * Tables of names, the same on every scheduler: looking up is a local step, changing one returns when every
 * scheduler has seen it, and a process's entries are gone before its death can be observed.
 */
export interface Directory {
  readonly tables: DirectoryTables
  /** All entries of a key, oldest first. */
  lookup(table: string, key: string): ReadonlyArray<DirectoryEntry>
  /** The oldest entry of a key. */
  first(table: string, key: string): DirectoryEntry | undefined
  /** The holder of the oldest entry of a key. */
  whereis(table: string, key: string): Pid | undefined
  entries(table: string): ReadonlyArray<DirectoryEntry>
  /** How many entries a table has. */
  count(table: string): number
  /** What `pid` holds in a table. */
  held(table: string, pid: Pid): ReadonlyArray<DirectoryEntry>
  /** Enters a table. The request is made when this is called; the effect waits for its outcome, if that is not known yet. */
  register(table: string, keys: Keys, key: string, pid: Pid, value: unknown): Effect.Effect<Registration>
  /** As {@link register}, if that succeeds without another scheduler's consent. `false`: nothing is changed. */
  registerNow(table: string, keys: Keys, key: string, pid: Pid, value: unknown): boolean
  /** Takes out what `pid` holds under `key`. Whether there was something. */
  unregister(table: string, key: string, pid: Pid): Effect.Effect<boolean>
  /** Replaces the value `pid` holds under `key`. Whether it holds it. */
  update(table: string, key: string, pid: Pid, value: unknown): Effect.Effect<boolean>
  /** Calls back on this scheduler for every change of a table; returns how to stop that. */
  subscribe(table: string, listener: (change: DirectoryChange) => void): () => void
  /** The process is gone: all its entries go, everywhere, before anything that is sent after this. */
  release(pid: Pid): void
}

/** The table of registered process names. */
export const names = ""
