/**
 * Why a process ended: `ExitReason.normal`, `ExitReason.shutdown`, `ExitReason.failed(error)`, … What each means to links, monitors and
 * supervisors is OTP's; see `docs/SEMANTICS.md`.
 */
export {
  type Died,
  died,
  type ExitReason,
  type Failed,
  failed,
  format,
  fromCause,
  fromExit,
  isAbnormal,
  isExitReason,
  type Kill,
  type Killed,
  kill,
  killed,
  type NoProcess,
  type Normal,
  noProcess,
  normal,
  type SchedulerDown,
  type Shutdown,
  schedulerDown,
  schema,
  shutdown,
  shutdownWith
} from "./exit/ExitReason.ts"
