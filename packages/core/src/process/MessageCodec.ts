/**
 * How the messages of one mailbox are checked when sent and turned into bytes when they cross schedulers.
 * Made once per schema, from the schema: both are generated code where that is permitted.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { ByteReader, ByteWriter } from "./Bytes.ts"
import type { Caller } from "./Call.ts"
import { ContractId } from "./ContractId.ts"
import { compile } from "./codec/Compile.ts"
import { type AnySchema, compiled } from "./codec/EffectCodec.ts"
import { isReadable, messageOf } from "./codec/Foreign.ts"
import { mayGenerate } from "./codec/Generate.ts"
import { generatedGuard } from "./codec/Guard.ts"
import { layoutOf } from "./codec/Layout.ts"
import { hasInstances, type Leaf } from "./codec/Plan.ts"
import { planOf } from "./codec/PlanOf.ts"
import type { Host } from "./Host.ts"
import { impl, type Pid } from "./Pid.ts"

export { type AnySchema, loadCompiler } from "./codec/EffectCodec.ts"

/** A message that does not fit the mailbox it was sent to: what was expected, and where it differs. */
export class InvalidMessage extends Schema.TaggedError<InvalidMessage>()("InvalidMessage", {
  /** Whose mailbox, and which of its messages. */
  target: Schema.String,
  /** The schema's account: what was expected and at which path. */
  problem: Schema.String
}) {
  override get message(): string {
    return `invalid message for ${this.target}: ${this.problem}`
  }
}

/**
 * A message reached a process that it was not made for: one of another contract, or one without a contract. Internal: its caller is
 * told by a typed error, and a message without a caller is reported.
 */
export class Misdirected extends Error {
  /** What the process takes messages of: the name of its contract, or {@link noContract}. */
  readonly contract: string
  constructor(contract: string, message: string) {
    super(message)
    this.contract = contract
  }
}

/** What stands for the contract of a process that has none. */
export const noContract = "a process without a contract"

/** What stands for a contract that this thread has not met. */
export const anotherContract = "another contract"

/** Checks, encodes and decodes the messages of one mailbox. */
export interface MessageCodec {
  /** What the process is a server of; `undefined` for processes that take plain messages only. */
  readonly contract: ContractId | undefined
  /** Whether a message is one that its process reads itself, and no call or cast of its contract. */
  isPlain(message: unknown): boolean
  /**
   * A message that was made for a mailbox of another codec on the same scheduler, as this mailbox takes it. Throws
   * {@link Misdirected} when it is of another contract, and {@link InvalidMessage} when it is a plain one that does not fit.
   */
  adopt(message: unknown, from: MessageCodec, host: Host): unknown
  /** Throws {@link InvalidMessage} when `message` is not of the mailbox's type. */
  check(message: unknown): void
  /** Appends a message that passed {@link check}. */
  encode(message: unknown, writer: ByteWriter): void
  /**
   * Reads one message that arrived at `host`, as a call when there is a `caller`.
   * Throws {@link Misdirected} when it is of another contract, and {@link InvalidMessage} when the bytes are no message of this one.
   */
  decode(reader: ByteReader, host: Host, caller: Caller | undefined): unknown
  /**
   * For mailboxes that may be of another schema, of which this is a part: says with each message by which it is written.
   * `undefined`: this one does for those too.
   */
  readonly part: MessageCodec | undefined
}

/** One value of a schema, checked and as bytes. */
export interface ValueCodec {
  /** Whether `value` is of the schema's type. Throws what a getter of the value throws; see {@link takes}. */
  is(value: unknown): boolean
  /** Whether `is` may take a value without having looked at it, as `Schema.Unknown` does. */
  readonly isBlind: boolean
  /** Why `value` is not of the schema's type, or is no message. */
  explain(value: unknown): string
  /**
   * Appends a value of the schema. What is written of any other value is undefined; it may throw. Throws
   * {@link InvalidMessage} when the value cannot leave its scheduler: a function under `Schema.Unknown`, say.
   */
  encode(value: unknown, writer: ByteWriter): void
  /** Reads a value that {@link encode} wrote. Throws when the bytes are no value of the schema. */
  decode(reader: ByteReader): unknown
  /** What its bytes look like: values can be read by any codec with the same number. */
  layout(): number
  /** Whether values may have instances of classes, which another evaluation of the schema's module has as classes of its own. */
  hasInstances(): boolean
  /** The value's canonical JSON, as text. Throws {@link InvalidMessage} when it has none, or too long a one. */
  toText(value: unknown): string
  /** Reads what {@link toText} wrote. Throws when it is not of the schema. */
  fromText(text: string): unknown
}

