/**
 * The workloads on comedy. Its messages are promises: a handler is called from one, and there is no mailbox, so that an
 * actor whose handlers wait handles several messages at once. No types are checked, nothing is supervised in memory,
 * and calls in memory have no timeout. It has no monitors, no links and no timers, and an actor that computes keeps all
 * others waiting for good, so there is no latency beside hogs. It does fewer operations than others, see `atMost`.
 */
import { performance } from "node:perf_hooks"
import type { Actor, ActorRef } from "comedy"
import { percentiles } from "../../measure.ts"
import {
  atMost,
  bytesOfEach,
  check,
  expectedFib,
  fib,
  type PeerParameters,
  type PeerPrograms,
  ratePerSecond,
  signal
} from "../PeerPrograms.ts"
import { inSystem } from "./inSystem.ts"

/** Actors at most: destroying them takes longer, and longer still the more there are. */
const mostProcesses = 10_000
/** Messages at most: those that nobody waits for are promises, all at once. */
const mostMessages = 200_000

const createIdle = async (root: Actor, actors: number): Promise<ReadonlyArray<ActorRef>> => {
  const idle: Array<ActorRef> = []
  for (let count = 0; count < actors; count++) idle.push(await root.createChild({ nothing: () => undefined }))
  return idle
}

const createCounter = (root: Actor): Promise<ActorRef> => {
  let count = 0
  return root.createChild({
    next: () => count++,
    increment: () => {
      count++
    },
    get: () => count
  })
}

const createPonger = (root: Actor): Promise<ActorRef> =>
  root.createChild({ ping: (from: ActorRef) => void from.send("pong") })

const ring = ({ hops: asked, processes }: PeerParameters["ring-1000"]) =>
  inSystem(async (root) => {
    const hops = atMost(mostMessages, asked)
    let hopped = 0
    const { done, fire } = signal()
    const actors: Array<ActorRef> = []
    for (let node = 0; node < processes; node++) {
      actors.push(
        await root.createChild({
          token: (left: number) => {
            if (left === 0) return fire()
            hopped++
            void actors[(node + 1) % processes]?.send("token", left - 1)
          }
        })
      )
    }
    const perSecond = await ratePerSecond(hops, async () => {
      await actors[0]?.send("token", hops)
      await done
    })
    check("hops", hops, hopped)
    return perSecond
  })

/** Gives how many pings and pongs were received, and milliseconds. Creating the actors is not part of it: it would be most of it. */
const big = (processes: number) =>
  inSystem(async (root) => {
    const expected = processes * (processes - 1) * 2
    let received = 0
    const { done, fire } = signal()
    const all: Array<ActorRef> = []
    const count = () => {
      if (++received === expected) fire()
    }
    for (let number = 0; number < processes; number++) {
      all.push(
        await root.createChild({
          go: () => {
            for (const other of all) if (other !== all[number]) void other.send("ping", all[number])
          },
          ping: (from: ActorRef) => {
            count()
            void from.send("pong")
          },
          pong: count
        })
      )
    }
    const start = performance.now()
    for (const actor of all) await actor.send("go")
    await done
    return { received, milliseconds: performance.now() - start }
  })

const calls = ({ callsEach: asked, clients }: PeerParameters["call-1"]) =>
  inSystem(async (root) => {
    const callsEach = atMost(mostMessages / clients, asked)
    const server = await createCounter(root)
    const client = {
      run: async () => {
        for (let count = 0; count < callsEach; count++) await server.sendAndReceive("next")
      }
    }
    const actors: Array<ActorRef> = []
    for (let number = 0; number < clients; number++) actors.push(await root.createChild({ ...client }))
    const perSecond = await ratePerSecond(clients * callsEach, async () => {
      await Promise.all(actors.map((actor) => actor.sendAndReceive("run")))
    })
    check("handled calls", clients * callsEach, await server.sendAndReceive("get"))
    return perSecond
  })

const pingPong = ({ rounds: asked }: PeerParameters["ping-pong"]) =>
  inSystem(async (root) => {
    const rounds = atMost(mostMessages, asked)
    let pongs = 0
    const { done, fire } = signal()
    const ponger = await createPonger(root)
    const pinger: ActorRef = await root.createChild({
      pong: () => {
        if (++pongs === rounds) fire()
        else void ponger.send("ping", pinger)
      }
    })
    const perSecond = await ratePerSecond(rounds, async () => {
      await ponger.send("ping", pinger)
      await done
    })
    check("pongs", rounds, pongs)
    return perSecond
  })

