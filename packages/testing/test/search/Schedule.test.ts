/** Schedules as values: tokens, shrinking, and as an arbitrary. */
import * as ExitReason from "@understudy/core/ExitReason"
import { Schedule } from "@understudy/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { placeOf } from "../../src/choices/Schedule.ts"
import { shrink } from "../../src/search/Shrink.ts"

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

const name = fc.constantFrom("test/ann", "test/bob#2", "0->1", "scheduler 1", "time", "naïve ☃")
const nth = fc.integer({ min: 1, max: 1000 })
const fault = fc.oneof(
  fc.record({ kind: fc.constant("kill" as const), target: name }),
  fc.record({ kind: fc.constant("exit" as const), target: name, reason: fc.constant(ExitReason.shutdown) }),
  fc.record({ kind: fc.constant("killScheduler" as const), slot: nth }),
  fc.record({ kind: fc.constant("hold" as const), edge: name, steps: nth }),
  fc.record({ kind: fc.constant("pause" as const), slot: nth, steps: nth }),
  fc.record({ kind: fc.constant("delay" as const), target: name, steps: nth }),
  fc.record({ kind: fc.constant("slow" as const), milliseconds: nth })
)
const deviation: fc.Arbitrary<Schedule.Deviation> = fc.oneof(
  fc.record({ _tag: fc.constant("Pick" as const), of: name, nth, instead: name }),
  fc.record({ _tag: fc.constant("Preempt" as const), of: name, nth }),
  fc.record({ _tag: fc.constant("Disturb" as const), nth, fault }),
  fc.record({ _tag: fc.constant("Draw" as const), nth, value: nth }),
  fc.record({ _tag: fc.constant("Buggify" as const), name, nth })
)
const deviations = fc.uniqueArray(deviation, { selector: placeOf, maxLength: 12 })

describe(`schedules (seed ${seed})`, () => {
  it("come back from their tokens, whatever is in them", () => {
    fc.assert(
      fc.property(deviations, (all) => {
        const token = Schedule.toToken({ deviations: all })
        expect(token).toMatch(/^u1\.[\w-]+$/)
        expect(Schedule.fromToken(token)).toEqual({ deviations: all })
      }),
      { seed }
    )
  })

  it("texts that are no token are refused with an error that says what was expected", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `u1.${text}`)
        ),
        (text) => {
          try {
            Schedule.fromToken(text)
          } catch (error) {
            expect(error).toBeInstanceOf(Schedule.InvalidToken)
          }
        }
      ),
      { seed }
    )
  })

  it("shrink to exactly those deviations that a failure needs, however many there are beside", () => {
    fc.assert(
      fc.property(deviations, fc.integer({ min: 1, max: 3 }), (all, most) => {
        const needed = all.slice(0, most).map(placeOf)
        const attempt = ({ deviations }: Schedule.Schedule) => ({
          fails: needed.every((place) => deviations.some((one) => placeOf(one) === place)),
          applied: deviations,
          alternatives: []
        })
        const { schedule } = shrink({ deviations: all }, attempt, 5000)
        expect(schedule.deviations.map(placeOf).sort()).toEqual([...needed].sort())
      }),
      { seed }
    )
  })

  it("what shrinking gives fails, also when its budget is used up", () => {
    fc.assert(
      fc.property(deviations, fc.integer({ min: 0, max: 10 }), (all, budget) => {
        const fails = ({ deviations }: Schedule.Schedule) => deviations.length >= Math.min(2, all.length)
        const attempt = (schedule: Schedule.Schedule) => ({
          fails: fails(schedule),
          applied: schedule.deviations,
          alternatives: []
        })
        expect(fails(shrink({ deviations: all }, attempt, budget).schedule)).toBe(true)
      }),
      { seed }
    )
  })
})
