/**
 * W13: timers. Set and cancelled before they fire, and 100,000 that fire after 1 to 10 ms.
 */
import { workload } from "../Workload.ts"

export const timers = {
  "timer-cancel": workload({
    id: "W13",
    name: "set and cancel a timer",
    figures: "operations/s",
    parameters: { full: { timers: 1_000_000 }, smoke: { timers: 10_000 } }
  }),
  "timer-fire": workload({
    id: "W13",
    name: "100k timers of 1 to 10 ms, until all fired",
    figures: "operations/s",
    parameters: { full: { timers: 100_000 }, smoke: { timers: 1_000 } }
  })
}
