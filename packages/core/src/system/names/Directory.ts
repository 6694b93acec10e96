/**
 * The tables of names, replicated on every scheduler. Slot 0 orders the changes: a registration is decided there, sent
 * to all, and answered when all have it, so that a process that hears of it finds it. A process's entries are taken out by its
 * own scheduler, on the same channels its DOWN takes and before it: a process that gets the DOWN finds the name free.
 */

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import {
  type Directory,
  type DirectoryChange,
  type DirectoryEntry,
  type Keys,
  names,
  type Registration
} from "../../address/Directory.ts"
import { equals, keyOf, mainIncarnation, type Pid, parse } from "../../address/Pid.ts"
import { PendingCall } from "../../call/PendingCall.ts"
import { ask } from "../../call/Query.ts"
import { callbackIn } from "../../fiber/ProcessFiber.ts"
import type { Host } from "../../process/Host.ts"
import { find, isHere } from "../../process/Lifecycle.ts"
import type { DirectoryChangeSignal, DirectoryRequestSignal } from "../../signal/Signal.ts"
import { NameTables } from "./NameTables.ts"

/** The way to the other schedulers. */
export interface DirectoryPeers {
  /** The others that are up. */
  readonly all: () => ReadonlyArray<{ readonly slot: number; readonly incarnation: number }>
  /** Whether there are none. */
  readonly none: () => boolean
}

/** Answers of slot 0 to a request. */
const done = 1
const refused = 2
const notAlive = 3
const named = 4

/** The request for a change, and how to answer it. */
type Answer = (result: Registration | boolean) => void

/** Which process is to have which entry. */
type Registering = Pick<DirectoryRequestSignal, "table" | "key" | "pid">

type Request = Pick<DirectoryRequestSignal, "request" | "table" | "keys" | "key" | "pid" | "value">

type ChangeKind = DirectoryChangeSignal["change"]

/** See the file's header. One owner of each scheduler's tables. */
export class ReplicatedDirectory implements Directory {
  private readonly host: Host
  private readonly peers: DirectoryPeers
  readonly tables = new NameTables()
  /**
   * The end of a process is told twice, by its own scheduler and by slot 0, and on other schedulers either may come first. Entries that
   * one of the two has taken out are here until the other one comes, which then finds them gone. An addition that the process's own
   * scheduler has overtaken is no news: slot 0 sends it before it tells of the end.
   */
  private readonly tombstones = new Map<string, Tombstone>()
  /** Registrations that slot 0 has been asked for. When their process ends, slot 0 is told what to take back. */
  private readonly asked = new Set<Registering>()
  /** Slot 0 only: registrations that wait until it is known whether a holder still is one. */
  private readonly undecided = new Set<Registering>()

  constructor(host: Host, peers: DirectoryPeers) {
    this.host = host
    this.peers = peers
  }

  // --- looking up --------------------------------------------------------------------------------------------------

  lookup(table: string, key: string): ReadonlyArray<DirectoryEntry> {
    return this.tables.lookup(table, key)
  }

  first(table: string, key: string): DirectoryEntry | undefined {
    return this.tables.first(table, key)
  }

  whereis(table: string, key: string): Pid | undefined {
    return this.tables.first(table, key)?.pid
  }

  entries(table: string): ReadonlyArray<DirectoryEntry> {
    return this.tables.entries(table)
  }

  count(table: string): number {
    return this.tables.count(table)
  }

  held(table: string, pid: Pid): ReadonlyArray<DirectoryEntry> {
    return this.tables.held(table, pid)
  }

  subscribe(table: string, listener: (change: DirectoryChange) => void): () => void {
    return this.tables.subscribe(table, listener)
  }

  // --- changing ----------------------------------------------------------------------------------------------------

  register(table: string, keys: Keys, key: string, pid: Pid, value: unknown): Effect.Effect<Registration> {
    if (this.isAlone()) return Exit.succeed(this.enter(table, keys, key, pid, value))
    // Slot 0 answers every register request with a registration
    return this.request("register", table, keys, key, pid, value) as Effect.Effect<Registration>
  }

