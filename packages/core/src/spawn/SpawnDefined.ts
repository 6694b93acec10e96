/**
 * Starts processes of definitions, which any scheduler can run: on this scheduler, on the one of the placement, or on the
 * first idle one.
 */

import { names } from "../address/Directory.ts"
import { Name } from "../address/Name.ts"
import type { Pid } from "../address/Pid.ts"
import type { AwaitedStart } from "../address/Reply.ts"
import { limitOf } from "../base/Milliseconds.ts"
import type { PendingCall } from "../call/PendingCall.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import type { Definition } from "../process/Definition.ts"
import type { Host } from "../process/Host.ts"
import { StartingCall } from "../process/IncomingCall.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { SpawnSignal } from "../signal/Signal.ts"
import { type SpawnOptions, spawnHere, type Ties, tieParent } from "./Spawn.ts"

/** Options of a start; the name is one of the system or of a registry. */
export interface DefinedOptions extends SpawnOptions {
  readonly name?: string | Name | undefined
}

/** The parameters of a start of a definition. */
export interface DefinedSpawn extends Ties {
  readonly definition: Definition
  readonly args: unknown
  /** The parent, if that is a process of this scheduler. */
  readonly by: ProcessRecord | undefined
  readonly options: DefinedOptions | undefined
}

/** A start as a pending call. */
export interface SpawnCall extends PendingCall, Pick<AwaitedStart, "unwanted" | "leaves">, DefinedSpawn {
  /** Called with the new process's pid, before any other signal of that process. */
  begun(pid: Pid): void
}

/** The options that can leave the scheduler, if any is set. */
const portable = (options: SpawnOptions | undefined): SpawnSignal["options"] => {
  if (options === undefined) return undefined
  const { label, mailbox, mailboxLimit, priority, unwindTimeout } = options
  return (label ?? mailbox ?? mailboxLimit ?? priority ?? unwindTimeout) === undefined
    ? undefined
    : { label, mailbox, mailboxLimit, priority, unwindTimeout: limitOf(unwindTimeout, "unwindTimeout") }
}

const nameOf = (name: string | Name | undefined): Name | undefined =>
  typeof name === "string" ? new Name(names, name, undefined) : name

/** The options, with the definition's defaults. */
const optionsOf = ({ definition, options }: DefinedSpawn): SpawnOptions | undefined => {
  const mailbox = options?.mailbox ?? definition.mailbox
  const unwindTimeout = options?.unwindTimeout ?? definition.unwindTimeout
  return mailbox === options?.mailbox && unwindTimeout === options?.unwindTimeout
    ? options
    : { ...options, mailbox, unwindTimeout }
}

/** Starts a process of a definition on this scheduler. `call` is answered when its initialisation is over. */
export const spawnDefinedHere = (host: Host, spawn: DefinedSpawn, call: StartingCall): ProcessRecord => {
  const { by, definition } = spawn
  const body = definition.body(spawn.args, call, nameOf(spawn.options?.name))
  const record = spawnHere(host, body, definition.codec, spawn, optionsOf(spawn))
  record.kind = host.kindOf(definition)
  call.arrive(record)
  if (by !== undefined) tieParent(by, record.pid, spawn)
  return record
}

/** Starts a process of a definition where its placement says. `call` settles with the answer of the initialisation. */
export const spawnDefined = (host: Host, call: SpawnCall): void => {
  const { options } = call
  const on = options?.on ?? "here"
  if (on !== "any") {
    spawnOn(on === "here" ? host.slot : host.place(on), host, call)
    return
  }
  host.offer({
    priority: options?.priority ?? "normal",
    get abandoned() {
      return call.settled
    },
    start: (slot) => {
      if (!call.unwanted) return spawnOn(slot, host, call)
      call.down(ExitReason.noProcess)
      return undefined
    }
  })
}

const spawnOn = (slot: number, host: Host, call: SpawnCall): ProcessRecord | undefined => {
  if (slot === host.slot) {
    const record = spawnDefinedHere(host, call, new StartingCall(call))
    call.begun(record.pid)
    return record
  }
  const { ancestors, args, by, definition, link, monitor, options, parent } = call
  call.spawned = (pid) => {
    if (by !== undefined) tieParent(by, pid, call)
    call.begun(pid)
  }
  host.routeSpawn(
    {
      _tag: "Spawn",
      slot,
      from: { slot: host.slot, incarnation: host.incarnation },
      call: call.export(slot),
      definition: definition.name,
      writeArgs: (writer) => definition.args.encode(args, writer),
      parent,
      ancestors,
      link,
      monitor,
      name: nameOf(options?.name),
      options: portable(options)
    },
    call
  )
  return undefined
}
