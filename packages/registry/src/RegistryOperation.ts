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

/** A question about a key of a table. */
abstract class ReadingKey<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top,
  Answer
> extends Reading<Answer> {
  protected readonly table: RegistryTable<P, A, M, K, V>
  protected readonly key: K["Type"]

  constructor(table: RegistryTable<P, A, M, K, V>, key: K["Type"]) {
    super()
    this.table = table
    this.key = key
  }
}

/** Who holds a key. */
export class Whereis<
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top
> extends ReadingKey<P, A, M, K, V, PidRef<P> | undefined> {
  protected read(host: Host): PidRef<P> | undefined {
    const { table } = this
    const entry = table.first(host, this.key)
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
> extends ReadingKey<P, A, M, K, V, Entry<P, V["Type"]> | undefined> {
  protected read(host: Host): Entry<P, V["Type"]> | undefined {
    const { table } = this
    const entry = table.first(host, this.key)
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
> extends ReadingKey<P, A, M, K, V, ReadonlyArray<Entry<P, V["Type"]>>> {
  protected read(host: Host): ReadonlyArray<Entry<P, V["Type"]>> {
    return this.table.lookup(host, this.key)
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
