/**
 * Which workloads a system has no program for, and why. The tests hold it to be complete: a workload that a system does not
 * run is here, one that it runs is not.
 */
import type { Workload } from "../Workload.ts"
import type { WorkloadKey } from "../workloads/index.ts"
import type { SystemName } from "./index.ts"

/** Workloads, by key or all of a family, and why a system lacks them. */
export interface Gap {
  readonly of: ReadonlyArray<WorkloadKey | Workload["id"]>
  readonly reason: string
}

const pools: Gap = { of: ["W16"], reason: "pools of threads are compared with piscina" }
const sockets: Gap = { of: ["W17"], reason: "what the sockets cost is compared with ws" }
const oneIsolate: Gap = { of: ["parallel-cpu-2", "W15"], reason: "it has one isolate" }
const noMillion: Gap = {
  of: ["spawn-1m", "million-servers"],
  reason: "left out for the time it would take: 100,000 show the rate and the memory of each"
}
const noSelection: Gap = { of: ["W8"], reason: "messages are handled in their order: no reply is received past others" }
const noLinks: Gap = { of: ["link-fan"], reason: "there are no links" }
const noMonitors: Gap = { of: ["W10"], reason: "there are no monitors and no links" }
const noSupervisors: Gap = { of: ["W11"], reason: "there are no supervisors with OTP's restarts" }
const noRegistry: Gap = { of: ["W12"], reason: "there is no registry of names that end with who has them" }
const noTimers: Gap = { of: ["W13"], reason: "it has no timers of its own" }
const noPreemption: Gap = { of: ["latency-2"], reason: "nothing runs beside what computes, however long that takes" }

/** See the file's header. */
export const gaps: { readonly [S in SystemName]: ReadonlyArray<Gap> } = {
  understudy: [],
  beam: [pools, sockets],
  effect: [
    { of: ["receive-tag-behind-10k"], reason: "a Queue has no selective receive" },
    { of: ["million-servers"], reason: noMillion.reason },
    oneIsolate,
    noLinks,
    noSupervisors,
    noRegistry,
    pools,
    sockets
  ],
  cluster: [
    { of: ["spawn-1m", "million-servers"], reason: "a runner holds 10,000 entities" },
    { of: ["W2"], reason: "an entity ends when nobody has called it for a while, not at once" },
    { of: ["W3", "W4", "W5", "W6"], reason: "entities are called from outside, and have no receive loops" },
    { of: ["W9"], reason: "a function that is computed in an entity is a call" },
    { of: ["W14"], reason: "a round trip is a call: call-1" },
    { of: ["W15"], reason: "it is measured in one process" },
    noSelection,
    noMonitors,
    noSupervisors,
    noRegistry,
    noTimers,
    pools,
    sockets
  ],
  nact: [
    { of: ["churn-await"], reason: "nobody is told when an actor has ended" },
    noMillion,
    noSelection,
    oneIsolate,
    noMonitors,
    noSupervisors,
    noRegistry,
    noTimers,
    noPreemption,
    pools,
    sockets
  ],
  xstate: [
    { of: ["churn-await"], reason: "an actor's start, work and end are over when the call returns: churn" },
    { of: ["ring-1000"], reason: "a hop is a send within a send: a thousand are deeper than the stack" },
    noMillion,
    noSelection,
    oneIsolate,
    noLinks,
    noSupervisors,
    noRegistry,
    noPreemption,
    pools,
    sockets
  ],
  comedy: [
    { of: ["churn-await"], reason: "churn awaits each actor's end already" },
    noMillion,
    noSelection,
    { of: oneIsolate.of, reason: "its actors on threads and in OS processes cost fifty times as much a message" },
    noMonitors,
    noSupervisors,
    noRegistry,
    noTimers,
    noPreemption,
    pools,
    sockets
  ],
  piscina: [
    {
      of: ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12", "W13", "W14", "W15", "W17"],
      reason: "it runs tasks, and has no processes"
    }
  ],
  ws: [
    {
      of: ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12", "W13", "W14", "W15", "W16"],
      reason: "it is a library of WebSockets"
    }
  ],
  plain: [
    noSelection,
    { of: ["W10"], reason: "nothing ends an object from outside, so nobody can be told of it" },
    { of: ["W11"], reason: "there is nothing that a failure would not bring down" },
    noPreemption,
    pools,
    sockets
  ]
}
