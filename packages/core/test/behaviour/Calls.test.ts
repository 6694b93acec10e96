/** Calls that follow each other: whatever became of the ones before, each gets its own answer. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { GenServer, Process, System } from "../../src/index.ts"

/** What becomes of a call: answered at once, answered twice, answered after its timeout; or after it was interrupted. */
const fates = ["at once", "twice", "late", "interrupted"] as const
type Fate = (typeof fates)[number]

/** Answers what it was asked before, once more, while the caller waits for its next answer. */
const Desk = GenServer.define("test/Desk", {
  protocol: {
    ask: GenServer.call({ payload: { number: Schema.Int, fate: Schema.Literals(fates) }, success: Schema.Int })
  }
})

type Asked = ReadonlyArray<{ readonly number: number; readonly from: GenServer.From<number, never> }>

const DeskLive = Desk.implement({
  init: (): Asked => [],
  handle: {
    ask: (asked, { fate, number }, { from }) =>
      Effect.gen(function* () {
        for (const before of asked) yield* GenServer.replyTo(before.from, before.number)
        const all = [...asked, { number, from }]
        if (fate === "at once") return GenServer.reply(number, all)
        if (fate === "twice") {
          yield* GenServer.replyTo(from, number)
          yield* GenServer.replyTo(from, -1)
        }
        return GenServer.noReply(all)
      })
  }
})

const layer = System.layer({ schedulers: 1, virtual: true, implementations: [DeskLive] })

const askAll = (desk: GenServer.PidRef<(typeof Desk)["protocol"]>, plan: ReadonlyArray<Fate>) =>
  Effect.gen(function* () {
    const answers: Array<number | string> = []
    for (const [number, fate] of plan.entries()) {
      const call = desk.ask({ number, fate }, { timeout: 5 })
      const asked = fate === "interrupted" ? Effect.timeout(call, 1) : call
      answers.push(yield* Effect.catch(asked, (error) => Effect.succeed(error._tag)))
    }
    return answers
  })

const expected = (fate: Fate, number: number): number | string => {
  if (fate === "late") return "CallTimeout"
  return fate === "interrupted" ? "TimeoutError" : number
}

/** In virtual time: a call that is to be answered is, and one that is to time out does, however busy the machine is. */
const check = (plan: ReadonlyArray<Fate>) =>
  Effect.gen(function* () {
    const desk = yield* GenServer.start(Desk)
    const asking = yield* Effect.forkChild(Process.run(() => askAll(desk, plan)))
    // No call takes longer than its timeout
    yield* TestClock.adjust(plan.length * 5 + 1)
    expect(yield* Fiber.join(asking)).toEqual(plan.map(expected))
    yield* GenServer.terminate(desk)
  }).pipe(Effect.provide(layer), Effect.provide(TestClock.layer()))

describe("calls of one process after each other", () => {
  it("each gets its own answer, whatever comes for those before it, and whenever", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...fates), { maxLength: 12, size: "max" }), (plan) =>
        Effect.runPromise(check(plan))
      ),
      { numRuns: 60 }
    ))
})
