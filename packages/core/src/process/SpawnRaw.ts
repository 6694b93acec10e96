/**
 * Spawning raw processes: on this scheduler, with the services of whoever spawns.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { currentProcess } from "./Fibers.ts"
import type { Current, Host, Priority, System } from "./Host.ts"
import * as MessageCodec from "./MessageCodec.ts"
import type { Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { RawProcess, type Self } from "./RawProcess.ts"
import { withSystem } from "./Running.ts"
import type { MonitorRef } from "./Signal.ts"
import { lineage, type SpawnOptions, spawnHere, type Ties, tieParent } from "./Spawn.ts"

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
