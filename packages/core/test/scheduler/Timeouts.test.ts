import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Host } from "../../src/process/Host.ts"
import { fresh, idle, listed, Timed, type Timeout } from "../../src/run/Timer.ts"
import { TimerWheel } from "../../src/scheduler/TimerWheel.ts"

/** A wheel in a turn, whose clock moves when told, and timeouts that note when they are over. */
const makeTurn = () => {
  let now = 1000.25
  let waking: { readonly at: number; readonly wake: () => void } | undefined
  const over: Array<number> = []
  const wheel = new TimerWheel(
    {
      costly: true,
      now: () => now,
      wakeAfter: (delay, wake) => {
        const mine = { at: now + delay, wake }
        waking = mine
        return () => {
          if (waking === mine) waking = undefined
        }
      }
    },
    // They need no host
    (timer) => timer.expire(undefined as unknown as Host)
  )
  class Noted extends Timed implements Timeout {
    look = 0
    entered = false
    private readonly id: number
    constructor(id: number) {
      super()
      this.id = id
    }
    override expire(): void {
      over.push(this.id)
    }
  }
  wheel.turnBegins()
  return {
    wheel,
    over,
    now: () => now,
    waking: () => waking,
    /** Lets time pass until the wheel is woken. Returns the time. */
    wake: () => {
      const { at, wake } = waking ?? { at: Number.POSITIVE_INFINITY, wake: () => undefined }
      waking = undefined
      now = at
      wake()
      return now
    },
    make: (id = 0) => new Noted(id),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    look: (milliseconds: number) => {
      now += milliseconds
      wheel.look(now)
    },
    endTurn: () => wheel.turnEnds(now)
  }
}

describe("Timeouts", () => {
  it("a timeout is never over early, and is by a look a millisecond after its time, however often it was set before", () => {
    const delay = fc.oneof(fc.integer({ min: 40, max: 130 }), fc.constant(5000))
    const step = fc.record({
      set: fc.array(fc.record({ which: fc.nat(5), delay }), { maxLength: 3 }),
      cleared: fc.array(fc.nat(5), { maxLength: 2 }),
      passes: fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 200, noNaN: true })),
      ends: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const { look, make, endTurn, now, over, wheel } = makeTurn()
        const timeouts = Array.from({ length: 6 }, (_, id) => make(id))
        const waiting = new Map<number, { readonly set: number; readonly delay: number; seen?: number }>()
        for (const { cleared, ends, passes, set } of steps) {
          for (const { which, delay } of set) {
            wheel.startTimeout(timeouts[which] as Timeout, delay)
            waiting.set(which, { set: now(), delay })
          }
          for (const which of cleared) {
            wheel.clear(timeouts[which] as Timeout)
            waiting.delete(which)
          }
          look(passes)
          if (ends) endTurn()
          for (const id of over.splice(0)) {
            const timeout = waiting.get(id)
            expect(timeout).toBeDefined()
            if (timeout === undefined) return
            expect(now()).toBeGreaterThanOrEqual(timeout.set + timeout.delay)
            waiting.delete(id)
          }
          for (const timeout of waiting.values()) {
            timeout.seen ??= now()
            expect(now()).toBeLessThan(Math.ceil(timeout.seen + timeout.delay) + 1)
          }
          expect(wheel.size).toBe(waiting.size)
          if (ends) wheel.turnBegins()
        }
      }),
      { numRuns: 500 }
    )
  })

  it("one that was set before a long handler, and seen, does not wait longer for it", () => {
    const { look, make, over, wheel } = makeTurn()
    wheel.startTimeout(make(1), 1000)
    look(0.25)
    wheel.startTimeout(make(2), 1000)
    look(3000)
    look(1)
    expect(over).toEqual([1])
    look(1000)
    expect(over).toEqual([1, 2])
  })

  it("setting and cancelling it again and again touches the wheel once", () => {
    const { look, make, wheel } = makeTurn()
    const timeout = make()
    wheel.startTimeout(timeout, 5000)
    for (let time = 0; time < 100; time++) {
      expect(timeout.state).toBe(listed)
      look(0.125)
      wheel.clear(timeout)
      expect(timeout.state).toBe(idle)
      expect(wheel.size).toBe(0)
      wheel.startTimeout(timeout, 5000)
    }
    expect(timeout.next).toBe(timeout)
    expect(wheel.size).toBe(1)
  })

  it("a short one goes into the wheel at once, and so does one that is set outside of a turn", () => {
    const { endTurn, make, wheel } = makeTurn()
    const short = make()
    wheel.startTimeout(short, 50)
    expect(short.state).toBe(fresh)
    endTurn()
    const outside = make()
    wheel.startTimeout(outside, 5000)
    expect(wheel.left(outside)).toBe(5000)
    expect(outside.entered).toBe(false)
  })

  it("the time that is left is known of one the wheel has not seen yet", () => {
    const { look, make, over, wheel } = makeTurn()
    const timeout = make(7)
    wheel.startTimeout(timeout, 100)
    look(0)
    look(30)
    expect(wheel.left(timeout)).toBe(70)
    expect(wheel.cancel(timeout)).toBe(70)
    look(200)
    expect(over).toEqual([])
  })

  it("a scheduler that falls idle is woken for it, and again only if it is still set", () => {
    const { endTurn, make, over, wake, waking, wheel } = makeTurn()
    const cancelled = make(1)
    const kept = make(2)
    wheel.startTimeout(cancelled, 5000)
    wheel.clear(cancelled)
    endTurn()
    expect(wake()).toBeLessThanOrEqual(1052)
    expect(cancelled.entered).toBe(false)
    expect(waking()).toBe(undefined)
    wheel.turnBegins()
    wheel.startTimeout(kept, 5000)
    endTurn()
    expect(wake()).toBeLessThanOrEqual(1103)
    // For what it has swept it may be woken once more
    if (wake() < 6051) wake()
    expect(over).toEqual([2])
    expect(waking()).toBe(undefined)
  })

  it("thousands that wait at once, and thousands of looks, are no more than the list holds", () => {
    const { look, make, over, wheel } = makeTurn()
    const many = Array.from({ length: 10_000 }, (_, id) => make(id))
    for (const timeout of many) wheel.startTimeout(timeout, 60)
    expect(wheel.size).toBe(many.length)
    for (let looks = 0; looks < 20_000; looks++) look(0.003)
    expect(over.length).toBe(0)
    look(2)
    expect(over.toSorted((a, b) => a - b)).toEqual(many.map((_, id) => id))
    expect(wheel.size).toBe(0)
  })
})
