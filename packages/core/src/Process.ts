import * as Effect from "effect/Effect"
import * as Exit_ from "effect/Exit"
import * as Schema from "effect/Schema"
import { type Alias, schema as aliasSchema } from "./address/Alias.ts"
import { names } from "./address/Directory.ts"
import { type Address, Name } from "./address/Name.ts"
import { isPid, keyOf, outside, type Pid, partOf, schema as pidSchema } from "./address/Pid.ts"
import { showGiven } from "./base/Inspect.ts"
import { checkName } from "./base/NameCheck.ts"
import { keepShapes, nothing } from "./base/Shape.ts"
import { ask, infoOf } from "./call/Query.ts"
import * as ExitReason from "./exit/ExitReason.ts"
import { callbackIn, currentProcess } from "./fiber/ProcessFiber.ts"
import { ownStep, withSystem } from "./fiber/Running.ts"
import { acting } from "./fiber/Silence.ts"
import { Current, System } from "./process/Host.ts"
import { find, receiveExit, sendExit } from "./process/Lifecycle.ts"
import * as Links from "./process/Links.ts"
import { Demonitoring, Monitoring } from "./program/MonitorOperation.ts"
import type { Self } from "./program/RawProcess.ts"
import { Selector } from "./program/Selector.ts"
import { type Provided, spawn } from "./program/SpawnRaw.ts"
import { note } from "./schema/ValueCodec.ts"
import { fromSchema } from "./signal/MailboxCodec.ts"
import type { Info } from "./signal/Question.ts"
import { Exit as ExitMessage, type MonitorRef } from "./signal/Signal.ts"
import type { SpawnOptions } from "./spawn/Spawn.ts"

export { Alias, type AliasMode } from "./address/Alias.ts"
export { type Address, Name } from "./address/Name.ts"
export { equals, isPid, type Pid } from "./address/Pid.ts"
export { Current, type Placement } from "./process/Host.ts"
export { type Bounds, MailboxOverflow, type Overflow } from "./process/Mailbox.ts"
export { define, type ProcessContract, type ProcessImplementation, start, startLink } from "./program/DefinedProcess.ts"
export { RegistrationError, register, registered, unregister, whereis } from "./program/Names.ts"
export type { Received, ReceiveOptions, Self } from "./program/RawProcess.ts"
export { ReceiveTimeout } from "./program/Receive.ts"
export { Selector } from "./program/Selector.ts"
export { SendFailed, send, sendUnknown, sendWithin, trySend } from "./program/Send.ts"
export { sleep } from "./program/Sleep.ts"
export { type Provided, spawn, spawnLink, spawnMonitor } from "./program/SpawnRaw.ts"
export type { Priority } from "./run/RunQueue.ts"
export { InvalidMessage } from "./schema/InvalidMessage.ts"
export type { Info } from "./signal/Question.ts"
export { Down, Exit, type MonitorRef, type TimerRef } from "./signal/Signal.ts"
export type { SpawnOptions } from "./spawn/Spawn.ts"
export type { StartOptions } from "./spawn/StartDefinition.ts"
export { StartError } from "./spawn/StartError.ts"
export {
  applyAfter,
  type CancelOptions,
  cancelInterval,
  cancelTimer,
  exitAfter,
  type Interval,
  killAfter,
  now,
  readTimer,
  sendAfter,
  sendInterval,
  startTimer,
  type When
} from "./timer/ProcessTimers.ts"

/** The pid of the calling process. */
export const self: Effect.Effect<Pid, never, Current> = ownStep((record) => record.pid)

/** Links the calling process and `pid`: when one ends abnormally, the other gets its exit signal. Catalogue area L. */
export const link = (pid: Pid): Effect.Effect<void, never, Current> => ownStep((record) => Links.link(record, pid))

/** Removes a link; no exit of it is seen after this returns. Nothing happens when there is none. */
export const unlink = (pid: Pid): Effect.Effect<void, never, Current> => ownStep((record) => Links.unlink(record, pid))

/**
 * Watches a process, or whoever holds a name now: one {@link Down} arrives when it ends, at once when it is gone
 * already. Catalogue area M.
 */
export const monitor = (of: Address): Effect.Effect<MonitorRef, never, Current> => new Monitoring(of)

/** Ends an alias of the calling process. Returns whether it had not ended yet. Catalogue M23, M24. */
export const unalias = (alias: Alias): Effect.Effect<boolean, never, Current> =>
  ownStep((record) => record.extra?.aliases?.delete(alias.ref) ?? false)

/**
 * Stops watching. With `flush`, a Down that has arrived already is removed too. Returns whether the monitor was still
 * set. Catalogue M06 to M09.
 */
