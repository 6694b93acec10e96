/**
 * The entity of the cluster's workloads: a count, as in the other systems.
 */
import * as Entity from "effect/cluster/Entity"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

/** Counts from 0, for each of its ids. Its messages are not stored. */
export const Counter = Entity.make("benchmarks/Counter", [
  /** Counts one up and answers with what the count was. */
  Rpc.make("Next", { success: Schema.Int }),
  Rpc.make("Increment"),
  Rpc.make("Get", { success: Schema.Int })
])

export const CounterLive = Counter.toLayer(
  Effect.sync(() => {
    let count = 0
    return Counter.of({
      Next: () => Effect.sync(() => count++),
      Increment: () =>
        Effect.sync(() => {
          count++
        }),
      Get: () => Effect.sync(() => count)
    })
  })
)
