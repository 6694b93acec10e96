import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TimerWheel, type WheelClock } from "../../src/scheduler/TimerWheel.ts"

/** A clock that only moves when told, and wakes who asked. */
const makeClock = () => {
  let now = 1000.25
  let waiting: { at: number; wake: () => void } | undefined
  const clock: WheelClock = {
    now: () => now,
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
    armed: () => waiting !== undefined
  }
}

describe("TimerWheel", () => {
  it("T01 fires once, not before its delay", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = new TimerWheel(clock)
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
    const wheel = new TimerWheel(clock)
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
    const wheel = new TimerWheel(clock)
    const order: Array<number> = []
    for (let n = 0; n < 20; n++) wheel.set(5, () => order.push(n))
    advanceBy(10)
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  it("2^31 milliseconds and more are no special case", () => {
    const { advanceBy, clock } = makeClock()
    const wheel = new TimerWheel(clock)
    let fired = false
    wheel.set(2 ** 31 + 5, () => {
      fired = true
    })
    advanceBy(2 ** 31)
    expect(fired).toBe(false)
    advanceBy(6)
    expect(fired).toBe(true)
  })

  it("T12 any mix of delays, cancels and pauses fires exactly the rest, in order of deadlines", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), value: fc.oneof(fc.nat(30), fc.nat(20_000)) }),
      fc.record({ kind: fc.constant("cancel" as const), value: fc.nat(20) }),
      fc.record({ kind: fc.constant("pass" as const), value: fc.oneof(fc.nat(20), fc.nat(9000)) })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { advanceBy, clock, now } = makeClock()
        const wheel = new TimerWheel(clock)
        const fired: Array<{ id: number; deadline: number; at: number }> = []
        const open = new Map<number, { timer: ReturnType<TimerWheel["set"]>; deadline: number }>()
        let id = 0
        for (const { kind, value } of steps) {
          if (kind === "set") {
            const mine = id++
            const deadline = now() + value
            const timer = wheel.set(value, () => {
              fired.push({ id: mine, deadline, at: now() })
              open.delete(mine)
            })
            open.set(mine, { timer, deadline })
          } else if (kind === "cancel") {
            const [victim] = [...open.keys()].slice(value)
            const found = victim === undefined ? undefined : open.get(victim)
            if (victim === undefined || found === undefined) continue
            expect(wheel.cancel(found.timer)).toBeCloseTo(Math.max(0, found.deadline - now()), 6)
            open.delete(victim)
          } else advanceBy(value)
          for (const { deadline } of open.values()) expect(deadline).toBeGreaterThan(now() - 1)
        }
        advanceBy(100_000)
        expect(open.size).toBe(0)
        for (const { at, deadline } of fired) expect(at).toBeGreaterThanOrEqual(deadline)
        // One host wake-up serves a whole millisecond, so order is by deadline within and across
        for (let n = 1; n < fired.length; n++) {
          const [before, after] = [fired[n - 1]!, fired[n]!]
          if (before.at === after.at) expect(before.deadline).toBeLessThanOrEqual(after.deadline)
        }
      }),
      { numRuns: 200 }
    )
  })
})
