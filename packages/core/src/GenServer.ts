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

export type {
  AnyContract,
  CallContext,
  Context,
  Contract,
  From,
  Handler,
  Handlers,
  Implementation,
  Provided,
  Spec,
  SpecServices
} from "./behaviour/Contract.ts"
export { define } from "./behaviour/Define.ts"
export type { Inspect, InspectedMessage, InspectHooks } from "./behaviour/Inspection.ts"
export { failTo, replyTo } from "./behaviour/LateReply.ts"
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
} from "./behaviour/Next.ts"
export { BadReturnValue, type Call, type Cast, call, cast, type Fields, type Protocol } from "./behaviour/Protocol.ts"
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
} from "./behaviour/Ref.ts"
export { StartError, type StartOptions, start, startLink, startMonitor, terminate } from "./behaviour/Start.ts"
export type { ArgsAndOptions } from "./process/Definition.ts"