/** Whether a value is of a schema's type. One whose check throws (by a getter, say) is not. */
export const takes = (codec: Pick<ValueCodec, "is">, value: unknown): boolean => {
  try {
    return codec.is(value)
  } catch {
    return false
  }
}

/** Whether a value is a message of that type: one that a process can look at, which a revoked proxy is not. */
export const takesMessage = (codec: Pick<ValueCodec, "is" | "isBlind">, value: unknown): boolean =>
  takes(codec, value) && (!codec.isBlind || isReadable(value))

const values = new WeakMap<object, ValueCodec>()

/** Codecs of this thread, one for each layout that was asked for. */
const byLayout = new Map<number, ValueCodec>()

/** Schemas of mailboxes that messages may be written by elsewhere, and whose layouts were not asked for yet. */
let noted: Array<WeakRef<Schema.Top>> = []
let notedMost = 64

/** The schema of some mailbox: what was written by it elsewhere can be read here. */
export const note = (schema: Schema.Top): void => {
  noted.push(new WeakRef(schema))
  if (noted.length < notedMost) return
  // Those of programs that make them anew each time are gone
  noted = noted.filter((each) => each.deref() !== undefined)
  notedMost = Math.max(64, noted.length * 2)
}

const codecOfLayout = (layout: number): ValueCodec | undefined => {
  if (!byLayout.has(layout)) {
    for (const each of noted.splice(0)) {
      try {
        const schema = each.deref()
        if (schema !== undefined) value(schema).layout()
      } catch {
        // One that cannot be laid out is not what a message was written by
      }
    }
  }
  return byLayout.get(layout)
}

/** The codec of one value of `schema`: the type side in memory, bytes laid out by the schema between schedulers. */
export const value = (schema: Schema.Top): ValueCodec => {
  const known = values.get(schema)
  if (known !== undefined) return known
  const made = makeValue(schema)
  values.set(schema, made)
  return made
}

const makeValue = (schema: Schema.Top): ValueCodec => {
  // Services are excluded where contracts are defined; `Top` only says that they are not known here
  const closed = schema as unknown as AnySchema
  const typeSide = compiled(Schema.toType(closed))
  // Made on first use: a schema that contains itself may not be finished yet
  let guard: ((value: unknown) => boolean) | undefined
  const is = (value: unknown): boolean => {
    guard ??= mayGenerate ? generatedGuard(typeSide.ast) : Schema.is(typeSide)
    // From now on it is asked without this
    codec.is = guard
    codec.isBlind = isBlind(typeSide.ast)
    return guard(value)
  }
  const explain = Schema.decodeUnknownExit(typeSide)
  // Only needed once a message leaves its scheduler
  let bytes: Leaf | undefined
  const inBytes = () => (bytes ??= compile(closed))
  // Only needed where values are kept as text
  let json: { encode: (value: unknown) => unknown; decode: (value: unknown) => unknown } | undefined
  const jsonCodec = () => {
    if (json === undefined) {
      const codec = compiled(Schema.toCodecJson(closed))
      json = { encode: Schema.encodeUnknownSync(codec), decode: Schema.decodeUnknownSync(codec) }
    }
    return json
  }
  const toText = (value: unknown): string => {
    if (!isSmall(value)) throw new InvalidMessage({ target: "a text", problem: tooLarge })
    try {
      return JSON.stringify(jsonCodec().encode(value)) ?? ""
    } catch (error) {
      throw new InvalidMessage({ target: "a text", problem: messageOf(error) })
    }
  }
  const fromText = (text: string): unknown => jsonCodec().decode(text === "" ? undefined : JSON.parse(text))
  let layout: number | undefined
  let instances: boolean | undefined
  const codec: ValueCodec & { is: (value: unknown) => boolean; isBlind: boolean } = {
    is,
    isBlind: true,
    explain: (value) => {
      if (!isReadable(value)) return "it is a proxy that has been revoked, or that refuses to be looked at"
      try {
        return problemOf(explain(value))
      } catch (error) {
        return `it cannot be checked: ${messageOf(error)}`
      }
    },
    encode: (value, writer) => {
      try {
        inBytes().write(value, writer)
      } catch (error) {
        throw new InvalidMessage({
          target: "another scheduler",
          problem: messageOf(error)
        })
      }
    },
    decode: (reader) => inBytes().read(reader),
    layout: () => {
      if (layout === undefined) {
        layout = layoutOf(planOf(closed.ast))
        byLayout.set(layout, codec)
      }
      return layout
    },
    hasInstances: () => (instances ??= hasInstances(planOf(closed.ast))),
    toText,
    fromText
  }
  return codec
}

