/**
 * What a signal from another scheduler does here. Each is read to its end before anything is done, and then does what
 * the same step between two processes of this scheduler would do.
 */

import * as Exit from "effect/Exit"
import { Name } from "../../address/Name.ts"
import { outside, type Pid, PidImpl } from "../../address/Pid.ts"
import type { AnswerCodec } from "../../address/Reply.ts"
import { messageOf } from "../../base/Foreign.ts"
import { type Outcome, writeOutcome } from "../../call/Offer.ts"
import { answer } from "../../call/Query.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import { readReason } from "../../exit/ReasonBytes.ts"
import { abandonCall, accept, admitThrough, refuse, waitForRoom } from "../../process/Delivery.ts"
import type { Host } from "../../process/Host.ts"
import { RemoteCaller, RemoteReply, StartingCall } from "../../process/IncomingCall.ts"
import { receiveDown, receiveExit, receiveLinkExit, sendExit } from "../../process/Lifecycle.ts"
import { receiveLink, receiveUnlink, receiveUnlinkAck } from "../../process/Links.ts"
import { unwatch, watch } from "../../process/Monitors.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import { InvalidMessage } from "../../schema/InvalidMessage.ts"
import { writeDown } from "../../signal/Answer.ts"
import type { Question } from "../../signal/Question.ts"
import type { DirectoryChangeSignal, DirectoryRequestSignal, SpawnSignal } from "../../signal/Signal.ts"
import { spawnDefinedHere } from "../../spawn/SpawnDefined.ts"
import { startedCodec } from "../../spawn/StartDefinition.ts"
import { StartError } from "../../spawn/StartError.ts"
import type { ByteReader, ByteWriter } from "../../wire/Bytes.ts"
import { readAny, writeAny } from "../../wire/Portable.ts"
import { eventsOf } from "../events/Events.ts"
import type { ReplicatedDirectory } from "../names/Directory.ts"
import {
  hasAlias,
  hasCall,
  hasOptions,
  hasParent,
  isLinked,
  ofCall,
  readOptional,
  readPid,
  readPlace,
  tag,
  tagMask,
  textTag,
  waits,
  wantsOutcome
} from "../transport/Wire.ts"

type Place = { readonly slot: number; readonly incarnation: number }

/** Another scheduler. */
interface Sender extends Place {
  /** A start that was sent to it has happened. */
  readonly started: () => void
}

/** Takes in one record that `sender` wrote. */
export const receiveSignal = (host: Host, directory: ReplicatedDirectory, sender: Sender, reader: ByteReader): void => {
  const first = reader.u8()
  const kind = first & tagMask
  switch (kind) {
    case tag.Message:
      return message(host, sender, first, reader)
    case tag.Reply: {
      const call = host.pending.get(reader.varint())
      // An answer without a waiting caller is dropped
      return call?.receive(reader)
    }
    case tag.Spawned: {
      const call = host.pending.get(reader.varint())
      const pid = readPid(reader)
      sender.started()
      if (call?.spawned !== undefined) return call.spawned(pid)
      // Its time was over before it could be known: it is ended here, and nowhere else
      return sendExit(host, pid, outside(host), ExitReason.kill, false)
    }
    case tag.Spawn:
      return spawn(host, reader)
    case tag.Query: {
      const subject = reader.varint()
      // Written by writeSignal from this very type, on another scheduler of the same program
      const question = reader.string() as Question
      const from = readPlace(reader)
      const call = reader.varint()
      const reply = answer(host, question, subject)
      return host.route(from.slot, from.incarnation, {
        _tag: "Reply",
        ...from,
        call,
        write: (writer) => writeAny(writer, reply)
      })
    }
    case tag.Event:
      return eventsOf(host).receive(reader)
    case textTag:
      return reader.readDefinition()
    case tag.DirectoryChange:
      return changeDirectory(directory, "DirectoryChange", reader)
    case tag.DirectoryRequest:
      return changeDirectory(directory, "DirectoryRequest", reader)
    default:
      return toProcess(host, first, reader.varint(), reader)
  }
}

const toProcess = (host: Host, first: number, serial: number, reader: ByteReader): void => {
  const record = host.processes.get(serial)
  switch (first) {
    case tag.Exit: {
      const from = readPid(reader)
      const link = reader.u8() === 1
      const reason = readReason(reader)
      if (record === undefined) return
      return link ? receiveLinkExit(record, from, reason) : receiveExit(record, from, reason, false)
    }
    case tag.Link: {
      const from = readPid(reader)
      if (record?.isRunning === true) return receiveLink(record, from)
      return host.route(from.slot, from.incarnation, {
        _tag: "Exit",
        to: from,
        from: gone(host, serial),
        reason: ExitReason.noProcess,
        link: true
      })
    }
    case tag.Unlink: {
      const from = readPid(reader)
      const id = reader.varint()
      if (record !== undefined) receiveUnlink(record, from)
      return host.route(from.slot, from.incarnation, { _tag: "UnlinkAck", to: from, from: gone(host, serial), id })
    }
    case tag.UnlinkAck: {
      const from = readPid(reader)
      const id = reader.varint()
      if (record !== undefined) receiveUnlinkAck(record, from, id)
      return
    }
    case tag.Monitor: {
      const from = readPid(reader)
      const ref = reader.varint()
      if (record !== undefined) return watch(record, from, ref)
      return host.route(from.slot, from.incarnation, {
        _tag: "Down",
        to: from,
        from: gone(host, serial),
        ref,
        reason: ExitReason.noProcess
      })
    }
    case tag.Demonitor:
      if (record !== undefined) unwatch(record, reader.varint())
      return
    case tag.Demonitor | ofCall:
      if (record !== undefined) abandonCall(record, reader.varint())
      return
    case tag.Down: {
      const from = readPid(reader)
      const ref = reader.varint()
      const reason = readReason(reader)
      if (record !== undefined) receiveDown(record, from, ref, reason)
      return
    }
    default:
      throw new RangeError(`no signal has the number ${first}`)
  }
}

