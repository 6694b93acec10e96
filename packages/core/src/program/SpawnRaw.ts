/**
 * Spawns raw processes on this scheduler, with the services of the spawning fiber.
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Pid } from "../address/Pid.ts"
import type { AnyFiber } from "../fiber/Fibers.ts"
import { type OperationMethods, operationKind } from "../fiber/Operation.ts"
import { currentProcess, type ProcessFiber } from "../fiber/ProcessFiber.ts"
import { hostOf } from "../fiber/Running.ts"
import { silenced } from "../fiber/Silence.ts"
import type { Current, Host, System } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Priority } from "../run/RunQueue.ts"
import { fromSchema } from "../signal/MailboxCodec.ts"
import type { MonitorRef } from "../signal/Signal.ts"
import { lineage, type SpawnOptions, spawnHere, tieParent } from "../spawn/Spawn.ts"
import { RawProcess, type Self } from "./RawProcess.ts"

/** What a process's own code may require and always has: itself, the system, and a scope that closes when it ends. */
export type Provided = Current | System | Scope.Scope

type Program<S extends Schema.Top, A, E, R> = (self: Self<S["Type"]>) => Effect.Effect<A, E, R>

/** The tie between the new process and its spawner, which decides the result. */
type Tie = "none" | "link" | "monitor"

/** The effect of spawning: never waits. */
const SpawnOperation = operationKind(
  class SpawnOperation implements OperationMethods<unknown, never> {
    private readonly mailbox: Schema.Top
    private readonly program: Program<Schema.Top, unknown, unknown, never>
    private readonly options: SpawnOptions | undefined
    private readonly tie: Tie

    constructor(
      mailbox: Schema.Top,
      program: Program<Schema.Top, unknown, unknown, never>,
      options: SpawnOptions | undefined,
      tie: Tie
    ) {
      this.mailbox = mailbox
      this.program = program
      this.options = options
      this.tie = tie
    }

    attempt(fiber: ProcessFiber): unknown {
      return this.spawn(fiber.process.host, fiber, fiber.process)
    }

    perform(fiber: AnyFiber): Effect.Effect<unknown> {
      return silenced<unknown, never>(fiber) ?? Exit.succeed(this.spawn(hostOf(fiber), fiber, currentProcess(fiber)))
    }

    private spawn(host: Host, fiber: AnyFiber, parent: ProcessRecord | undefined): unknown {
      const { mailbox, options, program, tie } = this
      const body = new RawProcess(program, inheritedContext(host, fiber, options?.priority ?? "normal"))
      const monitor = tie === "monitor" ? host.nextReference() : 0
      const ties = lineage(parent, tie === "link", monitor)
      const { pid } = spawnHere(host, body, fromSchema(mailbox), ties, options)
      if (parent !== undefined) tieParent(parent, pid, ties)
      return tie === "monitor" ? { pid, ref: monitor } : pid
    }
  }
)

/** The spawner's services, with the scheduler of the new process's priority. */
const inheritedContext = (host: Host, fiber: AnyFiber, priority: Priority): Context.Context<never> =>
  fiber.cache.scheduler === host.effectScheduler(priority)
    ? fiber.context
    : Context.merge(fiber.context, host.contextFor(priority))

/**
 * Spawns. The spawner has the services `R` asks for, and the process itself adds what `Provided` names: inside, neither
 * they nor the type of the messages matter.
 */
const spawning = (mailbox: Schema.Top, program: unknown, options: SpawnOptions | undefined, tie: Tie): never =>
  new SpawnOperation(mailbox, program as Program<Schema.Top, unknown, unknown, never>, options, tie) as never

/**
 * Starts a process that runs `program` on this scheduler and takes messages of `mailbox`'s type. Its code runs when
 * its turn comes, never before this returns. It ends with reason normal when the program returns; a failure or a
 * defect is its exit reason. Never fails.
 *
 * For many processes of one kind, make the generator function once (`Effect.fnUntraced` at the module's level) and call it in
 * `program`: otherwise each process allocates a generator function of its own.
 */
export const spawn = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<Pid<S["Type"]>, never, System | Exclude<R, Provided>> => spawning(mailbox, program, options, "none")

/** As {@link spawn}, linked to the calling process from the first instant. Catalogue L14, L15. */
export const spawnLink = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<Pid<S["Type"]>, never, Current | System | Exclude<R, Provided>> =>
  spawning(mailbox, program, options, "link")

/** As {@link spawn}, monitored by the calling process from the first instant. */
export const spawnMonitor = <S extends Schema.Top, A, E, R>(
  mailbox: S,
  program: Program<S, A, E, R>,
  options?: SpawnOptions
): Effect.Effect<
  { readonly pid: Pid<S["Type"]>; readonly ref: MonitorRef },
  never,
  Current | System | Exclude<R, Provided>
> => spawning(mailbox, program, options, "monitor")
