/** The aliases of a process, and whether a message sent to one is accepted. Catalogue M20 to M24. */
import { Alias, type AliasMode } from "../address/Alias.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** Makes an alias of a process. An alias tied to a monitor has the monitor's reference. */
export const makeAlias = (record: ProcessRecord, mode: AliasMode, ref: number): Alias => {
  const extra = record.extras()
  extra.aliases ??= new Map()
  extra.aliases.set(ref, mode)
  return new Alias(record.pid, ref, record.pid.codec)
}

/** Whether a message through an alias is accepted. It ends an alias for one reply; `endMonitor` removes the alias's monitor. */
export const admit = (record: ProcessRecord, ref: number, endMonitor: (ref: number) => void): boolean => {
  const mode = record.extra?.aliases?.get(ref)
  if (mode === undefined) return false
  if (mode === "reply" || mode === "reply-demonitor") record.extra?.aliases?.delete(ref)
  if (mode === "reply-demonitor") endMonitor(ref)
  return true
}

/** Ends the alias tied to a monitor that has ended. */
export const endMonitorAlias = (record: ProcessRecord, ref: number): void => {
  const mode = record.extra?.aliases?.get(ref)
  if (mode === "demonitor" || mode === "reply-demonitor") record.extra?.aliases?.delete(ref)
}
