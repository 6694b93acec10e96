/**
 * The workloads on Effect's cluster: entities, which are found by an id, start when they are first called, and end when
 * nobody has called them for a while. Here all of them are in this one process, in the cluster's own set-up for tests:
 * memory instead of a database, no network, and no serialization. An entity is more than a process, and a call is an RPC
 * with schemas and errors of its own; it cannot be given away, watched or linked, so there are few rows, and fewer
 * operations than elsewhere, see `atMost`.
 */
import * as TestRunner from "effect/cluster/TestRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { atMost, bytesOfEach, check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"
import { Counter, CounterLive } from "./Counter.ts"

/** A runner holds 10,000 entities at most, by default. */
const mostEntities = 5000
const mostMessages = 50_000

const cluster = CounterLive.pipe(Layer.provideMerge(TestRunner.layer))

type Client = Effect.Success<typeof Counter.client>

/** Runs a program in a cluster of its own, once that has started, and shuts the cluster down. */
const inCluster = <A>(program: (client: Client) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const client = yield* Counter.client
        // Answered when the runner has its shards
        yield* client("first").Get()
        return yield* Effect.promise(() => program(client))
      })
    ).pipe(Effect.provide(cluster))
  )

const startAll = (client: Client, entities: number) =>
  Effect.runPromise(
    Effect.gen(function* () {
      for (let number = 0; number < entities; number++) yield* client(`${number}`).Next()
    })
  )

const getAll = (client: Client, entities: number) =>
  Effect.runPromise(
    Effect.gen(function* () {
      let total = 0
      for (let number = 0; number < entities; number++) total += yield* client(`${number}`).Get()
      return total
    })
  )

const calls = ({ callsEach: asked, clients }: PeerParameters["call-1"]) =>
  inCluster(async (client) => {
    const callsEach = atMost(mostMessages / clients, asked)
    const counter = client("counter")
    const one = Effect.gen(function* () {
      for (let count = 0; count < callsEach; count++) yield* counter.Next()
    })
    const all = Effect.all(
      Array.from({ length: clients }, () => one),
      { concurrency: "unbounded", discard: true }
    )
    const perSecond = await ratePerSecond(clients * callsEach, () => Effect.runPromise(all))
    check("handled calls", clients * callsEach, await Effect.runPromise(counter.Get()))
    return perSecond
  })

const startRate = ({ processes: asked }: PeerParameters["spawn-100k"]) =>
  inCluster(async (client) => {
    const entities = atMost(mostEntities, asked)
    const perSecond = await ratePerSecond(entities, () => startAll(client, entities))
    check("entities that answer", entities, await getAll(client, entities))
    return perSecond
  })

const bytesEach = ({ processes: asked }: PeerParameters["spawn-100k"]) =>
  inCluster(async (client) => {
    const entities = atMost(mostEntities, asked)
    const [each] = await bytesOfEach(entities, () => startAll(client, entities))
    check("entities that answer", entities, await getAll(client, entities))
    return each
  })

/** See the file's header. */
export const programs: PeerPrograms = {
  "spawn-100k": startRate,
  // What handles messages is a server already
  "start-server-100k": startRate,
  "memory-raw": bytesEach,
  "memory-server": bytesEach,
  "call-1": calls,
  "call-100": calls,
  cast: ({ casts: asked }) =>
    inCluster(async (client) => {
      const casts = atMost(mostMessages, asked)
      const counter = client("counter")
      let count = 0
      const perSecond = await ratePerSecond(casts, () =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let cast = 0; cast < casts; cast++) yield* counter.Increment(undefined, { discard: true })
            count = yield* counter.Get()
          })
        )
      )
      check("handled casts", casts, count)
      return perSecond
    })
}
