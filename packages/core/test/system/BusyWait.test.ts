/** When a scheduler looks for signals before it sleeps: while that pays, and not otherwise. */
import { describe, expect, it } from "vitest"
import { BusyWait } from "../../src/system/BusyWait.ts"

/** Sleeps and is woken after so many milliseconds each, one after the other. */
const sleeps = (busyWait: BusyWait, ...durations: ReadonlyArray<number>): void => {
  let now = 0
  for (const duration of durations) {
    busyWait.sleep(now)
    now += duration
    busyWait.woken(now)
  }
}

describe("BusyWait", () => {
  it("does not look before it has slept, nor after long sleeps", () => {
    const busyWait = new BusyWait("short")
    expect(busyWait.budget).toBe(0)
    sleeps(busyWait, 1000, 5, 1, 0.3, 20)
    expect(busyWait.budget).toBe(0)
  })

  it("looks after short sleeps in a row, but not after one", () => {
    const busyWait = new BusyWait("short")
    sleeps(busyWait, 0.1, 10, 0.1, 10)
    expect(busyWait.budget).toBe(0)
    sleeps(busyWait, 0.1, 0.05)
    expect(busyWait.budget).toBeGreaterThan(0)
  })

  it("goes on while it pays and gives up when it does not", () => {
    const busyWait = new BusyWait("short")
    sleeps(busyWait, 0.1, 0.1)
    for (let look = 0; look < 1000; look++) {
      expect(busyWait.budget).toBeGreaterThan(0)
      if (look % 3 === 0) busyWait.paid()
      else busyWait.missed()
    }
    let misses = 0
    for (; busyWait.budget > 0 && misses < 100; misses++) busyWait.missed()
    expect(misses).toBeLessThan(10)
    sleeps(busyWait, 50, 50)
    expect(busyWait.budget).toBe(0)
  })

  it("looks longer when told to, and never when told not to", () => {
    const [none, short, long] = [new BusyWait("none"), new BusyWait("short"), new BusyWait("long")]
    for (const one of [none, short, long]) {
      sleeps(one, 0.01, 0.01)
      one.paid()
    }
    expect(none.budget).toBe(0)
    expect(long.budget).toBeGreaterThan(short.budget)
  })
})
