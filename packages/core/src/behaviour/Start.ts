/**
 * Starting and stopping servers. A start returns when `init` is over, wherever the server runs.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { CallbackCall, readAnswer } from "../process/Call.ts"
import { send } from "../process/Delivery.ts"
import * as ExitReason from "../process/ExitReason.ts"
import { currentProcess } from "../process/Fibers.ts"
import { Current, type Host, type System } from "../process/Host.ts"
import { type Address, resolve } from "../process/Name.ts"
import type { Pid } from "../process/Pid.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { milliseconds } from "../process/RawProcess.ts"
import { withSystem } from "../process/Running.ts"
import type { MonitorRef } from "../process/Signal.ts"
import { type StartOptions, startDefinition, startedCodec } from "../process/StartDefinition.ts"
import { StartError } from "../process/StartError.ts"
import type { AnyContract, Contract } from "./GenServer.ts"
import { type Fields, type Protocol, TerminateMessage } from "./Protocol.ts"
import { CallTimeout, defaultTimeout, NoProcess, type PidRef } from "./Ref.ts"

export type { StartOptions } from "../process/StartDefinition.ts"
export { StartError } from "../process/StartError.ts"

/** `{}` args need not be given. */
export type StartArgs<A extends Fields> = {} extends A
  ? [args?: {}, options?: StartOptions]
  : [args: Schema.Struct<A>["Type"], options?: StartOptions]

/**
 * Starts a server that is linked to nothing. Fails with {@link StartError}; dies with `InvalidMessage` when the
 * arguments are not of the contract's type. Catalogue GS01, GS04.
 */
export const start = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  ...args: StartArgs<A>
): Effect.Effect<PidRef<P>, StartError, System> => startTied(contract, args[0], args[1], false)

/**
 * Starts a server linked to the calling process. Outside a process, it is tied to the scope instead, and ended with
 * reason shutdown when that closes. Fails with {@link StartError}.
 */
export const startLink = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  ...args: StartArgs<A>
): Effect.Effect<PidRef<P>, StartError, System | Scope.Scope> =>
  Effect.withFiber<PidRef<P>, StartError, System | Scope.Scope>((fiber) =>
    currentProcess(fiber) !== undefined
      ? startTied(contract, args[0], args[1], true)
      : Effect.acquireRelease(startTied(contract, args[0], args[1], false), (ref) =>
          Effect.ignore(terminate(ref, { reason: ExitReason.shutdown }))
        )
  )

/**
 * Starts a server that the calling process monitors from the first instant on. Fails with {@link StartError}; then no
 * Down comes. Catalogue GS56, MC04.
 */
export const startMonitor = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  ...args: StartArgs<A>
): Effect.Effect<{ readonly ref: PidRef<P>; readonly monitor: MonitorRef }, StartError, System | Current> =>
  Effect.flatMap(Current, (parent) => {
    // nextReference makes references for monitors too
    const monitor = parent.host.nextReference() as MonitorRef
    return Effect.map(startDefined(parent.host, parent, contract, args[0] ?? {}, args[1], false, monitor), (pid) => ({
      ref: contract.internals.refs.pid(pid),
      monitor
    }))
  })

const startTied = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean
): Effect.Effect<PidRef<P>, StartError, System> =>
  withSystem((host, fiber) =>
    Effect.map(startDefined(host, currentProcess(fiber), contract, args ?? {}, options, link), (pid) =>
      contract.internals.refs.pid(pid)
    )
  )

/** Checks the arguments and starts. */
const startDefined = (
  host: Host,
  parent: ProcessRecord | undefined,
  contract: AnyContract,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean,
  monitor = 0
): Effect.Effect<Pid, StartError> => {
  const definition = host.definition(contract.name)
  return definition === undefined
    ? Effect.fail(new StartError({ contract: contract.name, problem: "unknown-contract" }))
    : startDefinition(host, parent, definition, args, options, link, monitor)
}

/**
 * Asks a server to end and waits until it has: its `terminate` runs with `reason` (default: normal). Fails with
 * NoProcess when there is none, or when it ends with another reason; with CallTimeout when it has not ended within
 * `timeout` (default: no limit; it still ends when it gets to it). OTP's `gen_server:stop`. Catalogue GS42, GS45.
 */
export const terminate = (
  ref: { readonly address: Address; readonly contract: string },
  options?: { readonly reason?: ExitReason.ExitReason | undefined; readonly timeout?: Duration.Input | undefined }
): Effect.Effect<void, NoProcess | CallTimeout, System> =>
  withSystem((host) => {
    const reason = options?.reason ?? ExitReason.normal
    const callee = ref.address.toString()
    const call = `${ref.contract}.terminate`
    const pid = resolve(host, ref.address)
    const gone = (actual: ExitReason.ExitReason) => Exit.fail(new NoProcess({ callee, call, reason: actual }))
    if (pid === undefined) return gone(ExitReason.noProcess)
    const after = milliseconds(options?.timeout)
    return Effect.callback<void, NoProcess | CallTimeout>((resume) => {
      const down = (actual: ExitReason.ExitReason) => (sameReason(actual, reason) ? Exit.void : gone(actual))
      const pending = new CallbackCall(
        host,
        {
          down,
          timeout: () => Exit.fail(new CallTimeout({ callee, call, after: after ?? defaultTimeout })),
          read: (reader) => readAnswer(startedCodec, reader, down)
        },
        (exit) => resume(exit as Effect.Effect<void, NoProcess | CallTimeout>)
      )
      if (after !== undefined) pending.expireAfter(after)
      const codec = host.definition(ref.contract)?.codec
      const message = new TerminateMessage(reason, pending)
      if (codec === undefined) return pending.down(ExitReason.noProcess)
      const sending = send(host, pid, codec, message)
      if (!Exit.isExit(sending)) Effect.runForkWith(host.context)(sending)
    })
  })

const sameReason = (a: ExitReason.ExitReason, b: ExitReason.ExitReason): boolean =>
  a === b || (a._tag === b._tag && ExitReason.format(a) === ExitReason.format(b))
