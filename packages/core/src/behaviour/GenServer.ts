/**
 * GenServer: a process that keeps state, handles casts and calls one at a time, and answers.
 *
 * A contract says what a server takes; it is schemas only and can be imported anywhere. An implementation says what it
 * does; only schedulers load it:
 *
 * ```ts
 * const Counter = GenServer.define("Counter", {
 *   args: { start: Schema.Int },
 *   protocol: { increment: GenServer.cast({ by: Schema.Int }), get: GenServer.call({ success: Schema.Int }) }
 * })
 * const CounterLive = Counter.implement({
 *   init: ({ start }) => start,
 *   handle: { increment: (count, { by }) => count + by, get: (count) => GenServer.reply(count, count) }
 * })
 * ```
 *
 * A handler is a step from a state to the next, plain or an Effect. A typed failure of a call's handler is its answer
 * and leaves the server and its state alone; a defect ends the server. `terminate` runs when a handler stops the
 * server or dies, and, if the server traps exits, when its parent ends it: not when an exit signal ends it outright.
 *
 * A server that crashes is reported with its state and its last message: where these hold secrets, or are large, the
 * contract's `inspect` says what is shown of them (see {@link define}).
 *
 * When not to use it: for code that needs no process. A function, a module or an Effect service is simpler, and every
 * caller of a server waits in one queue.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type * as Scope from "effect/Scope"
import { ContractId } from "../address/ContractId.ts"
import type { MessageCodec } from "../address/MessageCodec.ts"
import { Name, readAddress, writeAddress } from "../address/Name.ts"
import { type Pid, parse } from "../address/Pid.ts"
import { ofThisSystem, withSystemId } from "../address/SystemId.ts"
import { limitOf } from "../base/Milliseconds.ts"
import { checkName } from "../base/NameCheck.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { silenced } from "../fiber/Silence.ts"
import { stepKind } from "../fiber/Step.ts"
import type { Definition } from "../process/Definition.ts"
import type { Current, System } from "../process/Host.ts"
import type { Bounds } from "../process/Mailbox.ts"
import { fingerprint } from "../schema/Fingerprint.ts"
import { note, type ValueCodec, value as valueCodec } from "../schema/ValueCodec.ts"
import type { Down, Exit } from "../signal/Signal.ts"
import { type NamedLeaf, wireAnnotation } from "../wire/Plan.ts"
import { ContractCodec, type Interface } from "./ContractCodec.ts"
import { checkInspect, type Inspect, type Inspector, inspectorOf } from "./Inspection.ts"
import type { CallNext, InitNext, Next } from "./Next.ts"
import {
  type Call,
  type CallMessage,
  type Cast,
  type Fields,
  type Method,
  methodsOf,
  type Protocol
} from "./Protocol.ts"
import { type PayloadArgs, type PidRef, type Ref, type RefFactory, refFactory, reservedTags } from "./Ref.ts"
import type { Callbacks } from "./ServerKind.ts"
import { ServerLoop } from "./ServerLoop.ts"

export type { ArgsAndOptions } from "../process/Definition.ts"
export type { Inspect, InspectedMessage, InspectHooks } from "./Inspection.ts"
export {
  type CallNext,
  Ignore,
  type InitNext,
  ignore,
  type Next,
  NoReply,
  noReply,
  Reply,
  reply,
  Stop,
  StopWithReply,
  stop,
  stopWithReply,
  type Then
} from "./Next.ts"
export { BadReturnValue, type Call, type Cast, call, cast, type Fields, type Protocol } from "./Protocol.ts"
export {
  type CallError,
  CallingSelf,
  type CallOptions,
  CallTimeout,
  type Methods,
  NoProcess,
  type PidRef,
  type Ref,
  UnknownCall
} from "./Ref.ts"
export { StartError, type StartOptions, start, startLink, startMonitor, terminate } from "./Start.ts"

/** What every server's code may require and always has: itself, the system, and a scope that closes when it ends. */
export type Provided = Current | System | Scope.Scope

