/**
 * W10 on Understudy: raw processes that end, and who hears of it.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, rateOf, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, processCount, type UnderstudyProgram, verifyProcessCount } from "./program.ts"

const Idle = Schema.Literal("stop")
const idle = (process: Process.Self<"stop">) => process.receive

/** Takes so many Downs. */
const downs = Effect.fnUntraced(function* (self: Process.Self<string>, expected: number) {
  let killed = 0
  for (let count = 0; count < expected; count++) {
    const message = yield* self.receive
    if (typeof message !== "string" && message._tag === "Down" && message.reason._tag === "Killed") killed++
  }
  yield* verify("Downs of killed processes", expected, killed)
})

const killAll = Effect.fnUntraced(function* (pids: ReadonlyArray<Process.Pid>) {
  for (const pid of pids) yield* Process.exit(pid, ExitReason.kill)
})

const killMonitored = ({ processes }: { readonly processes: number }) =>
  Effect.gen(function* () {
    const before = yield* processCount
    const perSecond = yield* asProcess(Schema.String, (self) =>
      Effect.gen(function* () {
        const pids: Array<Process.Pid> = []
        for (let count = 0; count < processes; count++) pids.push((yield* Process.spawnMonitor(Idle, idle)).pid)
        return yield* rate(processes, Effect.andThen(killAll(pids), downs(self, processes)))
      })
    )
    yield* verifyProcessCount(before)
    return perSecond
  })

/** Gives how many monitors were still set when they were taken back. */
const monitorEachTime = Effect.fnUntraced(function* (pid: Process.Pid, times: number) {
  let set = 0
  for (let count = 0; count < times; count++) {
    const monitor = yield* Process.monitor(pid)
    if (yield* Process.demonitor(monitor)) set++
  }
  return set
})

const monitorDemonitor = ({ times }: { readonly times: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const pid = yield* Process.spawnLink(Idle, idle)
      const { perSecond, result } = yield* rateOf(times, monitorEachTime(pid, times))
      yield* verify("monitors that were set", times, result)
      yield* Process.send(pid, "stop")
      return perSecond
    })
  )

const linkFan = ({ processes }: { readonly processes: number }) =>
  Effect.gen(function* () {
    const before = yield* processCount
    const perSecond = yield* asProcess(Schema.String, (self) =>
      Effect.gen(function* () {
        const pids: Array<Process.Pid> = []
        const root = yield* Process.spawn(Idle, (process) =>
          Effect.gen(function* () {
            for (let count = 0; count < processes; count++) pids.push(yield* Process.spawnLink(Idle, idle))
            yield* Process.send(self.pid, "linked")
            yield* process.receive
          })
        )
        yield* self.receive
        for (const pid of pids) yield* Process.monitor(pid)
        return yield* rate(processes, Effect.andThen(Process.exit(root, ExitReason.kill), downs(self, processes)))
      })
    )
    yield* verifyProcessCount(before)
    return perSecond
  })

export const exits = {
  "kill-monitored": killMonitored,
  "monitor-demonitor": monitorDemonitor,
  "link-fan": linkFan
} satisfies Programs<UnderstudyProgram>
