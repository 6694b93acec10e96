/**
 * W2: processes that are spawned and end at once. First as fast as one process can spawn them, then one after the other,
 * each awaited by its Down.
 */
import { workload } from "../Workload.ts"

export const churn = {
  churn: workload({
    id: "W2",
    name: "spawn and exit",
    figures: "processes/s",
    parameters: { full: { processes: 1_000_000 }, smoke: { processes: 10_000 } }
  }),
  "churn-await": workload({
    id: "W2",
    name: "spawn, exit and await, in sequence",
    figures: "processes/s",
    parameters: { full: { processes: 300_000 }, smoke: { processes: 5_000 } }
  })
}
