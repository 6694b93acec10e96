/**
 * nact, actors: starting, ending, and computing in them. An actor of nact's runs nothing before its first message, so
 * one that waits is one that was spawned. All have names: those that nact makes up are 32 random bits, which collide.
 */
import { dispatch, type Ref, spawnStateless, stop } from "nact"
import {
  bytesOfEach,
  check,
  expectedFib,
  fib,
  type PeerParameters,
  type PeerPrograms,
  ratePerSecond,
  signal
} from "../PeerPrograms.ts"
import { inSystem, type System } from "./inSystem.ts"

const spawnIdle = (system: System, actors: number): ReadonlyArray<Ref<"stop">> => {
  const idle: Array<Ref<"stop">> = []
  for (let count = 0; count < actors; count++) {
    idle.push(spawnStateless(system, (_message: "stop", { self }) => stop(self), `${count}`))
  }
  return idle
}

/** Has each of the actors handle a message, and so finds out that it lives. */
const endAll = async (idle: ReadonlyArray<Ref<"stop">>, system: System): Promise<void> => {
  for (const actor of idle) dispatch(actor, "stop")
  // Actors run in the order in which they were sent to
  const { done, fire } = signal()
  dispatch(
    spawnStateless(system, (_last: "last") => fire(), "last"),
    "last"
  )
  await done
}

const startRate = ({ processes }: PeerParameters["spawn-100k"]) =>
  inSystem(async (system) => {
    let idle: ReadonlyArray<Ref<"stop">> = []
    const perSecond = await ratePerSecond(processes, () => {
      idle = spawnIdle(system, processes)
    })
    check("actors", processes, idle.length)
    await endAll(idle, system)
    return perSecond
  })

const bytesEach = ({ processes }: PeerParameters["spawn-100k"]) =>
  inSystem(async (system) => {
    const [each, idle] = await bytesOfEach(processes, () => spawnIdle(system, processes))
    await endAll(idle, system)
    return each
  })

/** Actors: starting, ending, and computing in them. */
export const processes = {
  "spawn-100k": startRate,
  // What handles messages is a server already
  "start-server-100k": startRate,
  "memory-raw": bytesEach,
  "memory-server": bytesEach,
  churn: ({ processes }) =>
    inSystem(async (system) => {
      let ran = 0
      const { done, fire } = signal()
      const perSecond = await ratePerSecond(processes, () => {
        for (let count = 0; count < processes; count++) {
          const brief = spawnStateless(
            system,
            (_run: "run", { self }) => {
              stop(self)
              if (++ran === processes) fire()
            },
            `${count}`
          )
          dispatch(brief, "run")
        }
        return done
      })
      check("actors that ran", processes, ran)
      return perSecond
    }),
  "parallel-cpu": ({ fib: n, processes }) =>
    inSystem(async (system) => {
      const expected = expectedFib(n)
      let right = 0
      let ended = 0
      const { done, fire } = signal()
      const perSecond = await ratePerSecond(processes, () => {
        for (let count = 0; count < processes; count++) {
          const worker = spawnStateless(
            system,
            (_go: "go") => {
              if (fib(n) === expected) right++
              if (++ended === processes) fire()
            },
            `${count}`
          )
          dispatch(worker, "go")
        }
        return done
      })
      check("right results", processes, right)
      return perSecond
    })
} satisfies PeerPrograms
