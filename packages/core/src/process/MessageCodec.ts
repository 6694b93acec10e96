/**
 * How the messages of one mailbox are checked when sent and turned into bytes when they cross schedulers.
 * Made once per schema, from the schema: both are generated code where that is permitted.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { compile } from "./codec/Compile.ts"
import { type AnySchema, compiled } from "./codec/EffectCodec.ts"
import { mayGenerate } from "./codec/Generate.ts"
import { generatedGuard } from "./codec/Guard.ts"
import type { Leaf } from "./codec/Plan.ts"
import type { Host } from "./Host.ts"
import { impl, type Pid } from "./Pid.ts"
import type { Caller } from "./Signal.ts"

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

/** Checks, encodes and decodes the messages of one mailbox. */
export interface MessageCodec {
  /** Whether senders wait while the mailbox is full; then also senders on other schedulers do. */
  readonly suspends: boolean
  /** Throws {@link InvalidMessage} when `message` is not of the mailbox's type. */
  check(message: unknown): void
  /** Appends a message that passed {@link check}. */
  encode(message: unknown, writer: ByteWriter): void
  /**
   * Reads one message that arrived at `host`, as a call when there is a `caller`.
   * Throws {@link InvalidMessage} when the bytes are not one.
   */
  decode(reader: ByteReader, host: Host, caller: Caller | undefined): unknown
}

/** One value of a schema, checked and as bytes. */
export interface ValueCodec {
  /** Whether `value` is of the schema's type. */
  is(value: unknown): boolean
  /** Why `value` is not of the schema's type. */
  explain(value: unknown): string
  /**
   * Appends a value of the schema. What is written of any other value is undefined; it may throw. Throws
   * {@link InvalidMessage} when the value cannot leave its scheduler: a function under `Schema.Unknown`, say.
   */
  encode(value: unknown, writer: ByteWriter): void
  /** Reads a value that {@link encode} wrote. Throws when the bytes are no value of the schema. */
  decode(reader: ByteReader): unknown
  /** The value's canonical JSON, as text. */
  toText(value: unknown): string
  /** Reads what {@link toText} wrote. Throws when it is not of the schema. */
  fromText(text: string): unknown
}

const values = new WeakMap<object, ValueCodec>()

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
  const toText = (value: unknown): string => JSON.stringify(jsonCodec().encode(value)) ?? ""
  const fromText = (text: string): unknown => jsonCodec().decode(text === "" ? undefined : JSON.parse(text))
  const codec: ValueCodec & { is: (value: unknown) => boolean } = {
    is,
    explain: (value) => problemOf(explain(value)),
    encode: (value, writer) => {
      try {
        inBytes().write(value, writer)
      } catch (error) {
        throw new InvalidMessage({
          target: "another scheduler",
          problem: error instanceof Error ? error.message : String(error)
        })
      }
    },
    decode: (reader) => inBytes().read(reader),
    toText,
    fromText
  }
  return codec
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
  const made = codecs.get(schema) ?? makeCodec(schema)
  codecs.set(schema, made)
  lastSchema = schema
  lastCodec = made
  return made
}

let lastSchema: object | undefined
// Set with lastSchema
let lastCodec!: MessageCodec

/** What a plain message's bytes begin with, whoever encodes it: a server with plain messages reads them as a raw process. */
export const plainKind = 2

const makeCodec = (schema: Schema.Top): MessageCodec => {
  let codec: ValueCodec | undefined
  // A mailbox schema may be recursive through `Process.pid(schema)`, so it is looked at on first use
  const of = () => (codec ??= value(schema))
  return {
    suspends: false,
    check: (message) => {
      if (!of().is(message)) throw new InvalidMessage({ target: "a process", problem: of().explain(message) })
    },
    encode: (message, writer) => {
      writer.u8(plainKind)
      of().encode(message, writer)
    },
    decode: (reader) => {
      if (reader.u8() !== plainKind) {
        throw new InvalidMessage({ target: "a process", problem: "it takes plain messages only" })
      }
      try {
        const message = of().decode(reader)
        reader.finish()
        return message
      } catch (error) {
        throw new InvalidMessage({
          target: "a process",
          problem: error instanceof Error ? error.message : String(error)
        })
      }
    }
  }
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
