/**
 * Systems: all schedulers of one OS process, sharing one space of processes.
 *
 * A program's entry file ends in {@link main}. It is run by the main thread, and again by a worker thread for every
 * further scheduler; so nothing above `main` may have side effects.
 *
 * ```ts
 * System.main(import.meta, {
 *   implementations: [CounterLive],
 *   root: Supervisor.supervisor("root", { strategy: "one-for-one", children: [Supervisor.child(Counter, { start: 0 })] })
 * })
 * ```
 *
 * In an Effect application that has a main of its own, {@link layer} gives the same as a layer.
 */

import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { messageOf } from "./base/Foreign.ts"
import { showGiven } from "./base/Inspect.ts"
import * as ExitReason from "./exit/ExitReason.ts"
import { acting } from "./fiber/Silence.ts"
import { System, systemContext } from "./process/Host.ts"
import { type Event, eventsOf } from "./system/events/Events.ts"
import { limitsOf } from "./system/events/Monitor.ts"
import { type Controls, meshOf } from "./system/mesh/Mesh.ts"
import { fingerprintsOf } from "./system/threads/Builds.ts"
import type { Crew } from "./system/threads/Crew.ts"
import { drain, stopPatience } from "./system/threads/Drain.ts"
import { EndRequests } from "./system/threads/EndRequests.ts"
import { join, seatOfThread } from "./system/threads/Join.ts"
import { definitionsOf, launch, type Program, type Tuning } from "./system/threads/Launch.ts"
import * as Root from "./system/threads/Root.ts"
import { newSystemId } from "./system/threads/Seams.ts"
import { BootError, busyWaitOf, checkOptions, type Settings, timeLimitsOf } from "./system/threads/Settings.ts"
import { VirtualSchedulers } from "./system/threads/Virtual.ts"
import { Workers, type WorkersOptions } from "./system/threads/Workers.ts"
import { SharedTable, type SlotSnapshot } from "./system/transport/SharedTable.ts"

export { System } from "./process/Host.ts"
export type {
  LongHandler,
  LongTurn,
  SchedulerBlocked,
  SchedulerDown,
  SchedulerEvent,
  SchedulerUp,
  SlowScheduler
} from "./scheduler/SchedulerEvent.ts"
export type { ProcessEvent } from "./signal/ProcessEvent.ts"
export type { Event, EventsLost } from "./system/events/Events.ts"
export type { MonitorSettings } from "./system/events/Monitor.ts"
export type { BusyWaitMode } from "./system/load/BusyWait.ts"
export type { Program } from "./system/threads/Launch.ts"
export { BootError, type Settings } from "./system/threads/Settings.ts"
export type { SlotSnapshot, SlotState } from "./system/transport/SharedTable.ts"

/** How a system runs. */
export interface Options<R, E> extends Program<R, E>, Settings {}

/** Starts all schedulers and the root; everything ends with the scope, the root first. */
const boot = <R, E>(options: Options<R, E>) =>
  Effect.gen(function* () {
    const schedulers = yield* checkOptions(options)
    const table = SharedTable.make(schedulers)
    const tuning = tuningOf(options, schedulers)
    let crew: Crew | undefined
    const { mesh, scheduler } = yield* launch({
      slot: 0,
      incarnation: table.nextIncarnation(0),
      table,
      controls: { kill: (slot) => crew?.kill(slot), drain: (slot) => crew?.drain(slot) },
      tuning,
      program: options
    })
    table.setState(0, "up")
    if (schedulers > 1) {
      const log = (text: string) => void Effect.runForkWith(scheduler.context)(Effect.logWarning(text))
      const members = yield* makeCrew(options, { schedulers, table, mesh, tuning, log })
      crew = members
      yield* Effect.addFinalizer(() => Effect.promise(() => members.stop()))
      yield* Effect.tryPromise({
        try: () => members.start(),
        catch: (error) => new BootError({ problem: messageOf(error) })
      })
    }
    // Slot 0 like the others: its processes end in order too, before anything they could need does
    yield* Effect.addFinalizer(() => drain(scheduler, stopPatience))
    const root =
      options.root === undefined ? undefined : yield* Effect.provideService(Root.start(options.root), System, scheduler)
    return { scheduler, root }
  })

