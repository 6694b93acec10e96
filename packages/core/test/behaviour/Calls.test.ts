/** Calls that follow each other: whatever became of the ones before, each gets its own answer. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
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

describe("calls of one process after each other", () => {
  it.live("each gets its own answer, whatever comes for those before it, and whenever", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...fates), { maxLength: 12, size: "max" }), (plan) =>
          Effect.gen(function* () {
            const desk = yield* GenServer.start(Desk)
            expect(yield* Process.run(() => askAll(desk, plan))).toEqual(plan.map(expected))
            yield* GenServer.terminate(desk)
          }).pipe(Effect.provide(layer), Effect.runPromise)
        ),
        { numRuns: 60 }
      )
    )
  )
})
