/**
 * W7: calls to one GenServer, from one client and from a hundred at once, each with the default timeout running; and
 * casts, followed by one call that is answered when all of them were handled.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../measure.ts"
import { Counter } from "../systems/understudy/Counter.ts"
import { asProcess } from "../systems/understudy/Understudy.ts"
import { workload } from "../Workload.ts"

type CounterRef = GenServer.Ref<(typeof Counter)["protocol"]>

const calls = (counter: CounterRef, count: number) =>
  Effect.gen(function* () {
    for (let call = 0; call < count; call++) yield* counter.next()
  })

interface CallParameters {
  readonly clients: number
  readonly callsEach: number
}

const callFrom = ({ callsEach, clients }: CallParameters) =>
  asProcess(Schema.Literal("done"), (self) =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      const perSecond = yield* rate(
        clients * callsEach,
        clients === 1
          ? calls(counter, callsEach)
          : Effect.gen(function* () {
              for (let client = 0; client < clients; client++) {
                yield* Process.spawnLink(Schema.Never, () =>
                  Effect.andThen(calls(counter, callsEach), Process.send(self.pid, "done"))
                )
              }
              for (let client = 0; client < clients; client++) yield* self.receive
            })
      )
      yield* verify("handled calls", clients * callsEach, yield* counter.get())
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

interface CastParameters {
  readonly casts: number
}

const castThenCall = ({ casts }: CastParameters) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const counter = yield* GenServer.start(Counter)
      let handled = 0
      const perSecond = yield* rate(
        casts,
        Effect.gen(function* () {
          for (let cast = 0; cast < casts; cast++) yield* counter.increment()
          handled = yield* counter.get({ timeout: "Infinity" })
        })
      )
      yield* verify("handled casts", casts, handled)
      yield* GenServer.terminate(counter)
      return perSecond
    })
  )

export const call = [
  workload({
    id: "W7",
    key: "call",
    name: "call, 1 client",
    unit: "operations/s",
    schedulers: 1,
    parameters: { full: { clients: 1, callsEach: 1_000_000 }, smoke: { clients: 1, callsEach: 50_000 } },
    run: { understudy: callFrom }
  }),
  workload({
    id: "W7",
    key: "call-100",
    name: "call, 100 clients",
    unit: "operations/s",
    schedulers: 1,
    parameters: { full: { clients: 100, callsEach: 10_000 }, smoke: { clients: 100, callsEach: 500 } },
    run: { understudy: callFrom }
  }),
  workload({
    id: "W7",
    key: "cast",
    name: "cast, then one call",
    unit: "messages/s",
    schedulers: 1,
    parameters: { full: { casts: 1_000_000 }, smoke: { casts: 50_000 } },
    run: { understudy: castThenCall }
  })
]
