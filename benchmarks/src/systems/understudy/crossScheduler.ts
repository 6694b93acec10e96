/**
 * W15 on Understudy: between this scheduler and the one beside it, raw processes of a defined name and GenServers.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { number, text } from "./servers/Parcel.ts"
import { RemotePinger } from "./servers/RemotePingPongServers.ts"
import { Drain, Echo, Reply } from "./servers/RemoteProcesses.ts"
import { Sink } from "./servers/Sink.ts"

/** The scheduler on the other side. Programs run on scheduler 0. */
const other = 1

interface Messages {
  readonly messages: number
}

interface Rounds {
  readonly rounds: number
}

const oneWay = ({ messages }: Messages) =>
  asProcess(Reply, (self) =>
    Effect.gen(function* () {
      const drain = yield* Process.start(Drain, { messages, tell: self.pid }, { on: { scheduler: other } })
      yield* verify("scheduler of the receiver", other, drain.slot)
      let taken = 0
      const perSecond = yield* rate(
        messages,
        Effect.gen(function* () {
          for (let count = 0; count < messages; count++) {
            yield* Process.send(drain, { _tag: "Call", number, from: self.pid, text })
          }
          const reply = yield* self.receive
          if (reply._tag === "Counted") taken = reply.messages
        })
      )
      yield* verify("taken messages", messages, taken)
      return perSecond
    })
  )

const pingPong = ({ rounds }: Rounds) =>
  asProcess(Reply, (self) =>
    Effect.gen(function* () {
      const echo = yield* Process.startLink(Echo, {}, { on: { scheduler: other } })
      yield* verify("scheduler of the other player", other, echo.slot)
      let replies = 0
      const perSecond = yield* rate(
        rounds,
        Effect.gen(function* () {
          for (let round = 0; round < rounds; round++) {
            yield* Process.send(echo, { _tag: "Call", number, from: self.pid, text })
            const reply = yield* self.receive
            if (reply._tag === "Reply" && reply.text === text) replies++
          }
        })
      )
      yield* verify("round trips", rounds, replies)
      yield* Process.send(echo, { _tag: "Stop" })
      return perSecond
    })
  )

const oneWayServer = ({ messages }: Messages) =>
  asProcess(Schema.Never, (self) =>
    Effect.gen(function* () {
      const sink = yield* GenServer.start(Sink, {}, { on: { scheduler: other } })
      yield* verify("scheduler of the sink", other, sink.pid.slot)
      let taken = 0
      const perSecond = yield* rate(
        messages,
        Effect.gen(function* () {
          for (let message = 0; message < messages; message++) yield* sink.take({ number, from: self.pid, text })
          // Sent after the casts, so answered after them
          taken = yield* sink.taken({ timeout: "Infinity" })
        })
      )
      yield* verify("taken messages", messages, taken)
      yield* GenServer.terminate(sink)
      return perSecond
    })
  )

const pingPongServer = ({ rounds }: Rounds) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const pinger = yield* GenServer.startLink(RemotePinger, { partnerOn: other })
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

export const crossScheduler = {
  "cross-one-way": oneWay,
  "cross-one-way-server": oneWayServer,
  "cross-ping-pong": pingPong,
  "cross-ping-pong-server": pingPongServer
} satisfies Programs<UnderstudyProgram>
