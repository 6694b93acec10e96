/**
 * One scheduler's view of its system: the channels to the others, what is sent over them, and what happens when one of
 * them is gone. It is the scheduler's uplink; a system of one scheduler has a mesh without peers.
 */

import type { MessagePort } from "node:worker_threads"
import { ByteReader, ByteWriter } from "../process/Bytes.ts"
import { IncomingCall, type PendingCall } from "../process/Call.ts"
import * as ExitReason from "../process/ExitReason.ts"
import type { Host, Offer, Placement, ProcessEvent } from "../process/Host.ts"
import { loseLink, receiveDown } from "../process/Lifecycle.ts"
import { MonitorEntry } from "../process/MonitorEntry.ts"
import { unwatch } from "../process/Monitors.ts"
import { keyOf, type Pid } from "../process/Pid.ts"
import type { Signal, SpawnSignal } from "../process/Signal.ts"
import type { Scheduler, Uplink } from "../scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../scheduler/SchedulerEvent.ts"
import { Channel } from "./Channel.ts"
import { ReplicatedDirectory } from "./Directory.ts"
import { Doorbell } from "./Doorbell.ts"
import { Events } from "./Events.ts"
import { receiveSignal } from "./Inbound.ts"
import { type SharedTable, serialBlock } from "./SharedTable.ts"
import { Stealing } from "./Stealing.ts"
import { writeSignal } from "./Wire.ts"

/** One end of a connection, as it travels to the scheduler that will hold it. */
export interface PeerEnd {
  readonly slot: number
  readonly incarnation: number
  readonly out: SharedArrayBuffer
  readonly in: SharedArrayBuffer
  readonly port: MessagePort
}

interface Peer {
  readonly slot: number
  readonly incarnation: number
  readonly channel: Channel
  /** Whether something was sent since the last flush. */
  dirty: boolean
}

interface HeldSpawn {
  readonly signal: SpawnSignal
  readonly call: PendingCall
}

/** Records taken in from one peer before others get their turn. */
const batch = 1024

/** A scheduler that has as many records to take in is sent no more events. */
const eventBacklog = 256

/** What the operator of a system can do from any scheduler. */
export interface Controls {
  /** Ends another scheduler's thread at once, as a crash would. */
  readonly kill: (slot: number) => void
  /** Empties another scheduler in order, and refills its slot. */
  readonly drain: (slot: number) => void
}

const meshes = new WeakMap<Host, Mesh>()

/** The mesh a host belongs to. */
export const meshOf = (host: Host): Mesh => {
  const mesh = meshes.get(host)
  if (mesh === undefined) throw new Error("this host belongs to no system")
  return mesh
}

/** See the file's header. */
export class Mesh implements Uplink {
  readonly table: SharedTable
  readonly directory: ReplicatedDirectory
  readonly controls: Controls
  readonly events: Events
  private readonly stealing: Stealing
  private readonly scheduler: Scheduler
  private readonly peers: Array<Peer | undefined> = []
  private readonly dirty: Array<Peer> = []
  private readonly held: Array<Array<HeldSpawn>> = []
  /** Spawns sent to a slot that are not in its process count yet. */
  private readonly underway: Array<number> = []
  private readonly doorbell: Doorbell
  private readonly writer = new ByteWriter()
  private readonly reader = new ByteReader()
  private closed = false

  constructor(scheduler: Scheduler, table: SharedTable, controls: Controls) {
    this.scheduler = scheduler
    this.table = table
    this.controls = controls
    this.directory = new ReplicatedDirectory(scheduler, { all: () => this.peers.filter((peer) => peer !== undefined) })
    this.doorbell = new Doorbell(table.doorbells, scheduler.slot, () => this.takeIn())
    this.events = new Events({ scheduler, table, send: (slot, write) => this.sendEvent(slot, write) })
    this.stealing = new Stealing({
      scheduler,
      table,
      ring: (slot) => this.doorbell.ring(slot),
      reaches: (slot) => this.peers[slot] !== undefined
    })
    meshes.set(scheduler, this)
  }

