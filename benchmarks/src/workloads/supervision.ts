/**
 * W11: supervisors. A permanent child that is killed and comes back; and children that are started and stopped at run
 * time. Logging is off in every system.
 */
import { workload } from "../Workload.ts"

const children = { full: { children: 100_000 }, smoke: { children: 1_000 } }

export const supervision = {
  /** OTP keeps the restarts of the last second in a list that it filters each time, so its figure falls with the rate. */
  "supervisor-restart": workload({
    id: "W11",
    name: "kill and restart a child, all in one window",
    figures: "operations/s",
    parameters: { full: { supervisors: 1, restartsEach: 50_000 }, smoke: { supervisors: 1, restartsEach: 500 } }
  }),
  "supervisor-restart-100": workload({
    id: "W11",
    name: "kill and restart a child, 100 in a window",
    figures: "operations/s",
    parameters: { full: { supervisors: 200, restartsEach: 100 }, smoke: { supervisors: 5, restartsEach: 100 } }
  }),
  "dynamic-start": workload({
    id: "W11",
    name: "start 100k dynamic children",
    figures: "processes/s",
    parameters: children
  }),
  "dynamic-stop": workload({
    id: "W11",
    name: "stop a supervisor of 100k dynamic children",
    figures: "processes/s",
    parameters: children
  })
}
