/**
 * xstate, messages: actors of the simplest kind, a function of state and event, that send to each other from within it.
 */

import { performance } from "node:perf_hooks"
import { type ActorRef, createActor, type EventObject, fromTransition, type Snapshot } from "xstate"
import { percentiles } from "../../measure.ts"
import { check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"

/** Whoever can be sent such events. */
type Receiver<E extends EventObject> = Pick<ActorRef<Snapshot<unknown>, E>, "send">

/** What xstate tells an actor's function when the actor is being stopped. */
const stopped: string = "xstate.stop"

/** A running actor without state. */
const actorOf = <E extends EventObject>(handle: (event: E, self: Receiver<E>) => void) =>
  createActor(
    fromTransition((state: null, event: E, { self }) => {
      if (event.type !== stopped) handle(event, self)
      return state
    }, null)
  ).start()

type Pong = { readonly type: "pong" } | { readonly type: "go" }
type Ping = { readonly type: "ping"; readonly from: Receiver<Pong> }

const startPonger = () => actorOf<Ping>(({ from }) => from.send({ type: "pong" }))

/** A hop is a send within a send, until the token is around: a ring of 1,000 is too many for the stack. */
const ring = async ({ hops, processes }: PeerParameters["ring-503"]): Promise<number> => {
  type Token = { readonly type: "token"; readonly left: number }
  let hopped = 0
  const actors: Array<ReturnType<typeof actorOf<Token>>> = []
  for (let node = 0; node < processes; node++) {
    actors.push(
      actorOf<Token>(({ left }) => {
        if (left === 0) return
        hopped++
        actors[(node + 1) % processes]?.send({ type: "token", left: left - 1 })
      })
    )
  }
  const perSecond = await ratePerSecond(hops, () => actors[0]?.send({ type: "token", left: hops }))
  for (const actor of actors) actor.stop()
  check("hops", hops, hopped)
  return perSecond
}

type Mail =
  | { readonly type: "go" }
  | { readonly type: "ping"; readonly from: Receiver<Mail> }
  | { readonly type: "pong" }

/** Gives how many pings and pongs were received. */
const big = (processes: number): number => {
  let received = 0
  const all: Array<ReturnType<typeof actorOf<Mail>>> = []
  for (let count = 0; count < processes; count++) {
    all.push(
      actorOf<Mail>((event, self) => {
        if (event.type === "go") {
          for (const other of all) if (other !== self) other.send({ type: "ping", from: self })
          return
        }
        received++
        if (event.type === "ping") event.from.send({ type: "pong" })
      })
    )
  }
  for (const actor of all) actor.send({ type: "go" })
  for (const actor of all) actor.stop()
  return received
}

type Answer = { readonly type: "answer"; readonly value: number } | { readonly type: "go" }
type Request = { readonly type: "next"; readonly from: Receiver<Answer> } | { readonly type: "increment" }

const startCounter = () =>
  createActor(
    fromTransition((count: number, event: Request) => {
      if (event.type === "next") event.from.send({ type: "answer", value: count })
      return count + 1
    }, 0)
  ).start()

const calls = async ({ callsEach, clients }: PeerParameters["call-1"]): Promise<number> => {
  const server = startCounter()
  const perSecond = await ratePerSecond(clients * callsEach, () => {
    for (let number = 0; number < clients; number++) {
      let left = callsEach
      const client = actorOf<Answer>((event, self) => {
        if (event.type === "answer") left--
        if (left > 0) server.send({ type: "next", from: self })
      })
      client.send({ type: "go" })
      client.stop()
    }
  })
  check("handled calls", clients * callsEach, server.getSnapshot().context)
  server.stop()
  return perSecond
}

const pingPong = async ({ rounds }: PeerParameters["ping-pong"]): Promise<number> => {
  let pongs = 0
  const ponger = startPonger()
  const pinger = actorOf<Pong>(({ type }, self) => {
    if (type === "pong") pongs++
    if (pongs < rounds) ponger.send({ type: "ping", from: self })
  })
  const perSecond = await ratePerSecond(rounds, () => pinger.send({ type: "go" }))
  check("pongs", rounds, pongs)
  pinger.stop()
  ponger.stop()
  return perSecond
}

/** Messages between actors. */
export const messages = {
  "ping-pong": pingPong,
  // What handles messages is a server already
  "ping-pong-server": pingPong,
  "ring-503": ring,
  "fan-in": async ({ messagesEach, senders }) => {
    let received = 0
    const receiver = actorOf<{ readonly type: "message"; readonly number: number }>(() => {
      received++
    })
    const perSecond = await ratePerSecond(senders * messagesEach, () => {
      for (let count = 0; count < senders; count++) {
        const sender = actorOf<{ readonly type: "go" }>(() => {
          for (let number = 0; number < messagesEach; number++) receiver.send({ type: "message", number })
        })
        sender.send({ type: "go" })
        sender.stop()
      }
    })
    check("received messages", senders * messagesEach, received)
    receiver.stop()
    return perSecond
  },
  "all-to-all": async ({ games, processes }) => {
    const total = processes * (processes - 1) * 2 * games
    let received = 0
    const perSecond = await ratePerSecond(total, () => {
      for (let game = 0; game < games; game++) received += big(processes)
    })
    check("received messages", total, received)
    return perSecond
  },
  "call-1": calls,
  "call-100": calls,
  cast: async ({ casts }) => {
    const server = startCounter()
    let count = 0
    const perSecond = await ratePerSecond(casts, () => {
      for (let cast = 0; cast < casts; cast++) server.send({ type: "increment" })
      count = server.getSnapshot().context
    })
    check("handled casts", casts, count)
    server.stop()
    return perSecond
  },
  "latency-0": async ({ roundTrips, warmUp }) => {
    const times = new Float64Array(roundTrips)
    let pongs = 0
    const ponger = startPonger()
    const pinger = actorOf<Pong>(({ type }, self) => {
      if (type === "pong") pongs++
      else ponger.send({ type: "ping", from: self })
    })
    for (let count = -warmUp; count < roundTrips; count++) {
      const start = performance.now()
      pinger.send({ type: "go" })
      if (count >= 0) times[count] = (performance.now() - start) * 1000
    }
    check("pongs", roundTrips + warmUp, pongs)
    pinger.stop()
    ponger.stop()
    return percentiles(times)
  }
} satisfies PeerPrograms
