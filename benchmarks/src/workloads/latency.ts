/**
 * W14: the round trip of one message on one scheduler, alone and beside two processes that compute without end.
 */
import { workload } from "../Workload.ts"

const figures = (beside: string) =>
  ({
    p50: { name: `round trip ${beside}, p50`, unit: "µs" },
    p99: { name: `round trip ${beside}, p99`, unit: "µs" },
    "p99.9": { name: `round trip ${beside}, p99.9`, unit: "µs" }
  }) as const

export const latency = {
  "latency-0": workload({
    id: "W14",
    name: "round trip alone",
    figures: figures("alone"),
    parameters: {
      full: { hogs: 0, warmUp: 500, roundTrips: 10_000 },
      smoke: { hogs: 0, warmUp: 50, roundTrips: 1_000 }
    }
  }),
  "latency-2": workload({
    id: "W14",
    name: "round trip beside 2 hogs",
    figures: figures("beside 2 hogs"),
    parameters: {
      full: { hogs: 2, warmUp: 500, roundTrips: 10_000 },
      smoke: { hogs: 2, warmUp: 50, roundTrips: 1_000 }
    }
  })
}
