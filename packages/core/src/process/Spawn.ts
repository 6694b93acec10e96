/**
 * Starting processes: here, or on another scheduler by the name of a definition both know.
 */
import { IncomingCall, type PendingCall } from "./Call.ts"
import type { Definition } from "./Definition.ts"
import * as ExitReason from "./ExitReason.ts"
import { type Host, names, type Placement, type Priority } from "./Host.ts"
import { sendExit } from "./Lifecycle.ts"
import { receiveLink } from "./Links.ts"
import type { Bounds, MailboxLimit } from "./Mailbox.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { watch } from "./Monitors.ts"
import { Name } from "./Name.ts"
import { type Pid, PidImpl } from "./Pid.ts"
import { type Body, ProcessRecord } from "./ProcessRecord.ts"

/** How a process is started. */
export interface SpawnOptions {
  /** Where. Default `"here"`. A closure can only run here; definitions run anywhere. */
  readonly on?: Placement | undefined
  /** Default `"normal"`. */
  readonly priority?: Priority | undefined
  /** A name for people, in reports and process lists. */
  readonly label?: string | undefined
  /** The bound of its mailbox. Default: none. */
  readonly mailbox?: Bounds | undefined
  /**
   * What happens when more than `length` messages wait, unlike a bound without loss. Default: a report when it is more than
   * the system's `monitor.longMailbox`.
   */
  readonly mailboxLimit?: MailboxLimit | undefined
}

/** What ties a new process to the one that starts it, from the first instant on. Catalogue L14, MC04. */
export interface Ties {
  readonly parent: Pid | undefined
  readonly ancestors: ReadonlyArray<Pid>
  readonly link: boolean
  /** The parent's monitor, or 0. */
  readonly monitor: number
}

/** Nobody started it, nothing is linked. */
const untied: Ties = { parent: undefined, ancestors: [], link: false, monitor: 0 }

/** A child's place in the tree of who started whom. */
export const lineage = (parent: ProcessRecord | undefined): Ties =>
  parent === undefined ? untied : { ...untied, parent: parent.pid, ancestors: parent.lineage }

/** Makes a process on this scheduler and puts it into the run queue. None of its code has run when this returns. */
export const spawnHere = (
  host: Host,
  body: Body,
  codec: MessageCodec,
  ties: Ties,
  options: SpawnOptions | undefined
): ProcessRecord => {
  const pid = new PidImpl(host.slot, host.incarnation, host.nextSerial(), codec)
  const record = new ProcessRecord(
    pid,
    host,
    body,
    ties.ancestors,
    options?.priority ?? "normal",
    options?.label,
    options?.mailbox,
    options?.mailboxLimit
  )
  pid.record = record
  host.processes.add(pid.serial, record)
  if (ties.parent !== undefined) {
    if (ties.link) receiveLink(record, ties.parent)
    if (ties.monitor !== 0) watch(record, ties.parent, ties.monitor)
  }
  record.wake()
  return record
}

/** The parent's side of a tie to a process that was started: here at once, elsewhere when its pid is known. */
export const tieParent = (parent: ProcessRecord, child: Pid, ties: Ties): void => {
  if (parent.status === "dead") {
    // It died while its child was being started elsewhere: the child's side of the link is there and must break
    if (ties.link) sendExit(parent.host, child, parent.pid, parent.exitReason ?? ExitReason.noProcess, true)
    return
  }
  if (ties.link) receiveLink(parent, child)
  if (ties.monitor !== 0) {
    parent.monitors ??= new Map()
    parent.monitors.set(ties.monitor, { pid: child, name: undefined })
  }
}

/** What a process of a definition is started with. */
export interface DefinedSpawn {
  readonly definition: Definition
  readonly args: unknown
  readonly ties: Ties
  readonly parent: ProcessRecord | undefined
  readonly options: (SpawnOptions & { readonly name?: string | Name | undefined }) | undefined
}

/** The options that are set and can leave the scheduler. */
const portable = (options: SpawnOptions | undefined): Omit<SpawnOptions, "on"> => {
  const { label, mailbox, mailboxLimit, priority } = options ?? {}
  return { label, mailbox, mailboxLimit, priority }
}

const nameOf = (name: string | Name | undefined): Name | undefined =>
  typeof name === "string" ? new Name(names, name, undefined) : name

/** Starts a process of a definition on this scheduler. `call` is answered when its initialisation is over. */
export const spawnDefinedHere = (host: Host, spawn: DefinedSpawn, call: IncomingCall | undefined): ProcessRecord => {
  const { args, definition, options, ties } = spawn
  const body = definition.body(args, call, nameOf(options?.name))
  const record = spawnHere(host, body, definition.codec, ties, {
    ...options,
    mailbox: options?.mailbox ?? definition.mailbox
  })
  record.kind = host.kindOf(definition)
  call?.arrive(record)
  if (spawn.parent !== undefined) tieParent(spawn.parent, record.pid, spawn.ties)
  return record
}

/** Starts a process of a definition wherever its placement says. `pending` settles with what initialisation answers. */
export const spawnDefined = (host: Host, spawn: DefinedSpawn, pending: PendingCall): void => {
  const on = spawn.options?.on ?? "here"
  if (on !== "any") {
    spawnDefinedOn(host.place(on), host, spawn, pending)
    return
  }
  host.offer({
    priority: spawn.options?.priority ?? "normal",
    get abandoned() {
      return pending.settled
    },
    start: (slot) => spawnDefinedOn(slot, host, spawn, pending)
  })
}

const spawnDefinedOn = (
  slot: number,
  host: Host,
  spawn: DefinedSpawn,
  pending: PendingCall
): ProcessRecord | undefined => {
  if (slot === host.slot) {
    const record = spawnDefinedHere(host, spawn, new IncomingCall(pending))
    pending.spawned?.(record.pid)
    return record
  }
  const { args, definition, options, parent, ties } = spawn
  const learn = pending.spawned
  pending.spawned = (pid) => {
    if (parent !== undefined) tieParent(parent, pid, ties)
    learn?.(pid)
  }
  const call = pending.export(slot)
  host.routeSpawn(
    {
      _tag: "Spawn",
      slot,
      from: { slot: host.slot, incarnation: host.incarnation },
      call,
      definition: definition.name,
      writeArgs: (writer) => definition.args.encode(args, writer),
      parent: ties.parent,
      ancestors: ties.ancestors,
      link: ties.link,
      monitor: ties.monitor,
      name: nameOf(options?.name),
      options: portable(options)
    },
    pending
  )
  return undefined
}
