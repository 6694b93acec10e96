/**
 * Processes: small, sequential, isolated programs that share nothing and talk by messages. This is the whole public
 * surface of the process layer; behaviours such as GenServer are built on it.
 *
 * A raw process is a function of its own `self`, which is the only thing that can receive its messages:
 *
 * ```ts
 * const greeter = yield* Process.spawn(Greeting, (self) => Effect.gen(function*() {
 *   const message = yield* self.receive
 *   if (message._tag === "Hello") yield* Process.send(message.from, { _tag: "Welcome" })
 * }))
 * ```
 *
 * Use a GenServer instead when the process answers calls or keeps state between messages: a raw loop that does both
 * ends up as a GenServer without its guarantees.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { PendingCall } from "./Call.ts"
import * as Delivery from "./Delivery.ts"
import * as ExitReason from "./ExitReason.ts"
import { Current, currentProcess, type Host, type Priority, System, withSystem } from "./Host.ts"
import { find, isHere, receiveExit, sendExit } from "./Lifecycle.ts"
import * as Links from "./Links.ts"
import * as MessageCodec from "./MessageCodec.ts"
import * as Monitors from "./Monitors.ts"
import { type Address, Name, resolve } from "./Name.ts"
import { impl, keyOf, outside, type Pid, schema as pidSchema } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { milliseconds, RawProcess, type Self } from "./RawProcess.ts"
import type { MonitorRef, TimerRef } from "./Signal.ts"
import { lineage, type SpawnOptions, spawnHere, type Ties, tieParent } from "./Spawn.ts"

export { define, type ProcessContract, type ProcessImplementation, start, startLink } from "./DefinedProcess.ts"
export { Current, type Placement, type Priority } from "./Host.ts"
export { type Bounds, MailboxOverflow, type Overflow } from "./Mailbox.ts"
export { InvalidMessage } from "./MessageCodec.ts"
export { type Address, Name, RegistrationError, register, registered, unregister, whereis } from "./Name.ts"
export { equals, isPid, type Pid } from "./Pid.ts"
export { type Received, type ReceiveOptions, ReceiveTimeout, type Self } from "./RawProcess.ts"
export { Down, Exit, type MonitorRef, type TimerRef } from "./Signal.ts"
export type { SpawnOptions } from "./Spawn.ts"
export type { StartOptions } from "./StartDefinition.ts"
export { StartError } from "./StartError.ts"

/** What a process's own code may require and always has: itself, the system, and a scope that closes when it ends. */
export type Provided = Current | System | Scope.Scope

type Program<S extends Schema.Top, A, E, R> = (self: Self<S["Type"]>) => Effect.Effect<A, E, R>

const spawnTied = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options: SpawnOptions | undefined,
  ties: (parent: ProcessRecord | undefined, host: Host) => Ties
): Effect.Effect<{ readonly pid: Pid<S["Type"]>; readonly ties: Ties }, never, System | Exclude<R, Provided>> =>
  withSystem((host, fiber) => {
    const parent = currentProcess(fiber)
    const tied = ties(parent, host)
    const context = inheritedContext(host, fiber, options?.priority ?? "normal")
    // The spawner has the services `R` asks for, and the process itself adds what `Provided` names
    const body = new RawProcess(program as Program<S, A, E, never>, context)
    const record = spawnHere(host, body, MessageCodec.fromSchema(mailbox), tied, options)
    if (parent !== undefined) tieParent(parent, record.pid, tied)
    // `S` is what the codec was made from
    return Effect.succeed({ pid: record.pid as unknown as Pid<S["Type"]>, ties: tied })
  })

/** A process sees its spawner's services, and is run by its scheduler whoever spawned it. */
const inheritedContext = (
  host: Host,
  fiber: Fiber.Fiber<unknown, unknown>,
  priority: Priority
): Context.Context<never> => {
  const own = host.contextFor(priority)
  const sameScheduler = fiber.cache.scheduler === Context.get(own, Scheduler.Scheduler)
  return sameScheduler ? fiber.context : Context.merge(fiber.context, own)
}

/**
 * Starts a process that runs `program` on this scheduler and takes messages of `mailbox`'s type. Its code runs when
 * its turn comes, never before this returns. It ends with reason normal when the program returns; a failure or a
 * defect is its exit reason. Never fails.
 */
export const spawn = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<Pid<S["Type"]>, never, System | Exclude<R, Provided>> =>
  Effect.map(
    spawnTied(mailbox, program, options, (parent) => lineage(parent)),
    (started) => started.pid
  )

