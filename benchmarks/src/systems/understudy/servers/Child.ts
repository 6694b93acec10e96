/**
 * The child of W11 that is killed and started again: it tells that it is up.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What whoever kills it takes. */
export const Up = Schema.TaggedUnion({ Up: { pid: Process.anyPid } })

/** See the file's header. */
export const Child = GenServer.define("benchmarks/Child", {
  args: { tell: Process.pid(Up) },
  protocol: { increment: GenServer.cast() }
})

export const ChildLive = Child.implement({
  init: ({ tell }, { pid }) => Effect.as(Process.send(tell, { _tag: "Up", pid }), 0),
  handle: { increment: (count) => count + 1 }
})
