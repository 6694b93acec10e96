/**
 * W9: processes that compute. On one scheduler; and on two, compared with the same work on one of the two in the same
 * round, in which one and two take turns: what else the machine does should meet both alike.
 */
import { workload } from "../Workload.ts"

const parameters = { full: { processes: 1000, fib: 25 }, smoke: { processes: 50, fib: 20 } }

export const parallel = {
  "parallel-cpu": workload({ id: "W9", name: "1,000 processes, fib(25) each", figures: "processes/s", parameters }),
  "parallel-cpu-2": workload({
    id: "W9",
    name: "1,000 processes, fib(25) each, two schedulers",
    figures: {
      rate: { name: "fib(25) on two schedulers", unit: "processes/s" },
      speedup: { name: "fib(25), two schedulers over one", unit: "times as fast" }
    },
    schedulers: 2,
    parameters: { full: { ...parameters.full, turns: 3 }, smoke: { ...parameters.smoke, turns: 1 } }
  })
}
