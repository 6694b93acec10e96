/** The aliases that a process has, and what a message through one does. Catalogue M20 to M24. */
import { Alias, type AliasMode } from "../address/Alias.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** Makes an alias of a process; its reference is the monitor's where it goes with one. */
export const makeAlias = (record: ProcessRecord, mode: AliasMode, ref: number): Alias => {
  const extra = record.extras()
  extra.aliases ??= new Map()
  extra.aliases.set(ref, mode)
  return new Alias(record.pid, ref, record.pid.codec)
}

/** Whether a message through an alias may enter. It ends an alias for one reply; `endMonitor` ends the monitor with it. */
export const admit = (record: ProcessRecord, ref: number, endMonitor: (ref: number) => void): boolean => {
  const mode = record.extra?.aliases?.get(ref)
  if (mode === undefined) return false
  if (mode === "reply" || mode === "reply-demonitor") record.extra?.aliases?.delete(ref)
  if (mode === "reply-demonitor") endMonitor(ref)
  return true
}

/** A monitor is over: an alias that goes with it is too. */
export const endMonitorAlias = (record: ProcessRecord, ref: number): void => {
  const mode = record.extra?.aliases?.get(ref)
  if (mode === "demonitor" || mode === "reply-demonitor") record.extra?.aliases?.delete(ref)
}