/** As {@link spawn}, linked to the calling process from the first instant. Catalogue L14, L15. */
export const spawnLink = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<Pid<S["Type"]>, never, Current | System | Exclude<R, Provided>> =>
  Effect.map(
    spawnTied(mailbox, program, options, (parent) => ({ ...lineage(parent), link: true })),
    (started) => started.pid
  )

/** As {@link spawn}, monitored by the calling process from the first instant. */
export const spawnMonitor = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<
  { readonly pid: Pid<S["Type"]>; readonly ref: MonitorRef },
  never,
  Current | System | Exclude<R, Provided>
> =>
  Effect.map(
    spawnTied(mailbox, program, options, (parent, host) => ({ ...lineage(parent), monitor: host.nextReference() })),
    // nextReference made it for this monitor
    (started) => ({ pid: started.pid, ref: started.ties.monitor as MonitorRef })
  )

/** The pid of the calling process. */
export const self: Effect.Effect<Pid, never, Current> = Effect.map(Current, (record) => record.pid)

/**
 * Sends a message. Returns when it is on its way; whether it is handled, only an answer can tell. Messages to a process
 * that is gone are dropped. Waits only for room in a bounded mailbox whose policy is `suspend`.
 * Dies with {@link MessageCodec.InvalidMessage} when the message is not of the mailbox's type: nothing is sent then.
 * Order between one sender and one receiver is kept.
 */
export const send = <M>(to: Address<M>, message: M): Effect.Effect<void, never, System> =>
  withSystem((host) => {
    // `M` is checked by the codec; the address is only resolved here
    const address = to as unknown as Address
    const pid = resolve(host, address)
    const codec = (address instanceof Name ? address.codec : undefined) ?? (pid && codecOf(host, pid))
    if (codec === undefined) {
      return pid === undefined ? Effect.void : Effect.die(unknownMailbox(pid))
    }
    codec.check(message)
    if (host.freeze) Delivery.deepFreeze(message)
    return pid === undefined ? Effect.void : Delivery.send(host, pid, codec, message)
  })

/**
 * Sends a value whose type is not known, from an untyped edge. Fails with {@link MessageCodec.InvalidMessage}, which
 * says what was expected and where, instead of dying.
 */
export const sendUnknown = (to: Address, message: unknown): Effect.Effect<void, MessageCodec.InvalidMessage, System> =>
  Effect.catchDefect(send(to as Address<unknown>, message), (defect) =>
    defect instanceof MessageCodec.InvalidMessage ? Effect.fail(defect) : Effect.die(defect)
  )

const codecOf = (host: Host, pid: Pid): MessageCodec.MessageCodec | undefined =>
  impl(pid).codec ?? find(host, pid)?.pid.codec

const unknownMailbox = (pid: Pid) =>
  new MessageCodec.InvalidMessage({
    target: pid.toString(),
    problem: "this pid does not say what its process takes (it came from a Down, an Exit or a list)"
  })

/** Links the calling process and `pid`: when one ends abnormally, the other gets its exit signal. Catalogue area L. */
export const link = (pid: Pid): Effect.Effect<void, never, Current> =>
  Effect.map(Current, (record) => Links.link(record, pid))

/** Removes a link; no exit of it is seen after this returns. Nothing happens when there is none. */
export const unlink = (pid: Pid): Effect.Effect<void, never, Current> =>
  Effect.map(Current, (record) => Links.unlink(record, pid))

/**
 * Watches a process, or whoever holds a name now: one {@link Down} arrives when it ends, at once when it is gone
 * already. Catalogue area M.
 */
export const monitor = (of: Address): Effect.Effect<MonitorRef, never, Current> =>
  Effect.map(Current, (record) => {
    const pid = resolve(record.host, of)
    const name = of instanceof Name ? of.toString() : undefined
    return pid === undefined ? Monitors.monitorNobody(record, name ?? "") : Monitors.monitor(record, pid, name)
  })

/**
 * Stops watching. With `flush`, a Down that has arrived already is removed too. Returns whether the monitor was still
 * set. Catalogue M06 to M09.
 */
export const demonitor = (
  ref: MonitorRef,
  options?: { readonly flush?: boolean | undefined }
): Effect.Effect<boolean, never, Current> =>
  Effect.map(Current, (record) => Monitors.demonitor(record, ref, options?.flush ?? false))

