/**
 * W1: starting processes, and what one costs in memory while it waits. Idle means parked in `receive` for a raw process
 * and waiting for a message for a GenServer. Pids are kept in an array, as a user would keep them.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { bytesInUse, rate, verify } from "../measure.ts"
import { Counter } from "../systems/understudy/Counter.ts"
import { asProcess, processCount, verifyProcessCount } from "../systems/understudy/Understudy.ts"
import { workload } from "../Workload.ts"

interface Parameters {
  readonly processes: number
}

const parameters = { full: { processes: 100_000 }, smoke: { processes: 10_000 } }

/** Starts the processes and gives their pids once each of them is idle. */
type Start = (parameters: Parameters) => Effect.Effect<ReadonlyArray<Process.Pid>, unknown, System>

const startRaw: Start = ({ processes }) =>
  asProcess(Schema.Literal("ready"), (self) =>
    Effect.gen(function* () {
      let started = 0
      const pids: Array<Process.Pid> = []
      for (let count = 1; count < processes; count++) {
        pids.push(
          yield* Process.spawn(Schema.Literal("stop"), (idle) => {
            started++
            return idle.receive
          })
        )
      }
      // Processes start in the order in which they were spawned
      pids.push(
        yield* Process.spawn(Schema.Literal("stop"), (idle) => {
          started++
          return Effect.andThen(Process.send(self.pid, "ready"), idle.receive)
        })
      )
      yield* self.receive
      yield* verify("started processes", processes, started)
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

const spawnRate = (start: Start) => (parameters: Parameters) =>
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

const bytesEach = (start: Start) => (parameters: Parameters) =>
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

export const spawn = [
  workload({
    id: "W1",
    key: "spawn",
    name: "spawn, raw process",
    unit: "processes/s",
    schedulers: 1,
    parameters,
    run: { understudy: spawnRate(startRaw) }
  }),
  workload({
    id: "W1",
    key: "spawn-server",
    name: "start, GenServer",
    unit: "processes/s",
    schedulers: 1,
    parameters,
    run: { understudy: spawnRate(startServers) }
  }),
  workload({
    id: "W1",
    key: "memory",
    name: "memory, idle raw process",
    unit: "bytes/process",
    schedulers: 1,
    parameters,
    run: { understudy: bytesEach(startRaw) }
  }),
  workload({
    id: "W1",
    key: "memory-server",
    name: "memory, idle GenServer",
    unit: "bytes/process",
    schedulers: 1,
    parameters,
    run: { understudy: bytesEach(startServers) }
  })
]