/** Whether a check of the node may not look at the value. */
const isBlind = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Unknown":
    case "Any":
    case "ObjectKeyword":
    case "Declaration":
    case "Suspend":
      return true
    case "Union":
      return ast.types.some(isBlind)
    case "Objects":
      return ast.propertySignatures.length === 0
    default:
      return false
  }
}

/** As JSON, what stands in several places is written for each, and what contains itself without end. */
const mostParts = 100_000
const deepestPart = 1000
const tooLarge = `it has more than ${mostParts} parts or ${deepestPart} levels, or contains itself`

const isSmall = (value: unknown): boolean => countParts(value, mostParts, 0) >= 0

/** How many parts may follow those of a value; less than 0 when it has more than there may be. */
const countParts = (value: unknown, left: number, depth: number): number => {
  if (typeof value !== "object" || value === null) return left - 1
  if (depth > deepestPart) return -1
  let rest = left - 1
  if (Array.isArray(value) && value.length > rest) return -1
  for (const key of Object.keys(value)) {
    const part: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    rest = countParts(part, rest, depth + 1)
    if (rest < 0) return rest
  }
  return rest
}

const problemOf = (exit: Exit.Exit<unknown, { readonly message: string }>): string => {
  if (Exit.isSuccess(exit)) return "nothing is wrong with it"
  for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error.message
  return "it could not be checked"
}

const codecs = new WeakMap<object, MessageCodec>()

/** The codec of a mailbox whose messages are described by one schema. */
export const fromSchema = (schema: Schema.Top): MessageCodec => {
  // Who spawns mostly spawns many of a kind
  if (schema === lastSchema) return lastCodec
  let made = codecs.get(schema)
  if (made === undefined) {
    made = makeCodec(schema)
    codecs.set(schema, made)
    note(schema)
  }
  lastSchema = schema
  lastCodec = made
  return made
}

let lastSchema: object | undefined
// Set with lastSchema
let lastCodec!: MessageCodec

/** What a plain message's bytes begin with, whoever encodes it: a server with plain messages reads them as a raw process. */
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
  if (writtenBy !== codec && !takes(codec, message)) throw new TypeError(codec.explain(message))
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
  return new ByteReader().over(writer.bytes, writer.start, writer.length)
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
  const of = () => (codec ??= value(schema))
  const check = (message: unknown) => {
    const values = of()
    if (!takesMessage(values, message)) {
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
    // Behind its kind, whatever is not plain has the key of its contract
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

/** A text that changes when a contract's schemas change: schedulers compare it at boot. */
export const fingerprint = (name: string, schemas: Readonly<Record<string, Schema.Top>>): string => {
  const parts = Object.entries(schemas).map(([tag, schema]) => `${tag}:${describe(schema)}`)
  return `${name}{${parts.join(";")}}`
}

const describe = (schema: Schema.Top): string => {
  try {
    return JSON.stringify(Schema.toRepresentation(schema)) ?? "?"
  } catch {
    // A schema that has no representation is compared by its kind only
    return schema.ast._tag
  }
}

/** A pid whose process's mailbox is known: messages to it can be checked and encoded. */
export const typedPid = <M>(pid: Pid, codec: MessageCodec): Pid<M> => {
  const typed = impl(pid)
  typed.codec ??= codec
  // `M` is what the codec checks
  return typed as unknown as Pid<M>
}
