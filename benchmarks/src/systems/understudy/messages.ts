/**
 * W3 to W6 on Understudy: receive loops of raw processes, and for W3 GenServers that cast as well.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Pinger } from "./servers/PingPongServers.ts"

const Pong = Schema.TaggedUnion({ Pong: {} })
const Ping = Schema.TaggedUnion({ Ping: { from: Process.pid(Pong) }, Stop: {} })

/** Answers pings until it is stopped. */
export const startPonger = Process.spawnLink(Ping, (self) =>
  Effect.gen(function* () {
    while (true) {
      const message = yield* self.receive
      if (message._tag !== "Ping") return
      yield* Process.send(message.from, { _tag: "Pong" })
    }
  })
)

/** What a process that pings takes. */
export const PingerMailbox = Pong

const pingPong = ({ rounds }: { readonly rounds: number }) =>
  asProcess(Pong, (self) =>
    Effect.gen(function* () {
      let pongs = 0
      const ponger = yield* startPonger
      const perSecond = yield* rate(
        rounds,
        Effect.gen(function* () {
          for (let round = 0; round < rounds; round++) {
            yield* Process.send(ponger, { _tag: "Ping", from: self.pid })
            const message = yield* self.receive
            if (message._tag === "Pong") pongs++
          }
        })
      )
      yield* verify("pongs", rounds, pongs)
      yield* Process.send(ponger, { _tag: "Stop" })
      return perSecond
    })
  )

const pingPongServers = ({ rounds }: { readonly rounds: number }) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      // The ponger is linked to the pinger, and the pinger to this process: they end together
      const pinger = yield* GenServer.startLink(Pinger)
      let played = 0
      const perSecond = yield* rate(
        rounds,
        Effect.map(pinger.play({ rounds }, { timeout: "Infinity" }), (count) => {
          played = count
        })
      )
      yield* verify("round trips", rounds, played)
      yield* GenServer.terminate(pinger)
      return perSecond
    })
  )

const Token = Schema.TaggedUnion({ Token: { hops: Schema.Int }, Stop: {} })

/** Where the next process of a ring is: the last one learns it when the first is there. */
interface Neighbour {
  pid: Process.Pid<(typeof Token)["Type"]> | undefined
}

const ring = ({ hops, processes }: { readonly processes: number; readonly hops: number }) =>
  asProcess(Schema.Literal("done"), (self) =>
    Effect.gen(function* () {
      let made = 0
      const node = (next: Neighbour) => (process: Process.Self<(typeof Token)["Type"]>) =>
        Effect.gen(function* () {
          while (true) {
            const message = yield* process.receive
            const { pid } = next
            if (message._tag === "Token" && pid !== undefined) {
              made++
              if (message.hops === 0) yield* Process.send(self.pid, "done")
              else yield* Process.send(pid, { _tag: "Token", hops: message.hops - 1 })
            } else return
          }
        })
      const closing: Neighbour = { pid: undefined }
      let first = yield* Process.spawnLink(Token, node(closing))
      const all = [first]
      for (let count = 1; count < processes; count++) {
        first = yield* Process.spawnLink(Token, node({ pid: first }))
        all.push(first)
      }
      closing.pid = first
      const perSecond = yield* rate(
        hops,
        Effect.andThen(Process.send(first, { _tag: "Token", hops }), Effect.asVoid(self.receive))
      )
      yield* verify("hops", hops, made - 1)
      for (const pid of all) yield* Process.send(pid, { _tag: "Stop" })
      return perSecond
    })
  )

const Numbered = Schema.TaggedUnion({ Message: { number: Schema.Int } })

const fanIn = ({ messagesEach, senders }: { readonly senders: number; readonly messagesEach: number }) =>
  asProcess(Numbered, (self) =>
    Effect.gen(function* () {
      const messages = senders * messagesEach
      let sum = 0
      const sender = () =>
        Effect.gen(function* () {
          for (let number = messagesEach; number > 0; number--) {
            yield* Process.send(self.pid, { _tag: "Message", number })
          }
        })
      const perSecond = yield* rate(
        messages,
        Effect.gen(function* () {
          for (let count = 0; count < senders; count++) yield* Process.spawn(Schema.Never, sender)
          for (let count = 0; count < messages; count++) {
            const message = yield* self.receive
            if (message._tag === "Message") sum += message.number
          }
        })
      )
      yield* verify("sum of the messages", (messages * (messagesEach + 1)) / 2, sum)
      return perSecond
    })
  )

const Greeting = Schema.TaggedUnion({ Go: {}, Ping: { from: Process.anyPid, index: Schema.Int }, Pong: {} })
type PlayerPid = Process.Pid<(typeof Greeting)["Type"]>

/** One game: all players exist, then all are told to go. */
const play = (processes: number) =>
  asProcess(Schema.Literal("done"), (self) =>
    Effect.gen(function* () {
      const players: Array<PlayerPid> = []
      const player = (process: Process.Self<(typeof Greeting)["Type"]>) =>
        Effect.gen(function* () {
          yield* process.receiveTag("Go")
          const index = players.findIndex((other) => Process.equals(other, process.pid))
          for (const other of players) {
            if (other !== players[index]) yield* Process.send(other, { _tag: "Ping", from: process.pid, index })
          }
          let pings = processes - 1
          let pongs = processes - 1
          while (pings > 0 || pongs > 0) {
            const message = yield* process.receive
            if (message._tag === "Ping") {
              pings--
              const other = players[message.index]
              if (other !== undefined) yield* Process.send(other, { _tag: "Pong" })
            } else if (message._tag === "Pong") pongs--
          }
          yield* Process.send(self.pid, "done")
          yield* process.receive
        })
      for (let count = 0; count < processes; count++) players.push(yield* Process.spawn(Greeting, player))
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
