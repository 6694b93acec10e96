/**
 * Registries: processes by key. A unique registry has one process a key and gives typed names for it; a duplicate one
 * has any number, to be told something together.
 *
 * A registry is a value, made beside the contract it lists and importable anywhere. Its `spec` goes under a supervisor,
 * before what registers in it:
 *
 * ```ts
 * export const rooms = Registry.unique("rooms", Room, Schema.String)
 *
 * const RoomLive = Room.implement({
 *   init: ({ room }) => Effect.as(rooms.register(room), emptyRoom),
 *   handle: { ... }
 * })
 *
 * const lobby = rooms.at("lobby")
 * yield* lobby.say({ user: "ada", text: "hi" })
 * ```
 *
 * `lobby` is a name, not a process: the holder of the key at the time of use gets the message, so a ref survives restarts.
 * A cast to a key without a holder is dropped, a call fails with NoProcess. To start a process only if its key is free,
 * register in its `init`: a start whose key is taken fails with AlreadyRegistered as its reason.
 *
 * Looking up is a local step on every scheduler. Registering and unregistering return when every scheduler has seen it,
 * so a process that hears of it afterwards finds it there.
 *
 * Where this is stronger than Elixir's Registry:
 * - A process's entries are gone before its DOWN or EXIT can arrive: a lookup never gives a process that the caller
 *   knows to be dead. In Elixir the entries go a moment later.
 * - Keys and values are checked, and only processes of the registry's contract can be registered.
 * - `changes` tells of entries that vanish with their process too; Elixir's listeners hear nothing of a crash.
 * - When the registry's own process ends, its entries go and the registered processes live on; Elixir's are linked to it.
 *
 * What Elixir has and this has not: `dispatch` is never parallel, since messages are sent from one place anyway; instead
 * of match specs there are `entries` and `filter`.
 *
 * When not to use it: for the one process of its kind, give that a `name`; to find something that is not a process, use
 * a data structure. Keys and values travel to every scheduler, so they are for finding, not for storing.
 */

import type { Contract, Fields, PidRef, Protocol, Ref, StartError } from "@understudy/core/GenServer"
import type { System } from "@understudy/core/internal/Host"
import { withCurrent, withSystem } from "@understudy/core/internal/Running"
import type { Pid } from "@understudy/core/Pid"
import type { Current, Name } from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AlreadyRegistered, NotAlive, NotRegistered, UnknownRegistry } from "./RegistryError.ts"
import { lookupAll, lookupOne, register, whereis } from "./RegistryOperation.ts"
import { type RegistrySpec, registrySpec, startOwner } from "./RegistryOwner.ts"
import { type Change, type Entry, type KeyedEntry, RegistryTable } from "./RegistryTable.ts"

export { AlreadyRegistered, NotAlive, NotRegistered, UnknownRegistry } from "./RegistryError.ts"
export { implementation, type RegistrySpec } from "./RegistryOwner.ts"
export type { Change, Entry, KeyedEntry } from "./RegistryTable.ts"

/**
 * What unique and duplicate registries share. A key or a value that is not of its schema's type is a defect,
 * `InvalidMessage`. While the registry is not started, it looks empty.
 */
export interface Registry<P extends Protocol, K, V> {
  readonly name: string
  /** Starts the registry: a child for a supervisor, before those that register. Restart permanent, shutdown 5 seconds. */
  readonly spec: RegistrySpec
  /**
   * Starts the registry without a supervisor, linked to the calling process, or outside a process for as long as the
   * scope is open. The system must know {@link implementation}. Fails with StartError, for example when the registry is
   * started already.
   */
  readonly startLink: Effect.Effect<PidRef<{}>, StartError, System | Scope.Scope>
  /** Takes out everything the calling process holds under `key`. Returns whether there was something. */
  readonly unregister: (key: K) => Effect.Effect<boolean, never, Current>
  /** The keys the calling process, or `pid`, holds: a key once for each time it was registered, oldest first. */
  readonly keys: {
    (): Effect.Effect<ReadonlyArray<K>, never, Current>
    (pid: Pid): Effect.Effect<ReadonlyArray<K>, never, System>
  }
  /** The values the calling process, or `pid`, holds under `key`, oldest first. */
  readonly values: {
    (key: K): Effect.Effect<ReadonlyArray<V>, never, Current>
    (key: K, pid: Pid): Effect.Effect<ReadonlyArray<V>, never, System>
  }
  /** How many entries there are. */
  readonly count: Effect.Effect<number, never, System>
  /** All entries. */
  readonly entries: Effect.Effect<ReadonlyArray<KeyedEntry<P, K, V>>, never, System>
  /**
   * Calls `f` with the entries of `key`, oldest first, in the calling fiber; not at all when there are none. Fails as
   * `f` fails. Catalogue RG11.
   */
  readonly dispatch: <E, R>(
    key: K,
    f: (entries: ReadonlyArray<Entry<P, V>>) => Effect.Effect<unknown, E, R>
  ) => Effect.Effect<void, E, R | System>
  /** What is registered and unregistered from the start of the stream on. Never ends. What is not taken is kept. */
  readonly changes: Stream.Stream<Change<K>, never, System>
  /** As {@link changes}, listening from when this returns until the scope closes, which ends the stream. */
  readonly subscribe: Effect.Effect<Stream.Stream<Change<K>>, never, System | Scope.Scope>
}

