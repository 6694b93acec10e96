/** What the programs of this folder share: their shape, clients side by side, and servers that end with the program. */

import { ExitReason, GenServer, Process, type System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** A program, run as a process: what it finds wrong it throws. */
export type Body = (
  self: Process.Self<unknown>
) => Generator<Effect.Effect<unknown, unknown, GenServer.Provided>, void, never>

/**
 * Disturbances, as a search makes them. `hold`: what goes from one scheduler to another arrives later. `pause`: a scheduler runs
 * nothing for a while. `delay`: so does a process. `slow`: time passes although something could run, up to 100 ms in all.
 */
export type Fault = "hold" | "pause" | "delay" | "slow"

/** A mistake as people make it, in a small program, and the same program without it. */
export interface Bug {
  /** The name of its file. */
  readonly name: string
  readonly title: string
  /** How many schedulers it needs. */
  readonly schedulers: number
  readonly implementations: NonNullable<System.Options<never, never>["implementations"]>
  /** What the mended version must bear; it makes no promise about its answers under others. */
  readonly bears: ReadonlyArray<Fault>
  /** Passes when everything happens in the usual order, unless `plain` says otherwise. */
  readonly wrong: Body
  /** Passes always. */
  readonly right: Body
  /** The wrong version's fault shows in the usual order already. Default: it passes there. */
  readonly plain?: "fails"
}

/** Disturbances of the order only. */
export const disorder: ReadonlyArray<Fault> = ["hold", "pause", "delay"]

/** As {@link disorder}, for programs whose answers do not depend on how long something takes. */
export const anything: ReadonlyArray<Fault> = [...disorder, "slow"]

type Needs = GenServer.Provided

/**
 * Runs effects side by side, each as a process of that name, and gives their results by name when all have ended. Fails as the first of
 * them that did.
 */
export const concurrently = <const E extends Readonly<Record<string, Effect.Effect<unknown, unknown, Needs>>>>(
  effects: E
): Effect.Effect<
  { readonly [K in keyof E]: Effect.Success<E[K]> },
  Effect.Error<E[keyof E]> | Process.ProcessExited,
  System.System
> =>
  Process.run(
    (self) =>
      Effect.gen(function* () {
        const names = Object.keys(effects)
        const exits: Array<readonly [string, Exit.Exit<unknown, unknown>]> = []
        for (const name of names) {
          const effect = effects[name] as E[keyof E]
          yield* Process.spawnMonitor(
            Schema.Never,
            () => Effect.onExit(effect, (exit) => Effect.sync(() => exits.push([name, exit]))),
            { label: name }
          )
        }
        for (const _ of names) yield* self.receive
        const failed = exits.find(([, exit]) => Exit.isFailure(exit))
        if (failed !== undefined) yield* failed[1]
        return Object.fromEntries(exits.map(([name, exit]) => [name, Exit.isSuccess(exit) ? exit.value : undefined]))
      }),
    { label: "concurrently" }
    // By name, as the effects were given
  ) as never

/** Asks a server to end and waits until it has; kills it when that takes long, as that of one that waits for something. */
export const end = (
  ref: Parameters<typeof GenServer.terminate>[0] & { readonly pid: Process.Pid }
): Effect.Effect<void, never, System.System> =>
  Effect.andThen(
    Effect.ignore(GenServer.terminate(ref, { reason: ExitReason.shutdown, timeout: "1 second" })),
    Process.exit(ref.pid, ExitReason.kill)
  )

/** Starts a server that ends with the program. */
export const serve = <P extends GenServer.Protocol, A extends GenServer.Fields, M>(
  contract: GenServer.Contract<P, A, M>,
  ...args: GenServer.ArgsAndOptions<A, GenServer.StartOptions>
): Effect.Effect<GenServer.PidRef<P>, GenServer.StartError, System.System | Scope.Scope> =>
  Effect.acquireRelease(GenServer.start(contract, ...args), end)

/** Starts a supervisor that ends with the program, its children first. */
export const supervise = (
  spec: Supervisor.StartableSpec
): Effect.Effect<{ readonly pid: Process.Pid }, GenServer.StartError, System.System | Scope.Scope> =>
  Effect.acquireRelease(Supervisor.start(spec), end)

/**
 * Spawns a process that ends with the program. Its mailbox takes what the schema says.
 */
export const background = <S extends Schema.Top, E>(
  label: string,
  mailbox: S,
  program: (self: Process.Self<S["Type"]>) => Effect.Effect<unknown, E, Needs>
): Effect.Effect<Process.Pid<S["Type"]>, never, System.System | Scope.Scope> =>
  Effect.acquireRelease(Process.spawn(mailbox, program, { label }), (pid) =>
    // It is dead at once; what it was doing is undone soon after
    Effect.andThen(Process.exit(pid, ExitReason.kill), Process.sleep(200))
  )

/** Tries again for about a second while nobody is there: for calls by name to what is being restarted. Only for calls that may be repeated. */
export const eventually = <A, E>(
  call: Effect.Effect<A, E, System.System>
): Effect.Effect<A, E, System.System | Process.Current> =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < 100; attempt++) {
      const exit = yield* Effect.exit(call)
      const gone = Exit.isFailure(exit) && exit.cause.reasons.some(isGone)
      if (!gone) return yield* exit
      yield* Process.sleep(10)
    }
    return yield* call
  })

const isGone = (reason: { readonly _tag: string; readonly error?: unknown }): boolean =>
  reason.error instanceof GenServer.NoProcess
