/** What a server is (a contract: schemas, no code) and what makes it one (its implementation), as types. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Pid } from "../address/Pid.ts"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { Definition } from "../process/Definition.ts"
import type { Current, System } from "../process/Host.ts"
import type { Bounds } from "../process/Mailbox.ts"
import type { ValueCodec } from "../schema/ValueCodec.ts"
import type { Down, Exit } from "../signal/Signal.ts"
import type { ContractCodec } from "./ContractCodec.ts"
import type { Inspector } from "./Inspection.ts"
import type { CallNext, InitNext, Next } from "./Next.ts"
import type { Call, Cast, Fields, Method, Protocol } from "./Protocol.ts"
import type { PayloadArgs, PidRef, Ref, RefFactory } from "./Ref.ts"

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

/** {@link Context}, and the caller. */
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

/** A step without an answer. `R` is what its effects need. */
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
  readonly "~internals": ContractInternals<P>
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
