/**
 * What supervisors tell: to operators where OTP's supervisors report, and to whoever asks about children.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import type { Host, ProcessEvent } from "@understudy/core/Host"
import type { Pid } from "@understudy/core/Pid"
import type { Child } from "./Children.ts"
import type { EncodedChild } from "./ChildSpec.ts"
import type { SupervisorRecord } from "./Starting.ts"
import type { ChildCounts, ChildInfo } from "./SupervisorProtocol.ts"

type SupervisorReport = Extract<ProcessEvent, { readonly _tag: "SupervisorReport" }>

/** The reason in the report of a supervisor that gives up. OTP's `reached_max_restart_intensity`. */
export const reachedIntensity: ExitReason.ExitReason = ExitReason.failed("reached-max-restart-intensity")

/** Tells operators what happened to a child of `supervisor`. Catalogue LO06. */
export const report = (
  supervisor: SupervisorRecord,
  name: string,
  context: SupervisorReport["context"],
  child: EncodedChild,
  reason: ExitReason.ExitReason
): void => {
  const { host, pid } = supervisor
  host.report({ _tag: "SupervisorReport", supervisor: pid, name, context, child: child.id, reason })
}

/** Children as their supervisor describes them to others. Catalogue SU03. */
export const infoOf = (
  { host }: SupervisorRecord,
  children: ReadonlyArray<Child>,
  options?: { readonly ids: boolean }
): ReadonlyArray<ChildInfo> =>
  children.map(({ pid, restarting, restarts, spec }) => ({
    id: options?.ids === false ? undefined : spec.id,
    pid: restarting ? ("restarting" as const) : pid,
    type: spec.type,
    contract: spec.contract,
    label: labelOf(host, pid) ?? spec.label ?? spec.name ?? spec.id,
    restarts
  }))

/** What a process of this scheduler calls itself. */
const labelOf = (host: Host, pid: Pid | undefined): string | undefined =>
  pid === undefined || pid.slot !== host.slot ? undefined : host.processes.get(pid.serial)?.label

/** See {@link ChildCounts}. */
export const countOf = (children: ReadonlyArray<Child>): ChildCounts => {
  const supervisors = children.filter(({ spec }) => spec.type === "supervisor").length
  return {
    specs: children.length,
    active: children.filter(({ pid }) => pid !== undefined).length,
    supervisors,
    workers: children.length - supervisors
  }
}
