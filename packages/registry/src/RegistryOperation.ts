/**
 * What is done with registries most often, as operations that a process does on the spot: looking up and registering.
 */
import type { Fields, PidRef, Protocol } from "@understudy/core/GenServer"
import type { DirectoryEntry, Host, System } from "@understudy/core/internal/Host"
import { actionKind, keepShapes, nothing, type ProcessRecord, readingKind } from "@understudy/core/internal/Running"
import type { Current } from "@understudy/core/Process"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { AlreadyRegistered, UnknownRegistry } from "./RegistryError.ts"
import type { Entry, RegistryTable } from "./RegistryTable.ts"

/** What the operations use of a registry's table. The functions below say what the types are. */
interface Table {
  first(host: Host, key: unknown): DirectoryEntry | undefined
  refOf(entry: DirectoryEntry): unknown
  entryOf(entry: DirectoryEntry): unknown
  lookup(host: Host, key: unknown): unknown
  registerNow(record: ProcessRecord, key: unknown, value: unknown): boolean
  registerSelf(
    record: ProcessRecord,
    key: unknown,
    value: unknown
  ): Effect.Effect<void, AlreadyRegistered | UnknownRegistry>
}

// Each kind has its fields and a constructor of its own: one that calls another costs 20 ns an object

const Whereis = readingKind(
  class Whereis {
    private readonly table: Table
    private readonly key: unknown
    value: unknown = undefined

    constructor(table: Table, key: unknown) {
      this.table = table
      this.key = key
    }

    read(host: Host): unknown {
      const { key, table } = this
      const entry = table.first(host, key)
      return entry === undefined ? undefined : table.refOf(entry)
    }
  }
)

const LookupOne = readingKind(
  class LookupOne {
    private readonly table: Table
    private readonly key: unknown
    value: unknown = undefined

    constructor(table: Table, key: unknown) {
      this.table = table
      this.key = key
    }

    read(host: Host): unknown {
      const { key, table } = this
      const entry = table.first(host, key)
      return entry === undefined ? undefined : table.entryOf(entry)
    }
  }
)

const LookupAll = readingKind(
  class LookupAll {
    private readonly table: Table
    private readonly key: unknown
    value: unknown = undefined

    constructor(table: Table, key: unknown) {
      this.table = table
      this.key = key
    }

    read(host: Host): unknown {
      return this.table.lookup(host, this.key)
    }
  }
)

const Register = actionKind(
  class Register {
    private readonly table: Table
    private readonly key: unknown
    private readonly value: unknown

    constructor(table: Table, key: unknown, value: unknown) {
      this.table = table
      this.key = key
      this.value = value
    }

    now(record: ProcessRecord): boolean {
      return this.table.registerNow(record, this.key, this.value)
    }

    later(record: ProcessRecord): Effect.Effect<void, AlreadyRegistered | UnknownRegistry> {
      return this.table.registerSelf(record, this.key, this.value)
    }
  }
)

// What an operation gives is what the table holds, of the types that the table has

/** The holder of a key. */
export const whereis = <P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top>(
  table: RegistryTable<P, A, M, K, V>,
  key: K["Type"]
): Effect.Effect<PidRef<P> | undefined, never, System> =>
  new Whereis(table, key) as Effect.Effect<PidRef<P> | undefined, never, System>

/** The entry of a key that one process can hold. */
export const lookupOne = <P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top>(
  table: RegistryTable<P, A, M, K, V>,
  key: K["Type"]
): Effect.Effect<Entry<P, V["Type"]> | undefined, never, System> =>
  new LookupOne(table, key) as Effect.Effect<Entry<P, V["Type"]> | undefined, never, System>

/** The entries of a key that many can hold. */
export const lookupAll = <P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top>(
  table: RegistryTable<P, A, M, K, V>,
  key: K["Type"]
): Effect.Effect<ReadonlyArray<Entry<P, V["Type"]>>, never, System> =>
  new LookupAll(table, key) as Effect.Effect<ReadonlyArray<Entry<P, V["Type"]>>, never, System>

/** Enters the calling process. */
export const register = <P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top>(
  table: RegistryTable<P, A, M, K, V>,
  key: K["Type"],
  value: V["Type"]
): Effect.Effect<void, AlreadyRegistered | UnknownRegistry, Current> => new Register(table, key, value)

keepShapes(
  new Whereis(nothing, nothing),
  new LookupOne(nothing, nothing),
  new LookupAll(nothing, nothing),
  new Register(nothing, nothing, nothing)
)
