/**
 * What a worker does with its life: it starts the scheduler of the slot it was booted for and runs it until told to stop.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { SharedTable } from "../transport/SharedTable.ts"
import { fingerprintsOf } from "./Builds.ts"
import { drain, stopPatience } from "./Drain.ts"
import { definitionsOf, launch, type Program } from "./Launch.ts"
import { type Notice, type Order, type Seat, seatKey } from "./Workers.ts"

/** This thread's seat, when a system booted it as a scheduler. */
export const seatOfThread = (): Seat | undefined => {
  if (parentPort === null || typeof workerData !== "object" || workerData === null) return undefined
  // Only `Workers.ts` puts something under this key
  return (workerData as Record<string, Seat | undefined>)[seatKey]
}

/** How long something else may keep the thread from ending by itself, in milliseconds. */
const endGrace = 100

/** Runs the scheduler of `seat`. Never returns; the thread ends when the system says so. */
export const join = <R, E>(seat: Seat, program: Program<R, E>): Effect.Effect<never> =>
  Effect.gen(function* () {
    const port = parentPort
    if (port === null) return yield* Effect.die(new Error("a scheduler can only be joined in a worker thread"))
    const notify = (notice: Notice) => port.postMessage(notice)
    notify({ kind: "joining" })
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
    let leaving = false
    const leave = (processesEnd: Effect.Effect<void>) => {
      if (leaving) return
      leaving = true
      Effect.runFork(Effect.andThen(processesEnd, Scope.close(scope, Exit.void))).addObserver(() => {
        notify({ kind: "stopped" })
        // With nothing left to do, the thread ends by itself, having written out what it had to; a timer or a socket of the
        // application's may keep it from that
        port.close()
        setTimeout(() => process.exit(0), endGrace).unref()
      })
    }
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
          return leave(drain(scheduler, stopPatience))
      }
    })
    notify({ kind: "ready", fingerprints: fingerprintsOf(definitionsOf(program)) })
    // Not `Effect.never`, whose timer would keep the thread from ending by itself
    return yield* Effect.callback<never>(() => undefined)
  })
