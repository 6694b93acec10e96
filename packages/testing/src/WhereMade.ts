/** Where things of a test come from. */
import { System } from "@understudy/core/internal/Host"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import { type Addressed, pidOf } from "./Addressed.ts"
import { CurrentLedger } from "./Ledger.ts"

/** What is known of a process. */
export interface Origin {
  /** Its label or contract, and its pid. */
  readonly name: string
  /** Who has started it, and who that, nearest first: names as above. */
  readonly startedBy: string | undefined
  /** Lines of the program that have started it, the innermost first. Undefined when no line of the program was running, or outside of `it.process`. */
  readonly madeAt: string | undefined
}

/**
 * Says who has started a process, and where, as in the failure of a test with a leak. Undefined when there is no such process.
 *
 * ```ts
 * console.log(yield* whereMade("printer"))
 * ```
 */
export const whereMade = (of: Addressed): Effect.Effect<Origin | undefined, never, System> =>
  Effect.gen(function* () {
    const host = yield* System
    const ledger = yield* CurrentLedger
    const pid = pidOf(host, of)
    const info = pid === undefined ? undefined : yield* Process.info(pid)
    if (pid === undefined || info === undefined) return undefined
    const { madeAt, startedBy } = ledger?.origin(pid, info.ancestors) ?? {
      startedBy: info.ancestors.join(", started by ") || "no process",
      madeAt: undefined
    }
    const name = ledger?.nameOf(pid) ?? (info.label === undefined ? `${pid}` : `${info.label} ${pid}`)
    return { name, startedBy, madeAt }
  })
