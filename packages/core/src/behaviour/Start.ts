/**
 * Starting and stopping servers. A start returns when `init` is over, wherever the server runs.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Address } from "../address/Name.ts"
import { equals, type Pid } from "../address/Pid.ts"
import type { Refusal } from "../address/Reply.ts"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import { offer, trySend } from "../call/Offer.ts"
import { PendingCall } from "../call/PendingCall.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import type { AnyFiber } from "../fiber/Fibers.ts"
import { Operation } from "../fiber/Operation.ts"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import { hostOf } from "../fiber/Running.ts"
import { acting } from "../fiber/Silence.ts"
import type { ArgsAndOptions } from "../process/Definition.ts"
import type { Current, System } from "../process/Host.ts"
import { resolve } from "../process/Resolve.ts"
import { readAnswer } from "../signal/Answer.ts"
import type { MonitorRef } from "../signal/Signal.ts"
import { argsFor, type Starter, type StartOptions, startedCodec, startOn, type Tie } from "../spawn/StartDefinition.ts"
import { StartError } from "../spawn/StartError.ts"
import { portable } from "../wire/Portable.ts"
import type { AnyContract, Contract } from "./Contract.ts"
import { type Fields, type Protocol, TerminateMessage } from "./Protocol.ts"
import {
  type CallError,
  CallingSelf,
  CallTimeout,
  codecOfRef,
  defaultTimeout,
  NoProcess,
  type PidRef,
  UnknownCall
} from "./Ref.ts"

export type { StartOptions } from "../spawn/StartDefinition.ts"
export { StartError } from "../spawn/StartError.ts"

/** `{}` args need not be given. */
export type StartArgs<A extends Fields> = ArgsAndOptions<A, StartOptions>

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
  new StartServer(contract, args[0], args[1], "monitor")

const startTied = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean
): Effect.Effect<PidRef<P>, StartError, System> => new StartServer(contract, args, options, link ? "link" : "none")

/** The effect of starting a server. `A` is what it gives for its tie. */
class StartServer<A> extends Operation<A, StartError, System> implements Starter {
  private readonly contract: AnyContract
  private readonly args: unknown
  private readonly options: StartOptions | undefined
  private readonly tie: Tie

  constructor(contract: AnyContract, args: unknown, options: StartOptions | undefined, tie: Tie) {
    super()
    this.contract = contract
    this.args = args
    this.options = options
    this.tie = tie
  }

  perform(fiber: AnyFiber): Effect.Effect<A, StartError> {
    const { "~internals": internals, name } = this.contract
    const host = hostOf(fiber)
    const definition = host.definition(name)
    if (definition === undefined) return Exit.fail(new StartError({ contract: name, problem: "unknown-contract" }))
    if (definition.codec.contract?.is(internals.codec.contract) !== true) {
      return Exit.fail(new StartError({ contract: name, problem: "other-version" }))
    }
    const args = argsFor(definition, internals.argsCodec, this.args ?? {})
    return startOn(fiber, host, currentProcess(fiber), definition, args, this.options, this.tie, this)
  }

  started(pid: Pid, monitor: MonitorRef): Effect.Effect<unknown> {
    const ref = this.contract["~internals"].refs.pid(pid)
    return Exit.succeed(this.tie === "monitor" ? { ref, monitor } : ref)
  }

  failed(exit: Exit.Failure<unknown, unknown>): Effect.Effect<unknown, unknown> {
    return exit
  }
}

/**
 * Asks a server to end and waits until it has: its `terminate` runs with `reason` (default: normal). Fails with
 * NoProcess when there is none, or when it ends with another reason; with CallTimeout when it has not ended within
 * `timeout` (default: no limit; it still ends when it gets to it); with CallingSelf when a server asks itself, which could never
 * come to an end (stop it by what its handler returns); with UnknownCall when the process is of another contract than the ref.
 * Dies with a RangeError when `timeout` is negative. OTP's `gen_server:stop`. Catalogue GS42, GS44, GS45.
 */
export const terminate = (
  ref: { readonly address: Address; readonly contract: string },
  options?: { readonly reason?: ExitReason.ExitReason | undefined; readonly timeout?: Duration.Input | undefined }
): Effect.Effect<void, CallError, System> =>
  acting((host, fiber) => {
    const reason = options?.reason ?? ExitReason.normal
    const callee = ref.address.toString()
    const call = `${ref.contract}.terminate`
    const pid = resolve(host, ref.address)
    const gone = (actual: ExitReason.ExitReason) => Exit.fail(new NoProcess({ callee, call, reason: actual }))
    if (pid === undefined) return gone(ExitReason.noProcess)
    const after = milliseconds(options?.timeout, `${call}: timeout`)
    const caller = currentProcess(fiber)
    if (caller !== undefined && equals(caller.pid, pid)) return Exit.fail(new CallingSelf({ callee, call }))
    const codec = codecOfRef(ref) ?? host.definition(ref.contract)?.codec
    if (codec === undefined) return gone(ExitReason.noProcess)
    return Effect.callback<void, CallError>((resume) => {
      const refused = (contract: string, problem: Refusal) =>
        Exit.fail(new UnknownCall({ callee, call, contract, problem }))
      const down = (actual: ExitReason.ExitReason) => (sameReason(actual, reason) ? Exit.void : gone(actual))
      const pending = new PendingCall(
        host,
        {
          whenDown: down,
          whenTimedOut: () => Exit.fail(new CallTimeout({ callee, call, after: after ?? defaultTimeout })),
          whenRefused: refused,
          read: (reader) => readAnswer(startedCodec, reader, down, refused)
        },
        (exit) => resume(exit as Effect.Effect<void, CallError>),
        caller?.priority
      )
      if (after !== undefined) pending.expireAfter(after)
      pending.callee = pid
      const message = new TerminateMessage(reason, pending)
      if (!trySend(host, pid, codec, message)) pending.offer(offer(host, pid, codec, message, 0, true, caller))
      return Effect.sync(() => pending.abandon())
    })
  })

/** Whether a server ended as it was asked to, perhaps on another scheduler: the reason has been there and back then. */
const sameReason = (actual: ExitReason.ExitReason, asked: ExitReason.ExitReason): boolean =>
  actual === asked || (actual._tag === asked._tag && ExitReason.format(actual) === ExitReason.format(arrived(asked)))

// What a reason is after it has been portable
const arrived = (reason: ExitReason.ExitReason): ExitReason.ExitReason => portable(reason) as ExitReason.ExitReason

keepShapes(new StartServer(nothing, nothing, nothing, "none"))
