/**
 * W10: links and monitors. Every watcher hears of every death.
 */
import { workload } from "../Workload.ts"

const parameters = { full: { processes: 100_000 }, smoke: { processes: 2_000 } }

export const exits = {
  "kill-monitored": workload({
    id: "W10",
    name: "kill 100k monitored, until all Downs are there",
    figures: "processes/s",
    parameters
  }),
  "monitor-demonitor": workload({
    id: "W10",
    name: "monitor and demonitor",
    figures: "operations/s",
    parameters: { full: { times: 1_000_000 }, smoke: { times: 10_000 } }
  }),
  "link-fan": workload({
    id: "W10",
    name: "kill one that 100k are linked to, until all died",
    figures: "processes/s",
    parameters
  })
}