const startRate = ({ processes: asked }: PeerParameters["spawn-100k"]) =>
  inSystem(async (root) => {
    const processes = atMost(mostProcesses, asked)
    let idle: ReadonlyArray<ActorRef> = []
    const perSecond = await ratePerSecond(processes, async () => {
      idle = await createIdle(root, processes)
    })
    check("ready actors", processes, idle.filter((actor) => actor.getState() === "ready").length)
    return perSecond
  })

const bytesEach = ({ processes: asked }: PeerParameters["spawn-100k"]) =>
  inSystem(async (root) => {
    const processes = atMost(mostProcesses, asked)
    const [each, idle] = await bytesOfEach(processes, () => createIdle(root, processes))
    check("ready actors", processes, idle.filter((actor) => actor.getState() === "ready").length)
    return each
  })

/** See the file's header. */
export const programs: PeerPrograms = {
  "spawn-100k": startRate,
  // What handles messages is a server already
  "start-server-100k": startRate,
  "memory-raw": bytesEach,
  "memory-server": bytesEach,
  churn: ({ processes: asked }) =>
    inSystem(async (root) => {
      const processes = atMost(mostProcesses, asked)
      let ran = 0
      const run = () => {
        ran++
      }
      const perSecond = await ratePerSecond(processes, async () => {
        for (let count = 0; count < processes; count++) {
          const actor = await root.createChild({ run })
          await actor.sendAndReceive("run")
          await actor.destroy()
        }
      })
      check("actors that ran", processes, ran)
      return perSecond
    }),
  "ping-pong": pingPong,
  // What handles messages is a server already
  "ping-pong-server": pingPong,
  "ring-1000": ring,
  "ring-503": ring,
  "fan-in": ({ messagesEach: asked, senders }) =>
    inSystem(async (root) => {
      const messagesEach = atMost(mostMessages / senders, asked)
      const total = senders * messagesEach
      let received = 0
      const { done, fire } = signal()
      const receiver = await root.createChild({
        message: () => {
          if (++received === total) fire()
        }
      })
      const sender = {
        go: () => {
          for (let number = 0; number < messagesEach; number++) void receiver.send("message", { number })
        }
      }
      const actors: Array<ActorRef> = []
      for (let count = 0; count < senders; count++) actors.push(await root.createChild({ ...sender }))
      const perSecond = await ratePerSecond(total, async () => {
        for (const actor of actors) void actor.send("go")
        await done
      })
      check("received messages", total, received)
      return perSecond
    }),
  "all-to-all": async ({ games, processes }) => {
    const total = processes * (processes - 1) * 2 * games
    let received = 0
    let milliseconds = 0
    for (let game = 0; game < games; game++) {
      const played = await big(processes)
      received += played.received
      milliseconds += played.milliseconds
    }
    check("received messages", total, received)
    return (total * 1000) / milliseconds
  },
  "call-1": calls,
  "call-100": calls,
  cast: ({ casts: asked }) =>
    inSystem(async (root) => {
      const casts = atMost(mostMessages, asked)
      const server = await createCounter(root)
      let count = 0
      const perSecond = await ratePerSecond(casts, async () => {
        for (let cast = 0; cast < casts; cast++) void server.send("increment")
        // A cast takes more turns than a call: what is sent behind it overtakes it
        while (count < casts) count = await server.sendAndReceive("get")
      })
      check("handled casts", casts, count)
      return perSecond
    }),
  "parallel-cpu": ({ fib: n, processes }) =>
    inSystem(async (root) => {
      const expected = expectedFib(n)
      let right = 0
      const perSecond = await ratePerSecond(processes, async () => {
        const answers: Array<Promise<number>> = []
        for (let count = 0; count < processes; count++) {
          const actor = await root.createChild({ go: () => fib(n) })
          answers.push(actor.sendAndReceive("go"))
        }
        for (const answer of await Promise.all(answers)) if (answer === expected) right++
      })
      check("right results", processes, right)
      return perSecond
    }),
  "latency-0": ({ roundTrips, warmUp }) =>
    inSystem(async (root) => {
      const times = new Float64Array(roundTrips)
      let count = -warmUp
      let start = 0
      const { done, fire } = signal()
      const ponger = await createPonger(root)
      const pinger: ActorRef = await root.createChild({
        pong: () => {
          if (count >= 0) times[count] = (performance.now() - start) * 1000
          if (++count === roundTrips) return fire()
          ask()
        }
      })
      const ask = () => {
        start = performance.now()
        void ponger.send("ping", pinger)
      }
      ask()
      await done
      check("round trips", roundTrips, count)
      return percentiles(times)
    })
}
