/**
 * Names: a typed address that is resolved each time it is used, so it survives restarts. A name is a key of a table
 * of the directory; registered process names are the table {@link names}, a registry has a table of its own.
 */

import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { Alias, readAlias, writeAlias } from "./Alias.ts"
import { names } from "./Directory.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { isPid, type Pid, readPid, writePid } from "./Pid.ts"

/** A name as an address for messages of type `M`. */
export class Name<in M = never> {
  declare readonly "~understudy/Name": (message: M) => void
  readonly table: string
  readonly key: string
  readonly codec: MessageCodec | undefined
  constructor(table: string, key: string, codec: MessageCodec | undefined) {
    this.table = table
    this.key = key
    this.codec = codec
  }
  toString(): string {
    return this.table === names ? this.key : `${this.table}/${this.key}`
  }
}

/** Where a message can be sent: a process, the holder of a name at the time of sending, or an alias while it lasts. */
export type Address<M = never> = Pid<M> | Name<M> | Alias<M>

/** Appends an address of any kind. */
export const writeAddress = (writer: ByteWriter, address: Address): void => {
  if (isPid(address)) {
    writer.u8(0)
    writePid(writer, address)
  } else if (address instanceof Alias) {
    writer.u8(1)
    writeAlias(writer, address)
  } else {
    writer.u8(2)
    writer.string(address.table)
    writer.string(address.key)
  }
}

/** Reads what {@link writeAddress} wrote; messages to it go by `codec`. Throws when it is no address. */
export const readAddress = (reader: ByteReader, codec: MessageCodec | undefined): Address => {
  switch (reader.u8()) {
    case 0:
      return readPid(reader, codec)
    case 1:
      return readAlias(reader, codec)
    case 2: {
      const table = reader.string()
      return new Name(table, reader.string(), codec)
    }
    default:
      throw new RangeError("record holds no address where one was wanted")
  }
}
