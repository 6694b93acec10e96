/**
 * Effect without Understudy, processes: a process is a detached fiber, its mailbox an unbounded `Queue` of Effect's.
 * No messages are validated, nobody is linked, and what has no reason to receive has no mailbox.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import {
  bytesOfEach,
  check,
  expectedFib,
  fib,
  type PeerParameters,
  type PeerPrograms,
  ratePerSecond
} from "../PeerPrograms.ts"
import { call, type Request, startCounter } from "./messages.ts"

/** A process that waits: what its spawner keeps of it. */
interface Idle {
  readonly mailbox: Queue.Queue<"stop">
  readonly fiber: Fiber.Fiber<"stop">
}

/** Starts processes that wait for a message, and gives them once the last of them waits. */
const startIdle = (processes: number): Effect.Effect<ReadonlyArray<Idle>> =>
  Effect.gen(function* () {
    let started = 0
    const ready = yield* Deferred.make<void>()
    const idle: Array<Idle> = []
    for (let count = 0; count < processes; count++) {
      const mailbox = yield* Queue.unbounded<"stop">()
      const fiber = yield* Effect.forkDetach(
        Effect.suspend(() => {
          // Fibers start in the order in which they were forked
          if (++started === processes) Deferred.doneUnsafe(ready, Exit.void)
          return Queue.take(mailbox)
        })
      )
      idle.push({ mailbox, fiber })
    }
    yield* Deferred.await(ready)
    return idle
  })

const endAll = async (idle: ReadonlyArray<Idle>): Promise<void> => {
  await Effect.runPromise(Fiber.interruptAll(idle.map(({ fiber }) => fiber)))
  check("ended processes", idle.length, idle.filter(({ fiber }) => fiber.pollUnsafe() !== undefined).length)
}

/** What observers of a fiber have been told. */
interface Exits {
  told: number
}

const observeEachTime = (fiber: Fiber.Fiber<unknown>, times: number, exits: Exits): void => {
  for (let count = 0; count < times; count++) {
    const takeBack = fiber.addObserver(() => {
      exits.told++
    })
    takeBack()
  }
}

/** Starts counters, and gives their mailboxes once the last of them has answered. */
const startServers = (servers: number): Effect.Effect<ReadonlyArray<Queue.Queue<Request>>> =>
  Effect.gen(function* () {
    const started: Array<Queue.Queue<Request>> = []
    for (let count = 0; count < servers; count++) started.push(yield* startCounter)
    const last = started.at(-1)
    if (last !== undefined) yield* call(last, "Get")
    return started
  })

/** Tells servers to stop, and checks that each of them has handled a call before. */
const stopAll = async (servers: ReadonlyArray<Queue.Queue<Request>>): Promise<void> => {
  let answers = 0
  await Effect.runPromise(
    Effect.gen(function* () {
      for (const server of servers) if ((yield* call(server, "Next")) === 0) answers++
      for (const server of servers) yield* Queue.offer(server, { _tag: "Stop" })
    })
  )
  check("servers that answer", servers.length, answers)
}

const startRate = async ({ processes }: PeerParameters["spawn-100k"]): Promise<number> => {
  let idle: ReadonlyArray<Idle> = []
  const perSecond = await ratePerSecond(processes, async () => {
    idle = await Effect.runPromise(startIdle(processes))
  })
  check("processes", processes, idle.length)
  await endAll(idle)
  return perSecond
}

/** Processes: starting, ending and watching them, and computing in them. */
export const processes = {
  "spawn-100k": startRate,
  "spawn-1m": startRate,
  "memory-raw": async ({ processes }) => {
    const [each, idle] = await bytesOfEach(processes, () => Effect.runPromise(startIdle(processes)))
    await endAll(idle)
    return each
  },
  "start-server-100k": async ({ processes }) => {
    let servers: ReadonlyArray<Queue.Queue<Request>> = []
    const perSecond = await ratePerSecond(processes, async () => {
      servers = await Effect.runPromise(startServers(processes))
    })
    await stopAll(servers)
    return perSecond
  },
  "memory-server": async ({ processes }) => {
    const [each, servers] = await bytesOfEach(processes, () => Effect.runPromise(startServers(processes)))
    await stopAll(servers)
    return each
  },
  "churn-await": async ({ processes }) => {
    let ended = 0
    const perSecond = await ratePerSecond(processes, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          for (let count = 0; count < processes; count++) {
            if (Exit.isSuccess(yield* Fiber.await(yield* Effect.forkDetach(Effect.void)))) ended++
          }
        })
      )
    )
    check("ended processes", processes, ended)
    return perSecond
  },
  churn: async ({ processes }) => {
    let ran = 0
    const brief = Effect.sync(() => {
      ran++
    })
    const perSecond = await ratePerSecond(processes, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const done = yield* Deferred.make<void>()
          for (let count = 1; count < processes; count++) yield* Effect.forkDetach(brief)
          yield* Effect.forkDetach(Effect.andThen(brief, Deferred.succeed(done, undefined)))
          yield* Deferred.await(done)
        })
      )
    )
    check("processes that ran", processes, ran)
    return perSecond
  },
  "parallel-cpu": async ({ fib: n, processes }) => {
    const expected = expectedFib(n)
    let right = 0
    const perSecond = await ratePerSecond(processes, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const results = yield* Queue.unbounded<number>()
          for (let count = 0; count < processes; count++) {
            yield* Effect.forkDetach(Effect.suspend(() => Queue.offer(results, fib(n))))
          }
          for (let count = 0; count < processes; count++) if ((yield* Queue.take(results)) === expected) right++
        })
      )
    )
    check("right results", processes, right)
    return perSecond
  },
  // The nearest to a monitor is an observer of a fiber, as below. Adding one gives the function that takes it back
  "monitor-demonitor": async ({ times }) => {
    const idle = await Effect.runPromise(startIdle(1))
    const exits: Exits = { told: 0 }
    const perSecond = await ratePerSecond(times, () => {
      for (const { fiber } of idle) observeEachTime(fiber, times, exits)
    })
    for (const { fiber } of idle) {
      fiber.addObserver(() => {
        exits.told++
      })
    }
    await endAll(idle)
    check("observers that were told, with one that was not taken back", 1, exits.told)
    return perSecond
  },
  // An observer of a fiber is called with its exit
  "kill-monitored": async ({ processes }) => {
    const idle = await Effect.runPromise(startIdle(processes))
    const perSecond = await ratePerSecond(processes, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const downs = yield* Queue.unbounded<Exit.Exit<"stop">>()
          for (const { fiber } of idle) fiber.addObserver((exit) => Queue.offerUnsafe(downs, exit))
          for (const { fiber } of idle) fiber.interruptUnsafe()
          let interrupted = 0
          for (let count = 0; count < processes; count++) if (Exit.isFailure(yield* Queue.take(downs))) interrupted++
          check("exits", processes, interrupted)
        })
      )
    )
    await endAll(idle)
    return perSecond
  }
} satisfies PeerPrograms
