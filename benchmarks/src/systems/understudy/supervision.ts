/**
 * W11 on Understudy: supervisors of `@understudy/supervisor`. Nothing is logged: the system of the benchmarks has no
 * loggers.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as Supervisor from "@understudy/supervisor/Supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, timed } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, processCount, type UnderstudyProgram, verifyProcessCount } from "./program.ts"
import { Child, Up } from "./servers/Child.ts"
import { Counter } from "./servers/Counter.ts"

interface Restarts {
  readonly supervisors: number
  readonly restartsEach: number
}

/** Kills a child as often, each time when its supervisor has started it again; `up` waits for that. */
const killEachTime = Effect.fnUntraced(function* <E>(
  first: Process.Pid,
  up: Effect.Effect<Process.Pid, E>,
  times: number
) {
  let child = first
  for (let restart = 0; restart < times; restart++) {
    yield* Process.exit(child, ExitReason.kill)
    child = yield* up
  }
})

/** So many supervisors, one after the other, each of which starts its child so often again. Only the restarts are timed. */
const restarts = ({ restartsEach, supervisors }: Restarts) =>
  asProcess(Up, (self) =>
    Effect.gen(function* () {
      const up = Effect.map(self.receiveTag("Up"), ({ pid }) => pid)
      let nanoseconds = 0
      for (let count = 0; count < supervisors; count++) {
        const supervisor = yield* Supervisor.startLink(
          Supervisor.supervisor("benchmarks/restarts", {
            strategy: "one-for-one",
            intensity: { restarts: 100_000_000, within: "1 second" },
            children: [Supervisor.child(Child, { tell: self.pid })]
          })
        )
        const took = yield* timed(killEachTime(yield* up, up, restartsEach))
        nanoseconds += took.nanoseconds
        yield* Supervisor.stop(supervisor)
      }
      return (supervisors * restartsEach * 1e9) / nanoseconds
    })
  )

const startAndStop = ({ children }: { readonly children: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const dynamic = Supervisor.dynamic("benchmarks/children", Counter, { restart: "temporary" })
      const before = yield* processCount
      const supervisor = yield* Supervisor.startLink(dynamic.spec)
      const start = yield* rate(
        children,
        Effect.gen(function* () {
          for (let count = 0; count < children; count++) yield* dynamic.start()
        })
      )
      yield* verifyProcessCount(before + 1 + children)
      const stop = yield* rate(children, Supervisor.stop(supervisor))
      yield* verifyProcessCount(before)
      return { start, stop }
    })
  )

export const supervision = {
  "supervisor-restart": restarts,
  "supervisor-restart-100": restarts,
  "dynamic-start": (parameters) => Effect.map(startAndStop(parameters), ({ start }) => start),
  "dynamic-stop": (parameters) => Effect.map(startAndStop(parameters), ({ stop }) => stop)
} satisfies Programs<UnderstudyProgram>