/** A caller to be answered later, by {@link replyTo}, from this process or another of the same scheduler. */
export interface From<in A, in E> {
  readonly "~understudy/From": (success: A, error: E) => void
}

/** What a handler knows beside its state and its payload. */
export interface Context<P extends Protocol> {
  /** A ref to this server. */
  readonly self: Ref<P>
  readonly pid: Pid
}

/** {@link Context}, and who asks. */
export interface CallContext<P extends Protocol, A, E> extends Context<P> {
  readonly from: From<A, E>
}

/** The type of the handler of one message. */
export type Handler<M, P extends Protocol, S, R> =
  M extends Cast<infer F>
    ? (state: S, ...args: [...PayloadArgs<F>, context: Context<P>]) => Next<S> | Effect.Effect<Next<S>, never, R>
    : M extends Call<infer F, infer A, infer E>
      ? (
          state: S,
          ...args: [...PayloadArgs<F>, context: CallContext<P, A["Type"], E["Type"]>]
        ) => CallNext<A["Type"], S> | Effect.Effect<CallNext<A["Type"], S>, E["Type"], R>
      : never

/** A step that answers nobody. `R` is what its effects need. */
type Step<S, R> = Next<S> | Effect.Effect<Next<S>, never, R>

/** One handler a message. What each needs is read from what it returns, so handlers may need different services. */
export type Handlers<P extends Protocol, S> = {
  // biome-ignore lint/suspicious/noExplicitAny: the bound of an inferred type; the services are read from the inferred one
  readonly [K in keyof P]: Handler<P[K], P, S, any>
}

/** The services a function's effects need. */
type ServicesOf<F> = F extends (...args: never) => infer Result
  ? Result extends Effect.Effect<infer _A, infer _E, infer R>
    ? R
    : never
  : never

/** What makes a contract a running server. `S` is the state (what `init` gives), `H` the handlers, `R` the services. */
export interface Spec<P extends Protocol, A extends Fields, M, S, H, R extends SpecServices> {
  /** Makes the first state. The starter waits for it. A failure or a defect fails the start. */
  readonly init: (
    args: Schema.Struct<A>["Type"],
    context: Context<P>
  ) => InitNext<S> | Effect.Effect<InitNext<S>, unknown, R["init"]>
  /** One handler a message of the protocol. */
  readonly handle: H & Handlers<P, NoInfer<S>> & { readonly [K in Exclude<keyof H, keyof P>]: never }
  /** Exits (when trapped), Downs, and the contract's plain messages. Without it they are reported and dropped. */
  readonly info?: (state: NoInfer<S>, message: M | Down | Exit, context: Context<P>) => Step<NoInfer<S>, R["info"]>
  /** Runs when the idle timeout a step asked for has passed. */
  readonly timeout?: (state: NoInfer<S>, context: Context<P>) => Step<NoInfer<S>, R["timeout"]>
  /** Runs before the next message when a step asked to continue. */
  readonly continue?: (state: NoInfer<S>, what: unknown, context: Context<P>) => Step<NoInfer<S>, R["continue"]>
  /** Cleans up. See the module's header for when it runs. */
  readonly terminate?: (
    state: NoInfer<S>,
    reason: ExitReason.ExitReason
  ) => Effect.Effect<void, never, R["terminate"]> | void
  /** Whether the server traps exits from its first instant on. Default false. */
  readonly trapExit?: boolean
}

/** The services of each callback. */
export interface SpecServices {
  readonly init: unknown
  readonly info: unknown
  readonly timeout: unknown
  readonly continue: unknown
  readonly terminate: unknown
}

