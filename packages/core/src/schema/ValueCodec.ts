/**
 * How the values of one schema are checked, turned into bytes and turned into text. Made once per schema, from the schema: check and
 * bytes are generated code where that is permitted.
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

/** The codec of a layout that a schema of some mailbox of this thread has. */
export const codecOfLayout = (layout: number): ValueCodec | undefined => {
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
    guard ??= canGenerate ? generatedGuard(typeSide.ast) : Schema.is(typeSide)
    // From now on it is asked without this
    codec.is = guard
    codec.isBlind = isBlind(typeSide.ast)
    return guard(value)
  }
  const explain = Schema.decodeUnknownExit(typeSide)
  // Only needed once a message leaves its scheduler
  let bytes: ByteCodec | undefined
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
