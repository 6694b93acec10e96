/**
 * Understudy's core: processes, their schedulers, the system they make, and the GenServer behaviour.
 */

export * as ExitReason from "./ExitReason.ts"
export * as GenServer from "./GenServer.ts"
export * as Pid from "./Pid.ts"
export * as Process from "./Process.ts"
export * as System from "./System.ts"
