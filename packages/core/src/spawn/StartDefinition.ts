/**
 * Starts a process of a definition, on any scheduler, and waits until it has initialised, as `proc_lib:start_link` in OTP.
 * A failed start leaves no process, no link and no EXIT.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { outside, type Pid } from "../address/Pid.ts"
import type { AnswerCodec } from "../address/Reply.ts"
import { milliseconds } from "../base/Milliseconds.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import { type CallOutcomes, PendingCall } from "../call/PendingCall.ts"
import { ask } from "../call/Query.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { type AnyFiber, park, unpark } from "../fiber/Fibers.ts"
import { Operation } from "../fiber/Operation.ts"
import { silenced } from "../fiber/Silence.ts"
import type { Definition } from "../process/Definition.ts"
import type { Host } from "../process/Host.ts"
import { isHere, sendExit } from "../process/Lifecycle.ts"
import { unlink } from "../process/Links.ts"
import { demonitor } from "../process/Monitors.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { InvalidMessage } from "../schema/InvalidMessage.ts"
import { accepts, type ValueCodec } from "../schema/ValueCodec.ts"
import { readAnswer } from "../signal/Answer.ts"
import type { MonitorRef } from "../signal/Signal.ts"
import { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { readAny, writeAny } from "../wire/Portable.ts"
import { type DefinedOptions, type SpawnCall, spawnDefined } from "./SpawnDefined.ts"
import { refusal } from "./StartCheck.ts"
import { StartError } from "./StartError.ts"

/** How a process of a definition is started. */
export interface StartOptions extends DefinedOptions {
  /**
   * Registers it under this name before `init` runs: a text is a name of the system, a {@link Name} one of a registry
   * (OTP's `via`). What is no name fails the start. Catalogue N09, N14.
   */
  readonly name?: DefinedOptions["name"]
  /**
   * How long `init` may take. After that its process is killed, and the start fails once the process has ended. Default: no limit.
   * A negative one fails the start at once. Catalogue GS10.
   */
  readonly timeout?: Duration.Input | undefined
}

/** How the outcome of an initialisation is written between schedulers. */
export const startedCodec: AnswerCodec = {
  success: { encode: () => undefined, decode: () => undefined },
  error: {
    encode: (error, writer) => writeAny(writer, { ...(error as StartError) }),
    // Written by encode above, on another scheduler of the same program
    decode: (reader) => new StartError(readAny(reader) as ConstructorParameters<typeof StartError>[0])
  }
}

/** The tie between the new process and its parent. */
export type Tie = "none" | "link" | "monitor"

type AnyEffect = Effect.Effect<unknown, unknown>

/** The starter's continuations: for a process that has initialised, and for a failed start. */
export interface Starter {
  started(pid: Pid, monitor: MonitorRef): AnyEffect
  failed(exit: Exit.Failure<unknown, unknown>): AnyEffect
}

/** One start, and the wait for it. Hot path: plain and mutable. */
class PendingStart extends PendingCall implements SpawnCall, CallOutcomes {
  readonly definition: Definition
  readonly args: unknown
  readonly options: StartOptions | undefined
  readonly by: ProcessRecord | undefined
  readonly link: boolean
  readonly monitor: number
  private readonly starter: Starter
  private pid: Pid | undefined = undefined
  /** The start was sent to another scheduler: there will be a process. */
  private left = false
  /** The start was cancelled: its process is killed as soon as its pid is known. */
  private givenUp = false
  /** The timeout has passed. */
  private late = false

  constructor(
    host: Host,
    by: ProcessRecord | undefined,
    definition: Definition,
    args: unknown,
    options: StartOptions | undefined,
    tie: Tie,
    starter: Starter
  ) {
    // The start itself maps its outcomes
    super(host, nothing, undefined, by?.priority)
    this.outcomes = this
    this.definition = definition
    this.args = args
    this.options = options
    this.by = by
    this.link = tie === "link"
    // nextReference makes references for monitors too
    this.monitor = tie === "monitor" ? host.nextReference() : 0
    this.starter = starter
  }

  get parent(): Pid | undefined {
    return this.by?.pid
  }

  get ancestors(): ReadonlyArray<Pid> {
    return this.by === undefined ? noAncestors : this.by.lineage
  }

