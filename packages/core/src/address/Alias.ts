/**
 * Aliases: addresses of a process that it can revoke. A reply to a revoked alias is dropped, so an answer that comes too
 * late cannot turn up in a mailbox. Catalogue M20 to M24.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { type Leaf, wireAnnotation } from "../wire/Plan.ts"
import { firstRegisteredTag, registerClass } from "../wire/RegisteredClass.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { type Pid, PidImpl, parse, partOf, readPid, writePid } from "./Pid.ts"
import { ofThisSystem, withSystemId } from "./SystemId.ts"

/**
 * When an alias ends by itself.
 *
 * - `explicit`: only by `Process.unalias`.
 * - `reply`: with the first message that comes through it.
 * - `demonitor`: with the monitor it was made with, by its Down or by `Process.demonitor`.
 * - `reply-demonitor`: with the first message, which also ends the monitor; or with the monitor.
 */
export type AliasMode = "explicit" | "reply" | "demonitor" | "reply-demonitor"

/** A revocable address for messages of type `M`. */
export class Alias<in M = never> {
  declare readonly "~understudy/Alias": (message: M) => void
  readonly pid: Pid
  readonly ref: number
  readonly codec: MessageCodec | undefined
  constructor(pid: Pid, ref: number, codec: MessageCodec | undefined) {
    this.pid = pid
    this.ref = ref
    this.codec = codec
  }
  toString(): string {
    return `${this.pid}#${this.ref}`
  }
}

/** Appends an alias. */
export const writeAlias = (writer: ByteWriter, alias: Alias): void => {
  writePid(writer, alias.pid)
  writer.varint(alias.ref)
}

/** Reads what {@link writeAlias} wrote. Throws when it is no alias. */
export const readAlias = <M>(reader: ByteReader, codec: MessageCodec | undefined): Alias<M> => {
  const pid = readPid(reader, undefined)
  return new Alias<M>(pid, reader.varint(), codec)
}

registerClass<Alias<unknown>>({
  prototype: Alias.prototype,
  tag: firstRegisteredTag + 1,
  // It may be an imitation, so nothing is believed of it but what is looked at
  validated: ({ pid, ref }) =>
    PidImpl.is(pid) && typeof ref === "number" ? new Alias(pid, ref, undefined) : undefined,
  write: writeAlias,
  read: (reader) => readAlias(reader, undefined)
})

/** Reads an alias as `toString` writes it; `undefined` when `text` is not one. */
const parseAlias = <M>(text: string, codec: MessageCodec | undefined): Alias<M> | undefined => {
  const [address = "", ref = ""] = text.split("#")
  const pid = parse(address)
  return pid === undefined || !/^\d+$/.test(ref) ? undefined : new Alias<M>(pid, Number(ref), partOf(codec))
}

/** The schema of aliases: they travel in messages. As text, for JSON, one is `<pid>#reference@system`. */
export const schema = <M>(codec: () => MessageCodec | undefined): Schema.Codec<Alias<M>, Alias<M>> =>
  Schema.declare((value: unknown): value is Alias<M> => value instanceof Alias, {
    expected: "Alias",
    [wireAnnotation]: {
      name: "alias",
      is: (value) => value instanceof Alias,
      // `as Alias`: leaves write values of their schema
      write: (alias, writer) => writeAlias(writer, alias as Alias),
      read: (reader) => readAlias(reader, partOf(codec()))
    } satisfies Leaf,
    toCodecJson: () =>
      Schema.link<Alias<M>>()(
        Schema.String,
        SchemaTransformation.transformEffect<Alias<M>, string>({
          decode: (text, options) => ofThisSystem(text, "an alias", (alias) => parseAlias<M>(alias, codec()), options),
          encode: (alias, options) => withSystemId(alias.toString(), options)
        })
      )
  })
