import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import { MonitorTable } from "../../src/process/MonitorTable.ts"
import type { ProcessRecord } from "../../src/process/ProcessRecord.ts"

// All the table knows of a process
const process = (serial: number) =>
  ({
    pid: new PidImpl(0, 1, serial, undefined),
    monitors: undefined,
    watchers: undefined
  }) as unknown as ProcessRecord

const elsewhere = new PidImpl(1, 1, 7, undefined)

interface Known {
  readonly ref: number
  readonly watcher: ProcessRecord | undefined
  readonly watched: ProcessRecord | undefined
}

describe("MonitorTable", () => {
  it("knows each monitor by its reference and from both sides, oldest first, whatever is asked in between", () => {
    const who = fc.nat(3)
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("add" as const), a: who, b: who }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom("addMonitor", "addWatcher", "setWatcher", "oldestMonitor", "oldestWatcher", "look"),
          a: who,
          b: who
        })
      },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constantFrom("removeNewest", "takeMonitor", "takeWatcher"),
          a: who,
          b: fc.nat(2)
        })
      }
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const table = new MonitorTable()
        const processes = [1, 2, 3, 4].map(process)
        let known: ReadonlyArray<Known> = []
        let reference = 0
        // The one that was added last, if nothing but adding has happened since
        let newest: Known | undefined
        const drop = (gone: Known | undefined) => {
          known = known.filter((one) => one !== gone)
        }
        const monitorsOf = (record: ProcessRecord) => known.filter(({ watcher }) => watcher === record)
        const watchersOf = (record: ProcessRecord) => known.filter(({ watched }) => watched === record)
        const look = () => {
          for (const record of processes) {
            const refs = (all: ReadonlyArray<{ readonly ref: number }>) => all.map(({ ref }) => ref)
            expect(refs(table.monitorsOf(record))).toEqual(refs(monitorsOf(record)))
            expect(refs(table.watchersOf(record))).toEqual(refs(watchersOf(record)))
            for (const { by, pid, watched, watcher } of table.monitorsOf(record)) {
              expect(by).toBe(watcher?.pid)
              expect(pid).toBe(watched?.pid ?? elsewhere)
            }
            for (const { by, watcher } of table.watchersOf(record)) expect(by).toBe(watcher?.pid ?? elsewhere)
          }
        }
        for (const { a, b, do: what } of steps) {
          const one = processes[a] as ProcessRecord
          const other = processes[b] as ProcessRecord
          const ref = ++reference * 2 ** 18
          const last = newest
          newest = undefined
          switch (what) {
            case "add":
              table.add(ref, one, other, undefined)
              newest = { ref, watcher: one, watched: other }
              known = [...known, newest]
              break
            case "addMonitor":
              table.addMonitor(ref, one, elsewhere, undefined)
              known = [...known, { ref, watcher: one, watched: undefined }]
              break
            case "addWatcher":
              table.addWatcher(ref, elsewhere, one)
              known = [...known, { ref, watcher: undefined, watched: one }]
              break
            case "setWatcher":
              table.addWatcher(ref, one.pid, other)
              table.setWatcher(ref, one, other.pid)
              known = [...known, { ref, watcher: one, watched: other }]
              break
            case "oldestMonitor": {
              const [oldest] = monitorsOf(one)
              expect(table.takeOldestMonitor(one)?.ref).toBe(oldest?.ref)
              drop(oldest)
              break
            }
            case "oldestWatcher": {
              const [oldest] = watchersOf(one)
              expect(table.takeOldestWatcher(one)?.ref).toBe(oldest?.ref)
              drop(oldest)
              break
            }
            case "removeNewest": {
              // One of the youngest, of the right process or not
              const meant = known.at(-1 - b)
              const removed = table.removeNewest(meant?.ref ?? 0, one)
              expect(removed).toBe(last !== undefined && meant === last && last.watcher === one)
              if (removed) drop(last)
              else newest = last
              break
            }
            case "takeMonitor": {
              const meant = known.at(-1 - b)
              const mine = meant?.watcher === one ? meant : undefined
              expect(table.takeMonitor(meant?.ref ?? 0, one)?.ref).toBe(mine?.ref)
              drop(mine)
              break
            }
            case "takeWatcher": {
              const meant = known.at(-1 - b)
              const mine = meant?.watched === one ? meant : undefined
              expect(table.takeWatcher(meant?.ref ?? 0, one)?.ref).toBe(mine?.ref)
              drop(mine)
              break
            }
            case "look":
              look()
          }
        }
        look()
      })
    )
  })

  it("keeps no process that has ended, whatever became of its monitors before", async () => {
    setFlagsFromString("--expose-gc")
    const collect: () => void = runInNewContext("gc")
    const table = new MonitorTable()
    const watcher = process(1)
    const gone: Array<WeakRef<ProcessRecord>> = []
    const watch = (end: (ref: number, watched: ProcessRecord) => void) => {
      const watched = process(2)
      gone.push(new WeakRef(watched))
      const ref = gone.length * 2 ** 18
      table.add(ref, watcher, watched, undefined)
      end(ref, watched)
    }
    watch((_, watched) => table.takeOldestWatcher(watched))
    watch((ref) => table.takeMonitor(ref, watcher))
    // Whoever ends takes out all of its monitors, and those on it
    watch((ref, watched) => {
      table.removeNewest(ref, watcher)
      table.takeOldestWatcher(watched)
    })
    watch((ref) => {
      table.removeNewest(ref, watcher)
      table.takeOldestMonitor(watcher)
    })
    // A weak reference holds its object until the job that made it is over
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    expect(gone.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined, undefined])
  })
})
