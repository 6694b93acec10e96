/**
 * Effect without Understudy, messages: receive loops over `Queue`s in generators, and replies through `Deferred`s. Calls
 * have no timeout, and hang when the server dies.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"

type Ping = { readonly _tag: "Ping"; readonly from: Queue.Queue<"pong"> } | { readonly _tag: "Stop" }

const answerPings = Effect.fnUntraced(function* (mailbox: Queue.Queue<Ping>) {
  while (true) {
    const message = yield* Queue.take(mailbox)
    if (message._tag === "Stop") return
    yield* Queue.offer(message.from, "pong")
  }
})

/** Answers pings until it is told to stop. */
export const startPonger = Effect.gen(function* () {
  const mailbox = yield* Queue.unbounded<Ping>()
  yield* Effect.forkDetach(answerPings(mailbox))
  return mailbox
})

/** One ring. */
interface Ring {
  readonly done: Queue.Queue<"done">
  hopped: number
}

const passTokens = Effect.fnUntraced(function* (mailbox: Queue.Queue<number>, next: Queue.Queue<number>, ring: Ring) {
  while (true) {
    const left = yield* Queue.take(mailbox)
    if (left === 0) {
      yield* Queue.offer(ring.done, "done")
      continue
    }
    ring.hopped++
    yield* Queue.offer(next, left - 1)
  }
})

const ring = async ({ hops, processes }: PeerParameters["ring-1000"]): Promise<number> => {
  let hopped = 0
  let perSecond = 0
  await Effect.runPromise(
    Effect.gen(function* () {
      const done = yield* Queue.unbounded<"done">()
      const ring: Ring = { done, hopped: 0 }
      const mailboxes: Array<Queue.Queue<number>> = []
      const fibers: Array<Fiber.Fiber<void>> = []
      for (let node = 0; node < processes; node++) mailboxes.push(yield* Queue.unbounded<number>())
      for (const [node, mailbox] of mailboxes.entries()) {
        const next = mailboxes[(node + 1) % processes] ?? mailbox
        fibers.push(yield* Effect.forkDetach(passTokens(mailbox, next, ring)))
      }
      const [first] = mailboxes
      perSecond = yield* Effect.promise(() =>
        ratePerSecond(hops, () =>
          Effect.runPromise(
            Effect.gen(function* () {
              if (first !== undefined) yield* Queue.offer(first, hops)
              yield* Queue.take(done)
            })
          )
        )
      )
      yield* Fiber.interruptAll(fibers)
      hopped = ring.hopped
    })
  )
  check("hops", hops, hopped)
  return perSecond
}

type Mail =
  | { readonly _tag: "Go"; readonly all: ReadonlyArray<Queue.Queue<Mail>> }
  | { readonly _tag: "Ping"; readonly from: Queue.Queue<Mail> }
  | { readonly _tag: "Pong" }

/** One game of all against all. */
interface Game {
  readonly processes: number
  readonly done: Queue.Queue<"done">
  received: number
}

const greetAll = Effect.fnUntraced(function* (mailbox: Queue.Queue<Mail>, game: Game) {
  let pings = game.processes - 1
  let pongs = game.processes - 1
  while (pings > 0 || pongs > 0) {
    const message = yield* Queue.take(mailbox)
    switch (message._tag) {
      case "Go":
        for (const other of message.all) {
          if (other !== mailbox) yield* Queue.offer(other, { _tag: "Ping", from: mailbox })
        }
        break
      case "Ping":
        game.received++
        pings--
        yield* Queue.offer(message.from, { _tag: "Pong" })
        break
      case "Pong":
        game.received++
        pongs--
    }
  }
  yield* Queue.offer(game.done, "done")
})

/** Gives how many pings and pongs were received. */
const big = (processes: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    const done = yield* Queue.unbounded<"done">()
    const game: Game = { processes, done, received: 0 }
    const all: Array<Queue.Queue<Mail>> = []
    for (let count = 0; count < processes; count++) {
      const mailbox = yield* Queue.unbounded<Mail>()
      all.push(mailbox)
      yield* Effect.forkDetach(greetAll(mailbox, game))
    }
    for (const mailbox of all) yield* Queue.offer(mailbox, { _tag: "Go", all })
    for (let count = 0; count < processes; count++) yield* Queue.take(done)
    return game.received
  })

/** What the counter is sent. */
export type Request =
  | { readonly _tag: "Next" | "Get"; readonly reply: Deferred.Deferred<number> }
  | { readonly _tag: "Increment" | "Stop" }

const answerRequests = Effect.fnUntraced(function* (mailbox: Queue.Queue<Request>) {
  let count = 0
  while (true) {
    const request = yield* Queue.take(mailbox)
    switch (request._tag) {
      case "Next":
        yield* Deferred.succeed(request.reply, count++)
        break
      case "Get":
        yield* Deferred.succeed(request.reply, count)
        break
      case "Increment":
        count++
        break
      case "Stop":
        return
    }
  }
})

/** A server that counts. */
export const startCounter = Effect.gen(function* () {
  const mailbox = yield* Queue.unbounded<Request>()
  yield* Effect.forkDetach(answerRequests(mailbox))
  return mailbox
})

