/**
 * All workloads, in the order of the table.
 */
import type { Workload } from "../Workload.ts"
import { call } from "./call.ts"
import { churn } from "./churn.ts"
import { crossScheduler } from "./crossScheduler.ts"
import { pingPong } from "./pingPong.ts"
import { spawn } from "./spawn.ts"

export const workloads: ReadonlyArray<Workload> = [...spawn, ...churn, ...pingPong, ...call, ...crossScheduler]
