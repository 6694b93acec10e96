/** What a test says is meant: crashes, and what it leaves. Outside of a test that looks for leaks they say nothing. */
import { Current, System } from "@understudy/core/internal/Host"
import { equals } from "@understudy/core/Pid"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Addressed, pidOf } from "./Addressed.ts"
import type { Leak } from "./Leak.ts"
import { CurrentLedger, type Meant } from "./Ledger.ts"

/** Which leaks are meant: those of a process (by pid, ref, probe), a registered name or a label, or those a predicate picks. */
export type Which = Addressed | ((leak: Leak) => boolean)

const meantBy = (which: Which): Effect.Effect<Meant, never, System> =>
  Effect.gen(function* () {
    if (typeof which === "function") return (leak) => which(leak) === true
    const pid = pidOf(yield* System, which)
    const isOf = (leak: Leak) => pid !== undefined && leak.pid !== undefined && equals(leak.pid, pid)
    if (typeof which !== "string") return isOf
    const caller = Option.getOrUndefined(yield* Effect.serviceOption(Current))
    // A name of the test itself means that name, and not all that the test leaves
    const isCaller = pid !== undefined && caller !== undefined && equals(caller.pid, pid)
    return (leak) => leak.name === which || leak.label === which || (!isCaller && isOf(leak))
  })

const expectKind = (which: Which | undefined, isOf: (leak: Leak) => boolean): Effect.Effect<void, never, System> =>
  Effect.flatMap(CurrentLedger, (ledger) =>
    Effect.map(which === undefined ? Effect.succeed(() => true) : meantBy(which), (meant) =>
      ledger?.expect((leak) => isOf(leak) && meant(leak))
    )
  )

/**
 * Says that what a test leaves behind is meant: the process with its timers, monitors, names and calls, a registered name or label, or
 * all that a predicate picks.
 *
 * ```ts
 * const logger = yield* Process.spawn(Schema.String, log, { label: "logger" })
 * yield* expectLeft(logger)
 * yield* expectLeft(({ kind, what }) => kind === "timer" && what.includes("tick"))
 * ```
 */
export const expectLeft = (which: Which): Effect.Effect<void, never, System> =>
  expectKind(which, ({ kind }) => kind !== "crash")

/**
 * Says that crashes are meant: of one process, of those of a label, or those that a predicate picks; without any, all. Crashes that
 * have happened count too.
 *
 * ```ts
 * yield* expectCrash(worker)
 * yield* worker.divide({ by: 0 })
 * ```
 */
export const expectCrash = (which?: Which): Effect.Effect<void, never, System> =>
  expectKind(which, ({ kind }) => kind === "crash")
