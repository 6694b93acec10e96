/**
 * What is done with registries most often, as operations that a process does on the spot: looking up and registering.
 */
import type { Fields, PidRef, Protocol } from "@understudy/core/GenServer"
import type { Host } from "@understudy/core/Host"
import { Doing, keepShapes, nothing, type ProcessRecord, Reading } from "@understudy/core/Running"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { AlreadyRegistered, UnknownRegistry } from "./RegistryError.ts"
import type { Entry, RegistryTable } from "./RegistryTable.ts"

// Each kind has its fields and a constructor of its own: a class between them and `Reading` costs 20 ns an object

/** Who holds a key. */
export class Whereis<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top
> extends Reading<PidRef<P> | undefined> {
  private readonly table: RegistryTable<P, A, M, K, V>
  private readonly key: K["Type"]

  constructor(table: RegistryTable<P, A, M, K, V>, key: K["Type"]) {
    super()
    this.table = table
    this.key = key
  }

  protected read(host: Host): PidRef<P> | undefined {
    const { key, table } = this
    const entry = table.first(host, key)
    return entry === undefined ? undefined : table.refOf(entry)
  }
}

/** The entry of a key that one process can hold. */
export class LookupOne<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top
> extends Reading<Entry<P, V["Type"]> | undefined> {
  private readonly table: RegistryTable<P, A, M, K, V>
  private readonly key: K["Type"]

  constructor(table: RegistryTable<P, A, M, K, V>, key: K["Type"]) {
    super()
    this.table = table
    this.key = key
  }

  protected read(host: Host): Entry<P, V["Type"]> | undefined {
    const { key, table } = this
    const entry = table.first(host, key)
    return entry === undefined ? undefined : table.entryOf(entry)
  }
}

/** The entries of a key that many can hold. */
export class LookupAll<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top
> extends Reading<ReadonlyArray<Entry<P, V["Type"]>>> {
  private readonly table: RegistryTable<P, A, M, K, V>
  private readonly key: K["Type"]

  constructor(table: RegistryTable<P, A, M, K, V>, key: K["Type"]) {
    super()
    this.table = table
    this.key = key
  }

  protected read(host: Host): ReadonlyArray<Entry<P, V["Type"]>> {
    const { key, table } = this
    return table.lookup(host, key)
  }
}

/** Enters the calling process. */
export class Register<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top
> extends Doing<AlreadyRegistered | UnknownRegistry> {
  private readonly table: RegistryTable<P, A, M, K, V>
  private readonly key: K["Type"]
  private readonly value: V["Type"]

  constructor(table: RegistryTable<P, A, M, K, V>, key: K["Type"], value: V["Type"]) {
    super()
    this.table = table
    this.key = key
    this.value = value
  }

  protected now(record: ProcessRecord): boolean {
    return this.table.registerNow(record, this.key, this.value)
  }

  protected later(record: ProcessRecord): Effect.Effect<void, AlreadyRegistered | UnknownRegistry> {
    return this.table.registerSelf(record, this.key, this.value)
  }
}

keepShapes(
  new Whereis(nothing, nothing),
  new LookupOne(nothing, nothing),
  new LookupAll(nothing, nothing),
  new Register(nothing, nothing, nothing)
)