  registerNow(table: string, keys: Keys, key: string, pid: Pid, value: unknown): boolean {
    return this.isAlone() && this.enter(table, keys, key, pid, value) === registered
  }

  /** On the only scheduler there is, no agreement is needed, and every holder's death is known. */
  private isAlone(): boolean {
    return this.host.slot === 0 && this.peers.none()
  }

  private enter(name: string, keys: Keys, key: string, pid: Pid, value: unknown): Registration {
    const table = this.tables.table(name)
    const unique = keys === "unique"
    const isAlive = find(this.host, pid)?.isRunning === true
    if (!isAlive && !unique) return notRegistered
    const ownName = this.nameOf(name, pid)
    if (isAlive && ownName !== undefined) return { _tag: "AlreadyNamed", name: ownName }
    const holder = isAlive ? this.tables.insertInto(table, key, pid, value, unique) : table.first(key)
    if (holder !== undefined) return { _tag: "AlreadyRegistered", holder: holder.pid }
    return isAlive ? registered : notRegistered
  }

  /** What the registration of a process that has ended comes to. */
  private refuseDead(table: string, keys: Keys, key: string): Registration {
    const holder = keys === "unique" ? this.tables.first(table, key) : undefined
    return holder === undefined ? notRegistered : { _tag: "AlreadyRegistered", holder: holder.pid }
  }

  /** The name that a process has, where it may have one at most. */
  private nameOf(table: string, pid: Pid): string | undefined {
    return table === names ? this.tables.held(table, pid)[0]?.key : undefined
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
    // A process is registered by its own scheduler: that releases what it has asked slot 0 for, should the process end meanwhile
    if (request === "register" && pid.slot !== 0 && !isHere(host, pid)) {
      return this.ask(request, table, keys, key, pid, value, pid)
    }
    return host.slot === 0
      ? this.ownRequest({ request, table, keys, key, pid, value })
      : this.ask(request, table, keys, key, pid, value, { slot: 0, incarnation: mainIncarnation })
  }

  /** Slot 0 asks itself: most often the answer is there at once. */
  private ownRequest(request: Request): Effect.Effect<Registration | boolean> {
    let known: Registration | boolean | undefined
    let told: Answer | undefined
    this.decide(request, (result) => {
      known = result
      told?.(result)
    })
    if (known !== undefined) return Exit.succeed(known)
    return callbackIn((resume, priority) => {
      told = (result) => this.host.enqueue(() => resume(Exit.succeed(result)), priority)
      if (known !== undefined) told(known)
    })
  }

  private ask(
    request: Request["request"],
    table: string,
    keys: Keys,
    key: string,
    pid: Pid,
    value: unknown,
    of: { readonly slot: number; readonly incarnation: number }
  ): Effect.Effect<Registration | boolean> {
    const { host } = this
    const asking = { table, key, pid }
    return callbackIn((resume, priority) => {
      const gone = () => Exit.succeed<Registration | boolean>(request === "register" ? notRegistered : false)
      const registersOwn = request === "register" && isHere(host, pid)
      // Asked where the request leaves: slot 0 would give a process that has ended a name for as long as it takes to learn of the end
      if (registersOwn && find(host, pid)?.isRunning !== true) {
        return resume(Exit.succeed(this.refuseDead(table, keys, key)))
      }
      const pending = new PendingCall(
        host,
        {
          whenDown: gone,
          whenTimedOut: gone,
          read: (reader) => {
            const answer = reader.u8()
            if (request !== "register") return Exit.succeed(answer === done)
            if (answer === done) return Exit.succeed<Registration>({ _tag: "Registered" })
            if (answer === named) return Exit.succeed<Registration>({ _tag: "AlreadyNamed", name: reader.string() })
            const holder = answer === refused ? parse(reader.string()) : undefined
            return holder === undefined ? gone() : Exit.succeed<Registration>({ _tag: "AlreadyRegistered", holder })
          }
        },
        (exit) => {
          this.asked.delete(asking)
          resume(exit as Effect.Effect<Registration | boolean>)
        },
        priority
      )
      const from = { slot: host.slot, incarnation: host.incarnation }
      const call = pending.export(of.slot)
      if (registersOwn) this.asked.add(asking)
      const signal = { _tag: "DirectoryRequest", request, keys, table, key, pid, value, call, from } as const
      host.route(of.slot, of.incarnation, signal)
    })
  }

