/**
 * The workloads on nact. An actor of nact's handles one message a turn of the event loop (`setImmediate`), checks no
 * types, and is supervised by its parent. It has no monitors and no links, no timers of its own beside the one a call
 * has, and one core. There is no latency beside hogs: what computes in one actor keeps all others waiting for good.
 */
import { performance } from "node:perf_hooks"
import { dispatch, spawnStateless } from "nact"
import { percentiles } from "../../measure.ts"
import { check, type PeerPrograms, signal } from "../PeerPrograms.ts"
import { inSystem } from "./inSystem.ts"
import { messages, spawnPonger } from "./messages.ts"
import { processes } from "./processes.ts"

/** See the file's header. */
export const programs: PeerPrograms = {
  ...processes,
  ...messages,
  "latency-0": ({ roundTrips, warmUp }) =>
    inSystem(async (system) => {
      const times = new Float64Array(roundTrips)
      let count = -warmUp
      let start = 0
      const { done, fire } = signal()
      const ponger = spawnPonger(system)
      const pinger = spawnStateless(
        system,
        (message: "pong" | "go", { self }) => {
          if (message === "pong") {
            if (count >= 0) times[count] = (performance.now() - start) * 1000
            if (++count === roundTrips) return fire()
          }
          start = performance.now()
          dispatch(ponger, { from: self })
        },
        "pinger"
      )
      dispatch(pinger, "go")
      await done
      check("round trips", roundTrips, count)
      return percentiles(times)
    })
}
