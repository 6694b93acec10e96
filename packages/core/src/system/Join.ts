/**
 * What a worker does with its life: it starts the scheduler of the slot it was booted for and runs it until told to stop.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { drain } from "./Drain.ts"
import { definitionsOf, fingerprintOf, launch, type Program } from "./Launch.ts"
import { SharedTable } from "./SharedTable.ts"
import { type Notice, type Order, type Seat, seatKey } from "./Workers.ts"

/** This thread's seat, when a system booted it as a scheduler. */
export const seatOfThread = (): Seat | undefined => {
  if (parentPort === null || typeof workerData !== "object" || workerData === null) return undefined
  // Only `Workers.ts` puts something under this key
  return (workerData as Record<string, Seat | undefined>)[seatKey]
}

/** Runs the scheduler of `seat`. Never returns; the thread ends when the system says so. */
export const join = <R, E>(seat: Seat, program: Program<R, E>): Effect.Effect<never> =>
  Effect.gen(function* () {
    const port = parentPort
    if (port === null) return yield* Effect.die(new Error("a scheduler can only be joined in a worker thread"))
    const notify = (notice: Notice) => port.postMessage(notice)
    const scope = yield* Scope.make()
    const controls = {
      kill: (slot: number) => notify({ kind: "kill", slot }),
      drain: (slot: number) => notify({ kind: "drain", slot })
    }
    const launched = yield* launch({
      slot: seat.slot,
      incarnation: seat.incarnation,
      table: SharedTable.from(seat.table),
      controls,
      tuning: seat.tuning,
      program
    }).pipe(Effect.provideService(Scope.Scope, scope), Effect.exit)
    if (Exit.isFailure(launched)) {
      notify({ kind: "failed", problem: Cause.pretty(launched.cause) })
      return process.exit(1)
    }
    const { mesh, scheduler } = launched.value
    const leave = (first: Effect.Effect<void>) =>
      Effect.runFork(Effect.andThen(first, Scope.close(scope, Exit.void))).addObserver(() => process.exit(0))
    for (const end of seat.peers) mesh.connect(end)
    // The listener also keeps the thread alive: processes that wait for messages do not
    port.on("message", (order: Order) => {
      switch (order.kind) {
        case "connect":
          return mesh.connect(order.end)
        case "disconnect":
          return mesh.disconnect(order.slot, order.incarnation)
        case "drain":
          return leave(drain(scheduler))
        case "stop":
          return leave(Effect.void)
      }
    })
    notify({ kind: "ready", fingerprint: fingerprintOf(definitionsOf(program)) })
    return yield* Effect.never
  })