/** Asks a counter and waits for its answer. */
export const call = Effect.fnUntraced(function* (server: Queue.Queue<Request>, _tag: "Next" | "Get") {
  const reply = yield* Deferred.make<number>()
  yield* Queue.offer(server, { _tag, reply })
  return yield* Deferred.await(reply)
})

const callTimes = Effect.fnUntraced(function* (server: Queue.Queue<Request>, times: number) {
  for (let count = 0; count < times; count++) yield* call(server, "Next")
})

const calls = async ({ callsEach, clients }: PeerParameters["call-1"]): Promise<number> => {
  const server = await Effect.runPromise(startCounter)
  const perSecond = await ratePerSecond(clients * callsEach, () =>
    Effect.runPromise(
      Effect.gen(function* () {
        if (clients === 1) return yield* callTimes(server, callsEach)
        const done = yield* Queue.unbounded<"done">()
        for (let client = 0; client < clients; client++) {
          yield* Effect.forkDetach(Effect.andThen(callTimes(server, callsEach), Queue.offer(done, "done")))
        }
        for (let client = 0; client < clients; client++) yield* Queue.take(done)
      })
    )
  )
  check("handled calls", clients * callsEach, await Effect.runPromise(call(server, "Get")))
  await Effect.runPromise(Queue.offer(server, { _tag: "Stop" }))
  return perSecond
}

/** A reply does not pass the caller's mailbox, whatever waits there. */
const callsBehind = async ({ calls: times, waiting }: PeerParameters["call-behind-10k"]): Promise<number> => {
  const mailbox = await Effect.runPromise(Queue.unbounded<{ readonly number: number }>())
  await Effect.runPromise(sendNumbers(mailbox, waiting))
  const perSecond = await calls({ clients: 1, callsEach: times })
  check("messages that still wait", waiting, await Effect.runPromise(Queue.size(mailbox)))
  return perSecond
}

/** Gives how many pongs came. */
const sendPings = Effect.fnUntraced(function* (ponger: Queue.Queue<Ping>, rounds: number) {
  let pongs = 0
  const mailbox = yield* Queue.unbounded<"pong">()
  for (let round = 0; round < rounds; round++) {
    yield* Queue.offer(ponger, { _tag: "Ping", from: mailbox })
    if ((yield* Queue.take(mailbox)) === "pong") pongs++
  }
  return pongs
})

const pingPong = async ({ rounds }: PeerParameters["ping-pong"]): Promise<number> => {
  let pongs = 0
  const ponger = await Effect.runPromise(startPonger)
  const perSecond = await ratePerSecond(rounds, async () => {
    pongs = await Effect.runPromise(sendPings(ponger, rounds))
  })
  check("pongs", rounds, pongs)
  await Effect.runPromise(Queue.offer(ponger, { _tag: "Stop" }))
  return perSecond
}

const sendNumbers = Effect.fnUntraced(function* (mailbox: Queue.Queue<{ readonly number: number }>, messages: number) {
  for (let number = 0; number < messages; number++) yield* Queue.offer(mailbox, { number })
})

const takeAll = Effect.fnUntraced(function* (mailbox: Queue.Queue<{ readonly number: number }>, messages: number) {
  let received = 0
  while (received < messages) {
    yield* Queue.take(mailbox)
    received++
  }
  return received
})

const castTimes = Effect.fnUntraced(function* (server: Queue.Queue<Request>, casts: number) {
  for (let cast = 0; cast < casts; cast++) yield* Queue.offer(server, { _tag: "Increment" })
  return yield* call(server, "Get")
})

/** Messages between processes. */
export const messages = {
  "ping-pong": pingPong,
  // The receive loop of a server is one like any other
  "ping-pong-server": pingPong,
  "ring-1000": ring,
  "ring-503": ring,
  "fan-in": async ({ messagesEach, senders }) => {
    const total = senders * messagesEach
    let received = 0
    const perSecond = await ratePerSecond(total, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const mailbox = yield* Queue.unbounded<{ readonly number: number }>()
          for (let sender = 0; sender < senders; sender++) {
            yield* Effect.forkDetach(sendNumbers(mailbox, messagesEach))
          }
          received = yield* takeAll(mailbox, total)
          check("messages left", 0, yield* Queue.size(mailbox))
        })
      )
    )
    check("received messages", total, received)
    return perSecond
  },
  "all-to-all": async ({ games, processes }) => {
    const total = processes * (processes - 1) * 2 * games
    let received = 0
    const perSecond = await ratePerSecond(total, () =>
      Effect.runPromise(
        Effect.gen(function* () {
          for (let game = 0; game < games; game++) received += yield* big(processes)
        })
      )
    )
    check("received messages", total, received)
    return perSecond
  },
  "call-1": calls,
  "call-100": calls,
  "call-behind-10k": callsBehind,
  cast: async ({ casts }) => {
    const server = await Effect.runPromise(startCounter)
    let count = 0
    const perSecond = await ratePerSecond(casts, async () => {
      count = await Effect.runPromise(castTimes(server, casts))
    })
    check("handled casts", casts, count)
    await Effect.runPromise(Queue.offer(server, { _tag: "Stop" }))
    return perSecond
  }
} satisfies PeerPrograms
