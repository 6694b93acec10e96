/**
 * The workloads in plain JavaScript, see `Plain.ts`; names are in a `Map`, and two threads have `postMessage`. Left out: what
 * needs processes that can be ended from outside (monitors, links, supervisors) or receive out of order, and latency beside
 * hogs, since nothing else runs while one of them computes.
 */
import { performance } from "node:perf_hooks"
import { percentiles, residentMemory } from "../../measure.ts"
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
import { Actor, run } from "./Plain.ts"
import { onAll } from "./parallel.ts"
import { registry } from "./registry.ts"
import { threads } from "./threads.ts"

const idle = (processes: number): ReadonlyArray<Actor<"stop">> => {
  const actors: Array<Actor<"stop">> = []
  for (let count = 0; count < processes; count++) actors.push(new Actor<"stop">(() => undefined))
  return actors
}

const ring = async ({ hops, processes }: PeerParameters["ring-1000"]): Promise<number> => {
  let hopped = 0
  const actors: Array<Actor<number>> = []
  for (let node = 0; node < processes; node++) {
    actors.push(
      new Actor((left) => {
        if (left === 0) return
        hopped++
        actors[(node + 1) % processes]?.send(left - 1)
      })
    )
  }
  const perSecond = await ratePerSecond(hops, () => {
    actors[0]?.send(hops)
    run()
  })
  check("hops", hops, hopped)
  return perSecond
}

type Big = { readonly _tag: "Ping"; readonly from: Actor<Big> } | { readonly _tag: "Pong" } | { readonly _tag: "Go" }

/** Gives how many messages were handled. */
const big = (processes: number): number => {
  let handled = 0
  const actors: Array<Actor<Big>> = []
  for (let count = 0; count < processes; count++) {
    const self: Actor<Big> = new Actor((message) => {
      if (message._tag === "Go") {
        for (const other of actors) if (other !== self) other.send({ _tag: "Ping", from: self })
        return
      }
      handled++
      if (message._tag === "Ping") message.from.send({ _tag: "Pong" })
    })
    actors.push(self)
  }
  for (const actor of actors) actor.send({ _tag: "Go" })
  run()
  return handled
}

type Counting =
  | { readonly _tag: "Next"; readonly from: Actor<number> }
  | { readonly _tag: "Increment" }
  | { readonly _tag: "Get"; readonly from: Actor<number> }

const counter = (): Actor<Counting> => {
  let count = 0
  return new Actor((message) => {
    if (message._tag === "Next") message.from.send(count++)
    else if (message._tag === "Increment") count++
    else message.from.send(count)
  })
}

const get = (server: Actor<Counting>): number => {
  let count = -1
  server.send({
    _tag: "Get",
    from: new Actor((answer) => {
      count = answer
    })
  })
  run()
  return count
}

const calls = async ({ callsEach, clients }: PeerParameters["call-1"]): Promise<number> => {
  const server = counter()
  const perSecond = await ratePerSecond(clients * callsEach, () => {
    for (let number = 0; number < clients; number++) {
      let left = callsEach
      const client: Actor<number> = new Actor(() => {
        if (--left > 0) server.send({ _tag: "Next", from: client })
      })
      server.send({ _tag: "Next", from: client })
    }
    run()
  })
  check("handled calls", clients * callsEach, get(server))
  return perSecond
}

const pingPong = async ({ rounds }: PeerParameters["ping-pong"]): Promise<number> => {
  let pongs = 0
  const ponger: Actor<Actor<"pong">> = new Actor((from) => from.send("pong"))
  const pinger: Actor<"pong"> = new Actor(() => {
    if (++pongs < rounds) ponger.send(pinger)
  })
  const perSecond = await ratePerSecond(rounds, () => {
    ponger.send(pinger)
    run()
  })
  check("pongs", rounds, pongs)
  return perSecond
}

const startRate = async ({ processes }: PeerParameters["spawn-100k"]): Promise<number> => {
  let actors: ReadonlyArray<unknown> = []
  const perSecond = await ratePerSecond(processes, () => {
    actors = idle(processes)
  })
  check("actors", processes, actors.length)
  return perSecond
}

const bytesEach = async ({ processes }: PeerParameters["spawn-100k"]): Promise<number> =>
  (await bytesOfEach(processes, () => idle(processes)))[0]

