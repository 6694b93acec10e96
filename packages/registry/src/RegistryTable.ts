/**
 * One registry's table in the system's directory, typed: keys and values go in and come out by their schemas, pids come
 * out as refs. A registry that is not open looks empty.
 */

import type { Contract, Fields, PidRef, Protocol, Ref } from "@understudy/core/GenServer"
import {
  type DirectoryChange,
  type DirectoryEntry,
  type DirectoryTable,
  type Host,
  type Keys,
  type Registration,
  System
} from "@understudy/core/internal/Host"
import { acting, type ProcessRecord, withCurrent } from "@understudy/core/internal/Running"
import { expectedName, isName, showGiven } from "@understudy/core/internal/Texts"
import { equals, type Pid } from "@understudy/core/Pid"
import { type Current, InvalidMessage, Name } from "@understudy/core/Process"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AlreadyRegistered, NotAlive, NotRegistered, UnknownRegistry } from "./RegistryError.ts"
import { openRegistries } from "./RegistryOwner.ts"
import { type SchemaText, schemaText } from "./SchemaText.ts"

/** A process under a key, and the value it registered with. */
export interface Entry<P extends Protocol, V> {
  readonly ref: PidRef<P>
  readonly value: V
}

/** An {@link Entry} and its key. */
export interface KeyedEntry<P extends Protocol, K, V> extends Entry<P, V> {
  readonly key: K
}

/** An entry came or went: because it was taken out, or because its process or the registry ended. */
export interface Change<K> {
  readonly key: K
  readonly pid: Pid
  readonly event: "registered" | "unregistered"
}

/** Everything that can keep an entry out. */
export type RegisterError = AlreadyRegistered | UnknownRegistry | NotAlive

/** Names that begin so are the framework's own tables. */
const reservedPrefix = "understudy/"

const nobody: ReadonlyArray<DirectoryEntry> = []

/** What a registry knows of the scheduler it is used on: its tables there, and whether it is open. */
interface Known {
  readonly tables: Host["directory"]["tables"]
  readonly own: DirectoryTable
  readonly open: DirectoryTable
  /** `open.changes` when `isOpen` was found out. */
  asOf: number
  isOpen: boolean
}

/** See the file's header. Holds no state but what makes looking up faster: the rest is in the directory. */
export class RegistryTable<P extends Protocol, A extends Fields, M, K extends Schema.Top, V extends Schema.Top> {
  readonly name: string
  private readonly kind: Keys
  private readonly contract: Contract<P, A, M>
  private readonly keyText: SchemaText<K["Type"]>
  /** Without a value schema nothing is kept. */
  private readonly valueText: SchemaText<V["Type"]> | undefined
  private known: Known | undefined = undefined
  /** The entries of keys that have several, made once for all lookups. Not where values are read anew each time. */
  private readonly read = new WeakMap<ReadonlyArray<DirectoryEntry>, ReadonlyArray<Entry<P, V["Type"]>>>()

  constructor(name: string, kind: Keys, contract: Contract<P, A, M>, key: K, value: V | undefined) {
    if (!isName(name))
      throw new RangeError(`Registry: the name of a registry is ${expectedName}; got ${showGiven(name)}`)
    if (name.startsWith(reservedPrefix)) {
      throw new RangeError(`Registry: "${name}" begins with "${reservedPrefix}", as only Understudy's own names may`)
    }
    this.name = name
    this.kind = kind
    this.contract = contract
    this.keyText = schemaText(key, `the key of registry ${name}`)
    this.valueText = value === undefined ? undefined : schemaText(value, `the value of registry ${name}`)
  }

  // --- looking up --------------------------------------------------------------------------------------------------

  /** The address of the holder of `key`. */
  at(key: K["Type"]): Ref<P> {
    return this.contract["~internals"].refs.at(this.nameOf(key))
  }

  /** A key as a name of this table. */
  nameOf(key: K["Type"]): Name {
    return new Name(this.name, this.keyText.write(key), this.contract["~internals"].codec)
  }

