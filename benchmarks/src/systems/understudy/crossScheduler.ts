/**
 * W15 on Understudy: between this scheduler and the one beside it, raw processes of a defined name and GenServers.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rateOf, verify } from "../../measure.ts"
import { number, text } from "../../Parcel.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { RemotePinger } from "./servers/RemotePingPongServers.ts"
import { type CallMailbox, Drain, Echo, Reply } from "./servers/RemoteProcesses.ts"
import { Sink } from "./servers/Sink.ts"

type CallType = (typeof CallMailbox)["Type"]

/** The scheduler on the other side. Programs run on scheduler 0. */
const other = 1

interface Messages {
  readonly messages: number
}

interface Rounds {
  readonly rounds: number
}

/** Gives how many messages the receiver has taken. */
const sendCalls = Effect.fnUntraced(function* (
  self: Process.Self<(typeof Reply)["Type"]>,
  to: Process.Pid<CallType>,
  messages: number
) {
  for (let count = 0; count < messages; count++) {
    yield* Process.send(to, { _tag: "Call", number, from: self.pid, text })
  }
  const reply = yield* self.receive
  return reply._tag === "Counted" ? reply.messages : 0
})

const oneWay = ({ messages }: Messages) =>
  asProcess(Reply, (self) =>
    Effect.gen(function* () {
      const drain = yield* Process.start(Drain, { messages, tell: self.pid }, { on: { scheduler: other } })
      yield* verify("scheduler of the receiver", other, drain.slot)
      const { perSecond, result } = yield* rateOf(messages, sendCalls(self, drain, messages))
      yield* verify("taken messages", messages, result)
      return perSecond
    })
  )

/** Gives how many replies came. */
const callEachTime = Effect.fnUntraced(function* (
  self: Process.Self<(typeof Reply)["Type"]>,
  to: Process.Pid<CallType>,
  rounds: number
) {
  let replies = 0
  for (let round = 0; round < rounds; round++) {
    yield* Process.send(to, { _tag: "Call", number, from: self.pid, text })
    const reply = yield* self.receive
    if (reply._tag === "Reply" && reply.text === text) replies++
  }
  return replies
})

const pingPong = ({ rounds }: Rounds) =>
  asProcess(Reply, (self) =>
    Effect.gen(function* () {
      const echo = yield* Process.startLink(Echo, {}, { on: { scheduler: other } })
      yield* verify("scheduler of the other player", other, echo.slot)
      const { perSecond, result } = yield* rateOf(rounds, callEachTime(self, echo, rounds))
      yield* verify("round trips", rounds, result)
      yield* Process.send(echo, { _tag: "Stop" })
      return perSecond
    })
  )

/** Gives how many messages the sink has taken. */
const castTimes = Effect.fnUntraced(function* (
  sink: GenServer.Ref<(typeof Sink)["protocol"]>,
  from: Process.Pid,
  messages: number
) {
  for (let message = 0; message < messages; message++) yield* sink.take({ number, from, text })
  // Sent after the casts, so answered after them
  return yield* sink.taken({ timeout: "Infinity" })
})

const oneWayServer = ({ messages }: Messages) =>
  asProcess(Schema.Never, (self) =>
    Effect.gen(function* () {
      const sink = yield* GenServer.start(Sink, {}, { on: { scheduler: other } })
      yield* verify("scheduler of the sink", other, sink.pid.slot)
      const { perSecond, result } = yield* rateOf(messages, castTimes(sink, self.pid, messages))
      yield* verify("taken messages", messages, result)
      yield* GenServer.terminate(sink)
      return perSecond
    })
  )

const pingPongServer = ({ rounds }: Rounds) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const pinger = yield* GenServer.startLink(RemotePinger, { partnerOn: other })
      const { perSecond, result } = yield* rateOf(rounds, pinger.play({ rounds }, { timeout: "Infinity" }))
      yield* verify("round trips", rounds, result)
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
