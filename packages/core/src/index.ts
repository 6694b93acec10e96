/**
 * Understudy's core: processes, their schedulers, the system they make, and the GenServer behaviour.
 */
export * as GenServer from "./behaviour/GenServer.ts"
export * as ExitReason from "./process/ExitReason.ts"
export * as Pid from "./process/Pid.ts"
export * as Process from "./process/Process.ts"
export * as System from "./system/System.ts"