/** The schedulers beside slot 0: workers that run the entry, or virtual ones here. */
const makeCrew = <R, E>(
  options: Options<R, E>,
  common: Pick<WorkersOptions, "schedulers" | "table" | "mesh" | "tuning" | "log">
): Effect.Effect<Crew> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => {
      const { entry } = options
      if (options.virtual === true || entry === undefined) {
        return new VirtualSchedulers({ ...common, program: options, run: Effect.runPromiseWith(context) })
      }
      const program = definitionsOf(options)
      const definitions = [...program.keys()].sort()
      const limits = timeLimitsOf(options)
      return new Workers({ ...common, entry, fingerprints: fingerprintsOf(program), definitions, ...limits })
    })
  )

const tuningOf = (options: Settings, schedulers: number): Tuning => ({
  system: newSystemId(),
  freeze: options.freeze ?? process.env.NODE_ENV !== "production",
  slice: options.slice ?? 128,
  busyWait: busyWaitOf(options, schedulers),
  heartbeat: Math.min(500, timeLimitsOf(options).watchdog / 8),
  monitor: limitsOf(options.monitor)
})

/**
 * A running system as a layer. In a worker that a system booted, building it joins that system and never completes, so
 * that nothing that needs it runs twice. Fails with {@link BootError}, as the program's own layer fails, or as its root.
 */
export const layer = <R = never, E = never>(options: Options<R, E>) => {
  const seat = seatOfThread()
  return Layer.effectContext(
    seat === undefined
      ? Effect.map(boot(options), ({ scheduler }) => systemContext(scheduler))
      : (join(seat, options) as Effect.Effect<
          Context.Context<System>,
          Effect.Error<ReturnType<typeof boot<R, E>>>,
          Scope.Scope
        >)
  )
}

/** Where a module is. Throws a TypeError when that is not said, as by the `import.meta` of a CommonJS bundle, which is empty. */
const urlOf = (entry: ImportMeta | URL): URL => {
  if (entry instanceof URL) return entry
  const { url } = (entry ?? {}) as Partial<ImportMeta>
  if (typeof url === "string" && URL.canParse(url)) return new URL(url)
  throw new TypeError(
    `System.main: expected import.meta, or the file: URL of the entry; got ${showGiven(entry)}. In a CommonJS bundle ` +
      `import.meta is empty: pass pathToFileURL(__filename), of node:url, or make the bundle an ES module`
  )
}

/** The signals that end a program in order. */
const endingSignals = ["SIGINT", "SIGTERM"] as const

/**
 * Runs a program: call it last in the entry file. Boots the schedulers from that same file, starts the root, and ends
 * when the root does or on SIGINT or SIGTERM: then the root is stopped in order, the schedulers after it, and the OS
 * process exits with code 0 (1 when the root ended abnormally or the start failed). A second such signal within a second of the first
 * is the same request; a later one ends the OS process at once, with code 130.
 *
 * `entry` says where the entry file is: its `import.meta`, or its `file:` URL. Throws a TypeError when it does not, as in a
 * CommonJS bundle, where `import.meta` is empty: pass `pathToFileURL(__filename)` there.
 */
export const main = <R = never, E = never>(entry: ImportMeta | URL, options: Options<R, E>): void => {
  const seat = seatOfThread()
  if (seat !== undefined) {
    Effect.runFork(join(seat, options))
    return
  }
  const url = urlOf(entry)
  const program = Effect.scoped(
    Effect.flatMap(boot({ ...options, entry: options.entry ?? url }), ({ root }) =>
      root === undefined ? Effect.never : root.ended
    )
  )
  // Nothing else keeps the process alive while all schedulers wait for messages
  const alive = setInterval(() => undefined, 2 ** 30)
  const fiber = Effect.runFork(program)
  const requests = new EndRequests({
    now: () => performance.now(),
    end: () => fiber.interruptUnsafe(),
    abort: () => process.exit(130)
  })
  for (const signal of endingSignals) process.on(signal, requests.ask)
  fiber.addObserver((exit) => {
    clearInterval(alive)
    const failure = failureOf(exit, requests.asked)
    if (failure === undefined) return process.exit(0)
    Effect.runFork(Effect.logError(failure)).addObserver(() => process.exit(1))
  })
}

