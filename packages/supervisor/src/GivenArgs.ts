/**
 * The arguments in a child spec: a value where they were given, text once they have left their scheduler. Most children
 * are started where their supervisor is, and need no text then.
 */
import { inspect } from "node:util"
import type { Definition } from "@understudy/core/internal/Definition"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

type Codec = Definition["args"]

/** What arguments whose fields are data are, made unchangeable: they are used again at each restart. */
const freeze = (value: unknown): void => {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return
  const prototype: unknown = Object.getPrototypeOf(value)
  // Instances have their own ideas of state
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
}

/** See the file's header. */
export class GivenArgs {
  private readonly codec: Codec | undefined
  private readonly value: unknown
  private readonly text: string | undefined

  private constructor(codec: Codec | undefined, value: unknown, text: string | undefined) {
    this.codec = codec
    this.value = value
    this.text = text
  }

  /** Arguments that `codec` has checked. They are frozen. */
  static of(codec: Codec, value: unknown): GivenArgs {
    freeze(value)
    return new GivenArgs(codec, value, undefined)
  }

  /** Whether these arguments are that very value. */
  is(value: unknown): boolean {
    return this.text === undefined && this.value === value
  }

  /** The arguments, of the type that `codec` is for. Throws when they were a text that is not of that type. */
  read(codec: Codec): unknown {
    // Another evaluation of the contract's module has classes of its own: instances go as text
    const isOwn = this.text === undefined && (codec === this.codec || !codec.hasInstances())
    return isOwn ? this.value : codec.fromText(this.toText())
  }

  private toText(): string {
    return this.text ?? this.codec?.toText(this.value) ?? ""
  }

  toJSON(): string {
    return this.toText()
  }

  /** Not shown with the messages and specs they are in: what may be seen of them, their contract says. */
  [inspect.custom](): string {
    return "[arguments]"
  }

  /** Any arguments; as JSON, a text. */
  static readonly schema: Schema.Codec<GivenArgs, GivenArgs> = Schema.declare(
    (value: unknown): value is GivenArgs => value instanceof GivenArgs,
    {
      expected: "GivenArgs",
      toCodecJson: () =>
        Schema.link<GivenArgs>()(
          Schema.String,
          SchemaTransformation.transformEffect<GivenArgs, string>({
            decode: (text) => Effect.succeed(new GivenArgs(undefined, undefined, text)),
            encode: (args) => Effect.succeed(args.toText())
          })
        )
    }
  )
}