  /** The registry's own table while it is open. */
  private table(host: Host): DirectoryTable | undefined {
    const { tables } = host.directory
    let { known } = this
    if (known?.tables !== tables) {
      known = { tables, own: tables.table(this.name), open: tables.table(openRegistries), asOf: -1, isOpen: false }
      this.known = known
    }
    const { open } = known
    if (known.asOf !== open.changes) {
      known.asOf = open.changes
      known.isOpen = open.first(this.name) !== undefined
    }
    return known.isOpen ? known.own : undefined
  }

  private isOpen(host: Host): boolean {
    return this.table(host) !== undefined
  }

  /** The entries of `key`, oldest first. */
  lookup(host: Host, key: K["Type"]): ReadonlyArray<Entry<P, V["Type"]>> {
    const text = this.keyText.write(key)
    const entries = this.table(host)?.lookup(text) ?? nobody
    if (entries.length < 2 || this.valueText !== undefined) return entries.map((entry) => this.entryOf(entry))
    let read = this.read.get(entries)
    if (read === undefined) {
      read = entries.map((entry) => this.entryOf(entry))
      this.read.set(entries, read)
    }
    return read
  }

  /** The oldest entry of `key`. */
  first(host: Host, key: K["Type"]): DirectoryEntry | undefined {
    const text = this.keyText.write(key)
    return this.table(host)?.first(text)
  }

  entries(host: Host): ReadonlyArray<KeyedEntry<P, K["Type"], V["Type"]>> {
    return this.all(host).map((entry) => ({ key: this.keyText.read(entry.key), ...this.entryOf(entry) }))
  }

  count(host: Host): number {
    return this.isOpen(host) ? host.directory.count(this.name) : 0
  }

  private all(host: Host): ReadonlyArray<DirectoryEntry> {
    return this.isOpen(host) ? host.directory.entries(this.name) : nobody
  }

  keysOf(host: Host, pid: Pid): ReadonlyArray<K["Type"]> {
    return (this.isOpen(host) ? host.directory.held(this.name, pid) : nobody).map((entry) =>
      this.keyText.read(entry.key)
    )
  }

  valuesOf(host: Host, key: K["Type"], pid: Pid): ReadonlyArray<V["Type"]> {
    return this.lookup(host, key).flatMap((entry) => (equals(entry.ref.pid, pid) ? [entry.value] : []))
  }

  entryOf(entry: DirectoryEntry): Entry<P, V["Type"]> {
    return { ref: this.refOf(entry), value: this.readValue(entry.value) }
  }

  refOf(entry: DirectoryEntry): PidRef<P> {
    return this.contract["~internals"].refs.pid(entry.pid)
  }

  private readValue(stored: unknown): V["Type"] {
    // Only `writeValue` makes what is stored: text where there is a schema
    return this.valueText === undefined ? undefined : this.valueText.read(stored as string)
  }

  private writeValue(value: V["Type"]): string | undefined {
    return this.valueText?.write(value)
  }

  // --- changing ----------------------------------------------------------------------------------------------------

  /** Enters the calling process, if no other scheduler has to agree and nothing is in the way. */
  registerNow({ host, pid }: ProcessRecord, key: K["Type"], value: V["Type"]): boolean {
    const text = this.keyText.write(key)
    const stored = this.writeValue(value)
    return this.lists(pid) && this.isOpen(host) && host.directory.registerNow(this.name, this.kind, text, pid, stored)
  }

  /** Enters the calling process. Never fails with NotAlive: a process that is gone does not go on. */
  registerSelf(
    { host, pid }: ProcessRecord,
    key: K["Type"],
    value: V["Type"]
  ): Effect.Effect<void, AlreadyRegistered | UnknownRegistry> {
    if (!this.lists(pid)) throw this.wrongContract(pid.toString())
    // A process that is gone does not go on
    return this.register(host, pid, key, value, () => Effect.interrupt)
  }

  /** Enters the process of `ref`. */
  registerRef(ref: PidRef<P>, key: K["Type"], value: V["Type"]): Effect.Effect<void, RegisterError, System> {
    return acting((host) => {
      const isOwn: boolean = this.contract["~internals"].refs.is(ref)
      if (!isOwn) throw this.wrongContract(ref.toString())
      const notAlive = (text: string) =>
        Effect.fail(new NotAlive({ registry: this.name, key: this.keyText.show(text), pid: ref.pid }))
      return this.register(host, ref.pid, key, value, notAlive)
    })
  }

