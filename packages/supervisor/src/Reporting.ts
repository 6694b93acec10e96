/**
 * What supervisors report: to operators where OTP's supervisors report, and in answers about children.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import type { Host, ProcessEvent } from "@understudy/core/internal/Host"
import { show } from "@understudy/core/internal/Texts"
import type { Pid } from "@understudy/core/Pid"
import type { Child } from "./Children.ts"
import type { EncodedChild } from "./ChildSpec.ts"
import type { RestartWindow } from "./Intensity.ts"
import type { SupervisorRecord } from "./Starting.ts"
import type { ChildCounts, ChildInfo } from "./SupervisorProtocol.ts"

type SupervisorReport = Extract<ProcessEvent, { readonly _tag: "SupervisorReport" }>

/** The reason in the report of a supervisor that gives up. OTP's `reached_max_restart_intensity`. */
export const reachedIntensity: ExitReason.ExitReason = ExitReason.failed("reached-max-restart-intensity")

/** The reporting supervisor: its process and its name. */
interface Teller {
  readonly supervisor: SupervisorRecord
  readonly name: string
}

/** Tells operators what happened to a child. `pid`: its process, if it had one. Catalogue LO06. */
export const report = (
  { name, supervisor }: Teller,
  context: SupervisorReport["context"],
  spec: EncodedChild,
  pid: Pid | undefined,
  reason: ExitReason.ExitReason,
  gaveUp?: SupervisorReport["gaveUp"]
): void => {
  const { host } = supervisor
  const { contract, id, restart, shutdown, type } = spec
  const args = host.isHeard("error") ? argsText(host, spec) : undefined
  host.report({
    _tag: "SupervisorReport",
    supervisor: supervisor.pid,
    name,
    context,
    child: id,
    pid,
    contract,
    args,
    restart,
    shutdown,
    type,
    reason,
    gaveUp
  })
}

/** A child's arguments, as its contract lets them be seen. */
const argsText = (host: Host, { args, contract }: EncodedChild): string | undefined => {
  const definition = host.definition(contract)
  // Nothing is known of them: neither how they are read, nor what of them may be shown
  if (definition === undefined) return undefined
  try {
    return (definition.showArgs ?? show)(args.read(definition.args))
  } catch {
    return "(they are not of the contract's type)"
  }
}

/** Tells operators that a child runs. OTP's progress report. Mostly it has no reader. */
export const reportStarted = (
  { name, supervisor }: Teller,
  { contract, id }: EncodedChild,
  pid: Pid,
  restarted: boolean
): void => {
  const { host } = supervisor
  if (!host.isHeard("debug")) return
  host.report({ _tag: "ChildStarted", supervisor: supervisor.pid, name, child: id, pid, contract, restarted })
}

/** Tells operators that a supervisor gives up: which intensity, how many restarts, of what. */
export const reportGivingUp = (teller: Teller & { readonly window: RestartWindow }, last: EncodedChild): void => {
  const { limits, of } = teller.window
  report(teller, "shutdown", last, undefined, reachedIntensity, { ...limits, of })
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
