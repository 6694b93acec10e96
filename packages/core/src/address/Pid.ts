/**
 * A pid: the opaque, serialisable, never reused address of one process, wherever it runs.
 * It is made of the slot of its scheduler, the incarnation of that slot, and a serial that is unique in the slot.
 */
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { type Leaf, wireAnnotation } from "../wire/Plan.ts"
import { firstRegisteredTag, registerClass } from "../wire/RegisteredClass.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { ofThisSystem, withSystemId } from "./SystemId.ts"

/** The incarnation of slot 0, the main thread: it lives as long as the system does. */
export const mainIncarnation = 1

/** How many schedulers one system can have: the slot takes six bits of a pid's key. */
export const maximumSlots = 64

/** How many incarnations of a slot references tell apart: older ones are long gone. */
export const incarnations = 4096

/** What the counter in a reference is multiplied by; below it are the incarnation and the slot. A power of two. */
export const referenceUnit = incarnations * maximumSlots

/** How far the counter in a reference goes: with a larger one, references would be no exact numbers. */
export const mostReferences = 2 ** 53 / referenceUnit

/**
 * The address of a process that takes messages of type `M`. Compare with {@link equals} (or Effect's `Equal.equals`):
 * two pids of the same process need not be the same object.
 */
export interface Pid<in M = never> extends Equal.Equal {
  readonly "~understudy/Pid": (message: M) => void
  /** The slot of the scheduler the process lives on: 0 is the main thread. */
  readonly slot: number
  /** Which life of that slot, from 1. */
  readonly incarnation: number
  /** Unique within the slot, over all its incarnations. */
  readonly serial: number
  /** `<slot.incarnation.serial>`, as OTP prints pids. */
  toString(): string
}

/** The record of a process. Only the process layer knows what is in it. */
export interface LocalProcess {
  readonly pid: PidImpl
}

/** The one implementation of {@link Pid}. Internal: `record` is the way from a pid to its process on the same scheduler. */
export class PidImpl implements Pid<never> {
  declare readonly "~understudy/Pid": (message: never) => void
  // Private, so that comparing or printing a message that holds a pid never walks into the process behind it. First, since each
  // message looks at them, and at nothing that is in another line of memory
  #codec: MessageCodec | undefined
  #record: LocalProcess | undefined
  readonly slot: number
  readonly incarnation: number
  readonly serial: number
  #ref: unknown = undefined

  constructor(slot: number, incarnation: number, serial: number, codec: MessageCodec | undefined) {
    this.slot = slot
    this.incarnation = incarnation
    this.serial = serial
    this.#codec = codec
  }

  /** Whether a value is a pid, also where it may be a proxy or an imitation of one. */
  static is(value: object): value is PidImpl {
    return #codec in value
  }

  /** How messages to it are checked and encoded, where that is known. */
  get codec(): MessageCodec | undefined {
    return this.#codec
  }
  set codec(codec: MessageCodec | undefined) {
    this.#codec = codec
  }

  /** The living process, while it lives and if it is on the scheduler this object was made on. */
  get record(): LocalProcess | undefined {
    return this.#record
  }
  set record(record: LocalProcess | undefined) {
    this.#record = record
  }

  /** The typed address that was made of it last. */
  get ref(): unknown {
    return this.#ref
  }
  set ref(ref: unknown) {
    this.#ref = ref
  }

  toString(): string {
    return `<${this.slot}.${this.incarnation}.${this.serial}>`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof PidImpl && keyOf(this) === keyOf(that)
  }

  [Hash.symbol](): number {
    return Hash.number(keyOf(this))
  }
}

/** The pid's internals. Every `Pid` is a `PidImpl`: the interface only hides what users must not touch. */
export const impl = (pid: Pid<never>): PidImpl => pid as PidImpl

/** A pid whose process's mailbox is known: messages to it can be checked and encoded. */
export const typedPid = <M>(pid: Pid, codec: MessageCodec): Pid<M> => {
  const typed = impl(pid)
  typed.codec ??= codec
  // `M` is what the codec checks
  return typed as unknown as Pid<M>
}

