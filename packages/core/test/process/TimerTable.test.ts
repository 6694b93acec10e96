import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Alias } from "../../src/address/Alias.ts"
import { Name } from "../../src/address/Name.ts"
import { PidImpl, referenceUnit } from "../../src/address/Pid.ts"
import * as ExitReason from "../../src/exit/ExitReason.ts"
import type { Host } from "../../src/process/Host.ts"
import type { Runnable } from "../../src/run/RunQueue.ts"
import { TimerWheel } from "../../src/scheduler/TimerWheel.ts"
import type { TimerRef } from "../../src/signal/Signal.ts"
import { ExitTimer, RunTimer, SendTimer, type TimerEntry } from "../../src/timer/TimerEntry.ts"
import { TimerTable } from "../../src/timer/TimerTable.ts"

/**
 * A scheduler as far as timers need one, whose clock moves when told. Names of receivers are noted when timers fire. `deferred`: whether
 * it has a run queue, and does not run at once what comes into it.
 */
const makeScheduler = (costly: boolean, deferred = false) => {
  const fired: Array<string> = []
  const referenceRest = 64 + 3
  let counter = 1
  let now = 1000.25
  const wheel = new TimerWheel({ costly, now: () => now, wakeAfter: () => () => undefined }, (timer) => {
    timer.expire(host as unknown as Host)
  })
  const living = new Set<number>()
  const later: Array<() => void> = []
  const host = {
    slot: 3,
    incarnation: 1,
    processes: { has: (serial: number) => living.has(serial), get: () => undefined },
    referenceRest,
    nextReference: () => counter++ * referenceUnit + referenceRest,
    enqueue: (item: Runnable | (() => void)) => {
      if (deferred) later.push(typeof item === "function" ? item : () => item.run())
      else if (typeof item === "function") item()
      else item.run()
    },
    directory: {
      // Asked when a message is on its way: nobody holds the name
      whereis: (_table: string, key: string) => {
        fired.push(key)
        return undefined
      }
    }
  }
  const table = new TimerTable(host as unknown as Host, wheel)
  Object.assign(host, { timerRefs: table })
  wheel.hold(table)
  wheel.turnBegins()
  /** Runs what was put into the run queue. */
  const schedule = () => {
    for (const item of later.splice(0)) item()
  }
  return {
    fired,
    living,
    schedule,
    table,
    wheel,
    send: (id: number, delay: number) => table.send(new Name("", String(id), undefined), "message", delay),
    now: () => now,
    look: (milliseconds: number) => {
      now += milliseconds
      wheel.look(now)
      schedule()
    },
    /** References that others get. */
    skip: (count: number) => {
      counter += count
    }
  }
}

type Scheduler = ReturnType<typeof makeScheduler>

/** A timer as it should be. */
interface Expected {
  readonly id: number
  readonly ref: number | undefined
  readonly delay: number
  /** From the first look at the clock on. */
  deadline: number | undefined
  over: boolean
}

/** What timers should do, beside those that do it. */
const makeModel = ({ fired, now }: Scheduler, costly: boolean) => {
  const timers: Array<Expected> = []
  const expected: Array<string> = []
  const stamp = () => {
    for (const timer of timers) timer.deadline ??= Math.ceil(now() + timer.delay)
  }
  return {
    timers,
    stamp,
    set: (ref: number | undefined, delay: number) => {
      timers.push({ id: timers.length, ref, delay, deadline: undefined, over: false })
      if (!costly) stamp()
    },
    look: () => {
      stamp()
      const due = timers.filter(({ deadline = 0, over }) => !over && deadline <= now())
      due.sort((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0) || a.id - b.id)
      for (const timer of due) {
        timer.over = true
        expected.push(String(timer.id))
      }
      expect(fired).toEqual(expected)
    },
    left: ({ deadline, delay, over }: Expected) => {
      if (over) return undefined
      return deadline === undefined ? delay : Math.max(0, deadline - Math.ceil(now()))
    }
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), value: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("other" as const), value: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("later" as const), value: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("cancel" as const), value: fc.nat(80) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("read" as const), value: fc.nat(80) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("look" as const), value: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("skip" as const), value: fc.nat(70) }) }
)

