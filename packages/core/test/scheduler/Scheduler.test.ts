/** What a scheduler tells of those that hold it up. Its clock is the test's: time passes when an item says so. */

import { describe, expect, it } from "vitest"
import { mostReferences } from "../../src/address/Pid.ts"
import type { Runnable } from "../../src/run/RunQueue.ts"
import { Scheduler } from "../../src/scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../../src/scheduler/SchedulerEvent.ts"
import type { Uplink } from "../../src/scheduler/Uplink.ts"

/** A scheduler whose turns run when `turn` is called, with what it reports. */
const stage = () => {
  let now = 0
  let looks = 0
  let next: (() => void) | undefined
  const events: Array<SchedulerEvent> = []
  const exchanges: Array<number> = []
  const trace = new Float64Array(2)
  const scheduler = new Scheduler({
    slot: 3,
    incarnation: 5,
    clock: {
      now: () => {
        looks++
        return now
      },
      wakeAfter: () => () => undefined
    },
    nextTurn: (turn) => {
      next = turn
    },
    freeze: false,
    trace,
    limits: { longHandler: 100, longTurn: 200, longMailbox: Number.POSITIVE_INFINITY }
  })
  let waited = 0
  const waits: Array<number> = []
  // All that a scheduler without processes asks of it
  scheduler.attach({
    beginTurn: () => undefined,
    exchange: () => {
      exchanges.push(now)
      return false
    },
    busyWait: () => {
      const [time = 0] = waits.splice(0, 1)
      now += time
      waited += time
      return time > 0
    },
    get waited() {
      return waited
    },
    endOfTurn: () => false,
    report: (event: SchedulerEvent) => void events.push(event)
  } as unknown as Uplink)
  /** A process, as far as the run queue knows: it says who it is, and takes its time. */
  const process = (serial: number, takes: number): Runnable => ({
    run: () => {
      trace[0] = serial
      now += takes
    }
  })
  return {
    events,
    exchanges,
    process,
    scheduler,
    now: () => now,
    looks: () => looks,
    /** The next times there is nothing to run, it looks for signals for so long each, and something comes. */
    waits: (...times: ReadonlyArray<number>) => void waits.push(...times),
    /** Runs turns until there is nothing to do. */
    run: (...items: ReadonlyArray<Runnable | (() => void)>) => {
      for (const item of items) scheduler.enqueue(item, "normal")
      while (next !== undefined) {
        const turn = next
        next = undefined
        turn()
      }
    }
  }
}

const quick = (process: (serial: number, takes: number) => Runnable, count: number) =>
  Array.from({ length: count }, (_, n) => process(1000 + n, 0.001))