/** What a server is: its messages, its arguments, its mailbox. No code. */
export interface Contract<P extends Protocol, A extends Fields, M = never> {
  readonly name: string
  readonly protocol: P
  readonly args: Schema.Struct<A>
  readonly mailbox: Bounds | undefined
  readonly unwindTimeout: Duration.Input | undefined
  /**
   * The address of the server registered as `name`, typed and resolved at each use. Throws a RangeError when that is no
   * name: a name is a text that is not empty.
   */
  readonly named: (name: string) => Ref<P>
  /**
   * A ref to a server of which only the pid is known. Whether it is of this contract is found out when the ref is used: if not, calls
   * fail with {@link UnknownCall}, and casts are dropped and reported.
   */
  readonly at: (pid: Pid) => PidRef<P>
  /** The schema of refs to servers of this contract: refs travel in messages. */
  readonly ref: Schema.Codec<Ref<P>, Ref<P>>
  /** Makes it a server. */
  implement<S, H, Init = never, Info = never, Timeout = never, Continue = never, Terminate = never>(
    spec: Spec<P, A, M, S, H, { init: Init; info: Info; timeout: Timeout; continue: Continue; terminate: Terminate }>
  ): Implementation<P, A, S, Exclude<ServicesOf<H[keyof H]> | Init | Info | Timeout | Continue | Terminate, Provided>>
  /** Internal: how messages are checked and encoded, how refs are made. */
  readonly internals: ContractInternals<P>
}

/** What the runtime needs of a contract. */
export interface ContractInternals<P extends Protocol> {
  readonly codec: ContractCodec
  readonly methods: ReadonlyArray<Method>
  readonly refs: RefFactory<P>
  readonly argsCodec: ValueCodec
  readonly inspector: Inspector
  readonly fingerprint: string
}

/** A contract's code: give it to `System.main` so that every scheduler can run it. */
export interface Implementation<P extends Protocol, A extends Fields, S, R> {
  readonly contract: Contract<P, A, never>
  readonly definition: Definition
  /** One step of one handler, without a process: for unit tests. Handlers that are Effects give the Effect. */
  readonly step: <K extends keyof P & string>(
    tag: K,
    state: S,
    ...payload: P[K] extends Cast<infer F> | Call<infer F, Schema.Top, Schema.Top> ? PayloadArgs<F> : never
  ) => unknown
  /** Only in types: the services the implementation needs from the system's layer. */
  readonly "~R": R
}

/** Any contract. */
// biome-ignore lint/suspicious/noExplicitAny: variance of protocols makes `any` the only upper bound; never in a public result
export type AnyContract = Contract<any, any, any>

/**
 * Declares a contract. Throws a RangeError when the name is empty, a message has a reserved name, a message of an interface is
 * missing, or `unwindTimeout` is no duration.
 *
 * - `args`: what a server is started with. Default: nothing.
 * - `protocol`: its messages.
 * - `info`: the schema of plain messages it takes by `Process.send`. Default: none.
 * - `mailbox`: its bound. Default: none.
 * - `unwindTimeout`: how long the finalizers of its servers may take before they count as ended all the same. Default: 5 seconds.
 * - `interfaces`: other contracts whose messages are messages of this one too, each the very same value: refs of those contracts
 *   can be used with its servers. Default: none, and then messages of other contracts never reach a handler.
 * - `inspect`: what reports, events and errors show of its servers: a function gives what is shown in place of a state;
 *   `{ state, message, args }` are such hooks for states, payloads of messages and arguments. As soon as there is one, what
 *   has none is not shown at all. A hook that throws hurts nobody: the report says so. Default: all is shown, cut to 2,000
 *   characters each.
 *
 *   ```ts
 *   inspect: {
 *     state: (account: Account) => ({ ...account, password: "…" }),
 *     message: ({ name, payload }) => (name === "logIn" ? payload.user : payload),
 *     args: ({ user }) => ({ user })
 *   }
 *   ```
 *
 *   Only values are hidden so: the names of messages are shown, and so is the reason of a crash.
 */
export const define = <
  const P extends Protocol,
  const A extends Fields = {},
  M extends Schema.Top = typeof Schema.Never
