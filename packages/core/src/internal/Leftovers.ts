/** Internal: what is left on a scheduler, for tests that look for leaks. For packages of this project only. */
export type { Asker } from "../address/Reply.ts"
export { CallMessage, CastMessage, TerminateMessage } from "../behaviour/Protocol.ts"
export { standIn } from "../behaviour/StandIn.ts"
export { fromExit } from "../exit/ExitReason.ts"
export { IncomingCall } from "../process/IncomingCall.ts"
export { linkedTo } from "../process/Lifecycle.ts"
export {
  callsLeft,
  contractOf,
  type LeftCall,
  type LeftTimer,
  nextTimer,
  runQueueLength,
  timersLeft
} from "../scheduler/Leftovers.ts"
export type { SchedulerEvent } from "../scheduler/SchedulerEvent.ts"