/** A number that is different for every process the system ever has, fit as a `Map` key. */
export const keyOf = (pid: Pid<never>): number => pid.serial * maximumSlots + pid.slot

/** Whether both are the address of the same process. */
export const equals = (a: Pid<never>, b: Pid<never>): boolean => a === b || keyOf(a) === keyOf(b)

/** The sender of signals that no process sends, on the scheduler of `at`: serial number 0. */
export const outside = (at: { readonly slot: number; readonly incarnation: number }): Pid =>
  new PidImpl(at.slot, at.incarnation, 0, undefined)

/** Whether `value` is a pid. */
export const isPid = (value: unknown): value is Pid<never> => value instanceof PidImpl

const pattern = /^<(\d{1,2})\.(\d{1,9})\.(\d{1,15})>$/

/** Reads a pid as `toString` writes it; `undefined` when `text` is not one. */
export const parse = (text: string, codec?: MessageCodec): PidImpl | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const slot = Number(match[1])
  return slot < maximumSlots ? new PidImpl(slot, Number(match[2]), Number(match[3]), codec) : undefined
}

/**
 * Whether senders to the process of that serial number wait while its mailbox is full. Every eighth number is for such processes,
 * so that it is known wherever the pid is.
 */
export const suspendsSenders = (serial: number): boolean => serial % 8 === 7

/** What messages go by to a mailbox of which `codec`'s schema may be a part. */
export const partOf = (codec: MessageCodec | undefined): MessageCodec | undefined => codec?.part ?? codec

/** Beside the slot: the process's mailbox is not known to be of the schema by which the reader of the pid knows it. */
const isPart = maximumSlots

/** Appends a pid: its three numbers. `codec`: what {@link readPid} is to be given, if that is no part of the mailbox's. */
export const writePid = (writer: ByteWriter, pid: Pid, codec?: MessageCodec): void => {
  writer.u8(codec !== undefined && codec === impl(pid).codec ? pid.slot : pid.slot | isPart)
  writer.varint(pid.incarnation)
  writer.varint(pid.serial)
}

/** Reads what {@link writePid} wrote. Throws when it is no pid. */
export const readPid = (reader: ByteReader, codec: MessageCodec | undefined): PidImpl => {
  const first = reader.u8()
  if (first >= maximumSlots * 2) throw new RangeError(`record holds a pid of slot ${first}`)
  const incarnation = reader.varint()
  const known = first < isPart ? codec : partOf(codec)
  return new PidImpl(first & (maximumSlots - 1), incarnation, reader.varint(), known)
}

registerClass({
  prototype: PidImpl.prototype,
  tag: firstRegisteredTag,
  validated: (pid) => (PidImpl.is(pid) ? pid : undefined),
  write: (writer, pid) => writePid(writer, pid),
  read: (reader) => readPid(reader, undefined)
})

/** The schema of a pid; what `make` gives once it is needed is the codec of pids it decodes. As text, for JSON, it is `<slot.incarnation.serial>@system`. */
export const schema = <M>(make: () => MessageCodec | undefined): Schema.Codec<Pid<M>, Pid<M>> => {
  let made: MessageCodec | undefined
  const codec = () => (made ??= make())
  return Schema.declare((value: unknown): value is Pid<M> => value instanceof PidImpl, {
    expected: "Pid",
    [wireAnnotation]: {
      name: "pid",
      is: isPid,
      // `as Pid`: leaves write values of their schema
      write: (pid, writer) => writePid(writer, pid as Pid, codec()),
      read: (reader) => readPid(reader, codec())
    } satisfies Leaf,
    toCodecJson: () =>
      Schema.link<Pid<M>>()(
        Schema.String,
        SchemaTransformation.transformEffect<Pid<M>, string>({
          decode: (text, options) =>
            // Every PidImpl is a Pid<M>: `M` is a phantom.
            ofThisSystem(text, "a pid", (pid) => parse(pid, partOf(codec())) as unknown as Pid<M> | undefined, options),
          encode: (pid, options) => withSystemId(pid.toString(), options)
        })
      )
  })
}