>(
  name: string,
  options: {
    readonly protocol: P
    readonly args?: A
    readonly info?: M
    readonly mailbox?: Bounds
    readonly unwindTimeout?: Duration.Input
    readonly interfaces?: ReadonlyArray<AnyContract>
    readonly inspect?: Inspect<P, A, M["Type"]>
  }
): Contract<P, A, M["Type"]> => {
  checkName("GenServer.define", name)
  for (const tag of Object.keys(options.protocol)) {
    if (!reservedTags.has(tag)) continue
    throw new RangeError(`GenServer.define: ${name}: refs have a "${tag}" of their own. Give the message another name`)
  }
  const { info, inspect, interfaces = [], mailbox, protocol, unwindTimeout } = options
  if (info !== undefined) note(info)
  checkInspect(name, inspect)
  limitOf(unwindTimeout, `GenServer.define: ${name}: unwindTimeout`)
  // Without args `A` is `{}`
  const args = Schema.Struct(options.args ?? ({} as A))
  const methods = methodsOf(protocol)
  const codec = new ContractCodec(
    new ContractId(name, () => contract.internals.fingerprint),
    methods,
    info === undefined ? undefined : valueCodec(info),
    interfaces.map((other) => interfaceOf(name, protocol, methods, other))
  )
  const refs = refFactory<P>(name, methods, codec)
  const contract: Contract<P, A, M["Type"]> = {
    name,
    protocol,
    args,
    mailbox,
    unwindTimeout,
    named: (registered) => refs.at(new Name("", checkName(`${name}.named`, registered), codec)),
    at: refs.pid,
    ref: refSchema(name, refs, codec),
    implement: (spec) => implement(contract, spec),
    internals: {
      codec,
      methods,
      refs,
      argsCodec: valueCodec(args),
      inspector: inspectorOf(inspect),
      get fingerprint() {
        return contractFingerprint(contract, info)
      }
    }
  }
  return contract
}

/** The messages of `other`, as a contract that has them too takes them. */
const interfaceOf = (
  name: string,
  protocol: Protocol,
  methods: ReadonlyArray<Method>,
  other: AnyContract
): Interface => {
  // `AnyContract` has lost the protocol's own type
  const own = Object.entries(other.protocol as Protocol).map(([tag, method]) => {
    const found = protocol[tag] === method ? methods.find((one) => one.tag === tag) : undefined
    if (found !== undefined) return found
    throw new RangeError(
      `GenServer.define: ${name} has the interface ${other.name}, so its protocol needs the message "${tag}" of that contract, the same value`
    )
  })
  return { codec: other.internals.codec, methods: own }
}

const contractFingerprint = (contract: AnyContract, info: Schema.Top | undefined): string => {
  const schemas: Record<string, Schema.Top> = { args: contract.args }
  // `AnyContract` has lost the protocol's own type
  for (const [tag, method] of Object.entries(contract.protocol as Protocol)) {
    schemas[`${tag} payload`] = method.payload
    if (method._tag === "Call") {
      schemas[`${tag} success`] = method.success
      schemas[`${tag} error`] = method.error
    }
  }
  if (info !== undefined) schemas.info = info
  return fingerprint(contract.name, schemas)
}

