/**
 * W3 to W6 on Understudy: receive loops of raw processes, and for W3 GenServers that cast as well. What runs long stands at
 * the module's level, as in all of these programs: closures made in each round would be compiled in each round.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, rateOf, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Pinger } from "./servers/PingPongServers.ts"

const Pong = Schema.TaggedUnion({ Pong: {} })
const Ping = Schema.TaggedUnion({ Ping: { from: Process.pid(Pong) }, Stop: {} })
type PingPid = Process.Pid<(typeof Ping)["Type"]>

const answerPings = Effect.fnUntraced(function* (self: Process.Self<(typeof Ping)["Type"]>) {
  while (true) {
    const message = yield* self.receive
    if (message._tag !== "Ping") return
    yield* Process.send(message.from, { _tag: "Pong" })
  }
})

/** Answers pings until it is stopped. */
export const startPonger = Process.spawnLink(Ping, answerPings)

/** What a process that pings takes. */
export const PingerMailbox = Pong

/** Gives how many pongs came. */
const sendPings = Effect.fnUntraced(function* (
  self: Process.Self<(typeof Pong)["Type"]>,
  ponger: PingPid,
  rounds: number
) {
  let pongs = 0
  for (let round = 0; round < rounds; round++) {
    yield* Process.send(ponger, { _tag: "Ping", from: self.pid })
    const message = yield* self.receive
    if (message._tag === "Pong") pongs++
  }
  return pongs
})

const pingPong = ({ rounds }: { readonly rounds: number }) =>
  asProcess(Pong, (self) =>
    Effect.gen(function* () {
      const ponger = yield* startPonger
      const { perSecond, result } = yield* rateOf(rounds, sendPings(self, ponger, rounds))
      yield* verify("pongs", rounds, result)
      yield* Process.send(ponger, { _tag: "Stop" })
      return perSecond
    })
  )

const pingPongServers = ({ rounds }: { readonly rounds: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      // The ponger is linked to the pinger, and the pinger to this process: they end together
      const pinger = yield* GenServer.startLink(Pinger)
      const { perSecond, result } = yield* rateOf(rounds, pinger.play({ rounds }, { timeout: "Infinity" }))
      yield* verify("round trips", rounds, result)
      yield* GenServer.terminate(pinger)
      return perSecond
    })
  )

/** How many hops the token has yet to make. */
const Token = Schema.Int
const Done = Schema.Literal("done")

/** One ring. */
interface Ring {
  /** Who is told that the token has made its hops. */
  readonly starter: Process.Pid<"done">
  made: number
}

/** Where the next process of a ring is: the last one learns it when the first is there. */
interface Neighbour {
  pid: Process.Pid<number> | undefined
}

const passTokens = Effect.fnUntraced(function* (self: Process.Self<number>, ring: Ring, next: Neighbour) {
  while (true) {
    const hops = yield* self.receive
    const { pid } = next
    if (pid === undefined || typeof hops !== "number") return
    ring.made++
    if (hops === 0) yield* Process.send(ring.starter, "done")
    else yield* Process.send(pid, hops - 1)
  }
})

const ring = ({ hops, processes }: { readonly processes: number; readonly hops: number }) =>
  asProcess(Done, (self) =>
    Effect.gen(function* () {
      const ring: Ring = { starter: self.pid, made: 0 }
      const closing: Neighbour = { pid: undefined }
      let first = yield* Process.spawn(Token, (process) => passTokens(process, ring, closing))
      const all = [first]
      for (let count = 1; count < processes; count++) {
        const next: Neighbour = { pid: first }
        first = yield* Process.spawn(Token, (process) => passTokens(process, ring, next))
        all.push(first)
      }
      closing.pid = first
      const perSecond = yield* rate(hops, Effect.andThen(Process.send(first, hops), Effect.asVoid(self.receive)))
      yield* verify("hops", hops, ring.made - 1)
      for (const pid of all) yield* Process.exit(pid, ExitReason.kill)
      return perSecond
    })
  )

const Numbered = Schema.TaggedUnion({ Message: { number: Schema.Int } })
type NumberedPid = Process.Pid<(typeof Numbered)["Type"]>

const sendNumbers = Effect.fnUntraced(function* (to: NumberedPid, messages: number) {
  for (let number = messages; number > 0; number--) yield* Process.send(to, { _tag: "Message", number })
})

const sumNumbers = Effect.fnUntraced(function* (self: Process.Self<(typeof Numbered)["Type"]>, messages: number) {
  let sum = 0
  for (let count = 0; count < messages; count++) {
    const message = yield* self.receive
    if (message._tag === "Message") sum += message.number
  }
  return sum
})

const fanIn = ({ messagesEach, senders }: { readonly senders: number; readonly messagesEach: number }) =>
  asProcess(Numbered, (self) =>
    Effect.gen(function* () {
      const messages = senders * messagesEach
      const sender = () => sendNumbers(self.pid, messagesEach)
      const { perSecond, result } = yield* rateOf(
        messages,
        Effect.gen(function* () {
          for (let count = 0; count < senders; count++) yield* Process.spawn(Schema.Never, sender)
          return yield* sumNumbers(self, messages)
        })
      )
      yield* verify("sum of the messages", (messages * (messagesEach + 1)) / 2, result)
      return perSecond
    })
  )

const Greeting = Schema.TaggedUnion({ Go: {}, Ping: { from: Process.pid(Pong) }, Pong: {} })

/** One game: all players exist, then all are told to go. */
interface Game {
  readonly players: Array<Process.Pid<(typeof Greeting)["Type"]>>
  /** Who is told by each player that it is done. */
  readonly starter: Process.Pid<"done">
}

const greetAll = Effect.fnUntraced(function* (self: Process.Self<(typeof Greeting)["Type"]>, game: Game) {
  const { players, starter } = game
  yield* self.receiveTag("Go")
  // By index: V8 does not compile an array's iterator into a generator
  for (let at = 0; at < players.length; at++) {
    const other = players[at]
    if (other === undefined || Process.equals(other, self.pid)) continue
    yield* Process.send(other, { _tag: "Ping", from: self.pid })
  }
  let pings = players.length - 1
  let pongs = players.length - 1
  while (pings > 0 || pongs > 0) {
    const message = yield* self.receive
    if (message._tag === "Ping") {
      pings--
      yield* Process.send(message.from, { _tag: "Pong" })
    } else if (message._tag === "Pong") pongs--
  }
  yield* Process.send(starter, "done")
  yield* self.receive
})

const play = (processes: number) =>
  asProcess(Done, (self) =>
    Effect.gen(function* () {
      const game: Game = { players: [], starter: self.pid }
      const { players } = game
      for (let count = 0; count < processes; count++) {
        players.push(yield* Process.spawn(Greeting, (player) => greetAll(player, game)))
      }
      for (const each of players) yield* Process.send(each, { _tag: "Go" })
      for (let count = 0; count < processes; count++) yield* self.receive
      for (const each of players) yield* Process.exit(each, ExitReason.kill)
    })
  )

const allToAll = ({ games, processes }: { readonly processes: number; readonly games: number }) =>
  rate(
    games * 2 * processes * (processes - 1),
    Effect.gen(function* () {
      for (let game = 0; game < games; game++) yield* play(processes)
    })
  )

export const messages = {
  "ping-pong": pingPong,
  "ping-pong-server": pingPongServers,
  "ring-1000": ring,
  "ring-503": ring,
  "fan-in": fanIn,
  "all-to-all": allToAll
} satisfies Programs<UnderstudyProgram>
