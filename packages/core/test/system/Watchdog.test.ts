/** The watchdog's judgement, without time: heartbeats and clock readings go in, verdicts come out. */
import { describe, expect, it } from "vitest"
import { Watchdog } from "../../src/system/threads/Watchdog.ts"

const limit = 1000
const period = 250

/** Looks every period, while the heartbeat is what `beats` says; gives the verdicts. */
const watch = (watchdog: Watchdog, beats: ReadonlyArray<number>, from = 0, every = period) =>
  beats.map((beat, index) => watchdog.look(beat, from + index * every))

const still = (looks: number) => new Array<number>(looks).fill(7)

describe("Watchdog", () => {
  it("says nothing of a scheduler that turns, however long", () => {
    const beats = Array.from({ length: 100 }, (_, n) => n)
    expect(new Set(watch(new Watchdog(limit, period), beats))).toEqual(new Set(["turning"]))
  })

  it("says once that one is held up for the limit, and that it is over at twice the limit", () => {
    const verdicts = watch(new Watchdog(limit, period), still(9))
    expect(verdicts).toEqual(["turning", "held", "held", "held", "blocked", "held", "held", "held", "over"])
  })

  it("a scheduler that comes back in time starts anew, and is told again the next time", () => {
    const watchdog = new Watchdog(limit, period)
    expect(watch(watchdog, still(8)).filter((verdict) => verdict === "blocked")).toHaveLength(1)
    expect(watchdog.look(8, 8 * period)).toBe("turning")
    expect(watchdog.held).toBe(0)
    expect(watch(watchdog, new Array<number>(8).fill(8), 9 * period)).toEqual([
      "held",
      "held",
      "held",
      "blocked",
      "held",
      "held",
      "held",
      "over"
    ])
  })

  it("time in which nobody could look does not count: the whole program was held up", () => {
    const watchdog = new Watchdog(limit, period)
    expect(watch(watchdog, still(2), 0, 3_600_000)).toEqual(["turning", "held"])
    expect(watchdog.held).toBe(2 * period)
  })

  it("a limit of Infinity is never reached", () => {
    expect(watch(new Watchdog(Number.POSITIVE_INFINITY, period), still(1000)).slice(1)).toEqual(
      new Array(999).fill("held")
    )
  })
})
