/**
 * The tables of names, replicated on every scheduler. Slot 0 orders the changes: a registration is decided there, sent
 * to all, and answered when all have it, so that whoever hears of it finds it. A process's entries are taken out by its
 * own scheduler, on the same channels its DOWN takes and before it: whoever sees the DOWN finds the name free.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CallbackCall } from "../process/Call.ts"
import type { Directory, DirectoryChange, DirectoryEntry, Host, Keys, Registration } from "../process/Host.ts"
import { find, isHere } from "../process/Lifecycle.ts"
import { equals, keyOf, mainIncarnation, type Pid, parse } from "../process/Pid.ts"
import { ask } from "../process/Query.ts"
import type { DirectoryChangeSignal, DirectoryRequestSignal } from "../process/Signal.ts"

/** The way to the other schedulers. */
export interface DirectoryPeers {
  /** The others that are up. */
  readonly all: () => ReadonlyArray<{ readonly slot: number; readonly incarnation: number }>
}

interface Entry extends DirectoryEntry {
  value: unknown
}

interface Table {
  readonly byKey: Map<string, Array<Entry>>
  readonly listeners: Set<(change: DirectoryChange) => void>
}

/** Answers of slot 0 to a request. */
const done = 1
const refused = 2
const notAlive = 3

/** Who asked for a change, and how to answer. */
type Answer = (result: Registration | boolean) => void

type ChangeKind = DirectoryChangeSignal["change"]

const nobody: ReadonlyArray<DirectoryEntry> = []

/** See the file's header. One owner of each scheduler's tables. */
export class ReplicatedDirectory implements Directory {
  private readonly host: Host
  private readonly peers: DirectoryPeers
  private readonly tables = new Map<string, Table>()
  /** What each process holds, anywhere. */
  private readonly byPid = new Map<number, Array<{ readonly table: string; readonly entry: Entry }>>()
  /** Releases that overtook the addition they undo: the two come from different schedulers. */
  private readonly graves = new Set<string>()

  constructor(host: Host, peers: DirectoryPeers) {
    this.host = host
    this.peers = peers
  }

  // --- looking up --------------------------------------------------------------------------------------------------

  lookup(table: string, key: string): ReadonlyArray<DirectoryEntry> {
    return this.tables.get(table)?.byKey.get(key) ?? nobody
  }

  whereis(table: string, key: string): Pid | undefined {
    return this.lookup(table, key)[0]?.pid
  }

  entries(table: string): ReadonlyArray<DirectoryEntry> {
    const known = this.tables.get(table)
    return known === undefined ? nobody : Array.from(known.byKey.values()).flat()
  }

  held(table: string, pid: Pid): ReadonlyArray<DirectoryEntry> {
    const held = this.byPid.get(keyOf(pid))
    return held === undefined ? nobody : held.filter((one) => one.table === table).map((one) => one.entry)
  }

