/**
 * Supervision: processes that start other processes and start them again when they fall.
 */
export * as DynamicSupervisor from "./DynamicSupervisor.ts"
export * as Supervisor from "./Supervisor.ts"
