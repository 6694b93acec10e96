/**
 * A protocol: the schemas of everything a server takes. From it come the types of a ref's methods and of the handlers,
 * the checks at run time, and the codec between schedulers. It holds no code of the server.
 */

import { inspect } from "node:util"
import * as Schema from "effect/Schema"
import type { Pid } from "../address/Pid.ts"
import type { AnswerCodec } from "../address/Reply.ts"
import { keepShapes, nothing as none } from "../base/Shape.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { IncomingCall } from "../process/IncomingCall.ts"
import { type ValueCodec, valueCodec } from "../schema/ValueCodec.ts"
import type { ServerContext } from "./ServerKind.ts"

/** The fields of a payload. */
export type Fields = Schema.Struct.Fields

/** An asynchronous message: sent and not answered. */
export interface Cast<F extends Fields> {
  readonly _tag: "Cast"
  readonly payload: Schema.Struct<F>
}

/** A question: answered with a success, or with a typed error. */
export interface Call<F extends Fields, A extends Schema.Top, E extends Schema.Top> {
  readonly _tag: "Call"
  readonly payload: Schema.Struct<F>
  readonly success: A
  readonly error: E
}

/** Any message of a protocol. */
export type AnyMethod = Cast<Fields> | Call<Fields, Schema.Top, Schema.Top>

/** The messages of a server by name. */
export type Protocol = { readonly [tag: string]: AnyMethod }

// `NoInfer` keeps what a declaration leaves to its defaults from being taken from where the declaration stands

/** An asynchronous message with these fields. */
export const cast = <const F extends Fields = {}>(payload?: F): Cast<NoInfer<F>> => ({
  _tag: "Cast",
  // Without fields `F` is `{}`
  payload: Schema.Struct(payload ?? ({} as F))
})

/** A question with these payload fields (default: none), success (default: `Schema.Void`) and error (default: none). */
export const call = <
  const F extends Fields = {},
  A extends Schema.Top = typeof Schema.Void,
  E extends Schema.Top = typeof Schema.Never
>(options?: {
  readonly payload?: F
  readonly success?: A
  readonly error?: E
}): Call<NoInfer<F>, NoInfer<A>, NoInfer<E>> => ({
  _tag: "Call",
  // Each default is what the type parameter's default says
  payload: Schema.Struct(options?.payload ?? ({} as F)),
  success: options?.success ?? (Schema.Void as unknown as A),
  error: options?.error ?? (Schema.Never as unknown as E)
})

/** One message of a contract, ready for use: its codecs are made once. */
export interface Method {
  readonly tag: string
  readonly index: number
  readonly kind: "Cast" | "Call"
  /** Whether it has a payload: methods and handlers then have that parameter. */
  readonly hasPayload: boolean
  readonly payload: ValueCodec
  readonly answer: AnswerCodec
  /** Whether a value is a success of this call. */
  readonly isSuccess: (value: unknown) => boolean
  readonly explainSuccess: (value: unknown) => string
  /** Whether a value is a failure of this call. */
  readonly isFailure: (value: unknown) => boolean
  readonly explainFailure: (value: unknown) => string
}

const noPayload = Object.freeze({})

/** What has no payload, and takes no bytes. */
export const nothing: ValueCodec = {
  is: () => true,
  mayAcceptUnread: true,
  explain: () => "",
  encode: () => undefined,
  decode: () => noPayload,
  layout: () => 0,
  hasInstances: () => false,
  toText: () => "",
  fromText: () => noPayload
}

/** The methods of a protocol, in order. */
export const methodsOf = (protocol: Protocol): ReadonlyArray<Method> =>
  Object.entries(protocol).map(([tag, method], index) => {
    const hasPayload = Object.keys(method.payload.fields).length > 0
    const success = method._tag === "Call" ? valueCodec(method.success) : nothing
    const error = method._tag === "Call" ? valueCodec(method.error) : nothing
    return {
      tag,
      index,
      kind: method._tag,
      hasPayload,
      payload: hasPayload ? valueCodec(method.payload) : nothing,
      answer: { success, error },
      isSuccess: success.is,
      explainSuccess: success.explain,
      isFailure: error.is,
      explainFailure: error.explain
    }
  })

/** A cast in a mailbox. */
export class CastMessage {
  readonly method: Method
  readonly payload: unknown
  constructor(method: Method, payload: unknown) {
    this.method = method
    this.payload = payload
  }
  /** What reports show of it. */
  [inspect.custom](): unknown {
    return { cast: this.method.tag, payload: this.payload }
  }
}

/** A call in a mailbox. Its handler knows it as `from`, and as its context: one object less for each call. */
export class CallMessage extends IncomingCall {
  readonly method: Method
  readonly payload: unknown
  /** What callbacks know of the server that handles it. Set before the handler is called. */
  server: ServerContext | undefined
  constructor(method: Method, payload: unknown, replyTo: IncomingCall["replyTo"]) {
    super()
    this.replyTo = replyTo
    this.record = this.previous = this.next = undefined
    this.method = method
    this.payload = payload
    this.server = undefined
  }
  get pid(): Pid | undefined {
    return this.server?.pid
  }
  get self(): unknown {
    return this.server?.self
  }
  get from(): this {
    return this
  }
  /** What reports show of it. */
  [inspect.custom](): unknown {
    return { call: this.method.tag, payload: this.payload }
  }
}

/** A request of the runtime to a behaviour: end with a reason, after cleaning up. Never answered but by the end. */
export class TerminateMessage extends IncomingCall {
  readonly reason: ExitReason.ExitReason
  constructor(reason: ExitReason.ExitReason, replyTo: IncomingCall["replyTo"]) {
    super()
    this.replyTo = replyTo
    this.record = this.previous = this.next = undefined
    this.reason = reason
  }
}

/** The reason of a server whose handler returned something that is no result. OTP's `{bad_return_value, Value}`. */
export class BadReturnValue extends Schema.TaggedError<BadReturnValue>()("BadReturnValue", {
  /** Which callback of which contract. */
  callback: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.callback} returned ${this.problem}`
  }
}

/** As an exit reason. */
export const badReturn = (callback: string, problem: string): ExitReason.ExitReason =>
  ExitReason.failed(new BadReturnValue({ callback, problem }))

keepShapes(new CastMessage(none, none), new CallMessage(none, none, none), new TerminateMessage(none, none))
