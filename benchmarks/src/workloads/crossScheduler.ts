/**
 * W15: messages between two schedulers. One way, as fast as one process can send; and there and back, one at a time.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../measure.ts"
import { number, text } from "../systems/understudy/Parcel.ts"
import { RemotePinger } from "../systems/understudy/RemotePingPongServers.ts"
import { Sink } from "../systems/understudy/Sink.ts"
import { asProcess } from "../systems/understudy/Understudy.ts"
import { workload } from "../Workload.ts"

/** The scheduler on the other side. Programs run on scheduler 0. */
const other = 1

const oneWay = ({ messages }: { readonly messages: number }) =>
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

const pingPong = ({ rounds }: { readonly rounds: number }) =>
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

export const crossScheduler = [
  workload({
    id: "W15",
    key: "cross-cast",
    name: "cast to another scheduler, one way",
    unit: "messages/s",
    schedulers: 2,
    parameters: { full: { messages: 1_000_000 }, smoke: { messages: 50_000 } },
    run: { understudy: oneWay }
  }),
  workload({
    id: "W15",
    key: "cross-ping-pong",
    name: "ping-pong between two schedulers",
    unit: "round trips/s",
    schedulers: 2,
    parameters: { full: { rounds: 500_000 }, smoke: { rounds: 10_000 } },
    run: { understudy: pingPong }
  })
]
