/**
 * What is noted of a test while it runs: where things were made, which processes crashed, and what the test said it expects. The
 * system's own objects are asked to tell, those of this test only: nothing is added to the runtime.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import type { Host, ProcessEvent } from "@understudy/core/internal/Host"
import { callsLeft, contractOf, type LeftTimer, timersLeft } from "@understudy/core/internal/Leftovers"
import type { ProcessRecord } from "@understudy/core/internal/Running"
import { show } from "@understudy/core/internal/Texts"
import { isPid, type Pid } from "@understudy/core/Pid"
import * as Context from "effect/Context"
import type { Leak } from "./Leak.ts"
import { here, nameOf, ownLines } from "./Whereabouts.ts"

type Crash = Extract<ProcessEvent, { readonly _tag: "ProcessCrashed" }>

/** Whether a leak is meant. */
export type Meant = (leak: Leak) => boolean

/** See the file's header. */
export class Ledger {
  /** The schedulers of the test's system, by slot. */
  readonly hosts: Array<Host> = []
  /** The processes of this package: they are stopped with the test, and are no leaks. */
  readonly own = new Set<string>()
  /** What to end when the test's process was killed, and could not clean up. */
  readonly helpers = new Set<Pid>()
  /** What is known only to who made it, such as a call that a probe has taken and not answered. */
  readonly noted: Array<Leak> = []
  private readonly meant: Array<Meant> = []
  private readonly crashes: Array<Leak> = []
  /** Where each process, timer, monitor and name was made. */
  private readonly madeAt = new Map<string, string>()
  /** What processes are called, also those that have ended. */
  private readonly names = new Map<string, string>()

  /** Notes what happens on a scheduler from now on. */
  watch(host: Host): void {
    this.hosts[host.slot] = host
    const note = (key: string) => {
      const at = here()
      if (at !== undefined) this.madeAt.set(key, at)
    }
    before(host.processes, "add", (_, record) => {
      note(`process ${record.pid}`)
      this.names.set(`${record.pid}`, nameOf(record))
    })
    before(host.monitors, "add", (ref) => note(`monitor ${ref}`))
    before(host.monitors, "addMonitor", (ref) => note(`monitor ${ref}`))
    const timers = host.timerRefs as unknown as { nextRef: () => number }
    const { nextRef } = timers
    timers.nextRef = function () {
      const ref = nextRef.call(this)
      note(`timer ${ref}`)
      return ref
    }
    before(host.directory, "register", (_table, _keys, key) => note(`name ${key}`))
    before(host.directory, "registerNow", (_table, _keys, key) => note(`name ${key}`))
    before(host, "report", (event) => this.hear(event))
    const { isHeard } = host
    host.isHeard = (level) => level === "error" || isHeard.call(host, level)
  }

  private hear(event: ProcessEvent): void {
    if (event._tag === "ProcessCrashed") this.crashes.push(this.crashLeak(event))
    if (event._tag === "RuntimeError") {
      const what = `${event.during} threw ${show(event.error)}`
      const madeAt = event.error instanceof Error ? ownLines(event.error.stack) : undefined
      this.crashes.push({ kind: "crash", what, ...(madeAt === undefined ? {} : { madeAt }) })
    }
  }

  private crashLeak(event: Crash): Leak {
    const { label, lastMessage, pid, reason, state } = event
    const facts = [
      ...(lastMessage === undefined ? [] : [`last message: ${lastMessage}`]),
      ...(state === undefined ? [] : [`state: ${state}`])
    ].map((fact) => `\n  ${fact}`)
    return {
      kind: "crash",
      what: `${this.nameOf(pid)}: ${ExitReason.format(reason)}${facts.join("")}`,
      pid,
      ...(label === undefined ? {} : { label }),
      ...this.origin(pid, event.ancestors)
    }
  }

  /** Says that such leaks are meant, those that are known already too. */
  expect(meant: Meant): void {
    this.meant.push(meant)
  }

  /** What a process is called: its label or contract, and its pid. */
  nameOf(pid: Pid): string {
    const record = this.hosts[pid.slot]?.processes.get(pid.serial)
    return record === undefined ? (this.names.get(`${pid}`) ?? `${pid}`) : nameOf(record)
  }

  /** Who has started a process, and where. */
  origin(pid: Pid, ancestors: ReadonlyArray<Pid>): Pick<Leak, "startedBy" | "madeAt"> {
    const madeAt = this.madeAt.get(`process ${pid}`)
    return {
      startedBy: ancestors.length === 0 ? "no process" : ancestors.map((one) => this.nameOf(one)).join(", started by "),
      ...(madeAt === undefined ? {} : { madeAt })
    }
  }

  /** The processes that live, the package's own left out. */
  private living(): ReadonlyArray<ProcessRecord> {
    return this.hosts.flatMap((host) => [...host.processes.values()]).filter(({ pid }) => !this.own.has(`${pid}`))
  }

