/**
 * Understudy's core: processes, their schedulers, the system they make, and the GenServer behaviour.
 */
export * as GenServer from "./behaviour/GenServer.ts"
export * as ExitReason from "./exit/ExitReason.ts"
export * as Pid from "./Pid.ts"
export * as Process from "./Process.ts"
export * as System from "./System.ts"
