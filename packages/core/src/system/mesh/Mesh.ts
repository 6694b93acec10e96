/**
 * One scheduler's view of its system: the channels to the others, what is sent over them, and what happens when one of
 * them is gone. It is the scheduler's uplink; a system of one scheduler has a mesh without peers.
 */

import type { MessagePort } from "node:worker_threads"
import type { MessageCodec } from "../../address/MessageCodec.ts"
import { keyOf, type Pid } from "../../address/Pid.ts"
import type { AwaitedReply, AwaitedStart } from "../../address/Reply.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import type { Host, Offer, Placement } from "../../process/Host.ts"
import { IncomingCall } from "../../process/IncomingCall.ts"
import { loseLink, receiveDown } from "../../process/Lifecycle.ts"
import { unwatch } from "../../process/Monitors.ts"
import type { Scheduler } from "../../scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { Uplink } from "../../scheduler/Uplink.ts"
import type { EventLevel, ProcessEvent } from "../../signal/ProcessEvent.ts"
import type { Signal, SpawnSignal } from "../../signal/Signal.ts"
import { ByteReader, type ByteWriter } from "../../wire/Bytes.ts"
import { Events } from "../events/Events.ts"
import type { BusyWait } from "../load/BusyWait.ts"
import { Loads } from "../load/Loads.ts"
import { Stealing } from "../load/Stealing.ts"
import { ReplicatedDirectory } from "../names/Directory.ts"
import { Channel, type Link } from "../transport/Channel.ts"
import { Doorbell } from "../transport/Doorbell.ts"
import { Peer } from "../transport/Peer.ts"
import { type SharedTable, serialBlock } from "../transport/SharedTable.ts"
import { writeMessage, writeSignal } from "../transport/Wire.ts"
import { receiveSignal } from "./Inbound.ts"

/** One end of a connection, as it travels to the scheduler that will hold it. */
export interface PeerEnd {
  readonly slot: number
  readonly incarnation: number
  readonly out: SharedArrayBuffer
  readonly in: SharedArrayBuffer
  readonly port: MessagePort
}

interface HeldSpawn {
  readonly signal: SpawnSignal
  readonly call: AwaitedStart
}

/** Starts that wait for a slot to be refilled. */
interface HeldSpawns {
  starts: Array<HeldSpawn>
  /** With how many it is looked which of them were given up. */
  most: number
}

/** Fewer held starts than that are not worth a look. */
const fewestToSweep = 64

/** Records taken in from one peer before others get their turn. */
const batch = 1024

/**
 * So many bytes are shown to a peer before the turn ends: one that is awake can work on them meanwhile, while they are still
 * in the caches.
 */
