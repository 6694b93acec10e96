/**
 * Refs: typed addresses whose methods are a contract's messages. A ref holds a pid or a name and nothing else; its
 * methods sit on a prototype that is made once per contract.
 */

import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Address } from "../address/Name.ts"
import { equals, impl, isPid, type Pid, typedPid } from "../address/Pid.ts"
import type { Refusal } from "../address/Reply.ts"
import { formatTime } from "../base/FormatNumber.ts"
import { deepFreeze } from "../base/Freeze.ts"
import { invalidDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import { offer, send, trySend } from "../call/Offer.ts"
import { type CallOutcomes, PendingCall } from "../call/PendingCall.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { failedAt } from "../fiber/CallSite.ts"
import { type AnyFiber, park } from "../fiber/Fibers.ts"
import {
  handOver,
  type Iterating,
  notNow,
  type OperationMethods,
  operationKind,
  wasHandedOver
} from "../fiber/Operation.ts"
import { currentProcess, type ProcessFiber } from "../fiber/ProcessFiber.ts"
import { hostOf } from "../fiber/Running.ts"
import { silenced } from "../fiber/Silence.ts"
import type { Host, System } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { resolve } from "../process/Resolve.ts"
import { accepts } from "../schema/ValueCodec.ts"
import { readAnswer } from "../signal/Answer.ts"
import type { ByteReader } from "../wire/Bytes.ts"
import { type Call, CallMessage, type Cast, CastMessage, type Fields, type Method, type Protocol } from "./Protocol.ts"

/** The callee is not there, or ended before it answered. Catalogue GS14, GS15, GS21. */
export class NoProcess extends Schema.TaggedError<NoProcess>()("NoProcess", {
  /** The pid or name that was called. */
  callee: Schema.String,
  /** The contract and its message: `Counter.get`. */
  call: Schema.String,
  /** NoProcess when there was no process, else what the callee ended with. */
  reason: ExitReason.schema
}) {
  override get message(): string {
    const { call, callee, reason } = this
    if (reason._tag === "NoProcess") return `${call}: there is no process ${callee}`
    return `${call}: ${callee} ended before it answered: ${ExitReason.format(reason)}`
  }
}

/** No answer came in time. The callee may still handle the call; its answer is dropped then. Catalogue GS17, GS18. */
export class CallTimeout extends Schema.TaggedError<CallTimeout>()("CallTimeout", {
  callee: Schema.String,
  call: Schema.String,
  /** How long was waited, in milliseconds. */
  after: Schema.Number
}) {
  override get message(): string {
    return `${this.call}: no answer from ${this.callee} within ${formatTime(this.after)}. It may still handle the call`
  }
}

/** A server called itself, which could only time out. */
export class CallingSelf extends Schema.TaggedError<CallingSelf>()("CallingSelf", {
  callee: Schema.String,
  call: Schema.String
}) {
  override get message(): string {
    return `${this.call}: ${this.callee} cannot call itself: while it waits, it handles nothing`
  }
}

/**
 * The process does not take the call. Nothing of it has run.
 *
 * - `other-contract`: it is of another contract than the ref that was used: the name is held by another server, or the pid is another
 *   process's.
 * - `no-handler`: its implementation was given no handler for the call, which only untyped code can do.
 */
export class UnknownCall extends Schema.TaggedError<UnknownCall>()("UnknownCall", {
  /** The pid or name that was called. */
  callee: Schema.String,
  /** The contract of the ref and the message: `Counter.get`. */
  call: Schema.String,
  /** The contract of the process. */
  contract: Schema.String,
  problem: Schema.Literals(["other-contract", "no-handler"])
}) {
  override get message(): string {
    const { call, callee, contract, problem } = this
    if (problem === "no-handler") return `${call} to ${callee}: the implementation of ${contract} has no handler for it`
    return call.startsWith(`${contract}.`)
      ? `${call} to ${callee}: it is a process of another version of ${contract}, with other schemas; look whether its module is there twice`
      : `${call} to ${callee}: it is a process of another contract (${contract}); use a ref of that contract, or look who should hold this address`
  }
}

/** Every way a call ends without its answer. */
export type CallError = NoProcess | CallTimeout | CallingSelf | UnknownCall

/** How a call is made. */
export interface CallOptions {
  /**
   * How long to wait for the answer. Default 5 seconds, as in OTP; `"Infinity"` waits forever. The call dies with a
   * RangeError when it is negative.
   */
  readonly timeout?: Duration.Input | undefined
}

/** The timeout of calls that give none: 5 seconds, in milliseconds. */
export const defaultTimeout = 5000

type Payload<F extends Fields> = Schema.Struct<F>["Type"]

/** `{}` has no fields: then there is no parameter, else exactly one. */
export type PayloadArgs<F extends Fields> = {} extends F ? [] : [payload: Payload<F>]

/** The methods of a protocol. */
export type Methods<P extends Protocol> = {
  readonly [K in keyof P]: P[K] extends Cast<infer F>
    ? (...args: PayloadArgs<F>) => Effect.Effect<void, never, System>
    : P[K] extends Call<infer F, infer A, infer E>
      ? (...args: [...PayloadArgs<F>, options?: CallOptions]) => Effect.Effect<A["Type"], E["Type"] | CallError, System>
      : never
}

/** A typed address: methods, and where they are sent. */
export type Ref<P extends Protocol> = Methods<P> & {
  /** A pid, or a name that is resolved at each use. */
  readonly address: Address
  /** The contract's name. */
  readonly contract: string
}

/** A ref to one process. */
export type PidRef<P extends Protocol> = Ref<P> & { readonly pid: Pid }

/** Names that a protocol's messages cannot have, because refs have them for something else. */
export const reservedTags: ReadonlySet<string> = new Set(["address", "contract", "pid", "then", "toJSON", "toString"])

interface AnyRef {
  readonly address: Address
  readonly contract: string
}

/** Where a ref has its contract's codec. */
const refCodec = Symbol("codec")

/** How messages to a ref are checked and written, if it is one that a contract has made. */
export const codecOfRef = (ref: object): MessageCodec | undefined =>
  (ref as { readonly [refCodec]?: MessageCodec })[refCodec]

/** Makes refs of one contract. */
export interface RefFactory<P extends Protocol> {
  /** Keeps the hidden class of the contract's refs as long as the contract, see `keepShapes`. */
  readonly example: unknown
  readonly at: (address: Address) => Ref<P>
  readonly pid: (pid: Pid) => PidRef<P>
  readonly is: (value: unknown) => value is Ref<P>
}

/** The prototype of a contract's refs, made once. */
export const refFactory = <P extends Protocol>(
  contract: string,
  methods: ReadonlyArray<Method>,
  codec: MessageCodec
): RefFactory<P> => {
  class ContractRef implements AnyRef {
    // Only declared: all contracts share this code, so V8 looks up each store to a field
    declare readonly address: Address
    constructor(address: Address) {
      this.address = address
    }
    get contract(): string {
      return contract
    }
    get [refCodec](): MessageCodec {
      return codec
    }
    get pid(): Pid | undefined {
      return isPid(this.address) ? this.address : undefined
    }
    toString(): string {
      return `${contract}(${this.address})`
    }
    toJSON(): string {
      return this.toString()
    }
  }
  for (const method of methods) {
    const invoke =
      method.kind === "Cast"
        ? function (this: AnyRef, payload?: unknown) {
            return new CastOperation(this.address, codec, method, payload)
          }
        : method.hasPayload
          ? function (this: AnyRef, payload: unknown, options?: CallOptions) {
              return new CallOperation(this, codec, method, payload, options)
            }
          : function (this: AnyRef, options?: CallOptions) {
              return new CallOperation(this, codec, method, undefined, options)
            }
    Object.defineProperty(ContractRef.prototype, method.tag, { value: invoke, enumerable: false })
  }
  return {
    example: new ContractRef(nothing),
    // The prototype has exactly the methods that `P` names
    at: (address) => new ContractRef(address) as unknown as Ref<P>,
    pid: (pid) => {
      const known = impl(pid).ref
      // Mostly it is always the same contract's
      if (known instanceof ContractRef) return known as unknown as PidRef<P>
      const made = new ContractRef(typedPid(pid, codec))
      impl(pid).ref = made
      return made as unknown as PidRef<P>
    },
    is: (value): value is Ref<P> => value instanceof ContractRef || isTwin(codec, value)
  }
}

/** Whether a value is a ref that the same contract has made in another evaluation of its module: it has the same methods. */
const isTwin = (codec: MessageCodec, value: unknown): boolean => {
  const { contract } = codec
  if (typeof value !== "object" || value === null || contract === undefined) return false
  return codecOfRef(value)?.contract?.is(contract) === true
}

/** Why a payload is not of its message's type, as what sending it dies with. */
const invalid = (codec: MessageCodec, method: Method, payload: unknown): Effect.Effect<never> => {
  try {
    // Throws the schema's account of what is wrong
    return codec.check(new CastMessage(method, payload)) as never
  } catch (error) {
    return Exit.die(error)
  }
}

/** The effect of calling a cast's method. */
const CastOperation = operationKind(
  class CastOperation implements OperationMethods<void, never> {
    private readonly address: Address
    private readonly codec: MessageCodec
    private readonly method: Method
    private readonly payload: unknown

    constructor(address: Address, codec: MessageCodec, method: Method, payload: unknown) {
      this.address = address
      this.codec = codec
      this.method = method
      this.payload = payload
    }

    attempt(fiber: ProcessFiber): undefined | typeof notNow {
      const { address, codec, method, payload } = this
      const { host } = fiber.process
      // Thrown here, where it is on the sender's stack
      if (!accepts(method.payload, payload)) codec.check(new CastMessage(method, payload))
      if (host.freeze) deepFreeze(payload)
      const pid = resolve(host, address)
      return pid === undefined || trySend(host, pid, codec, new CastMessage(method, payload)) ? undefined : notNow
    }

    perform(fiber: AnyFiber): Effect.Effect<void> {
      const { address, codec, method, payload } = this
      const host = hostOf(fiber)
      if (!accepts(method.payload, payload)) return invalid(codec, method, payload)
      const silent = silenced(fiber, Exit.void)
      if (silent !== undefined) return silent
      if (host.freeze) deepFreeze(payload)
      const pid = resolve(host, address)
      return pid === undefined
        ? Exit.void
        : send(host, pid, codec, new CastMessage(method, payload), currentProcess(fiber))
    }
  }
)

/** The effect of calling a call's method, and what it comes to without an answer. */
const CallOperation = operationKind(
  class CallOperation implements OperationMethods<unknown, unknown>, CallOutcomes {
    private readonly ref: AnyRef
    private readonly codec: MessageCodec
    private readonly method: Method
    private readonly payload: unknown
    private readonly options: CallOptions | undefined

    constructor(ref: AnyRef, codec: MessageCodec, method: Method, payload: unknown, options: CallOptions | undefined) {
      this.ref = ref
      this.codec = codec
      this.method = method
      this.payload = payload
      this.options = options
    }

    [Symbol.iterator](): Iterating<unknown, unknown> {
      // A call always waits
      return handOver(this)
    }

    performIn(fiber: ProcessFiber): Effect.Effect<unknown, unknown> {
      const { process } = fiber
      const pending = PendingCall.from(fiber, this)
      pending.direct = wasHandedOver(this)
      let waits: Effect.Effect<unknown, unknown>
      try {
        waits = this.callFrom(fiber, process.host, process, pending)
      } catch (error) {
        waits = Exit.die(error)
      }
      return pending.direct && Exit.isExit(waits) ? failedAt(fiber, waits) : waits
    }

    perform(fiber: AnyFiber): Effect.Effect<unknown, unknown> {
      const silent = silenced<unknown, unknown>(fiber)
      if (silent !== undefined) return silent
      const host = hostOf(fiber)
      const caller = currentProcess(fiber)
      return this.callFrom(fiber, host, caller, new PendingCall(host, this, undefined, caller?.priority))
    }

    private callFrom(
      fiber: AnyFiber,
      host: Host,
      caller: ProcessRecord | undefined,
      pending: PendingCall
    ): Effect.Effect<unknown, unknown> {
      const { codec, method, payload } = this
      const pid = resolve(host, this.ref.address)
      if (pid === undefined) return this.whenDown(ExitReason.noProcess)
      if (caller !== undefined && equals(caller.pid, pid)) return Exit.fail(new CallingSelf(this.about()))
      if (!accepts(method.payload, payload)) return invalid(codec, method, payload)
      if (host.freeze) deepFreeze(payload)
      const after = this.timeout
      if (after !== undefined) {
        if (Number.isNaN(after))
          return Exit.die(invalidDuration(`${this.about().call}: timeout`, this.options?.timeout))
        pending.expireAfter(after)
      }
      pending.callee = pid
      const message = new CallMessage(method, payload, pending)
      // A full mailbox makes callers wait too, within their timeout
      if (!trySend(host, pid, codec, message)) pending.offer(offer(host, pid, codec, message, 0, true, caller))
      return park(fiber, pending)
    }

    /** Milliseconds; `undefined` waits forever, `NaN` is no time one can wait for. */
    private get timeout(): number | undefined {
      const given = this.options?.timeout
      if (given === undefined) return defaultTimeout
      const after = wholeMilliseconds(given)
      return after === Number.POSITIVE_INFINITY ? undefined : (after ?? Number.NaN)
    }

    /** The callee and the message, for its errors. */
    private about(): { readonly callee: string; readonly call: string } {
      const { method, ref } = this
      return { callee: ref.address.toString(), call: `${ref.contract}.${method.tag}` }
    }

    whenDown(reason: ExitReason.ExitReason): Exit.Exit<never, NoProcess> {
      return Exit.fail(new NoProcess({ ...this.about(), reason }))
    }

    whenRefused(contract: string, problem: Refusal): Exit.Exit<never, UnknownCall> {
      return Exit.fail(new UnknownCall({ ...this.about(), contract, problem }))
    }

    whenTimedOut(): Exit.Exit<never, CallTimeout> {
      return Exit.fail(new CallTimeout({ ...this.about(), after: this.timeout ?? 0 }))
    }

    read(reader: ByteReader): Exit.Exit<unknown, unknown> {
      return readAnswer(
        this.method.answer,
        reader,
        (reason) => this.whenDown(reason),
        (contract, problem) => this.whenRefused(contract, problem)
      )
    }
  }
)

keepShapes(
  new CallOperation({ address: nothing, contract: "" }, nothing, nothing, nothing, undefined),
  new CastOperation(nothing, nothing, nothing, nothing)
)