  /** How long it may take, in milliseconds. */
  private get limit(): number | undefined {
    return this.options === undefined ? undefined : milliseconds(this.options.timeout, "timeout")
  }

  begin(): void {
    const { limit } = this
    if (limit !== undefined) this.expireAfter(limit)
    // A timeout of 0 may have passed by now
    if (!this.settled) spawnDefined(this.host, this)
  }

  /** Never reused: each start has fields of its own. */
  protected override recycle(): void {}

  begun(pid: Pid): void {
    this.pid = pid
    if (this.givenUp) this.giveUp()
  }

  leaves(): void {
    this.left = true
  }

  get unwanted(): boolean {
    return this.settled || this.givenUp || this.by?.isDead === true
  }

  /** Unlinks and kills the process as soon as its pid is known. */
  private giveUp(): void {
    const { by, host, pid } = this
    this.givenUp = true
    if (pid === undefined) return
    if (by !== undefined) unlink(by, pid)
    sendExit(host, pid, by?.pid ?? outside(host), ExitReason.kill, false)
    if (this.late && !this.settled) this.failWhenGone(pid)
  }

  /** The timeout has passed: the start fails when its process has ended, at once when there is none. */
  override expire(): void {
    if (this.settled) return
    this.late = true
    if (this.pid === undefined && !this.left) this.down(ExitReason.noProcess)
    else this.giveUp()
  }

  /** The process was killed: fails the start. On another scheduler, a question sent after the kill tells when the process has ended. */
  private failWhenGone(pid: Pid): void {
    const { host } = this
    if (isHere(host, pid)) return this.down(ExitReason.killed)
    const asking = Effect.runForkWith(host.context)(ask(host, pid, "alive", pid.serial))
    asking.addObserver(() => this.down(ExitReason.killed))
  }

  override answer(exit: Exit.Exit<unknown, unknown>): void {
    // After the timeout, a success does not count, and a failure is the end of the process
    if (!this.late) super.answer(exit)
    else if (Exit.isFailure(exit)) this.down(ExitReason.killed)
  }

  override succeed(value: unknown): void {
    if (!this.late) super.succeed(value)
  }

  /** The waiting fiber was interrupted. The start continues until its process is known and can be killed. */
  override abandon(): void {
    this.clearTimer()
    // A parent that is ending takes its linked child with it, with its own reason
    if (!this.link || this.by?.isRunning === true) this.giveUp()
  }

  override run(): void {
    unpark(this, this.outcomeOf())
  }

  private outcomeOf(): AnyEffect {
    const { by, monitor, outcome, pid, starter } = this
    try {
      // Brands: `monitor` is one if it was asked for
      if (outcome !== undefined && Exit.isFailure(outcome)) {
        // A start that failed is told by its error; its monitor tells nothing
        if (monitor !== 0 && by !== undefined) demonitor(by, monitor as MonitorRef, true)
        return starter.failed(outcome)
      }
      // The pid arrives before any outcome
      return starter.started(pid as Pid, monitor as MonitorRef)
    } catch (error) {
      return Exit.die(error)
    }
  }

  private error(facts: Omit<ConstructorParameters<typeof StartError>[0], "contract">): Exit.Exit<never, StartError> {
    const registeredName = this.options?.name?.toString()
    return Exit.fail(new StartError({ contract: this.definition.name, registeredName, ...facts }))
  }

  whenDown(reason: ExitReason.ExitReason): Exit.Exit<never, StartError> {
    return this.late ? this.whenTimedOut() : this.error({ problem: "failed", reason })
  }

  whenTimedOut(): Exit.Exit<never, StartError> {
    return this.error({ problem: "timeout", milliseconds: this.limit })
  }

  read(reader: ByteReader): Exit.Exit<unknown, unknown> {
    return readAnswer(startedCodec, reader, (reason) => this.whenDown(reason))
  }
}

const noAncestors: ReadonlyArray<Pid> = []

/**
 * Converts arguments of `codec` to the definition's. The definition may come from another evaluation of the contract's module: then
 * class instances are encoded and decoded, as between schedulers. Arguments of another type stay as they are.
 */
