/**
 * Processes: small, sequential and isolated, each with a mailbox. `Process.spawn` starts one on this scheduler; `Process.define` names one
 * that any scheduler can start. What each function promises is OTP's; the ids in their comments are scenarios of the conformance
 * catalogue.
 */
export { Alias, type AliasMode } from "./address/Alias.ts"
export { type Address, Name } from "./address/Name.ts"
export { equals, isPid, type Pid } from "./address/Pid.ts"
export { Current, type Placement } from "./process/Host.ts"
export { type Bounds, MailboxOverflow, type Overflow } from "./process/Mailbox.ts"
export { define, type ProcessContract, type ProcessImplementation, start, startLink } from "./program/DefinedProcess.ts"
export { count, info, isAlive, list } from "./program/Info.ts"
export { RegistrationError, register, registered, unregister, whereis } from "./program/Names.ts"
export { erase, get, put, self, setLabel } from "./program/Own.ts"
export type { Received, ReceiveOptions, Self } from "./program/RawProcess.ts"
export { ReceiveTimeout } from "./program/Receive.ts"
export { ProcessExited, run } from "./program/Run.ts"
export { alias, anyPid, named, pid } from "./program/Schemas.ts"
export { Selector, selector } from "./program/Selector.ts"
export { SendFailed, send, sendUnknown, sendWithin, trySend } from "./program/Send.ts"
export { demonitor, exit, link, monitor, trapExit, unalias, unlink } from "./program/Signals.ts"
export { sleep } from "./program/Sleep.ts"
export { type Provided, spawn, spawnLink, spawnMonitor } from "./program/SpawnRaw.ts"
export type { Priority } from "./run/RunQueue.ts"
export { InvalidMessage } from "./schema/InvalidMessage.ts"
export type { Info } from "./signal/Question.ts"
export { Down, Exit, type MonitorRef, type TimerRef } from "./signal/Signal.ts"
export type { SpawnOptions } from "./spawn/Spawn.ts"
export type { StartOptions } from "./spawn/StartDefinition.ts"
export { StartError } from "./spawn/StartError.ts"
export {
  applyAfter,
  type CancelOptions,
  cancelInterval,
  cancelTimer,
  exitAfter,
  type Interval,
  killAfter,
  now,
  readTimer,
  sendAfter,
  sendInterval,
  startTimer,
  type When
} from "./timer/ProcessTimers.ts"