  /** A request from another scheduler arrives: at slot 0, or a registration at the scheduler of its process. */
  receiveRequest(signal: DirectoryRequestSignal): void {
    const { host } = this
    const { key, keys, pid, table, value } = signal
    if (host.slot === 0) return this.decide(signal, (result) => this.reply(signal, result))
    const registering = Effect.runForkWith(host.context)(this.register(table, keys, key, pid, value))
    registering.addObserver((exit) => this.reply(signal, Exit.isSuccess(exit) ? exit.value : notRegistered))
  }

  private reply({ call, from: { incarnation, slot } }: DirectoryRequestSignal, result: Registration | boolean): void {
    this.host.route(slot, incarnation, {
      _tag: "Reply",
      slot,
      incarnation,
      call,
      write: (writer) => {
        if (typeof result === "boolean") writer.u8(result ? done : refused)
        else if (result._tag === "Registered") writer.u8(done)
        else if (result._tag === "NotAlive") writer.u8(notAlive)
        else if (result._tag === "AlreadyNamed") {
          writer.u8(named)
          writer.string(result.name)
        } else {
          writer.u8(refused)
          writer.string(result.holder.toString())
        }
      }
    })
  }

  /** Slot 0 only: takes the decision and spreads it. */
  private decide(request: Request, answer: Answer): void {
    const { key, keys, pid, table, value } = request
    if (request.request === "unregister") {
      const held = this.tables.remove(table, key, pid)
      return this.spread("remove", table, key, pid, undefined, () => answer(held))
    }
    if (request.request === "update") {
      const held = this.tables.update(table, key, pid, value)
      return this.spread("update", table, key, pid, value, () => answer(held))
    }
    const name = this.nameOf(table, pid)
    if (name !== undefined) {
      return this.whenStillTrue(request, pid, () => this.nameOf(table, pid) === name, answer, {
        _tag: "AlreadyNamed",
        name
      })
    }
    const holder = keys === "unique" ? this.tables.first(table, key) : undefined
    if (holder !== undefined) {
      return this.whenStillTrue(request, holder.pid, () => this.tables.first(table, key) === holder, answer, {
        _tag: "AlreadyRegistered",
        holder: holder.pid
      })
    }
    if (!this.mayLive(pid)) return answer(notRegistered)
    this.tables.insert(table, key, pid, value)
    this.spread("add", table, key, pid, value, (alive) => {
      if (alive) return answer(registered)
      this.tables.remove(table, key, pid)
      this.spread("remove", table, key, pid, undefined, () => answer(notRegistered))
    })
  }

  /** Whether a pid's process may be alive, as far as slot 0 can tell without asking. */
  private mayLive(pid: Pid): boolean {
    if (isHere(this.host, pid)) return find(this.host, pid)?.isRunning === true
    return this.isUp(pid)
  }