  subscribe(table: string, listener: (change: DirectoryChange) => void): () => void {
    const { listeners } = this.tableOf(table)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  private tableOf(name: string): Table {
    const known = this.tables.get(name)
    if (known !== undefined) return known
    const made: Table = { byKey: new Map(), listeners: new Set() }
    this.tables.set(name, made)
    return made
  }

  // --- changing ----------------------------------------------------------------------------------------------------

  register(table: string, keys: Keys, key: string, pid: Pid, value: unknown): Effect.Effect<Registration> {
    // Slot 0 answers every register request with a registration
    return this.request("register", table, keys, key, pid, value) as Effect.Effect<Registration>
  }

  unregister(table: string, key: string, pid: Pid): Effect.Effect<boolean> {
    return this.request("unregister", table, "unique", key, pid, undefined) as Effect.Effect<boolean>
  }

  update(table: string, key: string, pid: Pid, value: unknown): Effect.Effect<boolean> {
    return this.request("update", table, "unique", key, pid, value) as Effect.Effect<boolean>
  }

  private request(
    request: DirectoryRequestSignal["request"],
    table: string,
    keys: Keys,
    key: string,
    pid: Pid,
    value: unknown
  ): Effect.Effect<Registration | boolean> {
    const { host } = this
    return Effect.callback((resume) => {
      if (host.slot === 0) {
        return this.decide({ request, table, keys, key, pid, value }, (result) => resume(Exit.succeed(result)))
      }
      const gone = () => Exit.succeed<Registration | boolean>(request === "register" ? { _tag: "NotAlive" } : false)
      const pending = new CallbackCall(
        host,
        {
          down: gone,
          timeout: gone,
          read: (reader) => {
            const answer = reader.u8()
            if (request !== "register") return Exit.succeed(answer === done)
            if (answer === done) return Exit.succeed<Registration>({ _tag: "Registered" })
            const holder = answer === refused ? parse(reader.string()) : undefined
            return holder === undefined ? gone() : Exit.succeed<Registration>({ _tag: "AlreadyRegistered", holder })
          }
        },
        (exit) => resume(exit as Effect.Effect<Registration | boolean>)
      )
      const from = { slot: host.slot, incarnation: host.incarnation }
      const call = pending.export(0)
      host.route(0, mainIncarnation, { _tag: "DirectoryRequest", request, keys, table, key, pid, value, call, from })
    })
  }

  /** A request from another scheduler arrives at slot 0. */
  receiveRequest(signal: DirectoryRequestSignal): void {
    const { slot, incarnation } = signal.from
    this.decide(signal, (result) => {
      this.host.route(slot, incarnation, {
        _tag: "Reply",
        slot,
        incarnation,
        call: signal.call,
        write: (writer) => {
          if (typeof result === "boolean") writer.u8(result ? done : refused)
          else if (result._tag === "Registered") writer.u8(done)
          else if (result._tag === "NotAlive") writer.u8(notAlive)
          else {
            writer.u8(refused)
            writer.string(result.holder.toString())
          }
        }
      })
    })
  }

  /** Slot 0 only: takes the decision and spreads it. */
  private decide(
    request: Pick<DirectoryRequestSignal, "request" | "table" | "keys" | "key" | "pid" | "value">,
    answer: Answer
  ): void {
    const { key, keys, pid, table, value } = request
    if (request.request === "unregister") {
      const held = this.apply("remove", table, key, pid, undefined)
      return this.spread("remove", table, key, pid, undefined, () => answer(held))
    }
    if (request.request === "update") {
      const held = this.apply("update", table, key, pid, value)
      return this.spread("update", table, key, pid, value, () => answer(held))
    }
    const holder = keys === "unique" ? this.lookup(table, key)[0] : undefined
    if (holder !== undefined) {
      if (isHere(this.host, holder.pid)) return answer({ _tag: "AlreadyRegistered", holder: holder.pid })
      // Its death may be known to the asker and not yet here. Behind this question it is
      return this.whenAsked(holder.pid, () => {
        if (this.lookup(table, key)[0] !== holder) return this.decide(request, answer)
        answer({ _tag: "AlreadyRegistered", holder: holder.pid })
      })
    }
    if (!this.mayLive(pid)) return answer({ _tag: "NotAlive" })
    this.apply("add", table, key, pid, value)
    this.spread("add", table, key, pid, value, (alive) => {
      if (alive) return answer({ _tag: "Registered" })
      this.apply("remove", table, key, pid, undefined)
      this.spread("remove", table, key, pid, undefined, () => answer({ _tag: "NotAlive" }))
    })
  }

  /** Whether a pid's process may be alive, as far as slot 0 can tell without asking. */
  private mayLive(pid: Pid): boolean {
    if (isHere(this.host, pid)) return find(this.host, pid)?.status === "running"
    return this.peers.all().some((peer) => peer.slot === pid.slot && peer.incarnation === pid.incarnation)
  }

  /** Calls back when everything a pid's scheduler sent before now has been taken in. */
  private whenAsked(pid: Pid, then: () => void): void {
    Effect.runForkWith(this.host.context)(ask(this.host, pid, "alive", pid.serial)).addObserver(then)
  }

  /** Sends a change to all others; calls back when all have it, with whether the process was alive where it lives. */
  private spread(
    change: ChangeKind,
    table: string,
    key: string,
    pid: Pid,
    value: unknown,
    then: (alive: boolean) => void
  ): void {
    const { host } = this
    const others = this.peers.all()
    let missing = others.length
    let alive = true
    if (missing === 0) return then(true)
    for (const other of others) {
      const pending = new CallbackCall(
        host,
        {
          // A scheduler that is gone has no table to be behind with; a process on it is not alive
          down: () => Exit.succeed(pid.slot !== other.slot),
          timeout: () => Exit.succeed(true),
          read: (reader) => Exit.succeed(reader.u8() === done)
        },
        (exit) => {
          if (Exit.isExit(exit) && Exit.isSuccess(exit) && exit.value === false) alive = false
          if (--missing === 0) then(alive)
        }
      )
      this.send(other, change, table, key, pid, value, pending.export(other.slot))
    }
  }

  private send(
    to: { readonly slot: number; readonly incarnation: number },
    change: ChangeKind,
    table: string,
    key: string,
    pid: Pid,
    value: unknown,
    call: number
  ): void {
    const from = { slot: this.host.slot, incarnation: this.host.incarnation }
    this.host.route(to.slot, to.incarnation, { _tag: "DirectoryChange", change, table, key, pid, value, call, from })
  }

  /** A change from another scheduler arrives. */
  receiveChange(signal: DirectoryChangeSignal): void {
    const { call, change, from, host, key, pid, table, value } = { ...signal, host: this.host }
    const alive = !(isHere(host, pid) && find(host, pid)?.status !== "running")
    const grave = graveOf(table, key, pid)
    if (change === "add" && this.graves.delete(grave)) {
      // It was released before it came: nothing to add
    } else if (change !== "add" || alive) {
      const held = this.apply(change === "release" ? "remove" : change, table, key, pid, value)
      if (change === "release" && !held) this.graves.add(grave)
    }
    // Slot 0 tells everybody: a scheduler that joined meanwhile may not have been told by the process's own
    if (change === "release" && host.slot === 0) {
      for (const peer of this.peers.all()) {
        if (peer.slot !== from.slot) this.send(peer, "remove", table, key, pid, undefined, 0)
      }
    }
    if (call === 0) return
    const { incarnation, slot } = from
    host.route(slot, incarnation, {
      _tag: "Reply",
      slot,
      incarnation,
      call,
      write: (writer) => writer.u8(change === "add" && !alive ? notAlive : done)
    })
  }

  release(pid: Pid): void {
    const held = this.byPid.get(keyOf(pid))
    if (held === undefined) return
    for (const { entry, table } of [...held]) {
      if (!this.apply("remove", table, entry.key, pid, undefined)) continue
      for (const peer of this.peers.all()) this.send(peer, "release", table, entry.key, pid, undefined, 0)
    }
  }

  /** All entries of a scheduler that is gone. */
  schedulerDown(slot: number, incarnation: number): void {
    for (const held of [...this.byPid.values()]) {
      for (const { entry, table } of [...held]) {
        if (entry.pid.slot === slot && entry.pid.incarnation === incarnation) {
          this.apply("remove", table, entry.key, entry.pid, undefined)
        }
      }
    }
  }

  /** Slot 0 only: gives a scheduler that has just joined all there is. */
  introduce(to: { readonly slot: number; readonly incarnation: number }): void {
    for (const [name, table] of this.tables) {
      for (const entries of table.byKey.values()) {
        for (const entry of entries) this.send(to, "add", name, entry.key, entry.pid, entry.value, 0)
      }
    }
  }

  // --- this scheduler's copy ---------------------------------------------------------------------------------------

  /** Returns whether the entry was (or, for an addition, is) there. */
  private apply(change: "add" | "remove" | "update", name: string, key: string, pid: Pid, value: unknown): boolean {
    const table = this.tableOf(name)
    if (change === "add") {
      this.insert(table, name, { key, pid, value })
      return true
    }
    const entries = table.byKey.get(key)
    const own = entries?.filter((entry) => equals(entry.pid, pid)) ?? []
    if (entries === undefined || own.length === 0) return false
    if (change === "update") {
      for (const entry of own) entry.value = value
      return true
    }
    const rest = entries.filter((entry) => !equals(entry.pid, pid))
    if (rest.length === 0) table.byKey.delete(key)
    else table.byKey.set(key, rest)
    this.forget(name, key, pid)
    for (const listener of table.listeners) listener({ table: name, key, pid, event: "unregistered" })
    return true
  }

  private insert(table: Table, name: string, entry: Entry): void {
    const entries = table.byKey.get(entry.key)
    if (entries === undefined) table.byKey.set(entry.key, [entry])
    else entries.push(entry)
    const pidKey = keyOf(entry.pid)
    const held = this.byPid.get(pidKey)
    if (held === undefined) this.byPid.set(pidKey, [{ table: name, entry }])
    else held.push({ table: name, entry })
    for (const listener of table.listeners) {
      listener({ table: name, key: entry.key, pid: entry.pid, event: "registered" })
    }
  }

  private forget(table: string, key: string, pid: Pid): void {
    const rest = this.byPid.get(keyOf(pid))?.filter((one) => one.table !== table || one.entry.key !== key) ?? []
    if (rest.length === 0) this.byPid.delete(keyOf(pid))
    else this.byPid.set(keyOf(pid), rest)
  }
}

const graveOf = (table: string, key: string, pid: Pid): string => `${keyOf(pid)} ${table} ${key}`