export const argsFor = (definition: Definition, codec: ValueCodec, args: unknown): unknown => {
  const own = definition.args
  if (codec === own || !accepts(codec, args)) return args
  try {
    if (!own.hasInstances() || own.layout() !== codec.layout()) return args
    const writer = new ByteWriter()
    codec.encode(args, writer)
    return own.decode(new ByteReader().wrap(writer.bytes, writer.start, writer.length))
  } catch {
    return args
  }
}

/**
 * Starts `definition` for the process `by`, if there is one, with the given tie, and suspends `fiber` until the new process has
 * initialised or failed; then `fiber` continues as `starter` says. Arguments of another type are a defect, `InvalidMessage`.
 * Call it in the evaluation of an effect on `fiber`, and return its result.
 */
export const startOn = (
  fiber: AnyFiber,
  host: Host,
  by: ProcessRecord | undefined,
  definition: Definition,
  args: unknown,
  options: StartOptions | undefined,
  tie: Tie,
  starter: Starter
): Effect.Effect<never> => {
  const silent = silenced<never, never>(fiber)
  if (silent !== undefined) return silent
  if (!accepts(definition.args, args)) {
    const problem = definition.args.explain(args)
    const death = Exit.die(new InvalidMessage({ target: `${definition.name} args`, problem })) as Exit.Failure<
      never,
      never
    >
    // The fiber has not been suspended, and continues at once
    return starter.failed(death) as Effect.Effect<never>
  }
  const refused = options === undefined ? undefined : refusal(host, definition.name, options)
  if (refused !== undefined) return starter.failed(Exit.fail(refused) as Exit.Failure<never, StartError>) as never
  const starting = new PendingStart(host, by, definition, args, options, tie, starter)
  starting.begin()
  return park(fiber, starting)
}

/** The effect of starting a definition for a known process. */
class StartOperation extends Operation<unknown, unknown> {
  private readonly host: Host
  private readonly by: ProcessRecord | undefined
  private readonly definition: Definition
  private readonly args: unknown
  private readonly options: StartOptions | undefined
  private readonly tie: Tie
  private readonly starter: Starter

  constructor(
    host: Host,
    by: ProcessRecord | undefined,
    definition: Definition,
    args: unknown,
    options: StartOptions | undefined,
    tie: Tie,
    starter: Starter
  ) {
    super()
    this.host = host
    this.by = by
    this.definition = definition
    this.args = args
    this.options = options
    this.tie = tie
    this.starter = starter
  }

  perform(fiber: AnyFiber): AnyEffect {
    const { args, by, definition, host, options, starter, tie } = this
    return startOn(fiber, host, by, definition, args, options, tie, starter)
  }
}

/** Returns the new process's pid. */
const givesPid: Starter = { started: (pid) => Exit.succeed(pid), failed: (exit) => exit }

/**
 * Starts `definition` for `parent`, if there is one, linked to it or not, and returns the new process's pid once it has
 * initialised. Dies with `InvalidMessage` when `args` are not of the definition's type.
 */
export const startDefinition = (
  host: Host,
  parent: ProcessRecord | undefined,
  definition: Definition,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean
): Effect.Effect<Pid, StartError> =>
  // `givesPid` returns a pid, and fails with the start's error
  new StartOperation(host, parent, definition, args, options, link ? "link" : "none", givesPid) as Effect.Effect<
    unknown,
    unknown
  > as Effect.Effect<Pid, StartError>

/**
 * Starts `definition` linked to the process `by`, which runs this effect. Continues with `started(pid)` once the new process
 * has initialised, and with `failed(exit)` on any failure except an interruption of `by` itself.
 */
export const startLinked = <A, E, R>(
  by: ProcessRecord,
  definition: Definition,
  args: unknown,
  options: StartOptions | undefined,
  started: (pid: Pid) => Effect.Effect<A, E, R>,
  failed: (exit: Exit.Failure<unknown, unknown>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  // The result is that of `started` or `failed`
  new StartOperation(by.host, by, definition, args, options, "link", {
    started,
    failed
  } as unknown as Starter) as Effect.Effect<unknown, unknown> as Effect.Effect<A, E, R>

keepShapes(
  new PendingStart(nothing, nothing, nothing, nothing, nothing, "none", nothing),
  new StartOperation(nothing, nothing, nothing, nothing, nothing, "none", nothing)
)