  /** Whether a process is of the registry's contract, which may be of another evaluation of its module. */
  private lists({ codec }: ProcessRecord["pid"]): boolean {
    const own = this.contract["~internals"].codec
    return codec === own || codec?.contract?.is(own.contract) === true
  }

  /** Refs that the registry gives out have the contract's methods, so their process must understand them. */
  private wrongContract(process: string): InvalidMessage {
    const problem = `${process} is not a process of the contract ${this.contract.name}`
    return new InvalidMessage({ target: `registry ${this.name}`, problem })
  }

  private register<E>(
    host: Host,
    pid: Pid,
    key: K["Type"],
    value: V["Type"],
    notAlive: (text: string) => Effect.Effect<void, E>
  ): Effect.Effect<void, AlreadyRegistered | UnknownRegistry | E> {
    const registry = this.name
    const text = this.keyText.write(key)
    const stored = this.writeValue(value)
    if (!this.isOpen(host)) return Exit.fail(new UnknownRegistry({ registry }))
    const told = (result: Registration): Effect.Effect<void, AlreadyRegistered | E> => {
      switch (result._tag) {
        case "Registered":
          return Exit.void
        case "AlreadyRegistered": {
          const { holder } = result
          return Exit.fail(new AlreadyRegistered({ registry, key: this.keyText.show(text), holder }))
        }
        default:
          // It has ended: only the system's own names are one for each process
          return notAlive(text)
      }
    }
    const registering: Effect.Effect<Registration> = host.directory.register(registry, this.kind, text, pid, stored)
    // Where no other scheduler has to agree, the outcome is there
    const known = outcomeOf(registering)
    return known === undefined ? Effect.flatMap(registering, told) : told(known)
  }

  /** Takes out everything the calling process holds under `key`. */
  unregister(key: K["Type"]): Effect.Effect<boolean, never, Current> {
    return withCurrent(({ host, pid }) => host.directory.unregister(this.name, this.keyText.write(key), pid))
  }

  /** Replaces the value of the calling process. No other process changes it, so reading and writing need no lock. */
  update(
    key: K["Type"],
    f: (value: V["Type"]) => V["Type"]
  ): Effect.Effect<{ readonly before: V["Type"]; readonly after: V["Type"] }, NotRegistered, Current> {
    return withCurrent(({ host, pid }) => {
      const text = this.keyText.write(key)
      const missing = Effect.fail(new NotRegistered({ registry: this.name, key: this.keyText.show(text), pid }))
      const own = this.lookup(host, key).find((entry) => equals(entry.ref.pid, pid))
      if (own === undefined) return missing
      const before = own.value
      const after = f(before)
      return Effect.flatMap(host.directory.update(this.name, text, pid, this.writeValue(after)), (held) =>
        held ? Effect.succeed({ before, after }) : missing
      )
    })
  }

  // --- watching ----------------------------------------------------------------------------------------------------

  /** Listens from when it returns until its scope closes. */
  readonly subscribe: Effect.Effect<Stream.Stream<Change<K["Type"]>>, never, System | Scope.Scope> = Effect.gen(
    { self: this },
    function* () {
      const { directory } = yield* System
      // A queue wakes its taker through the scheduler, never inside the change
      const queue = yield* Effect.acquireRelease(Queue.unbounded<DirectoryChange, Cause.Done>(), Queue.end)
      yield* Effect.acquireRelease(
        Effect.sync(() => directory.subscribe(this.name, (change) => void Queue.offerUnsafe(queue, change))),
        (stop) => Effect.sync(stop)
      )
      // Keys are read where the stream is: what a schema throws is its listener's, not the directory's
      return Stream.map(Stream.fromQueue(queue), ({ event, key, pid }) => ({
        key: this.keyText.read(key),
        pid,
        event
      }))
    }
  )
}

/** The value of an effect that is there already. */
const outcomeOf = <A>(effect: Effect.Effect<A>): A | undefined => {
  // An exit's type says what its effect's does
  const exit = Exit.isExit(effect) ? (effect as Exit.Exit<A>) : undefined
  return exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined
}
