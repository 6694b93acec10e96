/**
 * W1 on Understudy. Raw processes run a generator that receives; GenServers keep a count.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { bytesInUse, rate, residentBytes, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, processCount, type UnderstudyProgram, verifyProcessCount } from "./program.ts"
import { Counter } from "./servers/Counter.ts"

interface Parameters {
  readonly processes: number
}

/** Starts the processes and gives their pids once each of them is idle. */
type Start = (parameters: Parameters) => Effect.Effect<ReadonlyArray<Process.Pid>, unknown, System>

const Idle = Schema.Literal("stop")

/** What processes that start have in common. */
interface Crowd {
  readonly expected: number
  /** Who is told when all have started. */
  readonly starter: Process.Pid<"ready">
  started: number
}

const idle = Effect.fnUntraced(function* (self: Process.Self<"stop">, crowd: Crowd) {
  if (++crowd.started === crowd.expected) yield* Process.send(crowd.starter, "ready")
  return yield* self.receive
})

const startRaw: Start = ({ processes }) =>
  asProcess(Schema.Literal("ready"), (self) =>
    Effect.gen(function* () {
      const crowd: Crowd = { expected: processes, starter: self.pid, started: 0 }
      const join = (process: Process.Self<"stop">) => idle(process, crowd)
      const pids: Array<Process.Pid> = []
      for (let count = 0; count < processes; count++) pids.push(yield* Process.spawn(Idle, join))
      yield* self.receive
      return pids
    })
  )

const startServers: Start = ({ processes }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const pids: Array<Process.Pid> = []
      for (let count = 0; count < processes; count++) pids.push((yield* GenServer.start(Counter)).pid)
      return pids
    })
  )

const endAll = (pids: ReadonlyArray<Process.Pid>) =>
  Effect.gen(function* () {
    for (const pid of pids) yield* Process.exit(pid, ExitReason.shutdown)
  })

const spawnRate =
  (start: Start) =>
  (parameters: Parameters): UnderstudyProgram =>
    Effect.gen(function* () {
      const before = yield* processCount
      let pids: ReadonlyArray<Process.Pid> = []
      const perSecond = yield* rate(
        parameters.processes,
        Effect.map(start(parameters), (started) => {
          pids = started
        })
      )
      yield* verifyProcessCount(before + parameters.processes)
      yield* endAll(pids)
      yield* verifyProcessCount(before)
      return perSecond
    })

const bytesEach =
  (start: Start) =>
  (parameters: Parameters): UnderstudyProgram =>
    Effect.gen(function* () {
      const processesBefore = yield* processCount
      const before = yield* bytesInUse
      const pids = yield* start(parameters)
      const after = yield* bytesInUse
      yield* verifyProcessCount(processesBefore + parameters.processes)
      yield* endAll(pids)
      yield* verifyProcessCount(processesBefore)
      return (after - before) / parameters.processes
    })

const millionServers = (parameters: Parameters): UnderstudyProgram =>
  Effect.gen(function* () {
    const before = yield* processCount
    let pids: ReadonlyArray<Process.Pid> = []
    const perSecond = yield* rate(
      parameters.processes,
      Effect.map(startServers(parameters), (started) => {
        pids = started
      })
    )
    yield* verifyProcessCount(before + parameters.processes)
    // Each counts for itself, so each answers 0 to its first call
    const answered = yield* asProcess(Schema.Never, () =>
      Effect.gen(function* () {
        let answers = 0
        for (const pid of pids) if ((yield* Counter.at(pid).next()) === 0) answers++
        return answers
      })
    )
    yield* verify("servers that answered", parameters.processes, answered)
    const memory = yield* residentBytes
    yield* verifyProcessCount(before + parameters.processes)
    yield* endAll(pids)
    yield* verifyProcessCount(before)
    return { memory, rate: perSecond }
  })

export const spawn = {
  "spawn-100k": spawnRate(startRaw),
  "spawn-1m": spawnRate(startRaw),
  "start-server-100k": spawnRate(startServers),
  "memory-raw": bytesEach(startRaw),
  "memory-server": bytesEach(startServers),
  "million-servers": millionServers
} satisfies Programs<UnderstudyProgram>
