/** Information on processes: on one of any scheduler, or on all of this scheduler. */

import * as Effect from "effect/Effect"
import type { Pid } from "../address/Pid.ts"
import { ask, infoOf } from "../call/Query.ts"
import { withSystem } from "../fiber/Running.ts"
import { System } from "../process/Host.ts"
import type { Info } from "../signal/Question.ts"

/** Whether a process lives, answered after the caller's earlier signals to it. Catalogue P21. */
export const isAlive = (pid: Pid): Effect.Effect<boolean, never, System> =>
  withSystem((host) => Effect.map(ask(host, pid, "alive", pid.serial), (alive) => alive === true))

/** Information on a process of any scheduler; `undefined` when it has ended. Catalogue P23, P30. */
export const info = (pid: Pid): Effect.Effect<Info | undefined, never, System> =>
  withSystem((host) => ask(host, pid, "info", pid.serial) as Effect.Effect<Info | undefined>)

/** All living processes of this scheduler. */
export const list: Effect.Effect<ReadonlyArray<Info>, never, System> = Effect.map(System, (host) =>
  Array.from(host.processes.values(), infoOf)
)

/** How many processes live on this scheduler, without the cost of {@link list}. `process_count` in OTP. */
export const count: Effect.Effect<number, never, System> = Effect.map(System, (host) => host.processes.size)