  /**
   * Something is known of a process that is in the way of a registration: refuses that with `refusal` if it is still so when everything
   * the process's scheduler sent before now has been taken in, and decides anew otherwise. The asker may know of its death before it
   * is known here.
   */
  private whenStillTrue(
    request: Request,
    pid: Pid,
    isTrue: () => boolean,
    answer: Answer,
    refusal: Registration
  ): void {
    if (isHere(this.host, pid)) return answer(refusal)
    this.undecided.add(request)
    const asking = Effect.runForkWith(this.host.context)(ask(this.host, pid, "alive", pid.serial))
    asking.addObserver(() => {
      // The process that was to be registered may have ended meanwhile
      if (!this.undecided.delete(request)) answer(notRegistered)
      else if (isTrue()) answer(refusal)
      else this.decide(request, answer)
    })
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
      const pending = new PendingCall(
        host,
        {
          // A scheduler that is gone has no table to be behind with; a process on it is not alive
          whenDown: () => Exit.succeed(pid.slot !== other.slot),
          whenTimedOut: () => Exit.succeed(true),
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
    const alive = !(isHere(host, pid) && find(host, pid)?.isRunning !== true)
    if (change !== "add" || (alive && !this.tombstones.has(tombstoneOf(table, key, pid)))) {
      this.apply(change, table, key, pid, value)
      if (change === "release" && host.slot === 0) this.forget(table, key, pid)
    }
    if (change === "release" && host.slot === 0) this.spreadRelease(from.slot, table, key, pid)
    // What slot 0 releases of its own comes behind the addition, and once
    else if (change === "released" || (change === "release" && from.slot !== 0))
      this.recordTombstone(change, table, key, pid)
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

  /** Slot 0 only: a process has ended that was to be registered. */
  private forget(table: string, key: string, pid: Pid): void {
    for (const one of this.undecided) {
      if (one.table === table && one.key === key && equals(one.pid, pid)) this.undecided.delete(one)
    }
  }

  /** Slot 0 tells all schedulers: one that joined meanwhile may not have been told by the process's own. */
  private spreadRelease(owner: number, table: string, key: string, pid: Pid): void {
    for (const peer of this.peers.all()) {
      if (peer.slot !== owner) this.send(peer, "released", table, key, pid, undefined, 0)
    }
  }

  /** One of the two who tell of an end has: notes that, or that both have. */
  private recordTombstone(told: Tombstone["told"], table: string, key: string, pid: Pid): void {
    const name = tombstoneOf(table, key, pid)
    const tombstone = this.tombstones.get(name)
    if (tombstone !== undefined && tombstone.told !== told) this.tombstones.delete(name)
    // A scheduler that is gone tells nothing more
    else if (told === "release" || this.isUp(pid)) this.tombstones.set(name, { told, pid })
  }

  private isUp({ incarnation, slot }: Pid): boolean {
    return this.peers.all().some((peer) => peer.slot === slot && peer.incarnation === incarnation)
  }

  release(pid: Pid): void {
    // What slot 0 has been asked for may be known to others by now, though not here. Each entry is released once
    for (const asking of this.asked) {
      if (!equals(asking.pid, pid)) continue
      this.tables.remove(asking.table, asking.key, pid)
      this.tellRelease(asking.table, asking.key, pid)
    }
    for (const { key, table } of this.tables.allHeld(pid)) {
      if (this.tables.remove(table, key, pid)) this.tellRelease(table, key, pid)
    }
  }

  private tellRelease(table: string, key: string, pid: Pid): void {
    for (const peer of this.peers.all()) this.send(peer, "release", table, key, pid, undefined, 0)
  }

  /** All entries of a scheduler that is gone. */
  schedulerDown(slot: number, incarnation: number): void {
    for (const { key, pid, table } of [...this.tables.everything()]) {
      if (pid.slot === slot && pid.incarnation === incarnation) this.tables.remove(table, key, pid)
    }
    for (const [name, { pid, told }] of this.tombstones) {
      if (told === "released" && pid.slot === slot && pid.incarnation === incarnation) this.tombstones.delete(name)
    }
  }

  /** Slot 0 only: gives a scheduler that has just joined all there is. */
  introduce(to: { readonly slot: number; readonly incarnation: number }): void {
    for (const { key, pid, table, value } of this.tables.everything()) this.send(to, "add", table, key, pid, value, 0)
  }

  /** Returns whether the entry was (or, for an addition, is) there. */
  private apply(change: ChangeKind, table: string, key: string, pid: Pid, value: unknown): boolean {
    if (change === "update") return this.tables.update(table, key, pid, value)
    if (change !== "add") return this.tables.remove(table, key, pid)
    this.tables.insert(table, key, pid, value)
    return true
  }
}

const registered: Registration = { _tag: "Registered" }
const notRegistered: Registration = { _tag: "NotAlive" }

/** What is left of an entry whose process has ended: who has told so, and whose entry it was. */
interface Tombstone {
  readonly told: "release" | "released"
  readonly pid: Pid
}

const tombstoneOf = (table: string, key: string, pid: Pid): string => `${keyOf(pid)} ${table.length} ${table} ${key}`
