/**
 * Checks the values of one schema and encodes them as bytes and as text. Made once per schema; the check and the byte codec are
 * generated code where that is permitted.
 */

import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { isReadable, messageOf } from "../base/Foreign.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { canGenerate } from "../wire/Generate.ts"
import type { ByteCodec } from "../wire/Plan.ts"
import { hasInstances } from "../wire/Plan.ts"
import { compile } from "./Compile.ts"
import { type AnySchema, compiled } from "./EffectCodec.ts"
import { generatedGuard } from "./Guard.ts"
import { InvalidMessage } from "./InvalidMessage.ts"
import { layoutOf } from "./Layout.ts"
import { planOf } from "./PlanOf.ts"

/** The check and the codecs of one schema's values. */
export interface ValueCodec {
  /** Whether `value` is of the schema's type. Rethrows what a getter of the value throws; see {@link accepts}. */
  is(value: unknown): boolean
  /** Whether `is` may accept a value without reading it, as that of `Schema.Unknown` does. */
  readonly mayAcceptUnread: boolean
  /** Why `value` is rejected as a value of the schema or as a message. */
  explain(value: unknown): string
  /**
   * Appends a value of the schema. For any other value the bytes are undefined, and it may throw. Throws
   * {@link InvalidMessage} when the value cannot be sent, such as a function under `Schema.Unknown`.
   */
  encode(value: unknown, writer: ByteWriter): void
  /** Reads a value that {@link encode} wrote. Throws when the bytes are not a value of the schema. */
  decode(reader: ByteReader): unknown
  /** The hash of the byte layout: a codec with the same hash can read the values. */
  layout(): number
  /** Whether values may contain instances of classes. Another evaluation of the schema's module has its own copies of the classes. */
  hasInstances(): boolean
  /** The value's canonical JSON, as text. Throws {@link InvalidMessage} when it has none, or is too large. */
  toText(value: unknown): string
  /** Reads what {@link toText} wrote. Throws when the text is not a value of the schema. */
  fromText(text: string): unknown
}

/** Whether a value is of a schema's type. `false` when the check throws, as by a getter. */
export const accepts = (codec: Pick<ValueCodec, "is">, value: unknown): boolean => {
  try {
    return codec.is(value)
  } catch {
    return false
  }
}

/** Whether a value is a valid message of a schema's type. A revoked proxy is not: a process could not read it. */
export const acceptsMessage = (codec: Pick<ValueCodec, "is" | "mayAcceptUnread">, value: unknown): boolean =>
  accepts(codec, value) && (!codec.mayAcceptUnread || isReadable(value))

const values = new WeakMap<object, ValueCodec>()

/** Codecs of this thread by layout hash. */
const byLayout = new Map<number, ValueCodec>()

/** Mailbox schemas whose layout hash has not been computed. */
let unhashed: Array<WeakRef<Schema.Top>> = []
let unhashedLimit = 64

/** Adds a mailbox's schema to those that {@link codecOfLayout} finds, to read messages that another scheduler wrote by it. */
export const addMailboxSchema = (schema: Schema.Top): void => {
  unhashed.push(new WeakRef(schema))
  if (unhashed.length < unhashedLimit) return
  // Drops schemas that were collected: a program may create them repeatedly
  unhashed = unhashed.filter((each) => each.deref() !== undefined)
  unhashedLimit = Math.max(64, unhashed.length * 2)
}

/** The codec of the mailbox schema of this thread with that layout hash. */
export const codecOfLayout = (layout: number): ValueCodec | undefined => {
  if (!byLayout.has(layout)) {
    for (const each of unhashed.splice(0)) {
      try {
        const schema = each.deref()
        if (schema !== undefined) valueCodec(schema).layout()
      } catch {
        // A schema without a plan has written no message
      }
    }
  }
  return byLayout.get(layout)
}

/** The codec of `schema`: values of its type side in memory, bytes between schedulers. The same for the same schema. */
export const valueCodec = (schema: Schema.Top): ValueCodec => {
  const known = values.get(schema)
  if (known !== undefined) return known
  const made = makeValueCodec(schema)
  values.set(schema, made)
  return made
}

const makeValueCodec = (schema: Schema.Top): ValueCodec => {
  // `as unknown as`: contracts admit only schemas without services, which `Top` does not say
  const closed = schema as unknown as AnySchema
  const typeSide = compiled(Schema.toType(closed))
  // Made on first use: a recursive schema may not be complete yet
  let guard: ((value: unknown) => boolean) | undefined
  const is = (value: unknown): boolean => {
    guard ??= canGenerate ? generatedGuard(typeSide.ast) : Schema.is(typeSide)
    // Later calls go to the guard directly
    codec.is = guard
    codec.mayAcceptUnread = mayAcceptUnread(typeSide.ast)
    return guard(value)
  }
  const explain = Schema.decodeUnknownExit(typeSide)
  // Made for the first message to another scheduler
  let bytes: ByteCodec | undefined
  const byteCodec = () => (bytes ??= compile(closed))
  // Made for the first conversion to text
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
  const codec: ValueCodec & { is: (value: unknown) => boolean; mayAcceptUnread: boolean } = {
    is,
    mayAcceptUnread: true,
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
        byteCodec().write(value, writer)
      } catch (error) {
        throw new InvalidMessage({
          target: "another scheduler",
          problem: messageOf(error)
        })
      }
    },
    decode: (reader) => byteCodec().read(reader),
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

/** Whether the check of a node may accept a value without reading it. */
const mayAcceptUnread = (ast: SchemaAST.AST): boolean => {
  switch (ast._tag) {
    case "Unknown":
    case "Any":
    case "ObjectKeyword":
    case "Declaration":
    case "Suspend":
      return true
    case "Union":
      return ast.types.some(mayAcceptUnread)
    case "Objects":
      return ast.propertySignatures.length === 0
    default:
      return false
  }
}

/** Limits for JSON, which writes a shared object once per reference and does not end for a cycle. */
const maxParts = 100_000
const maxDepth = 1000
const tooLarge = `it has more than ${maxParts} parts or ${maxDepth} levels, or contains itself`

const isSmall = (value: unknown): boolean => countParts(value, maxParts, 0) >= 0

/** How many of `left` parts remain after those of a value; negative when it has more. */
const countParts = (value: unknown, left: number, depth: number): number => {
  if (typeof value !== "object" || value === null) return left - 1
  if (depth > maxDepth) return -1
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