describe("TimerTable", () => {
  for (const costly of [true, false]) {
    it(`sets, cancels, reads and fires as if it held nothing back, costly clock: ${costly}`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
          const scheduler = makeScheduler(costly)
          const { fired, look, send, skip, table, wheel } = scheduler
          const model = makeModel(scheduler, costly)
          const { timers } = model
          for (const { kind, value } of steps) {
            const id = timers.length
            // The newest first: what is cancelled soon is what matters most
            const chosen = timers[timers.length - 1 - value]
            if (kind === "send") model.set(send(id, value), value)
            else if (kind === "other") {
              wheel.set(value, () => fired.push(String(id)))
              model.set(undefined, value)
            } else if (kind === "later") {
              const ref = table.nextRef()
              table.start(new RunTimer(() => fired.push(String(id))), ref, value)
              model.set(ref, value)
            } else if (kind === "skip") skip(value)
            else if (kind === "look") {
              look(value)
              model.look()
            } else if (chosen?.ref !== undefined) {
              if (kind === "read") {
                // Who reads looks at the clock, unless there is nothing to be read
                if (!chosen.over) model.stamp()
                expect(table.left(chosen.ref)).toBe(model.left(chosen))
              } else {
                expect(table.cancel(chosen.ref)).toBe(model.left(chosen))
                chosen.over = true
              }
            }
            expect(wheel.size).toBe(timers.filter(({ over }) => !over).length)
          }
          // The first look may be the one that gives deadlines
          for (let looks = 0; looks < 2; looks++) {
            look(1000)
            model.look()
          }
          expect(wheel.size).toBe(0)
          for (const { ref } of timers) if (ref !== undefined) expect(table.cancel(ref)).toBe(undefined)
        }),
        { numRuns: 500 }
      )
    })
  }

  it("knows no other references than those of timers that are set", () => {
    const { send, table } = makeScheduler(true)
    const first = send(0, 10)
    const second = send(1, 20)
    for (const ref of [
      0,
      -1,
      Number.NaN,
      0.5,
      Number.POSITIVE_INFINITY,
      first + 1,
      second - 1,
      second + referenceUnit
    ]) {
      expect(table.cancel(ref)).toBe(undefined)
      expect(table.left(ref)).toBe(undefined)
    }
    expect(table.cancel(first)).toBe(10)
    expect(table.cancel(second)).toBe(20)
    expect(table.cancel(second)).toBe(undefined)
  })

  it("lets go of timers for processes that have ended, when there are many, and of no others", () => {
    const { living, schedule, table, look, wheel } = makeScheduler(true, true)
    const pidOf = (serial: number) => new PidImpl(3, 1, serial, undefined)
    const elsewhere = new PidImpl(2, 1, 1, undefined)
    const fired: Array<string> = []
    const start = (entry: TimerEntry) => {
      const ref = table.nextRef()
      table.start(entry, ref, 10_000)
      return ref
    }
    living.add(1)
    const kept = [
      start(new ExitTimer(pidOf(1), ExitReason.normal)),
      start(new ExitTimer(elsewhere, ExitReason.normal)),
      start(new RunTimer(() => fired.push("code"))),
      start(new SendTimer(new Name("", "name", undefined), "message")),
      start(new SendTimer(new Alias(pidOf(1), 7, undefined), "message"))
    ]
    const ended: Array<TimerRef> = []
    for (let count = 0; count < 600; count++) {
      ended.push(start(new ExitTimer(pidOf(2), ExitReason.normal)))
      ended.push(start(new SendTimer(new Alias(pidOf(2), 7, undefined), "message")))
      // In between, others come and go
      if (count % 2 === 0) expect(table.cancel(table.send(pidOf(2), "message", 50))).toBe(50)
    }
    schedule()
    // Those that were set since are looked at when there are many again
    expect(ended.filter((ref) => table.left(ref) !== undefined).length).toBeLessThan(200)
    expect(kept.map((ref) => table.left(ref))).toEqual(kept.map(() => 10_000))
    expect(wheel.size).toBeLessThan(200)
    for (const ref of kept.filter((_, index) => index !== 2 && index !== 3)) expect(table.cancel(ref)).toBe(10_000)
    look(10_001)
    look(1)
    expect(fired).toEqual(["code"])
    expect(wheel.size).toBe(0)
  })

  it("finds timers whose references were taken before those of others", () => {
    const { send, skip, table } = makeScheduler(true)
    const before = send(0, 10)
    const early = table.nextRef()
    skip(100)
    const late = send(1, 20)
    table.start(new RunTimer(() => undefined), early, 30)
    const last = send(2, 40)
    expect(table.left(before)).toBe(10)
    expect(table.cancel(late)).toBe(20)
    expect(table.cancel(early)).toBe(30)
    expect(table.cancel(last)).toBe(40)
    expect(table.cancel(before)).toBe(10)
  })
})
