/**
 * Signals as bytes: one record a signal. The first byte says which; pids, numbers and texts are written plainly, and
 * messages by the codec of the mailbox they are for.
 */
import type { ByteReader, ByteWriter } from "../process/Bytes.ts"
import type { ExitReason } from "../process/ExitReason.ts"
import { type Pid, PidImpl } from "../process/Pid.ts"
import type { Signal } from "../process/Signal.ts"

/** The first byte of a record. */
const tags: ReadonlyArray<Signal["_tag"]> = [
  "Message",
  "Exit",
  "Link",
  "Unlink",
  "UnlinkAck",
  "Monitor",
  "Demonitor",
  "Down",
  "Reply",
  "Spawn",
  "Spawned",
  "Query",
  "DirectoryChange",
  "DirectoryRequest",
  "Event"
]
const tagBytes = Object.fromEntries(tags.map((tag, byte) => [tag, byte])) as Record<Signal["_tag"], number>

/** Which signal the next record is. */
export const readTag = (reader: ByteReader): Signal["_tag"] => {
  const byte = reader.u8()
  const tag = tags[byte]
  if (tag === undefined) throw new RangeError(`no signal has the number ${byte}`)
  return tag
}

const writePid = (writer: ByteWriter, pid: Pid): void => {
  writer.varint(pid.slot)
  writer.varint(pid.incarnation)
  writer.varint(pid.serial)
}

/** Reads a pid. It carries no codec: who sends to it must have one. */
export const readPid = (reader: ByteReader): Pid => {
  const slot = reader.varint()
  const incarnation = reader.varint()
  return new PidImpl(slot, incarnation, reader.varint(), undefined)
}

const writePlace = (writer: ByteWriter, place: { readonly slot: number; readonly incarnation: number }): void => {
  writer.varint(place.slot)
  writer.varint(place.incarnation)
}

/** Reads where somebody is: a slot and its incarnation. */
export const readPlace = (reader: ByteReader): { readonly slot: number; readonly incarnation: number } => {
  const slot = reader.varint()
  return { slot, incarnation: reader.varint() }
}

const writeOptional = (writer: ByteWriter, text: string | undefined): void => {
  writer.u8(text === undefined ? 0 : 1)
  if (text !== undefined) writer.string(text)
}

/** Reads a text that may be missing. */
export const readOptional = (reader: ByteReader): string | undefined =>
  reader.u8() === 0 ? undefined : reader.string()

/** Reads an exit reason. */
export const readReason = (reader: ByteReader): ExitReason =>
  // Written by writeSignal on another scheduler of the same program
  reader.any() as ExitReason

/** Appends one signal. What it writes, `Inbound.ts` reads in the same order. */
export const writeSignal = (writer: ByteWriter, signal: Signal): void => {
  writer.u8(tagBytes[signal._tag])
  switch (signal._tag) {
    case "Message":
      writer.varint(signal.to.serial)
      writer.varint(signal.alias)
      writer.varint(signal.call)
      writer.varint(signal.accepted)
      writer.u8(signal.wait ? 1 : 0)
      signal.codec.encode(signal.message, writer)
      break
    case "Exit":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      writer.u8(signal.link ? 1 : 0)
      writer.any(signal.reason)
      break
    case "Link":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      break
    case "Unlink":
    case "UnlinkAck":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      writer.varint(signal.id)
      break
    case "Monitor":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      writer.varint(signal.ref)
      break
    case "Demonitor":
      writer.varint(signal.to.serial)
      writer.varint(signal.ref)
      break
    case "Down":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      writer.varint(signal.ref)
      writer.any(signal.reason)
      break
    case "Reply":
      writer.varint(signal.call)
      signal.write(writer)
      break
    case "Event":
      signal.write(writer)
      break
    case "Query":
      writer.varint(signal.subject)
      writer.string(signal.question)
      writePlace(writer, signal.from)
      writer.varint(signal.call)
      break
    case "Spawned":
      writer.varint(signal.call)
      writePid(writer, signal.pid)
      break
    case "Spawn":
      writePlace(writer, signal.from)
      writer.varint(signal.call)
      writer.string(signal.definition)
      writer.u8((signal.link ? 1 : 0) + (signal.parent === undefined ? 0 : 2))
      if (signal.parent !== undefined) writePid(writer, signal.parent)
      writer.varint(signal.ancestors.length)
      for (const ancestor of signal.ancestors) writePid(writer, ancestor)
      writer.varint(signal.monitor)
      writeOptional(writer, signal.name?.table)
      writeOptional(writer, signal.name?.key)
      writer.any(signal.options)
      signal.writeArgs(writer)
      break
    case "DirectoryChange":
    case "DirectoryRequest":
      writer.string(signal._tag === "DirectoryChange" ? signal.change : `${signal.request} ${signal.keys}`)
      writer.string(signal.table)
      writer.string(signal.key)
      writePid(writer, signal.pid)
      writer.any(signal.value)
      writer.varint(signal.call)
      writePlace(writer, signal.from)
      break
  }
}