  /** From now on others can wake this scheduler. */
  listen(): void {
    this.doorbell.listen()
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  route(slot: number, incarnation: number, signal: Signal): void {
    const peer = this.peers[slot]
    if (peer === undefined || peer.incarnation !== incarnation) return this.bounce(slot, signal)
    this.post(peer, signal)
  }

  private post(peer: Peer, signal: Signal): void {
    this.writer.reset()
    writeSignal(this.writer, signal)
    peer.channel.send(this.writer.bytes, this.writer.length)
    if (peer.dirty) return
    peer.dirty = true
    this.dirty.push(peer)
    // One publication and one doorbell a turn, however much was sent in it
    this.scheduler.arm()
  }

  routeSpawn(signal: SpawnSignal, call: PendingCall): void {
    const peer = this.peers[signal.slot]
    // A scheduler that is being emptied takes nobody new
    if (peer !== undefined && this.table.state(signal.slot) === "up") {
      this.underway[signal.slot] = (this.underway[signal.slot] ?? 0) + 1
      const learn = call.spawned
      call.spawned = (pid) => {
        this.underway[signal.slot] = Math.max(0, (this.underway[signal.slot] ?? 1) - 1)
        learn?.(pid)
      }
      return this.post(peer, signal)
    }
    if (signal.slot >= this.table.slots) return call.down(ExitReason.noProcess)
    // The slot is being refilled: whoever is placed there waits for it
    const waiting = this.held[signal.slot]
    if (waiting === undefined) this.held[signal.slot] = [{ signal, call }]
    else waiting.push({ signal, call })
  }

  private sendEvent(slot: number, write: (writer: ByteWriter) => void): boolean {
    const peer = this.peers[slot]
    if (peer === undefined || peer.channel.backlog > eventBacklog) return false
    this.post(peer, { _tag: "Event", write })
    return true
  }

  /** A signal for a scheduler that is gone is answered as OTP answers one for a lost node. Catalogue MC05, MC17. */
  private bounce(slot: number, signal: Signal): void {
    const { scheduler } = this
    const reason = this.peers[slot] === undefined ? ExitReason.schedulerDown(slot) : ExitReason.noProcess
    switch (signal._tag) {
      case "Message":
        if (signal.message instanceof IncomingCall) signal.message.replyTo.down(reason)
        scheduler.pending.get(signal.accepted)?.down(reason)
        break
      case "Link": {
        const record = scheduler.processes.get(signal.from.serial)
        if (record !== undefined) loseLink(record, signal.to, reason)
        break
      }
      case "Unlink":
        scheduler.processes.get(signal.from.serial)?.farLinks?.delete(keyOf(signal.to))
        break
      case "Monitor": {
        const record = scheduler.processes.get(signal.from.serial)
        if (record !== undefined) receiveDown(record, signal.to, signal.ref, reason)
        break
      }
      case "Query":
      case "DirectoryChange":
      case "DirectoryRequest":
        scheduler.pending.get(signal.call)?.down(reason)
        break
      default:
        // Answers, exits and DOWNs for processes that are gone have nobody to miss them
        break
    }
  }

  // --- taking in ---------------------------------------------------------------------------------------------------

  /** Something may have come from any peer. Runs as a task of its own, and no process's code with it. */
  private takeIn(): void {
    if (this.closed) return
    let more = false
    for (const peer of this.peers) {
      if (peer === undefined) continue
      this.receive(peer, batch)
      if (peer.channel.backlog > 0) this.markDirty(peer)
      if (peer.channel.hasInbound()) more = true
    }
    if (more) this.doorbell.ring(this.scheduler.slot)
    else this.stealing.seek()
  }

  private markDirty(peer: Peer): void {
    if (!peer.dirty) {
      peer.dirty = true
      this.dirty.push(peer)
    }
    this.scheduler.arm()
  }

  private receive(peer: Peer, max: number): void {
    peer.channel.receive((bytes, start, end) => {
      try {
        receiveSignal(this.scheduler, this.directory, peer, this.reader.over(bytes, start, end))
      } catch (error) {
        // One bad record must not lose the others
        this.report({ _tag: "RuntimeError", during: "a signal from another scheduler", error })
      }
    }, max)
  }

  endOfTurn(busy: number): void {
    const { dirty, scheduler, table } = this
    for (const peer of this.peers) if (peer?.channel.hasInbound() === true) this.receive(peer, batch)
    this.stealing.endOfTurn()
    if (dirty.length > 0) {
      for (const peer of dirty.splice(0)) {
        peer.dirty = false
        if (peer.channel.flush()) this.doorbell.ring(peer.slot)
      }
    }
    table.setLoad(scheduler.slot, scheduler.runQueueLength, scheduler.processes.size)
    table.addReductions(scheduler.slot, scheduler.reductions - this.reductions)
    this.reductions = scheduler.reductions
    this.busy += busy
    this.stealing.seek()
  }

  private busy = 0
  /** The scheduler's reductions when they were last written into the table. */
  private reductions = 0

  /** The milliseconds spent in turns since the last call. */
  takeBusy(): number {
    const { busy } = this
    this.busy = 0
    return busy
  }

  // --- coming and going --------------------------------------------------------------------------------------------

  /** A scheduler is up: its channel is connected. */
  connect(end: PeerEnd): void {
    const { slot, incarnation } = end
    const channel = new Channel({ out: end.out, in: end.in, port: end.port, onSpace: () => this.doorbell.ring(slot) })
    const peer: Peer = { slot, incarnation, channel, dirty: false }
    this.peers[slot] = peer
    this.underway[slot] = 0
    this.events.connected(slot)
    if (this.scheduler.slot === 0) this.directory.introduce(peer)
    for (const { call, signal } of this.held[slot]?.splice(0) ?? []) if (!call.settled) this.routeSpawn(signal, call)
    // It may have sent before it was connected here
    this.doorbell.ring(this.scheduler.slot)
  }

  /**
   * A scheduler is gone. What it had sent is taken in first; then its processes have exited with reason SchedulerDown,
   * for links, monitors and calls alike. Catalogue MC07, MC08.
   */
  disconnect(slot: number, incarnation: number): void {
    const peer = this.peers[slot]
    if (peer === undefined || peer.incarnation !== incarnation) return
    while (peer.channel.hasInbound()) this.receive(peer, batch)
    peer.channel.close()
    this.peers[slot] = undefined
    const { scheduler } = this
    const reason = ExitReason.schedulerDown(slot)
    const lost = (pid: Pid) => pid.slot === slot && pid.incarnation === incarnation
    this.directory.schedulerDown(slot, incarnation)
    for (const record of [...scheduler.processes.values()]) {
      for (const { pid } of record.farLinks?.values() ?? []) if (lost(pid)) loseLink(record, pid, reason)
      for (const { pid, ref } of MonitorEntry.monitorsOf(record)) if (lost(pid)) receiveDown(record, pid, ref, reason)
      for (const entry of MonitorEntry.watchersOf(record)) if (lost(entry.by)) unwatch(record, entry.ref)
    }
    // Starts that wait for the slot to be refilled were never sent
    const waiting = new Set(this.held[slot]?.map((start) => start.call))
    for (const call of [...scheduler.pending.values()]) if (call.slot === slot && !waiting.has(call)) call.down(reason)
  }

  place(placement: Placement): number {
    if (placement === "here" || placement === "any") return this.scheduler.slot
    if (placement === "least-loaded") return this.leastLoaded()
    return "scheduler" in placement ? placement.scheduler : placement.near.slot
  }

  /** The slot with the shortest run queue and the fewest processes. */
  private leastLoaded(): number {
    const own = this.scheduler.slot
    let best = own
    let least = this.loadOf(own)
    for (const peer of this.peers) {
      if (peer === undefined || this.table.state(peer.slot) !== "up") continue
      const load = this.loadOf(peer.slot)
      if (load < least) {
        best = peer.slot
        least = load
      }
    }
    return best
  }

  private loadOf(slot: number): number {
    const processes = slot === this.scheduler.slot ? this.scheduler.processes.size : this.table.processes(slot)
    // Something that waits to run weighs more than something that is only there
    return this.table.runQueue(slot) * 16 + processes + (this.underway[slot] ?? 0)
  }

  reserveSerials(): { readonly first: number; readonly count: number } {
    // Serial 0 is nobody's: it stands for senders that are no processes
    const first = this.table.reserveSerials(this.scheduler.slot)
    return first === 0 ? { first: 1, count: serialBlock - 1 } : { first, count: serialBlock }
  }

  offer(offer: Offer): void {
    this.stealing.offer(offer)
  }

  report(event: ProcessEvent | SchedulerEvent): void {
    this.events.report(event)
  }

  close(): void {
    // Its processes' last words, said in this very turn, are still to be published
    this.endOfTurn(0)
    this.closed = true
    this.doorbell.close()
    for (const peer of this.peers) peer?.channel.close()
  }
}
