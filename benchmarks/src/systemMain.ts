/**
 * The program of a system's OS process: starts the one system it was assigned, runs a round whenever the runner asks,
 * and ends when it is told to stop or the runner is gone.
 */
// For all systems of Effect alike: it has to come before the first import of that
import "@understudy/core/Preload"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { collectGarbage } from "./measure.ts"
import type { Answer, Assignment, Request } from "./SystemProcess.ts"
import { loadSystem } from "./systems/index.ts"
import { workloads } from "./workloads/index.ts"

const send = (answer: Answer): void => void process.send?.(answer)

const nextRequest: Effect.Effect<Request> = Effect.callback((resume) => {
  // SystemProcess.ts sends nothing else
  const onMessage = (message: unknown) => resume(Effect.succeed(message as Request))
  process.once("message", onMessage)
  return Effect.sync(() => process.off("message", onMessage))
})

const problemOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error && Cause.hasFails(cause) ? error.message : Cause.pretty(cause)
}

const serve = ({ prepared, scale, schedulers, system: name, workload: key }: Assignment) =>
  Effect.gen(function* () {
    const workload = workloads.find((candidate) => candidate.key === key)
    if (workload === undefined) return yield* Effect.die(new Error(`there is no workload ${key}`))
    const system = yield* Effect.promise(() => loadSystem(name))
    const round = yield* system.start(key, workload.parameters[scale], { schedulers, prepared })
    send({ _tag: "ready" })
    while ((yield* nextRequest) === "measure") {
      const exit = yield* Effect.exit(round)
      // Now, and not when the next round begins: V8 shrinks its young generation when it collects after seconds in which others
      // had their turns, and lets it grow again only where much survives
      collectGarbage()
      send(
        Exit.isSuccess(exit)
          ? { _tag: "measured", figures: exit.value }
          : { _tag: "failed", problem: problemOf(exit.cause) }
      )
    }
  })

const [argument] = process.argv.slice(2)
if (argument === undefined || process.send === undefined) {
  console.error("This program is started by the benchmarks' main.ts: npm run bench")
  process.exit(2)
}

process.once("disconnect", () => process.exit(1))
// The runner writes it, from an Assignment
const assignment = JSON.parse(argument) as Assignment
const exit = await Effect.runPromiseExit(Effect.scoped(serve(assignment)))
if (Exit.isFailure(exit)) send({ _tag: "failed", problem: problemOf(exit.cause) })
// From here on the process must end by itself: what keeps it alive was not stopped
process.removeAllListeners("disconnect")
process.disconnect?.()
