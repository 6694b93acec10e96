/**
 * All workloads, in the order of the table.
 */
import { listed, type Workload } from "../Workload.ts"
import { calls } from "./calls.ts"
import { chat } from "./chat.ts"
import { churn } from "./churn.ts"
import { crossScheduler } from "./crossScheduler.ts"
import { exits } from "./exits.ts"
import { latency } from "./latency.ts"
import { messages } from "./messages.ts"
import { parallel } from "./parallel.ts"
import { pool } from "./pool.ts"
import { registry } from "./registry.ts"
import { spawn } from "./spawn.ts"
import { supervision } from "./supervision.ts"
import { timers } from "./timers.ts"

const descriptions = {
  ...spawn,
  ...churn,
  ...messages,
  ...calls,
  ...parallel,
  ...exits,
  ...supervision,
  ...registry,
  ...timers,
  ...latency,
  ...crossScheduler,
  ...pool,
  ...chat
}

/** The keys of the workloads. */
export type WorkloadKey = keyof typeof descriptions

/** What the programs of a workload are given. */
export type ParametersOf<K extends WorkloadKey> = (typeof descriptions)[K]["parameters"]["full"]

/** See the file's header. */
export const workloads: ReadonlyArray<Workload> = Object.entries(descriptions).map(([key, description]) =>
  listed(key, description)
)
