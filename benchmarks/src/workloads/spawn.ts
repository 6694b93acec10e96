/**
 * W1: starting processes, and what one costs in memory while it waits. Idle means parked in `receive` for a raw process
 * and waiting for a message for a GenServer. Pids are kept in an array, as a user would keep them.
 */
import { workload } from "../Workload.ts"

const parameters = { full: { processes: 100_000 }, smoke: { processes: 10_000 } }
const million = { full: { processes: 1_000_000 }, smoke: { processes: 10_000 } }

export const spawn = {
  "spawn-100k": workload({ id: "W1", name: "spawn 100k, raw process", figures: "processes/s", parameters }),
  "spawn-1m": workload({ id: "W1", name: "spawn 1M, raw process", figures: "processes/s", parameters: million }),
  "start-server-100k": workload({ id: "W1", name: "start 100k, GenServer", figures: "processes/s", parameters }),
  "memory-raw": workload({ id: "W1", name: "memory, idle raw process", figures: "bytes/process", parameters }),
  "memory-server": workload({ id: "W1", name: "memory, idle GenServer", figures: "bytes/process", parameters }),
  /** All of them alive at once, then each of them answers one call. Memory is the whole OS process's, as the OS sees it. */
  "million-servers": workload({
    id: "W1",
    name: "1M idle GenServers that answer",
    figures: {
      memory: { name: "1M idle GenServers, memory in all", unit: "bytes" },
      rate: { name: "1M idle GenServers, start", unit: "processes/s" }
    },
    parameters: million
  })
}