/** A failure that was expected is told by its own words, anything else with its stack. */
const failureText = (cause: Cause.Cause<unknown>): string => {
  const [reason, ...others] = cause.reasons
  const expected = others.length === 0 && reason?._tag === "Fail" && reason.error instanceof Error
  return expected ? reason.error.message : Cause.pretty(cause)
}

const failureOf = (exit: Exit.Exit<ExitReason.ExitReason, unknown>, ending: boolean): string | undefined => {
  if (Exit.isFailure(exit)) return ending && Cause.hasInterruptsOnly(exit.cause) ? undefined : failureText(exit.cause)
  return ExitReason.isAbnormal(exit.value) ? `the root ended: ${ExitReason.format(exit.value)}` : undefined
}

/** The state and the load of every scheduler, from the shared table: no messages, no waiting. */
export const schedulers: Effect.Effect<ReadonlyArray<SlotSnapshot>, never, System> = Effect.map(System, (host) => {
  const { table } = meshOf(host)
  return Array.from({ length: table.slots }, (_, slot) => table.snapshot(slot))
})

/**
 * What happens in the system, on whichever scheduler, from the stream's start on: crashes, supervisors' reports and progress,
 * schedulers that come, go, are blocked or have too much to do, long turns, handlers and mailboxes; what
 * `erlang:system_monitor` and OTP's logger tell. It never ends by itself. Events of one scheduler come in order.
 *
 * The runtime never waits for a listener: when more than 1,024 events wait for a listener, the oldest are dropped, and an
 * `EventsLost` in their place says how many. Messages, states and arguments in events are texts, as their contracts' `inspect`
 * shows them.
 *
 * A long handler is found when the scheduler looks at its clock: after each item where there are few or they are slow, else
 * after 64 of them at the latest. One slow item among quick ones is therefore always told, but the first time perhaps without
 * its name: `pid` is undefined then, and `items` says among how many it was. From then on the scheduler looks at each of the
 * next 65,536 items, and names the item that is slow again. Garbage collection and the OS count as the item's time. The limits are
 * `monitor` in the {@link Settings}.
 */
export const events: Stream.Stream<Event, never, System> = Stream.unwrap(
  Effect.map(System, (host) => eventsOf(host).stream)
)

/** The slot of the scheduler this runs on. */
export const slot: Effect.Effect<number, never, System> = Effect.map(System, (host) => host.slot)

/** A scheduler cannot be killed: it is the main thread, or there is none in that slot. */
export class NotKillable extends Schema.TaggedError<NotKillable>()("NotKillable", {
  slot: Schema.Number,
  /** How many schedulers the system has. */
  schedulers: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    const { schedulers = 1, slot } = this
    if (slot === 0) return "scheduler 0 is the main thread, and ends only with the program"
    const those =
      schedulers > 2 ? `those that can be ended are 1 to ${schedulers - 1}` : "only scheduler 1 can be ended"
    return `there is no scheduler ${slot}: ${schedulers === 1 ? "the main thread is the only one" : those}`
  }
}

/**
 * Ends a worker scheduler at once, as a crash would: its processes exit with SchedulerDown, and the slot is refilled.
 * Fails with {@link NotKillable} for slot 0 and for slots that do not exist.
 */
export const killScheduler = (slot: number): Effect.Effect<void, NotKillable, System> =>
  control(slot, (controls) => controls.kill(slot))

/**
 * Empties a worker scheduler in order: its process trees end with reason shutdown, the youngest first; then its slot is
 * refilled. Returns when it has been asked to; monitors tell the rest. Fails with {@link NotKillable} as
 * {@link killScheduler} does. Catalogue MC21.
 */
export const drainScheduler = (slot: number): Effect.Effect<void, NotKillable, System> =>
  control(slot, (controls) => controls.drain(slot))

const control = (slot: number, order: (controls: Controls) => void): Effect.Effect<void, NotKillable, System> =>
  acting((host) => {
    const { controls, table } = meshOf(host)
    if (!Number.isInteger(slot) || slot < 1 || slot >= table.slots) {
      return Effect.fail(new NotKillable({ slot, schedulers: table.slots }))
    }
    return Effect.sync(() => order(controls))
  })
