/**
 * nact, messages: actors that dispatch to each other. References of those who are to be answered travel in the messages.
 */
import { dispatch, query, type Ref, spawn, spawnStateless } from "nact"
import { check, type PeerParameters, type PeerPrograms, ratePerSecond, signal } from "../PeerPrograms.ts"
import { inSystem, type System } from "./inSystem.ts"

type Ping = { readonly from: Ref<"pong" | "go"> }

/** Answers pings. */
export const spawnPonger = (system: System): Ref<Ping> =>
  spawnStateless(system, ({ from }: Ping) => dispatch(from, "pong"), "ponger")

const ring = ({ hops, processes }: PeerParameters["ring-1000"]) =>
  inSystem(async (system) => {
    let hopped = 0
    const { done, fire } = signal()
    const actors: Array<Ref<number>> = []
    for (let node = 0; node < processes; node++) {
      actors.push(
        spawnStateless(
          system,
          (left: number) => {
            if (left === 0) return fire()
            hopped++
            const next = actors[(node + 1) % processes]
            if (next !== undefined) dispatch(next, left - 1)
          },
          `node-${node}`
        )
      )
    }
    const perSecond = await ratePerSecond(hops, () => {
      const [first] = actors
      if (first !== undefined) dispatch(first, hops)
      return done
    })
    check("hops", hops, hopped)
    return perSecond
  })

type Mail =
  | { readonly _tag: "Go"; readonly all: ReadonlyArray<Ref<Mail>> }
  | { readonly _tag: "Ping"; readonly from: Ref<Mail> }
  | { readonly _tag: "Pong" }

/** Gives how many pings and pongs were received. */
const big = (processes: number): Promise<number> =>
  inSystem(async (system) => {
    const expected = processes * (processes - 1) * 2
    let received = 0
    const { done, fire } = signal()
    const all: Array<Ref<Mail>> = []
    for (let count = 0; count < processes; count++) {
      all.push(
        spawnStateless(
          system,
          (message: Mail, { self }) => {
            if (message._tag === "Go") {
              for (const other of message.all) if (other !== self) dispatch(other, { _tag: "Ping", from: self })
              return
            }
            if (message._tag === "Ping") dispatch(message.from, { _tag: "Pong" })
            if (++received === expected) fire()
          },
          `${count}`
        )
      )
    }
    for (const actor of all) dispatch(actor, { _tag: "Go", all })
    await done
    return received
  })

type Request = { readonly _tag: "Next" | "Get"; readonly from: Ref<number> } | { readonly _tag: "Increment" }

const spawnCounter = (system: System): Ref<Request> =>
  spawn(
    system,
    (count: number, request: Request) => {
      if (request._tag === "Increment") return count + 1
      dispatch(request.from, count)
      return request._tag === "Next" ? count + 1 : count
    },
    "counter",
    { initialState: 0 }
  )

/** Milliseconds a call may take: nact wants it to be given, and sets a timer for each. */
const timeout = 5000
/** For what is asked behind all the casts: the longest that timers can be set for. */
const longTimeout = 2 ** 31 - 1

const get = (server: Ref<Request>) => query(server, (from: Ref<number>) => ({ _tag: "Get", from }), longTimeout)

/**
 * Gives how many answers were lost, and asked for again after their timeout. nact tells the answers apart that it waits for
 * by random numbers of 32 bits: of a million calls among a hundred clients, one is lost in every fortieth round or so.
 */
const callTimes = async (server: Ref<Request>, times: number): Promise<number> => {
  const ask = () => query(server, (from: Ref<number>) => ({ _tag: "Next", from }), timeout)
  let lost = 0
  for (let count = 0; count < times; count++) {
    try {
      await ask()
    } catch {
      lost++
      await ask()
    }
  }
  return lost
}

const calls = ({ callsEach, clients }: PeerParameters["call-1"]) =>
  inSystem(async (system) => {
    const server = spawnCounter(system)
    const { done, fire } = signal()
    let ended = 0
    let lost = 0
    const perSecond = await ratePerSecond(clients * callsEach, () => {
      for (let number = 0; number < clients; number++) {
        const client = spawnStateless(
          system,
          async (_go: "go") => {
            const unanswered = await callTimes(server, callsEach)
            lost += unanswered
            if (++ended === clients) fire()
          },
          `client-${number}`
        )
        dispatch(client, "go")
      }
      return done
    })
    check("handled calls", clients * callsEach + lost, await get(server))
    return perSecond
  })

const pingPong = ({ rounds }: PeerParameters["ping-pong"]) =>
  inSystem(async (system) => {
    let pongs = 0
    const { done, fire } = signal()
    const ponger = spawnPonger(system)
    const pinger = spawnStateless(
      system,
      (message: "pong" | "go", { self }) => {
        if (message === "pong" && ++pongs === rounds) fire()
        else dispatch(ponger, { from: self })
      },
      "pinger"
    )
    const perSecond = await ratePerSecond(rounds, () => {
      dispatch(pinger, "go")
      return done
    })
    check("pongs", rounds, pongs)
    return perSecond
  })

/** Messages between actors. */
export const messages = {
  "ping-pong": pingPong,
  // What handles messages is a server already
  "ping-pong-server": pingPong,
  "ring-1000": ring,
  "ring-503": ring,
  "fan-in": ({ messagesEach, senders }) =>
    inSystem(async (system) => {
      const total = senders * messagesEach
      let received = 0
      const { done, fire } = signal()
      const receiver = spawnStateless(
        system,
        (_message: { readonly number: number }) => {
          if (++received === total) fire()
        },
        "receiver"
      )
      const perSecond = await ratePerSecond(total, () => {
        for (let count = 0; count < senders; count++) {
          const sender = spawnStateless(
            system,
            (_go: "go") => {
              for (let number = 0; number < messagesEach; number++) dispatch(receiver, { number })
            },
            `sender-${count}`
          )
          dispatch(sender, "go")
        }
        return done
      })
      check("received messages", total, received)
      return perSecond
    }),
  "all-to-all": async ({ games, processes }) => {
    const total = processes * (processes - 1) * 2 * games
    let received = 0
    const perSecond = await ratePerSecond(total, async () => {
      for (let game = 0; game < games; game++) received += await big(processes)
    })
    check("received messages", total, received)
    return perSecond
  },
  "call-1": calls,
  "call-100": calls,
  cast: ({ casts }) =>
    inSystem(async (system) => {
      const server = spawnCounter(system)
      let count = 0
      const perSecond = await ratePerSecond(casts, async () => {
        for (let cast = 0; cast < casts; cast++) dispatch(server, { _tag: "Increment" })
        count = await get(server)
      })
      check("handled casts", casts, count)
      return perSecond
    })
} satisfies PeerPrograms