const refSchema = <P extends Protocol>(
  name: string,
  refs: RefFactory<P>,
  codec: MessageCodec
): Schema.Codec<Ref<P>, Ref<P>> =>
  Schema.declare((value: unknown): value is Ref<P> => refs.is(value), {
    expected: `Ref<${name}>`,
    [wireAnnotation]: {
      name: `ref of ${name}`,
      is: refs.is,
      // `as Ref`: leaves write values of their schema
      write: (ref, writer) => writeAddress(writer, (ref as Ref<P>).address),
      read: (reader) => refs.at(readAddress(reader, codec))
    } satisfies NamedLeaf,
    toCodecJson: () =>
      Schema.link<Ref<P>>()(
        Schema.Array(Schema.String),
        SchemaTransformation.transformEffect<Ref<P>, ReadonlyArray<string>>({
          decode: ([first = "", second], options) => {
            if (second !== undefined) return Effect.succeed(refs.at(new Name(first, second, codec)))
            const pid = (text: string) => parse(text, codec)
            return Effect.map(ofThisSystem(first, "a pid", pid, options), refs.at)
          },
          // A name is of no system: it means whoever holds it where it is used
          encode: ({ address }, options) =>
            address instanceof Name
              ? Effect.succeed([address.table, address.key])
              : Effect.map(withSystemId(address.toString(), options), (text) => [text])
        })
      )
  })

const implement = <P extends Protocol, A extends Fields, M, S, R>(
  contract: Contract<P, A, M>,
  spec: unknown
): Implementation<P, A, S, R> => {
  const { argsCodec, codec, fingerprint, inspector, refs } = contract.internals
  // The loop is written once for all states and protocols; what it hands back to a callback is what it got from it
  const callbacks = spec as Callbacks
  const handlers = contract.internals.methods.map((method) => callbacks.handle[method.tag])
  const kind = { contract: contract.name, callbacks, handlers, inspector, self: refs.pid }
  const definition: Definition = {
    name: contract.name,
    fingerprint,
    codec,
    args: argsCodec,
    mailbox: contract.mailbox,
    unwindTimeout: contract.unwindTimeout,
    showArgs: inspector.args,
    uses: [],
    body: (args, started, name) => new ServerLoop(kind, { args, started, name })
  }
  return {
    // `M` only matters to senders and to `info`
    contract: contract as unknown as Contract<P, A, never>,
    definition,
    step: (tag, state, ...payload) => callbacks.handle[tag]?.(state, ...payload),
    // Only a type
    "~R": undefined as never
  }
}

/**
 * Answers a call that its handler did not answer itself. The first answer counts. Dies when `value` is not of the
 * call's success type; its caller fails with NoProcess then. Catalogue GS23, GS26.
 */
export const replyTo: <A, E>(from: From<A, E>, value: A) => Effect.Effect<void> =
  // A step's parameters and result are what it was made with
  stepKind((fiber, from: From<never, never>, value: unknown) => {
    const silent = silenced(fiber, Exit_.void)
    if (silent !== undefined) return silent
    const call = callOf(from)
    check(call, "replyTo", value)
    call.succeed(value)
    return Exit_.void
  }) as never

/**
 * Answers a call with its typed error. Dies when `error` is not of the call's error type; its caller fails with NoProcess then.
 */
export const failTo: <A, E>(from: From<A, E>, error: E) => Effect.Effect<void> = stepKind(
  (fiber, from: From<never, never>, error: unknown) => {
    const silent = silenced(fiber, Exit_.void)
    if (silent !== undefined) return silent
    const call = callOf(from)
    check(call, "failTo", error)
    call.answer(Exit_.fail(error))
    return Exit_.void
  }
) as never

/** Whoever gives what is no answer dies of it. There will be no other: its caller is told. */
const check = (call: CallMessage, by: "replyTo" | "failTo", answer: unknown): void => {
  const { explainFailure, explainSuccess, isFailure, isSuccess, tag } = call.method
  const isReply = by === "replyTo"
  try {
    if (isReply ? isSuccess(answer) : isFailure(answer)) return
    const problem = isReply
      ? `the reply to ${tag} is not of its type: ${explainSuccess(answer)}`
      : `the failure of ${tag} is not of its type: ${explainFailure(answer)}`
    throw new TypeError(`GenServer.${by}: ${problem}`)
  } catch (error) {
    call.end(ExitReason.died(error))
    throw error
  }
}

// Every `From` is the call itself; the interface only hides that
const callOf = (from: From<never, never>): CallMessage => from as unknown as CallMessage