/** See the file's header. */
export const programs: PeerPrograms = {
  ...registry,
  ...threads,
  "spawn-100k": startRate,
  "spawn-1m": startRate,
  "million-servers": async ({ processes }) => {
    let servers: ReadonlyArray<Actor<Counting>> = []
    const perSecond = await ratePerSecond(processes, () => {
      servers = Array.from({ length: processes }, counter)
    })
    let answers = 0
    const client = new Actor<number>((count) => {
      if (count === 0) answers++
    })
    for (const server of servers) {
      server.send({ _tag: "Next", from: client })
      run()
    }
    check("servers that answered", processes, answers)
    const memory = residentMemory()
    check("servers", processes, servers.length)
    return { memory, rate: perSecond }
  },
  // What handles messages is a server already
  "start-server-100k": startRate,
  "memory-raw": bytesEach,
  "memory-server": bytesEach,
  churn: async ({ processes }) => {
    let ran = 0
    const perSecond = await ratePerSecond(processes, () => {
      for (let count = 0; count < processes; count++) new Actor<"run">(() => ran++).send("run")
      run()
    })
    check("actors that ran", processes, ran)
    return perSecond
  },
  "churn-await": async ({ processes }) => {
    let ended = 0
    const watcher = new Actor<"ended">(() => ended++)
    const perSecond = await ratePerSecond(processes, () => {
      for (let count = 0; count < processes; count++) {
        new Actor<"run">(() => watcher.send("ended")).send("run")
        run()
      }
    })
    check("actors that ended", processes, ended)
    return perSecond
  },
  "ping-pong": pingPong,
  // What handles messages is a server already
  "ping-pong-server": pingPong,
  "ring-1000": ring,
  "ring-503": ring,
  "fan-in": async ({ messagesEach, senders }) => {
    let received = 0
    const receiver = new Actor<{ readonly number: number }>(() => received++)
    const perSecond = await ratePerSecond(senders * messagesEach, () => {
      for (let count = 0; count < senders; count++) {
        new Actor<"go">(() => {
          for (let number = 0; number < messagesEach; number++) receiver.send({ number })
        }).send("go")
      }
      run()
    })
    check("received messages", senders * messagesEach, received)
    return perSecond
  },
  "all-to-all": async ({ games, processes }) => {
    const messages = processes * (processes - 1) * 2 * games
    let handled = 0
    const perSecond = await ratePerSecond(messages, () => {
      for (let game = 0; game < games; game++) handled += big(processes)
    })
    check("handled messages", messages, handled)
    return perSecond
  },
  "call-1": calls,
  "call-100": calls,
  cast: async ({ casts }) => {
    const server = counter()
    let count = 0
    const perSecond = await ratePerSecond(casts, () => {
      for (let cast = 0; cast < casts; cast++) server.send({ _tag: "Increment" })
      count = get(server)
    })
    check("handled casts", casts, count)
    return perSecond
  },
  "parallel-cpu": async ({ fib: n, processes }) => {
    const expected = expectedFib(n)
    let right = 0
    const perSecond = await ratePerSecond(processes, () => {
      for (let count = 0; count < processes; count++) {
        new Actor<"go">(() => {
          if (fib(n) === expected) right++
        }).send("go")
      }
      run()
    })
    check("right results", processes, right)
    return perSecond
  },
  "parallel-cpu-2": onAll,
  "timer-cancel": async ({ timers }) => {
    let fired = 0
    const fire = () => {
      fired++
    }
    const perSecond = await ratePerSecond(timers, () => {
      for (let timer = 0; timer < timers; timer++) clearTimeout(setTimeout(fire, 5000 + (timer & 1023)))
    })
    check("fired timers", 0, fired)
    return perSecond
  },
  "timer-fire": async ({ timers }) => {
    let fired = 0
    const { done, fire } = signal()
    const tick = () => {
      if (++fired === timers) fire()
    }
    const perSecond = await ratePerSecond(timers, () => {
      for (let timer = 0; timer < timers; timer++) setTimeout(tick, 1 + (timer % 10))
      return done
    })
    check("timers that fired", timers, fired)
    return perSecond
  },
  "latency-0": async ({ roundTrips, warmUp }) => {
    const times = new Float64Array(roundTrips)
    let pongs = 0
    const ponger: Actor<Actor<"pong">> = new Actor((from) => from.send("pong"))
    const pinger: Actor<"pong"> = new Actor(() => pongs++)
    for (let count = -warmUp; count < roundTrips; count++) {
      const start = performance.now()
      ponger.send(pinger)
      run()
      if (count >= 0) times[count] = (performance.now() - start) * 1000
    }
    check("pongs", roundTrips + warmUp, pongs)
    return percentiles(times)
  }
}
