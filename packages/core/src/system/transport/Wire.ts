/**
 * Signals as bytes: one record a signal. The first byte says which, and for messages what they have; pids, numbers and texts are written plainly, and
 * messages by the codec of the mailbox they are for.
 */
import type { MessageCodec } from "../../address/MessageCodec.ts"
import { type Pid, PidImpl } from "../../address/Pid.ts"
import { writeReason } from "../../exit/ReasonBytes.ts"
import type { Signal } from "../../signal/Signal.ts"
import type { ByteReader, ByteWriter } from "../../wire/Bytes.ts"
import { writeAny } from "../../wire/Portable.ts"
import type { TextDictionary } from "../../wire/TextDictionary.ts"

/** Which signal a record is: the low four bits of its first byte. */
export const tag = {
  Message: 0,
  Exit: 1,
  Link: 2,
  Unlink: 3,
  UnlinkAck: 4,
  Monitor: 5,
  Demonitor: 6,
  Down: 7,
  Reply: 8,
  Spawn: 9,
  Spawned: 10,
  Query: 11,
  DirectoryChange: 12,
  DirectoryRequest: 13,
  Event: 14
} as const satisfies Record<Exclude<Signal["_tag"], "Abandon">, number>

/** No signal: a text that those after it have by its number. */
export const textTag = 15

/** The bits of a first byte that say which signal it is. */
export const tagMask = 15
// The high four bits say what a message has beside its receiver: most have nothing
/** It is sent through an alias, whose number follows. */
export const hasAlias = 16
/** It is a call, whose number follows. */
export const hasCall = 32
/** Its sender wants to know that it is in, under a number that follows. */
export const wantsOutcome = 64
/** It waits for room in a full mailbox. */
export const waits = 128

/** A call is also a temporary monitor: the end of one is written as that of a monitor, with this bit. */
export const ofCall = 16

// What a start's flags say of it
/** It is linked to its parent. */
export const isLinked = 1
/** It has a parent. */
export const hasParent = 2
/** Some of its options are set: most starts have none. */
export const hasOptions = 4

const writePid = (writer: ByteWriter, pid: Pid): void => {
  writer.varint(pid.slot)
  writer.varint(pid.incarnation)
  writer.varint(pid.serial)
}

/** Reads a pid. It carries no codec: its sender must have one. */
export const readPid = (reader: ByteReader): Pid => {
  const slot = reader.varint()
  const incarnation = reader.varint()
  return new PidImpl(slot, incarnation, reader.varint(), undefined)
}

const writePlace = (writer: ByteWriter, place: { readonly slot: number; readonly incarnation: number }): void => {
  writer.varint(place.slot)
  writer.varint(place.incarnation)
}

/** Reads a place: a slot and its incarnation. */
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

/** Appends a message; see `MessageSignal`. */
export const writeMessage = (
  writer: ByteWriter,
  to: Pid,
  codec: MessageCodec,
  message: unknown,
  alias: number,
  call: number,
  accepted: number,
  wait: boolean
): void => {
  writer.u8(
    tag.Message |
      (alias === 0 ? 0 : hasAlias) |
      (call === 0 ? 0 : hasCall) |
      (accepted === 0 ? 0 : wantsOutcome) |
      (wait ? waits : 0)
  )
  writer.varint(to.serial)
  if (alias !== 0) writer.varint(alias)
  if (call !== 0) writer.varint(call)
  if (accepted !== 0) writer.varint(accepted)
  codec.encode(message, writer)
}

/** Appends the text that is due. */
export const writeText = (writer: ByteWriter, texts: TextDictionary): void => {
  writer.u8(textTag)
  writer.defineText(texts)
}

/** Appends one signal. What it writes, `Inbound.ts` reads in the same order. */
export const writeSignal = (writer: ByteWriter, signal: Signal): void => {
  if (signal._tag === "Message") {
    const { accepted, alias, call, codec, message, to, wait } = signal
    return writeMessage(writer, to, codec, message, alias, call, accepted, wait)
  }
  if (signal._tag === "Reply") {
    writer.u8(tag.Reply)
    writer.varint(signal.call)
    return signal.write(writer)
  }
  if (signal._tag === "Abandon") {
    writer.u8(tag.Demonitor | ofCall)
    writer.varint(signal.to.serial)
    return writer.varint(signal.call)
  }
  writer.u8(tag[signal._tag])
  switch (signal._tag) {
    case "Exit":
      writer.varint(signal.to.serial)
      writePid(writer, signal.from)
      writer.u8(signal.link ? 1 : 0)
      writeReason(writer, signal.reason)
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
      writeReason(writer, signal.reason)
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
      writer.u8(
        (signal.link ? isLinked : 0) |
          (signal.parent === undefined ? 0 : hasParent) |
          (signal.options === undefined ? 0 : hasOptions)
      )
      if (signal.parent !== undefined) writePid(writer, signal.parent)
      writer.varint(signal.ancestors.length)
      for (const ancestor of signal.ancestors) writePid(writer, ancestor)
      writer.varint(signal.monitor)
      writeOptional(writer, signal.name?.table)
      writeOptional(writer, signal.name?.key)
      if (signal.options !== undefined) writeAny(writer, signal.options)
      signal.writeArgs(writer)
      break
    case "DirectoryChange":
    case "DirectoryRequest":
      writer.string(signal._tag === "DirectoryChange" ? signal.change : `${signal.request} ${signal.keys}`)
      writer.string(signal.table)
      writer.string(signal.key)
      writePid(writer, signal.pid)
      writeAny(writer, signal.value)
      writer.varint(signal.call)
      writePlace(writer, signal.from)
      break
  }
}