export const demonitor = (
  ref: MonitorRef,
  options?: { readonly flush?: boolean | undefined }
): Effect.Effect<boolean, never, Current> => new Demonitoring(ref, options?.flush ?? false)

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
  acting((host, fiber) => {
    // A name, say: no signal can be sent to it, and none must seem to have been
    if (!isPid(pid)) return Effect.die(new TypeError(`exit: expected a pid; got ${showGiven(pid)}`))
    const current = currentProcess(fiber)
    if (current !== undefined && keyOf(current.pid) === keyOf(pid)) {
      receiveExit(current, current.pid, reason, false)
      return current.isRunning ? Effect.void : Exit_.failCause(ExitReason.toCause(current.exitReason ?? reason))
    }
    sendExit(host, pid, current?.pid ?? outside(host), reason, false)
    return Effect.void
  }, Effect.void)

/** Whether exit signals become messages from now on. Returns what it was. Catalogue P18, P19. */
export const trapExit = (on: boolean): Effect.Effect<boolean, never, Current> =>
  ownStep((record) => {
    const was = record.trapExit
    record.trapExit = on
    return was
  })

/** A name for people, in reports and process lists. */
export const setLabel = (label: string): Effect.Effect<void, never, Current> =>
  ownStep((record) => {
    record.label = label
  })

/** Whether a process lives, asked behind the caller's earlier signals to it. Catalogue P21. */
export const isAlive = (pid: Pid): Effect.Effect<boolean, never, System> =>
  withSystem((host) => Effect.map(ask(host, pid, "alive", pid.serial), (alive) => alive === true))

/** What is known of a process, wherever it is; `undefined` when it is gone. Catalogue P23, P30. */
export const info = (pid: Pid): Effect.Effect<Info | undefined, never, System> =>
  withSystem((host) => ask(host, pid, "info", pid.serial) as Effect.Effect<Info | undefined>)

/** All living processes of this scheduler. */
export const list: Effect.Effect<ReadonlyArray<Info>, never, System> = Effect.map(System, (host) =>
  Array.from(host.processes.values(), infoOf)
)

/** How many processes live on this scheduler: unlike {@link list} it makes nothing of each. `process_count` in OTP. */
export const count: Effect.Effect<number, never, System> = Effect.map(System, (host) => host.processes.size)

/**
 * Puts a value into the calling process's own dictionary, which no other process sees. Returns the value it replaces.
 * Catalogue P28.
 */
export const put = (key: unknown, value: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => {
    const extra = record.extras()
    extra.dictionary ??= new Map()
    const previous = extra.dictionary.get(key)
    extra.dictionary.set(key, value)
    return previous
  })

/** Reads the calling process's dictionary; `undefined` when the key is not there. */
export const get = (key: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => record.extra?.dictionary?.get(key))

/** Takes a key out of the calling process's dictionary. Returns its value. */
export const erase = (key: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => {
    const value = record.extra?.dictionary?.get(key)
    record.extra?.dictionary?.delete(key)
    return value
  })

/**
 * The schema of pids whose processes take messages of `mailbox`: pids travel in messages. A process may take more than that, so it
 * need not be the schema it was spawned with.
 */
export const pid = <S extends Schema.Top>(mailbox: S): Schema.Codec<Pid<S["Type"]>, Pid<S["Type"]>> => {
  note(mailbox)
  return pidSchema<S["Type"]>(() => fromSchema(mailbox))
}

/** The schema of aliases of processes that take messages of `mailbox`. */
export const alias = <S extends Schema.Top>(mailbox: S): Schema.Codec<Alias<S["Type"]>, Alias<S["Type"]>> => {
  note(mailbox)
  return aliasSchema<S["Type"]>(() => fromSchema(mailbox))
}

/**
 * The address of whoever is registered as `name` when it is used, for processes that take messages of `mailbox`. Throws
 * a RangeError when that is no name.
 */
export const named = <S extends Schema.Top>(name: string, mailbox: S): Name<S["Type"]> =>
  new Name(names, checkName("Process.named", name), partOf(fromSchema(mailbox)))

/** A selector that waits for nothing yet. See {@link Selector}. */
export const selector = <M>(): Selector<M> => new Selector<M>()

/** The schema of pids of which only the address matters. */
export const anyPid: Schema.Codec<Pid, Pid> = pidSchema<never>(() => undefined)

/** The process ended before it had a result. */
export class ProcessExited extends Schema.TaggedError<ProcessExited>()("ProcessExited", {
  reason: ExitReason.schema
}) {
  override get message(): string {
    return `the process ended before it had a result: ${ExitReason.format(this.reason)}`
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
    callbackIn<ExitReason.ExitReason>((resume, priority) => {
      const record = find(host, process)
      const ended = () => resume(Exit_.succeed(record?.exitReason ?? ExitReason.noProcess))
      if (record === undefined || record.isDead) return ended()
      const extra = record.extras()
      extra.finalizers ??= []
      extra.finalizers.push(() => host.enqueue(ended, priority))
      return Effect.sync(() => sendExit(host, process, outside(host), ExitReason.kill, false))
    })
  )

keepShapes(new ExitMessage(nothing, nothing))
