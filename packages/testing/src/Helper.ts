/**
 * A process of the test that does what the test asks it to: the ground of probes and of the test's supervisor. It traps exits, ends
 * with the scope it was made in, and is no leak.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import type { Contract, Fields, Protocol } from "@understudy/core/GenServer"
import { type Host, System } from "@understudy/core/internal/Host"
import { standIn } from "@understudy/core/internal/Leftovers"
import type { Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { CurrentLedger } from "./Ledger.ts"

/** What its process does with each message, in its own turn: at once, and by the effect it gives. */
export type Take = (message: unknown) => Effect.Effect<void, never, Process.Current> | undefined

/** Waits for something of another process of the same scheduler, for some time of the system at most. Whether it came. */
export const waitUntil = (
  host: Host,
  listeners: Set<() => void>,
  isSo: () => boolean,
  milliseconds: number
): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    if (isSo()) return resume(Effect.succeed(true))
    let over = false
    const end = (came: boolean) => {
      if (over) return
      over = true
      listeners.delete(look)
      if (timer !== undefined) host.timers.clear(timer)
      // From the run queue, as whatever wakes a process
      host.enqueue(() => resume(Effect.succeed(came)), "normal")
    }
    const look = () => {
      if (isSo()) end(true)
    }
    listeners.add(look)
    const timer =
      milliseconds === Number.POSITIVE_INFINITY ? undefined : host.timers.set(milliseconds, () => end(isSo()))
    return Effect.sync(() => {
      over = true
      listeners.delete(look)
      if (timer !== undefined) host.timers.clear(timer)
    })
  })

/** What a helper takes: messages of a schema, or those of a contract. */
export type Takes = { readonly schema: Schema.Top } | { readonly contract: Contract<Protocol, Fields, unknown> }

const spawnFor = (
  takes: Takes,
  program: (self: Process.Self<unknown>) => Effect.Effect<unknown, unknown>,
  label: string
): Effect.Effect<Pid, never, System> =>
  "schema" in takes
    ? Process.spawn(takes.schema, (self) => program(self as Process.Self<unknown>), { label })
    : Effect.map(standIn(takes.contract, program, { label }), ({ pid }) => pid)

/** See the file's header. */
export class Helper {
  readonly host: Host
  private readonly take: Take
  private readonly commands: Array<Effect.Effect<void, never, Process.Provided>> = []
  private readonly wakers = new Set<() => void>()
  pid!: Pid

  private constructor(host: Host, take: Take) {
    this.host = host
    this.take = take
  }

  /** Runs an effect as this process: what it links, watches or registers is this process's. */
  as<A, E>(effect: Effect.Effect<A, E, Process.Provided>): Effect.Effect<A, E> {
    return Effect.callback<A, E>((resume) => {
      const tell = (exit: Exit.Exit<A, E>) => this.host.enqueue(() => resume(exit), "normal")
      this.post(Effect.map(Effect.exit(effect), tell))
    })
  }

  /** Does what it is asked to, one after the other. */
  private readonly serve: Effect.Effect<void, never, Process.Provided> = Effect.suspend(() => {
    const command = this.commands.shift()
    return (command ??
      waitUntil(this.host, this.wakers, () => this.commands.length > 0, Number.POSITIVE_INFINITY)) as Effect.Effect<
      void,
      never,
      Process.Provided
    >
  })

  /** As {@link as}, for those who do not wait: from {@link Take}, say. */
  post(effect: Effect.Effect<void, never, Process.Provided>): void {
    this.commands.push(effect)
    for (const wake of [...this.wakers]) wake()
  }

  private body(self: Process.Self<unknown>) {
    const { serve, take } = this
    return Effect.gen(function* () {
      yield* Process.trapExit(true)
      yield* Effect.forkScoped(Effect.forever(serve))
      while (true) {
        const then = take(yield* self.receive)
        if (then !== undefined) yield* then
      }
    })
  }

  /**
   * Starts one. `mailbox`: what it takes, or the contract whose server it stands in for. `stop`: done as it, when the scope closes.
   */
  static make(
    mailbox: Takes,
    label: string,
    take: Take,
    stop: (helper: Helper) => Effect.Effect<void, never, System> = () => Effect.void
  ): Effect.Effect<Helper, never, System | Scope.Scope> {
    return Effect.gen(function* () {
      const host = yield* System
      const ledger = yield* CurrentLedger
      const helper = new Helper(host, take)
      // It needs what every process has
      const program = (self: Process.Self<unknown>) => helper.body(self) as unknown as Effect.Effect<unknown, unknown>
      yield* Effect.acquireRelease(
        Effect.gen(function* () {
          helper.pid = yield* spawnFor(mailbox, program, label)
          ledger?.own.add(`${helper.pid}`)
          ledger?.helpers.add(helper.pid)
          // From now on it traps exits
          yield* helper.as(Effect.void)
        }),
        () =>
          Effect.gen(function* () {
            yield* stop(helper)
            yield* Process.exit(helper.pid, ExitReason.kill)
            ledger?.helpers.delete(helper.pid)
          })
      )
      return helper
    })
  }
}
