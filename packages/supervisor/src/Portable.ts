/**
 * What supervisors tell each other across schedulers although it is no plain data: arguments as text, exit reasons, and
 * errors that carry exit reasons.
 */
import { Buffer } from "node:buffer"
import { ByteReader, ByteWriter } from "@understudy/core/Bytes"
import type { Definition } from "@understudy/core/Definition"
import { StartError } from "@understudy/core/GenServer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** How arguments of one contract are checked and written. */
export type ArgsCodec = Definition["args"]

// One buffer for all: what is written is read before anything else is written
const writer = new ByteWriter()
const reader = new ByteReader()

/** Arguments as JSON text, by their contract's schema. */
export const argsToText = (codec: ArgsCodec, args: unknown): string => {
  writer.reset()
  codec.encode(args, writer)
  return reader.over(writer.bytes, 0, writer.length).string()
}

/** Reads what {@link argsToText} wrote. Throws when it does not fit the schema. */
export const argsFromText = (codec: ArgsCodec, text: string): unknown => {
  writer.reset()
  writer.string(text)
  return codec.decode(reader.over(writer.bytes, 0, writer.length))
}

/** Any value as text, as schedulers write exit reasons: errors keep their fields. */
const anyToText = (value: unknown): string => {
  writer.reset()
  writer.any(value)
  return Buffer.from(writer.bytes.subarray(0, writer.length)).toString("base64")
}

const anyFromText = (text: string): unknown => {
  const bytes = new Uint8Array(Buffer.from(text, "base64"))
  return reader.over(bytes, 0, bytes.length).any()
}

/** The schema of core's StartError, whose reason may hold any error. */
export const startError: Schema.Codec<StartError, StartError> = Schema.declare(
  (value: unknown): value is StartError => value instanceof StartError,
  {
    expected: "StartError",
    toCodecJson: () =>
      Schema.link<StartError>()(
        Schema.String,
        SchemaTransformation.transformEffect<StartError, string>({
          decode: (text, options) =>
            Effect.try({
              // Written by encode below, on another scheduler of the same program
              try: () => new StartError(anyFromText(text) as ConstructorParameters<typeof StartError>[0]),
              catch: () => new SchemaIssue.InvalidValue({ expected: "a start error" }, text, options)
            }),
          encode: ({ contract, pid, problem, reason }) => Effect.succeed(anyToText({ contract, pid, problem, reason }))
        })
      )
  }
)
