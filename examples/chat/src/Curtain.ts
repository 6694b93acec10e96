// The curtain: when the server stops it falls first, and everybody is told on all schedulers at once. The supervision tree
// stops one part after the other, and each part has its turn behind all processes that are ready on its scheduler; with a
// thousand busy rooms that takes seconds. So the curtain is rung from event loop to event loop, which have a turn every few
// milliseconds whatever the processes do. The tree then stops in its own time.
import { BroadcastChannel } from "node:worker_threads"
import * as GenServer from "@understudy/core/GenServer"
import * as Effect from "effect/Effect"

/** The contract of the curtain. Nobody has anything to ask it. */
export const Curtain = GenServer.define("chat/Curtain", { protocol: {} })

const openChannel = Effect.acquireRelease(
  Effect.sync(() => new BroadcastChannel("chat/curtain")),
  (channel) => Effect.sync(() => channel.close())
)

/** Calls `told`, on the event loop and outside any process, when the curtain falls. Until the scope closes. */
export const whenItFalls = (told: () => void) =>
  Effect.map(openChannel, (channel) => {
    channel.onmessage = told
    // A scheduler that has nothing else to do may end
    channel.unref()
  })

/** What the system stops on; it hears it too, and begins with the tree. */
const signals = ["SIGINT", "SIGTERM"] as const

/** See {@link Curtain}. Runs on the main thread, which alone has signals. */
export const CurtainLive = Curtain.implement({
  // Its supervisor's wish to stop it is passed on first
  trapExit: true,
  init: () =>
    Effect.gen(function* () {
      const channel = yield* openChannel
      const fall = () => channel.postMessage("fall")
      for (const signal of signals) {
        yield* Effect.acquireRelease(
          Effect.sync(() => process.on(signal, fall)),
          () => Effect.sync(() => process.off(signal, fall))
        )
      }
      return { fall }
    }),
  handle: {},
  // The tree may also be stopped for another reason
  terminate: ({ fall }, reason) => Effect.sync(() => (reason._tag === "Shutdown" ? fall() : undefined))
})