/**
 * With one argument: ends the calling process with `reason`; nothing after it runs but finalizers.
 * With two: sends an exit signal to `pid`. It ends a process that does not trap exits (unless the reason is normal),
 * is a message to one that does, and `ExitReason.kill` cannot be trapped. Catalogue P02 to P10.
 */
export const exit: {
  (reason: ExitReason.ExitReason): Effect.Effect<never, never, Current>
  (pid: Pid, reason: ExitReason.ExitReason): Effect.Effect<void, never, System>
} = ((first: Pid | ExitReason.ExitReason, second?: ExitReason.ExitReason) =>
  second === undefined ? exitSelf(first as ExitReason.ExitReason) : exitOther(first as Pid, second)) as never

const exitSelf = (reason: ExitReason.ExitReason): Effect.Effect<never, never, Current> =>
  Effect.flatMap(Current, () => Exit_.failCause(ExitReason.toCause(reason)))

const exitOther = (pid: Pid, reason: ExitReason.ExitReason): Effect.Effect<void, never, System> =>
  withSystem((host, fiber) => {
    const current = currentProcess(fiber)
    if (current !== undefined && keyOf(current.pid) === keyOf(pid)) {
      receiveExit(current, current.pid, reason, false)
      return current.status === "running"
        ? Effect.void
        : Exit_.failCause(ExitReason.toCause(current.exitReason ?? reason))
    }
    sendExit(host, pid, current?.pid ?? outside(host), reason, false)
    return Effect.void
  })

/** Whether exit signals become messages from now on. Returns what it was. Catalogue P18, P19. */
export const trapExit = (on: boolean): Effect.Effect<boolean, never, Current> =>
  Effect.map(Current, (record) => {
    const was = record.trapExit
    record.trapExit = on
    return was
  })

/** A name for people, in reports and process lists. */
export const setLabel = (label: string): Effect.Effect<void, never, Current> =>
  Effect.map(Current, (record) => {
    record.label = label
  })

/** Whether a process lives, asked behind the caller's earlier signals to it. Catalogue P21. */
export const isAlive = (pid: Pid): Effect.Effect<boolean, never, System> =>
  withSystem((host) => {
    if (isHere(host, pid)) return Effect.succeed(find(host, pid)?.status === "running")
    return Effect.callback<boolean>((resume) => {
      const no = () => Exit_.succeed(false)
      const pending = new PendingCall(
        host,
        { down: no, timeout: no, read: (reader) => Exit_.succeed(reader.u8() === 1) },
        (answer) => resume(answer as Effect.Effect<boolean>)
      )
      const from = { slot: host.slot, incarnation: host.incarnation }
      host.route(pid.slot, pid.incarnation, { _tag: "Alive", to: pid, from, call: pending.export(pid.slot) })
    })
  })

/** What is known of a process on this scheduler. Catalogue P23. */
export interface Info {
  readonly pid: Pid
  readonly label: string | undefined
  readonly registeredName: string | undefined
  readonly parent: Pid | undefined
  readonly ancestors: ReadonlyArray<Pid>
  readonly links: ReadonlyArray<Pid>
  readonly monitors: ReadonlyArray<Pid>
  readonly monitoredBy: ReadonlyArray<Pid>
  readonly trapExit: boolean
  readonly messageQueueLength: number
  readonly reductions: number
}

/** What is known of `pid`; `undefined` when it is gone or lives on another scheduler. */
export const info = (pid: Pid): Effect.Effect<Info | undefined, never, System> =>
  Effect.map(System, (host) => {
    const record = find(host, pid)
    return record === undefined ? undefined : infoOf(host, record)
  })

/** All living processes of this scheduler. */
export const list: Effect.Effect<ReadonlyArray<Info>, never, System> = Effect.map(System, (host) =>
  Array.from(host.processes.values(), (record) => infoOf(host, record))
)

const infoOf = (host: Host, record: ProcessRecord): Info => ({
  pid: record.pid,
  label: record.label,
  registeredName: host.directory.held("", record.pid)[0]?.key,
  parent: record.parent,
  ancestors: record.ancestors,
  links: Array.from(record.links?.values() ?? [])
    .filter((state) => state.unlinking === 0)
    .map((state) => state.pid),
  monitors: Array.from(record.monitors?.values() ?? [], (outgoing) => outgoing.pid),
  monitoredBy: Array.from(record.watchers?.values() ?? []),
  trapExit: record.trapExit,
  messageQueueLength: record.mailbox.length,
  reductions: record.reductions
})