const publishBytes = 1024
/** And so often before one that sleeps is woken for them: that costs as much as hundreds of messages. */
const publicationsPerWake = 16

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
  /** Those that something was sent to since; the first {@link dirtyCount} of it. An array that is emptied lets go of its memory. */
  private readonly dirty: Array<Peer> = []
  private dirtyCount = 0
  /** Starts by the slot that they wait for. */
  private readonly held: Array<HeldSpawns | undefined> = []
  private readonly loads: Loads
  private readonly doorbell: Doorbell
  private readonly busyWaiting: BusyWait
  /** Whether the doorbell listens: this scheduler sleeps, or is about to be woken by something else. */
  private listening = false
  /** Whether the doorbell rang since it sleeps. */
  private rung = false
  private closed = false

  constructor(scheduler: Scheduler, table: SharedTable, controls: Controls, busyWait: BusyWait) {
    this.scheduler = scheduler
    this.table = table
    this.controls = controls
    this.directory = new ReplicatedDirectory(scheduler, {
      all: () => this.peers.filter((peer) => peer !== undefined),
      none: () => this.peers.every((peer) => peer === undefined)
    })
    this.loads = new Loads(scheduler, table)
    this.busyWaiting = busyWait
    this.doorbell = new Doorbell(table.doorbells, scheduler.slot, () => this.woken())
    this.events = new Events({ scheduler, table, send: (slot, write) => this.sendEvent(slot, write) })
    this.stealing = new Stealing({
      scheduler,
      table,
      ring: (slot) => this.doorbell.ring(slot),
      publish: () => this.publish(),
      reaches: (slot) => this.peers[slot] !== undefined
    })
    meshes.set(scheduler, this)
  }

  /** From now on others can wake this scheduler. */
  listen(): void {
    this.listening = true
    this.doorbell.listen()
  }

  /** How often this scheduler has looked for signals before it slept, and what came of it. */
  get busyWaitCounts(): BusyWait["counts"] {
    return this.busyWaiting.counts
  }

  get slots(): number {
    return this.table.slots
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  route(slot: number, incarnation: number, signal: Signal): void {
    const peer = this.peers[slot]
    if (peer === undefined || peer.incarnation !== incarnation) return this.bounce(slot, signal)
    // A reader that sees that it has started counts on finding it in the table
    if (signal._tag === "Spawned") this.loads.show()
    this.post(peer, signal)
  }

  routeMessage(
    to: Pid,
    codec: MessageCodec,
    message: unknown,
    alias: number,
    call: number,
    accepted: number,
    wait: boolean
  ): void {
    const peer = this.peers[to.slot]
    if (peer === undefined || peer.incarnation !== to.incarnation) {
      return this.bounce(to.slot, { _tag: "Message", to, codec, message, alias, call, accepted, wait })
    }
    if (this.closed) return
    const writer = peer.begin()
    let whole = false
    try {
      writeMessage(writer, to, codec, message, alias, call, accepted, wait)
      whole = true
    } finally {
      peer.end(writer, whole)
    }
    this.sent(peer)
  }

  private post(peer: Peer, signal: Signal): void {
    if (this.closed) return
    const writer = peer.begin()
    let whole = false
    try {
      writeSignal(writer, signal)
      whole = true
    } finally {
      peer.end(writer, whole)
    }
    this.sent(peer)
  }

  /** One publication and one doorbell a turn, unless much is sent in it, or probably nothing else. */
  private sent(peer: Peer): void {
    if (peer.sent++ > 0) {
      if (peer.channel.unpublished >= publishBytes) this.showSome(peer)
      return
    }
    this.dirty[this.dirtyCount++] = peer
    if (peer.single) this.show(peer)
    this.scheduler.hasten()
  }

  routeSpawn(signal: SpawnSignal, call: AwaitedStart): void {
    const peer = this.peers[signal.slot]
    // A scheduler that is being emptied takes no new processes
    if (peer !== undefined && this.table.state(signal.slot) === "up") {
      this.loads.sent(signal.slot)
      call.leaves()
      return this.post(peer, signal)
    }
    if (signal.slot >= this.table.slots) return call.down(ExitReason.noProcess)
    // The slot is being refilled: starts that are placed there wait for it
    this.hold(signal, call)
  }

  private hold(signal: SpawnSignal, call: AwaitedStart): void {
    let held = this.held[signal.slot]
    if (held === undefined) {
      held = { starts: [], most: fewestToSweep }
      this.held[signal.slot] = held
    }
    held.starts.push({ signal, call })
    if (held.starts.length < held.most) return
    // Those that were given up leave together, when there are as many as were left the last time
    held.starts = held.starts.filter((start) => this.isWanted(start))
    held.most = Math.max(fewestToSweep, held.starts.length * 2)
  }

  /** Whether a start that was not sent still is to happen. If not, it is over. */
  private isWanted({ call }: HeldSpawn): boolean {
    if (!call.unwanted) return true
    call.down(ExitReason.noProcess)
    this.scheduler.pending.delete(call.id)
    return false
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
        scheduler.processes.get(signal.from.serial)?.remoteLinks?.delete(keyOf(signal.to))
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
        // Answers, exits and DOWNs for processes that are gone are dropped
        break
    }
  }

  // --- taking in ---------------------------------------------------------------------------------------------------

  /** The doorbell rang while this scheduler slept: a turn takes in the signals. */
  private woken(): void {
    if (this.closed) return
    this.rung = true
    this.scheduler.arm()
  }

  /** Takes in what came from all peers, a share of each. Whether there was anything. */
  private takeIn(): boolean {
    let any = false
    for (const peer of this.peers) {
      if (peer === undefined || !peer.channel.seemsInbound()) continue
      any = true
      this.receive(peer, batch)
    }
    return any
  }

  private receive(peer: Peer, max: number): void {
    try {
      peer.channel.receive(peer.take, max)
    } catch (error) {
      // One bad record must not lose the others: the next look goes on behind it
      this.report({ _tag: "RuntimeError", during: "a signal from another scheduler", error })
    }
  }

  // --- turns -------------------------------------------------------------------------------------------------------

  beginTurn(): void {
    if (!this.listening) return
    this.listening = false
    this.doorbell.pause()
    this.busyWaiting.woken(this.rung ? this.doorbell.rungAfter : undefined)
    this.rung = false
  }

  exchange(): boolean {
    this.stealing.share()
    this.publish()
    const came = this.takeIn()
    if (!this.closed) this.stealing.seek()
    return came
  }

  /** In the middle of a turn. */
  private showSome(peer: Peer): void {
    if (++peer.publications < publicationsPerWake) peer.channel.publish()
    else this.show(peer)
  }

  /** What was sent to a peer so far becomes visible to it, and it is woken for it. */
  private show(peer: Peer): void {
    peer.publications = 0
    if (peer.channel.flush()) this.doorbell.wake(peer.slot)
  }

  private publish(): void {
    const { dirty, dirtyCount } = this
    if (dirtyCount === 0) return
    let waiting = 0
    for (let at = 0; at < dirtyCount; at++) {
      const peer = dirty[at] as Peer
      this.show(peer)
      // What its ring has no room for is tried again each time; its reader rings when there is room
      if (peer.channel.backlog > 0) dirty[waiting++] = peer
      else {
        peer.single = peer.sent === 1
        peer.sent = 0
      }
    }
    this.dirtyCount = waiting
  }

  busyWait(until: number): boolean {
    // A scheduler that waits for room in a ring is rung when there is some
    if (!this.closed && this.dirtyCount === 0) return this.busyWaiting.wait(this.look, until, this.idle)
    this.busyWaiting.stop()
    return false
  }

  private readonly look = (): boolean => this.takeIn()

  /** There is nothing to do here: others see that. */
  private readonly idle = (): void => this.loads.show()

  get waited(): number {
    return this.busyWaiting.waited
  }

  endOfTurn(busy: number): boolean {
    const { scheduler, table } = this
    this.stealing.endOfTurn()
    this.exchange()
    // What was taken in is answered without waiting for the next turn
    this.publish()
    this.loads.show()
    table.addReductions(scheduler.slot, scheduler.reductions - this.reductions)
    this.reductions = scheduler.reductions
    this.busy += busy
    if (this.closed || scheduler.runQueueLength > 0) return false
    // The event loop had to have its share; looking goes on after that
    if (this.busyWaiting.waiting) return true
    this.doorbell.answer()
    this.stealing.seek()
    this.publish()
    this.doorbell.listen()
    // A scheduler that publishes looks at the doorbell after that; here the channels are looked at after it listens. So one of the two
    // sees the other, and no ring is needed at a scheduler that is awake
    for (const peer of this.peers) {
      if (peer === undefined || !peer.channel.hasInbound()) continue
      this.doorbell.pause()
      return true
    }
    this.busyWaiting.sleep()
    this.listening = true
    return false
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
    const { slot } = end
    const onSpace = () => this.doorbell.ring(slot)
    this.join(end, new Channel({ out: end.out, in: end.in, port: end.port, onSpace }))
  }

  /** A scheduler is up, and `link` leads to it. What it is known as here. */
  join({ incarnation, slot }: { readonly slot: number; readonly incarnation: number }, link: Link): Peer {
    const reader = new ByteReader()
    const peer = new Peer(slot, incarnation, link)
    peer.take = (bytes, start, end) =>
      receiveSignal(this.scheduler, this.directory, peer, reader.wrap(bytes, start, end))
    peer.started = () => this.loads.seen(slot)
    this.peers[slot] = peer
    this.loads.reset(slot)
    this.events.connected(slot)
    if (this.scheduler.slot === 0) this.directory.introduce(peer)
    const waiting = this.held[slot]?.starts ?? []
    this.held[slot] = undefined
    for (const start of waiting) if (this.isWanted(start)) this.routeSpawn(start.signal, start.call)
    // It may have sent before it was connected here
    this.doorbell.ring(this.scheduler.slot)
    return peer
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
      for (const { pid } of record.remoteLinks?.values() ?? []) if (lost(pid)) loseLink(record, pid, reason)
      for (const { pid, ref } of scheduler.monitors.monitorsOf(record))
        if (lost(pid)) receiveDown(record, pid, ref, reason)
      for (const entry of scheduler.monitors.watchersOf(record)) if (lost(entry.by)) unwatch(record, entry.ref)
    }
    // Starts that wait for the slot to be refilled were never sent
    const waiting = new Set<AwaitedReply>(this.held[slot]?.starts.map((start) => start.call))
    for (const call of [...scheduler.pending.values()]) if (call.slot === slot && !waiting.has(call)) call.down(reason)
  }

  place(placement: Placement): number {
    if (placement === "here" || placement === "any") return this.scheduler.slot
    if (placement === "least-loaded") return this.loads.least((slot) => this.peers[slot] !== undefined)
    return "scheduler" in placement ? placement.scheduler : placement.near.slot
  }

  reserveSerials(): { readonly first: number; readonly count: number } {
    // Serial 0 is no process: it stands for senders outside of processes
    const first = this.table.reserveSerials(this.scheduler.slot)
    return first === 0 ? { first: 1, count: serialBlock - 1 } : { first, count: serialBlock }
  }

  offer(offer: Offer): void {
    this.stealing.offer(offer)
    this.scheduler.hasten()
  }

  report(event: ProcessEvent | SchedulerEvent): void {
    this.events.report(event)
  }

  isHeard(level: EventLevel): boolean {
    return this.events.isHeard(level)
  }

  close(): void {
    // Its processes' last words, said in this very turn, are still to be published. A scheduler that ends asks for no starts
    this.publish()
    this.takeIn()
    this.closed = true
    this.doorbell.close()
    for (const peer of this.peers) peer?.channel.close()
  }
}