  /** What lives, for people, with how much waits in each mailbox. */
  describeLiving(): ReadonlyArray<string> {
    return this.living().map((record) => {
      const waits = callsLeft(record).map(({ asker, call }) => {
        const by = asker?.pid === undefined ? "" : ` of ${this.nameOf(asker.pid)}`
        const at = ownLines(asker?.stack)
        return `; has not answered ${show(call)}${by}${at === undefined ? "" : ` ${at.split("\n")[0]}`}`
      })
      return `${nameOf(record)}: ${record.mailbox.length} messages in its mailbox${waits.join("")}`
    })
  }

  /**
   * What is left now, without what is meant. `test`: the test's own process, which is none itself; what it has set up and not undone
   * is.
   */
  leaks(test: Pid | undefined): ReadonlyArray<Leak> {
    const found = this.living().flatMap((record) =>
      this.leaksOf(record, test !== undefined && sameText(test, record.pid))
    )
    const timers = this.hosts.flatMap((host) => timersLeft(host).map((timer) => this.timerLeak(timer)))
    return [...found, ...timers, ...this.noted, ...this.crashes].filter((leak) => !this.isMeant(leak))
  }

  private isMeant(leak: Leak): boolean {
    return (
      this.meant.some((meant) => meant(leak)) ||
      (leak.kind !== "crash" && leak.pid !== undefined && this.own.has(`${leak.pid}`))
    )
  }

  private leaksOf(record: ProcessRecord, isTest: boolean): ReadonlyArray<Leak> {
    const { host, label, pid } = record
    const name = nameOf(record)
    const whose = { pid, ...(label === undefined ? {} : { label }) }
    const at = (key: string) => {
      const madeAt = this.madeAt.get(key)
      return madeAt === undefined ? {} : { madeAt }
    }
    const process: Leak = {
      kind: "process",
      what: `${name}${contractText(record)}${record.isRunning ? "" : " (ending)"}`,
      ...whose,
      ...this.origin(pid, record.ancestors)
    }
    return [
      ...(isTest ? [] : [process]),
      ...host.directory.held("", pid).map(
        ({ key }): Leak => ({
          kind: "name",
          what: `"${key}", held by ${name}`,
          name: key,
          ...whose,
          ...at(`name ${key}`)
        })
      ),
      ...host.monitors.monitorsOf(record).map(
        (monitor): Leak => ({
          kind: "monitor",
          what: `${name} watches ${monitor.name ?? this.nameOf(monitor.pid)}`,
          ...whose,
          ...at(`monitor ${monitor.ref}`)
        })
      ),
      ...callsLeft(record).map(({ asker, call }): Leak => {
        const by = asker?.pid === undefined ? "a fiber that is no process" : this.nameOf(asker.pid)
        const madeAt = ownLines(asker?.stack)
        return {
          kind: "call",
          what: `${name} has not answered ${show(call)} of ${by}`,
          ...whose,
          ...(madeAt === undefined ? {} : { madeAt })
        }
      })
    ]
  }

  private timerLeak({ does, left, ref, to, what }: LeftTimer): Leak {
    const pid = isPid(to) ? to : undefined
    const target = pid === undefined ? `${to}` : this.nameOf(pid)
    const deeds = {
      send: () => `sends ${show(what)} to ${target} in ${left} ms`,
      exit: () => `ends ${target} with ${show(what)} in ${left} ms`,
      run: () => `runs code in ${left} ms`
    }
    const madeAt = this.madeAt.get(`timer ${ref}`)
    return {
      kind: "timer",
      what: deeds[does](),
      ...(pid === undefined ? {} : { pid }),
      ...(madeAt === undefined ? {} : { madeAt })
    }
  }
}

const contractText = (record: ProcessRecord): string => {
  const contract = contractOf(record)
  return contract === undefined || record.label === undefined ? "" : ` (${contract})`
}

const sameText = (one: Pid, other: Pid): boolean => `${one}` === `${other}`

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never) => unknown ? K : never }[keyof T]

/** Calls `tell` before a method of this one object, with its arguments. */
const before = <T extends object, K extends Methods<T>>(
  object: T,
  method: K,
  tell: (...args: T[K] extends (...args: infer A) => unknown ? A : never) => void
): void => {
  const original = object[method] as (...args: ReadonlyArray<unknown>) => unknown
  Object.defineProperty(object, method, {
    configurable: true,
    writable: true,
    value: (...args: ReadonlyArray<unknown>) => {
      tell(...(args as never))
      return original.apply(object, args as never)
    }
  })
}

/** The ledger of the test that runs. Undefined outside of one: then nothing is noted, and expectations say nothing. */
export const CurrentLedger = Context.Reference<Ledger | undefined>("@understudy/testing/Ledger", {
  defaultValue: () => undefined
})