/**
 * Sends `message` after `delay`, through the scheduler's own timers. A name is resolved when the timer fires; a
 * receiver that is gone by then is no error. Dies when the delay is negative. Catalogue T01, T10 to T14.
 */
export const sendAfter = <M>(
  to: Address<M>,
  message: M,
  delay: Duration.Input
): Effect.Effect<TimerRef, never, System> =>
  withSystem((host) => {
    const after = milliseconds(delay)
    if (after === undefined || after < 0)
      return Effect.die(new RangeError("sendAfter: the delay must be finite and not negative"))
    // References are numbers that nextReference gave out
    const ref = host.nextReference() as TimerRef
    const timer = host.timers.set(after, () => {
      host.timerRefs.delete(ref)
      Effect.runForkWith(host.context)(send(to, message) as Effect.Effect<void>)
    })
    host.timerRefs.set(ref, timer)
    return Effect.succeed(ref)
  })

/** Stops a timer of this scheduler. Returns the whole milliseconds that were left, `undefined` when it had fired or is unknown. Catalogue T03, T06. */
export const cancelTimer = (ref: TimerRef): Effect.Effect<number | undefined, never, System> =>
  Effect.map(System, (host) => {
    const timer = host.timerRefs.get(ref)
    host.timerRefs.delete(ref)
    const left = timer === undefined ? undefined : host.timers.cancel(timer)
    return left === undefined ? undefined : Math.ceil(left)
  })

/** The whole milliseconds until a timer of this scheduler fires; `undefined` when it has or is unknown. Catalogue T05. */
export const readTimer = (ref: TimerRef): Effect.Effect<number | undefined, never, System> =>
  Effect.map(System, (host) => {
    const timer = host.timerRefs.get(ref)
    return timer?.fire === undefined ? undefined : Math.max(0, Math.ceil(timer.deadline - host.timers.now()))
  })

/** The schema of pids whose processes take messages of `mailbox`: pids travel in messages. */
export const pid = <S extends Schema.Top>(mailbox: S): Schema.Codec<Pid<S["Type"]>, Pid<S["Type"]>> =>
  pidSchema<S["Type"]>(() => MessageCodec.fromSchema(mailbox))

/** The schema of pids of which only the address matters. */
export const anyPid: Schema.Codec<Pid, Pid> = pidSchema<never>(() => undefined)

/** The process ended before it had a result. */
export class ProcessExited extends Schema.TaggedError<ProcessExited>()("ProcessExited", {
  reason: ExitReason.schema
}) {
  override get message(): string {
    return `the process ended: ${ExitReason.format(this.reason)}`
  }
}

/**
 * Runs an effect as a process and waits for its result: the way from ordinary Effect code into the world of processes.
 * Given a function, it is called with the process's own `self`, which takes messages of any type. Fails as the effect
 * fails, or with {@link ProcessExited} when an exit signal ends the process first. The process is killed when the
 * waiting fiber is interrupted.
 */
export const run = <A, E, R>(
  program: Effect.Effect<A, E, R> | ((self: Self<unknown>) => Effect.Effect<A, E, R>),
  options?: SpawnOptions
): Effect.Effect<A, E | ProcessExited, System | Exclude<R, Provided>> =>
  Effect.suspend(() => {
    let result: Exit_.Exit<A, E> | undefined
    const body = (self: Self<unknown>) =>
      Effect.onExit(Effect.isEffect(program) ? program : program(self), (exit) =>
        Effect.sync(() => {
          result = exit
        })
      )
    return Effect.flatMap(spawn(Schema.Unknown, body, options), (process) =>
      Effect.flatMap(awaitEnd(process), (reason): Effect.Effect<A, E | ProcessExited> => {
        if (result === undefined || (Exit_.isFailure(result) && Exit_.hasInterrupts(result))) {
          return Effect.fail(new ProcessExited({ reason }))
        }
        return result
      })
    )
  })

/** Waits until a process of this scheduler has ended, from any fiber. */
const awaitEnd = (process: Pid): Effect.Effect<ExitReason.ExitReason, never, System> =>
  withSystem((host) =>
    Effect.callback<ExitReason.ExitReason>((resume) => {
      const record = find(host, process)
      const ended = () => resume(Exit_.succeed(record?.exitReason ?? ExitReason.noProcess))
      if (record === undefined || record.status === "dead") return ended()
      record.finalizers ??= []
      record.finalizers.push(() => host.enqueue(ended, "normal"))
      return Effect.sync(() => sendExit(host, process, outside(host), ExitReason.kill, false))
    })
  )