/** The pid a signal was for, when its process is gone. */
const gone = (host: Host, serial: number): Pid => new PidImpl(host.slot, host.incarnation, serial, undefined)

const message = (host: Host, sender: Place, flags: number, reader: ByteReader): void => {
  const record = host.processes.get(reader.varint())
  const alias = (flags & hasAlias) === 0 ? 0 : reader.varint()
  const call = (flags & hasCall) === 0 ? 0 : reader.varint()
  const accepted = (flags & wantsOutcome) === 0 ? 0 : reader.varint()
  const codec = record?.pid.codec
  if (record === undefined || codec === undefined || !record.isRunning) {
    const reason = record?.exitReason ?? ExitReason.noProcess
    if (call !== 0) reply(host, sender, call, (writer) => writeDown(reason, writer))
    return became(host, sender, accepted, "gone")
  }
  const caller = call === 0 ? undefined : new RemoteCaller(host, sender, call)
  let value: unknown
  try {
    value = codec.decode(reader, caller)
  } catch (error) {
    refuse(record, caller?.reply(unanswered), error)
    return became(host, sender, accepted, "refused")
  }
  if (alias !== 0 && !admitThrough(record, alias)) return became(host, sender, accepted, "gone")
  if (accept(record, value)) return became(host, sender, accepted, "accepted")
  if ((flags & waits) === 0) return became(host, sender, accepted, "full")
  wait(host, sender, record, value, accepted)
}

/** Apart, so that messages that find room need no closures. */
const wait = (host: Host, sender: Place, record: ProcessRecord, value: unknown, accepted: number): void => {
  waitForRoom(
    record,
    value,
    accepted,
    () => became(host, sender, accepted, "accepted"),
    () => became(host, sender, accepted, "gone")
  )
}

/** What is told of a call that cannot be answered needs no schema. */
const nothing: AnswerCodec["success"] = { encode: () => undefined, decode: () => undefined }
const unanswered: AnswerCodec = { success: nothing, error: nothing }

const reply = (host: Host, to: Place, call: number, write: (writer: ByteWriter) => void): void => {
  const { incarnation, slot } = to
  host.route(slot, incarnation, { _tag: "Reply", slot, incarnation, call, write })
}

/** Tells the sender what became of its message, if it wants to know. */
const became = (host: Host, sender: Place, accepted: number, outcome: Outcome): void => {
  if (accepted !== 0) reply(host, sender, accepted, (writer) => writeOutcome(outcome, writer))
}

const spawn = (host: Host, reader: ByteReader): void => {
  const from = readPlace(reader)
  const call = reader.varint()
  const name = reader.string()
  const flags = reader.u8()
  const parent = (flags & hasParent) === 0 ? undefined : readPid(reader)
  const ancestors: Array<Pid> = []
  for (let left = reader.varint(); left > 0; left--) ancestors.push(readPid(reader))
  const monitor = reader.varint()
  const table = readOptional(reader)
  const key = readOptional(reader)
  const registered = table === undefined || key === undefined ? undefined : new Name(table, key, undefined)
  // Written by writeSignal from these very options, on another scheduler of the same program
  const given = (flags & hasOptions) === 0 ? undefined : (readAny(reader) as SpawnSignal["options"])
  const started = new StartingCall(new RemoteReply(host, startedCodec, from.slot, from.incarnation, call))
  const definition = host.definition(name)
  if (definition === undefined) {
    return started.replyTo.answer(Exit.fail(new StartError({ contract: name, problem: "unknown-contract" })))
  }
  const link = (flags & isLinked) !== 0
  let args: unknown
  try {
    args = definition.args.decode(reader)
  } catch (error) {
    // Its starter need not wait for what will not come
    return started.replyTo.answer(Exit.die(new InvalidMessage({ target: `${name} args`, problem: messageOf(error) })))
  }
  const options = { ...given, name: registered }
  const record = spawnDefinedHere(
    host,
    { definition, args, parent, ancestors, link, monitor, by: undefined, options },
    started
  )
  host.route(from.slot, from.incarnation, { _tag: "Spawned", ...from, call, pid: record.pid })
}

const changeDirectory = (
  directory: ReplicatedDirectory,
  tag: "DirectoryChange" | "DirectoryRequest",
  reader: ByteReader
): void => {
  const what = reader.string()
  const table = reader.string()
  const key = reader.string()
  const pid = readPid(reader)
  const value = readAny(reader)
  const call = reader.varint()
  const from = readPlace(reader)
  if (tag === "DirectoryChange") {
    // Written by writeSignal from these very types, on another scheduler of the same program
    const change = what as DirectoryChangeSignal["change"]
    return directory.receiveChange({ _tag: tag, change, table, key, pid, value, call, from })
  }
  const [request, keys] = what.split(" ") as [DirectoryRequestSignal["request"], DirectoryRequestSignal["keys"]]
  directory.receiveRequest({ _tag: tag, request, keys, table, key, pid, value, call, from })
}
