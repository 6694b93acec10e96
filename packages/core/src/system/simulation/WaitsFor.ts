/** What processes wait for, found out when nothing can happen: who waits for whose answer, and who for something from outside. */
import type { Pid } from "../../address/Pid.ts"
import { PendingCall } from "../../call/PendingCall.ts"
import { siteOf } from "../../fiber/CallSite.ts"
import type { AnyFiber, Waiting } from "../../fiber/Fibers.ts"
import type { KernelFiber } from "../../fiber/KernelFiber.ts"
import { type IncomingCall, RemoteReply } from "../../process/IncomingCall.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import { RawProcess } from "../../program/RawProcess.ts"
import { type NamesByKey, nameOf } from "./Names.ts"
import type { SimulatedScheduler } from "./SimulatedScheduler.ts"
import { siteOutside } from "./Sites.ts"

/** What one process waits for. */
export interface Wait {
  readonly process: string
  /**
   * A message; the answer of a call; a process it starts; room in a mailbox; its own forked fibers; something that the simulation does not
   * know (a promise, a `Deferred`, I/O); or nothing: it could go on.
   */
  readonly for: "message" | "answer" | "start" | "room" | "fibers" | "outside" | "nothing"
  /** The process that it waits for, where that is known. */
  readonly of: string | undefined
  /** The lines of the stack where it waits, where they are known. */
  readonly site: string | undefined
}

/** Calls of a process that have no answer, as its record keeps them. */
export const callsOf = (record: ProcessRecord): ReadonlyArray<IncomingCall> => {
  const calls: Array<IncomingCall> = []
  type Listed = IncomingCall & { readonly next: IncomingCall | undefined }
  for (let call = record.calls; call !== undefined; call = (call as Listed).next) {
    if (!call.replyTo.settled) calls.push(call)
  }
  return calls
}

/** The asker's side of a call that has reached its callee. */
export const pendingOf = (call: IncomingCall, schedulers: ReadonlyArray<SimulatedScheduler>): unknown => {
  const { replyTo } = call
  return replyTo instanceof RemoteReply ? schedulers[replyTo.slot]?.pending.get(replyTo.call) : replyTo
}

const codeOf = (record: ProcessRecord): KernelFiber | undefined => record.body.suspendedCode as KernelFiber | undefined

/** The process whose own fiber waits for this, and for nothing else. */
const askerOf = (pending: unknown): ProcessRecord | undefined => {
  if (!(pending instanceof PendingCall) || pending.settled) return undefined
  const { fiber } = pending
  return fiber?.parkedOn === pending ? fiber.process : undefined
}

/** Who waits for whose answer. */
const askers = (schedulers: ReadonlyArray<SimulatedScheduler>): Map<ProcessRecord, ProcessRecord> => {
  const waitsFor = new Map<ProcessRecord, ProcessRecord>()
  for (const scheduler of schedulers) {
    if (scheduler.lost) continue
    for (const callee of scheduler.processes.values()) {
      if (callee.calls === undefined) continue
      for (const call of callsOf(callee)) {
        const asker = askerOf(pendingOf(call, schedulers))
        if (asker !== undefined) waitsFor.set(asker, callee)
      }
    }
  }
  return waitsFor
}

/** Processes that wait for each other's answers, if there are any. Each of them can do nothing before the next has answered. */
export const cycleOf = (
  schedulers: ReadonlyArray<SimulatedScheduler>,
  names: NamesByKey
): ReadonlyArray<Wait> | undefined => {
  const waitsFor = askers(schedulers)
  // Two at least
  if (waitsFor.size < 2) return undefined
  for (const start of waitsFor.keys()) {
    const path = [start]
    for (let at = waitsFor.get(start); at !== undefined; at = waitsFor.get(at)) {
      if (at === start) return path.map((record) => waitOf(record, waitsFor.get(record)?.pid, names))
      if (path.includes(at)) break
      path.push(at)
    }
  }
  return undefined
}

/** A process that a call starts knows its pid, and what it starts. */
const isStart = (call: PendingCall): call is PendingCall & { readonly pid: Pid | undefined } => "starter" in call

const waitOf = (record: ProcessRecord, callee: Pid | undefined, names: NamesByKey): Wait => {
  const process = nameOf(record.pid, names)
  const code = codeOf(record)
  const parkedOn: Waiting | undefined = code?.parkedOn
  const of = (pid: Pid | undefined) => (pid === undefined ? undefined : nameOf(pid, names))
  if (code === undefined) return { process, for: "message", of: undefined, site: undefined }
  if (parkedOn instanceof PendingCall) {
    const site = parkedOn.direct ? siteOf(code) : undefined
    if (isStart(parkedOn)) return { process, for: "start", of: of(parkedOn.pid), site }
    return { process, for: "answer", of: of(callee ?? parkedOn.callee), site }
  }
  if (parkedOn !== undefined) {
    const { body } = record
    const isReceive = body instanceof RawProcess && body.waiter !== undefined
    return { process, for: isReceive ? "message" : "nothing", of: undefined, site: undefined }
  }
  const children: ReadonlySet<AnyFiber> | undefined = code._children
  if (children !== undefined && children.size > 0) return { process, for: "fibers", of: undefined, site: undefined }
  return { process, for: "outside", of: undefined, site: siteOutside(code) }
}

/** What all living processes wait for. */
export const waitsOf = (schedulers: ReadonlyArray<SimulatedScheduler>, names: NamesByKey): ReadonlyArray<Wait> => {
  const waitsFor = askers(schedulers)
  return schedulers
    .filter(({ lost }) => !lost)
    .flatMap((scheduler) => [...scheduler.processes.values()])
    .map((record) => waitOf(record, waitsFor.get(record)?.pid, names))
}

/** What a living process waits for. */
export const waitOfProcess = (record: ProcessRecord, names: NamesByKey): Wait => waitOf(record, undefined, names)
