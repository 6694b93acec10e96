import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Host } from "../../src/process/Host.ts"
import type { Priority, Runnable } from "../../src/run/RunQueue.ts"
import { Timer } from "../../src/run/Timer.ts"
import { TimerWheel, type WheelClock } from "../../src/scheduler/TimerWheel.ts"

/** A clock that only moves when told, and wakes who asked. */
const makeClock = (costly = false) => {
  let now = 1000.25
  let looks = 0
  let waiting: { at: number; wake: () => void } | undefined
  const clock: WheelClock = {
    costly,
    now: () => {
      looks++
      return now
    },
    wakeAfter: (delay, wake) => {
      const mine = { at: now + delay, wake }
      waiting = mine
      return () => {
        if (waiting === mine) waiting = undefined
      }
    }
  }
  const advanceTo = (time: number) => {
    while (waiting !== undefined && waiting.at <= time) {
      const { at, wake } = waiting
      waiting = undefined
      now = Math.max(now, at)
      wake()
    }
    now = Math.max(now, time)
  }
  return {
    clock,
    advanceBy: (milliseconds: number) => advanceTo(now + milliseconds),
    now: () => now,
    looks: () => looks,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    armed: () => waiting !== undefined
  }
}

/** A host as these timers need it: they only use its queue. */
const hostWith = (enqueue: (item: Runnable, priority: Priority) => void) => ({ enqueue }) as unknown as Host

const runAtOnce = hostWith((item) => item.run())

const makeWheel = (clock: WheelClock) => new TimerWheel(clock, (timer) => timer.expire(runAtOnce))

