/**
 * W3: one message there, one message back, a million times. Between raw receive loops, and between GenServers that cast.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../measure.ts"
import { Pinger } from "../systems/understudy/PingPongServers.ts"
import { asProcess } from "../systems/understudy/Understudy.ts"
import { workload } from "../Workload.ts"

interface Parameters {
  readonly rounds: number
}

const parameters = { full: { rounds: 1_000_000 }, smoke: { rounds: 50_000 } }

const Pong = Schema.TaggedUnion({ Pong: {} })
const Ping = Schema.TaggedUnion({ Ping: { from: Process.pid(Pong) }, Stop: {} })

const raw = ({ rounds }: Parameters) =>
  asProcess(Pong, (self) =>
    Effect.gen(function* () {
      let pongs = 0
      const ponger = yield* Process.spawnLink(Ping, (other) =>
        Effect.gen(function* () {
          while (true) {
            const message = yield* other.receive
            if (message._tag !== "Ping") return
            yield* Process.send(message.from, { _tag: "Pong" })
          }
        })
      )
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

const servers = ({ rounds }: Parameters) =>
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

export const pingPong = [
  workload({
    id: "W3",
    key: "ping-pong",
    name: "ping-pong, raw processes",
    unit: "round trips/s",
    schedulers: 1,
    parameters,
    run: { understudy: raw }
  }),
  workload({
    id: "W3",
    key: "ping-pong-server",
    name: "ping-pong, GenServers casting",
    unit: "round trips/s",
    schedulers: 1,
    parameters,
    run: { understudy: servers }
  })
]