describe("Scheduler", () => {
  it("names a process that was slow when it was woken alone", () => {
    const { events, process, run } = stage()
    run(process(42, 150))
    expect(events).toMatchObject([{ _tag: "LongHandler", slot: 3, milliseconds: 150, items: 1 }])
    expect(String(events[0]?._tag === "LongHandler" && events[0].pid)).toBe("<3.5.42>")
  })

  it("says nothing of what is below the limit, however much of it there is", () => {
    const { events, process, run } = stage()
    run(...Array.from({ length: 1000 }, (_, n) => process(n + 1, 99)))
    expect(events).toEqual([])
  })

  it("tells one slow process among quick ones, and among how many, without blaming another", () => {
    const { events, process, run } = stage()
    run(...quick(process, 200), process(42, 150), ...quick(process, 200))
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ _tag: "LongHandler", pid: undefined })
    expect(events[0]?._tag === "LongHandler" && events[0].items).toBeGreaterThan(1)
  })

  it("names it when it is slow again", () => {
    const { events, process, run } = stage()
    run(...quick(process, 200), process(42, 110), ...quick(process, 5000), process(42, 110), ...quick(process, 9))
    expect(events.map((event) => event._tag === "LongHandler" && String(event.pid))).toEqual(["undefined", "<3.5.42>"])
  })

  it("what is meant for other schedulers gets there after a few items, however slow, and not after dozens", () => {
    const { exchanges, now, process, run, scheduler } = stage()
    let sent = 0
    const send = () => {
      sent = now()
      scheduler.hasten()
    }
    run(...quick(process, 200), send, ...Array.from({ length: 100 }, (_, n) => process(n + 1, 2)))
    const seen = exchanges.find((time) => time >= sent)
    expect((seen ?? Number.POSITIVE_INFINITY) - sent).toBeLessThanOrEqual(4 * 2)
  })

  it("a process that many messages wait for goes on at once, for sixteen slices at most", () => {
    const { run, scheduler } = stage()
    const order: Array<string> = []
    let slices = 40
    const crowded: Runnable = {
      run: () => {
        order.push("crowded")
        if (--slices > 0) scheduler.again(crowded, "normal", scheduler.slice / 2)
      }
    }
    const others = Array.from({ length: 3 }, () => () => void order.push("other"))
    run(crowded, ...others)
    const firstOthers = order.indexOf("other")
    expect(firstOthers).toBe(16)
    expect(order.slice(16, 19)).toEqual(["other", "other", "other"])
    expect(order).toHaveLength(43)
  })

  it("a process that fewer wait for, or whose slices take long, is behind the others after each slice", () => {
    for (const { takes, waiting } of [
      { waiting: 63, takes: 0 },
      { waiting: 1000, takes: 0.3 }
    ]) {
      const { process, run, scheduler } = stage()
      const order: Array<string> = []
      const slow = process(42, takes)
      let slices = 3
      const busy: Runnable = {
        run: () => {
          slow.run()
          order.push("busy")
          if (--slices > 0) scheduler.again(busy, "normal", waiting)
        }
      }
      run(busy, () => void order.push("other"))
      // One slice more than fits the time is not known before it has been run
      expect(order.lastIndexOf("other")).toBeLessThanOrEqual(takes === 0 ? 1 : 2)
    }
  })

  /** What each of so many slices in a row was told at its end, in one item. */
  const slicesOf = (scheduler: Scheduler, count: number) =>
    Array.from({ length: count }, () => {
      scheduler.inlineReductions += scheduler.slice
      return scheduler.extendsSlice()
    })

  it("a process that nobody waits behind has one slice after another, for 2,048 reductions, and each of them counts", () => {
    const { run, scheduler } = stage()
    const told: Array<boolean> = []
    const before = scheduler.reductions
    const alone = () => {
      told.push(...slicesOf(scheduler, 17))
    }
    run(alone)
    expect(told.indexOf(false)).toBe(2048 / scheduler.slice)
    expect(scheduler.reductions - before).toBe(17 * scheduler.slice + 1)
    // The next item begins anew
    told.length = 0
    run(alone)
    expect(told.indexOf(false)).toBe(2048 / scheduler.slice)
  })

  it("a process that somebody waits behind, of whatever priority, has one slice", () => {
    for (const priority of ["max", "high", "normal", "low"] as const) {
      const { run, scheduler } = stage()
      const told: Array<boolean> = []
      run(() => {
        told.push(...slicesOf(scheduler, 1))
        scheduler.enqueue(() => undefined, priority)
        told.push(...slicesOf(scheduler, 2))
      })
      expect(told).toEqual([true, false, false])
    }
  })

  it("references stay exact and different when their counter has gone as far as it can", () => {
    const { scheduler } = stage()
    const first = scheduler.nextReference()
    Reflect.set(scheduler, "reference", mostReferences - 2)
    const references = Array.from({ length: 4 }, () => scheduler.nextReference())
    expect(references.every(Number.isSafeInteger)).toBe(true)
    expect(new Set(references).size).toBe(4)
    expect(references[2]).toBe(first)
  })

  it("code that is no process's is told without a pid", () => {
    const { events, process, run } = stage()
    const { scheduler } = stage()
    expect(scheduler.trace[0]).toBe(0)
    run(process(42, 1), () => process(0, 150).run())
    expect(events).toMatchObject([{ _tag: "LongHandler", pid: undefined, items: 1 }])
  })

  it("tells a turn that kept the event loop waiting", () => {
    const { events, process, run } = stage()
    run(process(42, 250))
    expect(events.map((event) => event._tag)).toEqual(["LongHandler", "LongTurn"])
    expect(events[1]).toMatchObject({ slot: 3, milliseconds: 250, items: 1 })
  })

  it("holds nobody to account for the time in which it looked for signals", () => {
    const { events, process, run, scheduler, waits } = stage()
    waits(300, 150)
    run(process(42, 1), process(43, 1))
    expect(scheduler.trace[0]).toBe(0)
    expect(events).toEqual([])
  })

  it("looks at the clock once in 64 quick items", () => {
    const { looks, process, run } = stage()
    run(...quick(process, 4000))
    expect(looks()).toBeLessThan(90)
  })

  it("shows nobody as running between turns", () => {
    const { process, run, scheduler } = stage()
    run(process(42, 1))
    expect(scheduler.trace[0]).toBe(0)
  })
})