describe("TimerWheel", () => {
  it("what a timer runs stands in the run queue among those of its priority", () => {
    const { advanceBy, clock } = makeClock()
    const queued: Array<Priority> = []
    const host = hostWith((_item, priority) => queued.push(priority))
    const wheel = new TimerWheel(clock, (timer) => timer.expire(host))
    wheel.set(1, () => undefined)
    wheel.set(2, () => undefined, "high")
    wheel.setAt(clock.now() + 3, () => undefined)
    advanceBy(5)
    expect(queued).toEqual(["normal", "high", "normal"])
  })

  it("T01 fires once, not before its delay", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = makeWheel(clock)
    let fired = 0
    wheel.set(10, () => fired++)
    advanceBy(9.9)
    expect(fired).toBe(0)
    advanceBy(1.1)
    expect(fired).toBe(1)
    advanceBy(10_000)
    expect(fired).toBe(1)
  })

  it("T03 cancelling returns what was left, a second time nothing", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = makeWheel(clock)
    let fired = false
    const timer = wheel.set(1000, () => {
      fired = true
    })
    advanceBy(100)
    expect(wheel.cancel(timer)).toBe(900)
    expect(wheel.cancel(timer)).toBeUndefined()
    advanceBy(2000)
    expect(fired).toBe(false)
    expect(wheel.size).toBe(0)
  })

  it("T11 equal deadlines fire in the order they were set", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = makeWheel(clock)
    const order: Array<number> = []
    for (let n = 0; n < 20; n++) wheel.set(5, () => order.push(n))
    advanceBy(10)
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  it("2^31 milliseconds and more are no special case", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = makeWheel(clock)
    let fired = false
    wheel.set(2 ** 31 + 5, () => {
      fired = true
    })
    advanceBy(2 ** 31)
    expect(fired).toBe(false)
    advanceBy(6)
    expect(fired).toBe(true)
  })

  it("T12 any mix of delays, cancels, pauses and timers that set others fires exactly the rest, in order of deadlines", () => {
    const delay = fc.oneof(fc.nat(30), fc.nat(20_000))
    const step = fc.oneof(
      // `follow`: what it sets when it fires
      fc.record({ kind: fc.constant("set" as const), value: delay, follow: fc.option(delay, { nil: undefined }) }),
      fc.record({ kind: fc.constant("cancel" as const), value: fc.nat(20) }),
      fc.record({ kind: fc.constant("pass" as const), value: fc.oneof(fc.nat(20), fc.nat(9000)) }),
      // The scheduler was busy: timers of many milliseconds are due when it looks
      fc.record({ kind: fc.constant("late" as const), value: fc.oneof(fc.nat(20), fc.nat(9000)) })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const { advanceBy, clock, now, pass } = makeClock()
        const wheel = makeWheel(clock)
        const fired: Array<{ id: number; deadline: number; due: number; at: number }> = []
        const open = new Map<number, { timer: ReturnType<TimerWheel["set"]>; deadline: number; due: number }>()
        let id = 0
        // `earliest`: a millisecond whose timers fire gets no more of them
        const set = (delay: number, follow: number | undefined, earliest = 0) => {
          const mine = id++
          const deadline = now() + delay
          const due = Math.max(Math.ceil(deadline), earliest)
          const timer = wheel.set(delay, () => {
            fired.push({ id: mine, deadline, due, at: now() })
            open.delete(mine)
            if (follow !== undefined) set(follow, undefined, Math.floor(now()) + 1)
          })
          open.set(mine, { timer, deadline, due })
        }
        for (const one of steps) {
          const { kind, value } = one
          if (kind === "set") set(value, one.follow)
          else if (kind === "cancel") {
            const [victim] = [...open.keys()].slice(value)
            const found = victim === undefined ? undefined : open.get(victim)
            if (victim === undefined || found === undefined) continue
            // Whole milliseconds
            expect(wheel.cancel(found.timer)).toBe(Math.max(0, found.due - Math.ceil(now())))
            open.delete(victim)
          } else if (kind === "pass") advanceBy(value)
          else {
            pass(value)
            wheel.advance()
          }
          for (const { deadline } of open.values()) expect(deadline).toBeGreaterThan(now() - 1)
        }
        advanceBy(100_000)
        expect(open.size).toBe(0)
        for (const { at, deadline } of fired) expect(at).toBeGreaterThanOrEqual(deadline)
        // Deadlines are whole milliseconds; within one, the order is that in which they were set
        const inOrder = fired.toSorted((a, b) => a.due - b.due || a.id - b.id)
        expect(fired.map(({ id }) => id)).toEqual(inOrder.map(({ id }) => id))
      }),
      { numRuns: 200 }
    )
  })

  it("timers of a turn get their deadlines at its next look at the clock: late by that, never early, in order", () => {
    const { advanceBy, clock, looks, now, pass } = makeClock(true)
    const wheel = makeWheel(clock)
    const fired: Array<{ id: string; at: number }> = []
    const set = (id: string, delay: number) => wheel.set(delay, () => fired.push({ id, at: now() }))
    wheel.turnBegins()
    const before = looks()
    set("b", 10)
    set("a", 9)
    const dropped = set("dropped", 5)
    set("c", 10)
    expect(wheel.cancel(dropped)).toBe(5)
    expect(looks()).toBe(before)
    pass(2)
    wheel.turnEnds(now())
    const end = now()
    advanceBy(8.9)
    expect(fired).toEqual([])
    advanceBy(5)
    expect(fired.map(({ id }) => id)).toEqual(["a", "b", "c"])
    for (const { at } of fired.slice(1)) expect(at).toBeGreaterThanOrEqual(end + 10)
    expect(wheel.size).toBe(0)
  })

  it("T11 equal deadlines fire in the order they were set, also when the turn has looked at the clock in between", () => {
    const { advanceBy, clock, now, pass } = makeClock(true)
    const wheel = makeWheel(clock)
    const order: Array<string> = []
    const set = (id: string) => wheel.set(10, () => order.push(id))
    wheel.turnBegins()
    set("with its deadline")
    for (const id of ["seen", "seen later", "fresh"]) {
      pass(0.125)
      wheel.look(now())
      set(id)
    }
    wheel.turnEnds(now())
    advanceBy(12)
    expect(order).toEqual(["with its deadline", "seen", "seen later", "fresh"])
  })

  it("a timer that was set before a long handler, within a millisecond of others, does not wait longer for it", () => {
    const { clock, now, pass } = makeClock(true)
    const wheel = makeWheel(clock)
    const fired: Array<string> = []
    const set = (id: string, delay: number) => wheel.set(delay, () => fired.push(id))
    wheel.turnBegins()
    set("first", 1000)
    wheel.look(now())
    pass(0.25)
    set("second", 1000)
    wheel.look(now())
    set("behind the look", 1000)
    pass(3000)
    wheel.look(now())
    expect(fired).toEqual(["first", "second"])
    pass(1001)
    wheel.look(now())
    expect(fired).toEqual(["first", "second", "behind the look"])
  })

  it("T01 no look of a turn finds a timer that is not due, or leaves one that has been for a millisecond", () => {
    const step = fc.record({
      delays: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }),
      passes: fc.double({ min: 0, max: 3, noNaN: true }),
      ends: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const { clock, now, pass } = makeClock(true)
        const wheel = makeWheel(clock)
        const waiting = new Map<number, { delay: number; set: number; seen?: number }>()
        let ids = 0
        const looks = (look: (time: number) => void) => {
          const time = now()
          for (const timer of waiting.values()) timer.seen ??= time
          look(time)
          for (const { delay, seen = time } of waiting.values()) {
            expect(time).toBeLessThan(Math.ceil(seen + 1 + delay))
          }
        }
        wheel.turnBegins()
        for (const { delays, ends, passes } of steps) {
          for (const delay of delays) {
            const id = ids++
            const set = now()
            waiting.set(id, { delay, set })
            wheel.set(delay, () => {
              waiting.delete(id)
              expect(now()).toBeGreaterThanOrEqual(set + delay)
            })
          }
          pass(passes)
          looks((time) => (ends ? wheel.turnEnds(time) : wheel.look(time)))
          if (ends) wheel.turnBegins()
        }
        expect(wheel.size).toBe(waiting.size)
      }),
      { numRuns: 300 }
    )
  })

  it("whoever asks for the time sees timers of the turn as set before that", () => {
    const { clock, now, advanceBy } = makeClock(true)
    const wheel = makeWheel(clock)
    const fired: Array<string> = []
    wheel.turnBegins()
    wheel.set(10, () => fired.push("first"))
    const at = wheel.now() + 10
    wheel.setAt(at, () => fired.push("second"))
    const third = wheel.set(10, () => fired.push("third"))
    expect(wheel.left(third)).toBe(10)
    wheel.turnEnds(now())
    advanceBy(12)
    expect(fired).toEqual(["first", "second", "third"])
  })

  it("outside of a turn a timer has its deadline at once", () => {
    const { armed, clock, pass } = makeClock(true)
    const wheel = makeWheel(clock)
    const timer = wheel.set(10, () => undefined)
    expect(armed()).toBe(true)
    pass(4)
    expect(wheel.left(timer)).toBe(6)
    wheel.clear(timer)
    expect(wheel.left(timer)).toBe(undefined)
  })

  it("a timer that its owner keeps tells once for each time it was set, and nothing once it is stopped", () => {
    const { advanceBy, clock } = makeClock()
    const queue: Array<Runnable> = []
    const host = hostWith((item) => queue.push(item))
    const wheel = new TimerWheel(clock, (timer) => timer.expire(host))
    let told = 0
    const timer = new Timer({ priority: "normal", expired: () => told++ })
    wheel.start(timer, 10)
    wheel.start(timer, 20)
    advanceBy(15)
    expect(queue.length).toBe(0)
    advanceBy(10)
    expect(queue.length).toBe(1)
    // Due, but its turn in the queue has not come: it can be stopped, and set anew
    expect(wheel.cancel(timer)).toBe(0)
    wheel.start(timer, 5)
    for (const one of queue.splice(0)) one.run()
    expect(told).toBe(0)
    advanceBy(10)
    for (const one of queue.splice(0)) one.run()
    for (const one of queue.splice(0)) one.run()
    expect(told).toBe(1)
    expect(wheel.cancel(timer)).toBe(undefined)
    expect(wheel.size).toBe(0)
  })

  it("T11, T12 order holds for deadlines that come down from the coarse wheel", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(60_000), pass: fc.oneof(fc.nat(20), fc.nat(9000)) }), {
          maxLength: 60,
          size: "max"
        }),
        (steps) => {
          const { advanceBy, clock, now } = makeClock()
          const wheel = makeWheel(clock)
          const start = now()
          const set: Array<{ deadline: number; id: number }> = []
          const fired: Array<{ deadline: number; id: number }> = []
          for (const [id, { at, pass }] of steps.entries()) {
            // Few different deadlines, so that many are equal however far away they were set
            const deadline = Math.max(now(), start + Math.floor(at / 2048) * 2048)
            const one = { deadline, id }
            set.push(one)
            wheel.setAt(deadline, () => {
              expect(now()).toBeGreaterThanOrEqual(deadline)
              fired.push(one)
            })
            advanceBy(pass)
          }
          advanceBy(100_000)
          const expected = [...set].sort((a, b) => a.deadline - b.deadline || a.id - b.id)
          expect(fired.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
        }
      ),
      { numRuns: 300 }
    )
  })

  it("timers that nobody wants any more cost no look at the clock and no work when turns end", () => {
    const { clock, looks, now } = makeClock(true)
    const wheel = makeWheel(clock)
    for (let turn = 0; turn < 100; turn++) {
      wheel.turnBegins()
      const timers = Array.from({ length: 10 }, () => wheel.set(5000, () => undefined))
      for (const timer of timers) wheel.clear(timer)
      wheel.turnEnds(now())
    }
    // The constructor's
    expect(looks()).toBe(1)
    expect(wheel.size).toBe(0)
  })
})
