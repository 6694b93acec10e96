/**
 * The codec of a mailbox whose messages are described by one schema: that of processes without a contract, and of a server's plain
 * messages.
 */

import type * as Schema from "effect/Schema"
import { ContractId } from "../address/ContractId.ts"
import { anotherContract, type MessageCodec, Misdirected, noContract } from "../address/MessageCodec.ts"
import { messageOf } from "../base/Foreign.ts"
import { InvalidMessage } from "../schema/InvalidMessage.ts"
import {
  accepts,
  acceptsMessage,
  addMailboxSchema,
  codecOfLayout,
  type ValueCodec,
  valueCodec
} from "../schema/ValueCodec.ts"
import { ByteReader, ByteWriter } from "../wire/Bytes.ts"

const codecs = new WeakMap<object, MessageCodec>()

/** The codec of a mailbox whose messages are described by one schema. */
export const fromSchema = (schema: Schema.Top): MessageCodec => {
  // Processes are mostly spawned many of a kind
  if (schema === lastSchema) return lastCodec
  let made = codecs.get(schema)
  if (made === undefined) {
    made = makeCodec(schema)
    codecs.set(schema, made)
    addMailboxSchema(schema)
  }
  lastSchema = schema
  lastCodec = made
  return made
}

let lastSchema: object | undefined
// Set with lastSchema
let lastCodec!: MessageCodec

/** What a plain message's bytes begin with, from every codec: a server with plain messages reads them as a raw process. */
export const plainKind = 2
/** The same, where its sender knows the mailbox by a schema of its own; the layout of that follows. */
const partKind = 4

/** Whether a plain message begins so. */
export const isPlain = (kind: number): boolean => kind === plainKind || kind === partKind

/** Reads what stands behind its kind, for a mailbox of `codec`'s schema. */
export const readPlain = (codec: ValueCodec, kind: number, reader: ByteReader): unknown => {
  if (kind === partKind) return readPart(codec, reader)
  const message = codec.decode(reader)
  reader.finish()
  return message
}

/** Pids say what may be sent to them, which need not be all that may be: so it may be written by another schema. */
const readPart = (codec: ValueCodec, reader: ByteReader): unknown => {
  const layout = reader.u32()
  const writtenBy = layout === codec.layout() ? codec : codecOfLayout(layout)
  if (writtenBy === undefined) throw new RangeError("it is of a schema that its receiver's scheduler does not know")
  const message = writtenBy.decode(reader)
  reader.finish()
  if (writtenBy !== codec && !accepts(codec, message)) throw new TypeError(codec.explain(message))
  return message
}

/** Appends a plain message whose receiver may know it by another schema: its layout comes first. */
export const writePart = (codec: ValueCodec, message: unknown, writer: ByteWriter): void => {
  writer.u8(partKind)
  writer.u32(codec.layout())
  codec.encode(message, writer)
}

/** A message that was made for another mailbox on the same scheduler, as bytes. */
export const written = (message: unknown, from: MessageCodec): ByteReader => {
  const writer = new ByteWriter()
  const part = from.part ?? from
  part.encode(message, writer)
  return new ByteReader().wrap(writer.bytes, writer.start, writer.length)
}

/**
 * A plain message that was checked by another schema, as a mailbox of `codec`'s schema takes it. One with instances of classes goes by
 * bytes: its sender's module may be another evaluation of the receiver's. Throws what `check` throws when the mailbox does not take it.
 */
export const adoptPlain = (
  message: unknown,
  from: MessageCodec,
  codec: ValueCodec,
  check: (message: unknown) => void
): unknown => {
  if (codec.hasInstances()) {
    try {
      const reader = written(message, from)
      return readPlain(codec, reader.u8(), reader)
    } catch {
      // It cannot leave its scheduler, say: it may be taken as it is
    }
  }
  check(message)
  return message
}

const makeCodec = (schema: Schema.Top): MessageCodec => {
  let codec: ValueCodec | undefined
  // A mailbox schema may be recursive through `Process.pid(schema)`, so it is looked at on first use
  const of = () => (codec ??= valueCodec(schema))
  const check = (message: unknown) => {
    const values = of()
    if (!acceptsMessage(values, message)) {
      throw new InvalidMessage({ target: "a process", problem: values.explain(message) })
    }
  }
  const isPlainMessage = () => true
  const misdirected = (contract: string | undefined) =>
    new Misdirected(
      noContract,
      `a message of ${contract ?? anotherContract} reached ${noContract}, which takes plain messages only`
    )
  const decode = (reader: ByteReader) => {
    const kind = reader.u8()
    // Behind its kind, a message that is not plain has the key of its contract
    if (!isPlain(kind)) throw misdirected(ContractId.nameOf(reader.u32()))
    try {
      return readPlain(of(), kind, reader)
    } catch (error) {
      throw new InvalidMessage({
        target: "a process",
        problem: messageOf(error)
      })
    }
  }
  const adopt = (message: unknown, from: MessageCodec) => {
    if (!from.isPlain(message)) throw misdirected(from.contract?.name)
    // Of the very same schema
    return from === part || from === whole ? message : adoptPlain(message, from, of(), check)
  }
  const part: MessageCodec = {
    contract: undefined,
    isPlain: isPlainMessage,
    adopt,
    check,
    encode: (message, writer) => writePart(of(), message, writer),
    decode,
    part: undefined
  }
  const whole: MessageCodec = {
    contract: undefined,
    isPlain: isPlainMessage,
    adopt,
    check,
    encode: (message, writer) => {
      writer.u8(plainKind)
      of().encode(message, writer)
    },
    decode,
    part
  }
  return whole
}