/** One process a key. `V` is what is kept beside it: nothing, unless the registry has a value schema. */
export interface Unique<P extends Protocol, K, V = void> extends Registry<P, K, V> {
  /** A typed name: resolved each time it is used, so it survives restarts. Throws `InvalidMessage` for a bad key. */
  readonly at: (key: K) => Ref<P>
  /** The key as a name: start a process under it with `{ name: registry.via(key) }`. OTP's `via`. Catalogue N14. */
  readonly via: (key: K) => Name
  /**
   * Gives the calling process a key. Fails with AlreadyRegistered when a living process (or itself) holds it, with
   * UnknownRegistry when the registry is not started. Dies when the process is not of the registry's contract.
   */
  readonly register: (key: K, value: V) => Effect.Effect<void, AlreadyRegistered | UnknownRegistry, Current>
  /** As {@link register}, for another process. Fails with NotAlive when it has ended. */
  readonly registerRef: (
    ref: PidRef<P>,
    key: K,
    value: V
  ) => Effect.Effect<void, AlreadyRegistered | UnknownRegistry | NotAlive, System>
  /** The process that holds a key now. */
  readonly whereis: (key: K) => Effect.Effect<PidRef<P> | undefined, never, System>
  /** The process that holds a key now, and its value. */
  readonly lookup: (key: K) => Effect.Effect<Entry<P, V> | undefined, never, System>
  /** Replaces the value the calling process holds under `key`. Fails with NotRegistered when it does not hold it. */
  readonly updateValue: (
    key: K,
    f: (value: V) => V
  ) => Effect.Effect<{ readonly before: V; readonly after: V }, NotRegistered, Current>
}

/** Any number of processes a key, also one process several times. */
export interface Duplicate<P extends Protocol, K, V = void> extends Registry<P, K, V> {
  /**
   * Adds the calling process under a key. Fails with UnknownRegistry when the registry is not started. Dies when the
   * process is not of the registry's contract.
   */
  readonly register: (key: K, value: V) => Effect.Effect<void, UnknownRegistry, Current>
  /** As {@link register}, for another process. Fails with NotAlive when it has ended. */
  readonly registerRef: (ref: PidRef<P>, key: K, value: V) => Effect.Effect<void, UnknownRegistry | NotAlive, System>
  /** The processes under a key now and their values, oldest first. */
  readonly lookup: (key: K) => Effect.Effect<ReadonlyArray<Entry<P, V>>, never, System>
}

/** How a registry is made. */
export interface Options<V extends Schema.Top> {
  /** The schema of what is kept beside each entry. Default: nothing is. */
  readonly value?: V | undefined
}

/**
 * A registry with one process a key. `name` is unique in the program. Throws a RangeError when it is empty or begins
 * with "understudy/".
 */
export const unique = <
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top = Schema.Void
>(
  name: string,
  contract: Contract<P, A, M>,
  key: K,
  options?: Options<V>
): Unique<P, K["Type"], V["Type"]> => {
  const table = new RegistryTable(name, "unique", contract, key, options?.value)
  return {
    ...shared(table),
    at: (key) => table.at(key),
    via: (key) => table.nameOf(key),
    register: (key, value) => register(table, key, value),
    registerRef: (ref, key, value) => table.registerRef(ref, key, value),
    whereis: (key) => whereis(table, key),
    lookup: (key) => lookupOne(table, key),
    updateValue: (key, f) => table.update(key, f)
  }
}

/**
 * A registry with any number of processes a key. `name` is unique in the program. Throws a RangeError when it is empty
 * or begins with "understudy/".
 */
export const duplicate = <
  P extends Protocol,
  A extends Fields,
  M,
  K extends Schema.Top,
  V extends Schema.Top = Schema.Void
>(
  name: string,
  contract: Contract<P, A, M>,
  key: K,
  options?: Options<V>
): Duplicate<P, K["Type"], V["Type"]> => {
  const table = new RegistryTable(name, "duplicate", contract, key, options?.value)
  return {
    ...shared(table),
    // A key of a duplicate registry is never held by one process alone: AlreadyRegistered is not among the outcomes
    register: (key, value) => register(table, key, value) as Effect.Effect<void, UnknownRegistry, Current>,
    registerRef: (ref, key, value) =>
      table.registerRef(ref, key, value) as Effect.Effect<void, UnknownRegistry | NotAlive, System>,
    lookup: (key) => lookupAll(table, key)
  }
}

const shared = <P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top>(
  table: RegistryTable<P, A, M, K, V>
): Registry<P, K["Type"], V["Type"]> => {
  // Of the calling process without a pid, of that process with one: two types for one implementation
  const keys = ((pid?: Pid) =>
    pid === undefined
      ? withCurrent((self) => Exit.succeed(table.keysOf(self.host, self.pid)))
      : withSystem((host) => Exit.succeed(table.keysOf(host, pid)))) as Registry<P, K["Type"], V["Type"]>["keys"]
  const values = ((key: K["Type"], pid?: Pid) =>
    pid === undefined
      ? withCurrent((self) => Exit.succeed(table.valuesOf(self.host, key, self.pid)))
      : withSystem((host) => Exit.succeed(table.valuesOf(host, key, pid)))) as Registry<
    P,
    K["Type"],
    V["Type"]
  >["values"]
  return {
    name: table.name,
    spec: registrySpec(table.name),
    startLink: startOwner(table.name),
    unregister: (key) => table.unregister(key),
    keys,
    values,
    count: withSystem((host) => Exit.succeed(table.count(host))),
    entries: withSystem((host) => Exit.succeed(table.entries(host))),
    dispatch: (key, f) =>
      withSystem((host) => {
        const entries = table.lookup(host, key)
        return entries.length === 0 ? Exit.void : Effect.asVoid(f(entries))
      }),
    changes: Stream.unwrap(table.subscribe),
    subscribe: table.subscribe
  }
}
