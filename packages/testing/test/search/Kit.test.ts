/** The everyday kit in a simulation: probes, supervised starts, processes side by side. */
import { GenServer, Process } from "@understudy/core"
import { concurrently, crash, Probe, simulate, startSupervised } from "@understudy/testing"
import { it as testers } from "@understudy/testing/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Schedule } from "../../src/index.ts"

const Told = Schema.TaggedUnion({ Told: { text: Schema.String } })

const Herald = GenServer.define("search/Herald", {
  args: { to: Process.pid(Told) },
  protocol: { say: GenServer.cast({ text: Schema.String }), count: GenServer.call({ success: Schema.Int }) }
})
const HeraldLive = Herald.implement({
  init: ({ to }) => ({ to, said: 0 }),
  handle: {
    say: ({ said, to }, { text }) =>
      Effect.as(Process.send(to, { _tag: "Told" as const, text }), { to, said: said + 1 }),
    count: (state) => GenServer.reply(state.said, state)
  }
})

const implementations = [HeraldLive]

testers.simulate("kit functions work in a simulated body", { schedulers: 2, implementations, runs: 100 }, function* () {
  const probe = yield* Probe.make(Told)
  const herald = yield* startSupervised(Herald, { to: probe.pid }, { on: { scheduler: 1 } })
  yield* concurrently(herald.say({ text: "a" }), herald.say({ text: "a" }))
  yield* probe.expect({ _tag: "Told", text: "a" })
  yield* probe.expect({ _tag: "Told" })
  expect(yield* herald.count()).toBe(2)
})

testers.prop(
  "a property has values and a schedule",
  { texts: fc.array(fc.constantFrom("a", "b"), { maxLength: 4 }), schedule: Schedule.any({ schedulers: 2 }) },
  { schedulers: 2, implementations, runs: 50 },
  function* ({ texts }) {
    const probe = yield* Probe.make(Told)
    const herald = yield* startSupervised(Herald, { to: probe.pid }, { on: { scheduler: 1 } })
    yield* concurrently(...texts.map((text) => herald.say({ text })))
    for (const _ of texts) yield* probe.expect({ _tag: "Told" })
    expect(yield* herald.count()).toBe(texts.length)
  }
)

it("a crash in a simulated body is seen by those who monitor", () => {
  const result = simulate(
    function* () {
      const probe = yield* Probe.make(Told)
      const herald = yield* startSupervised(Herald, { to: probe.pid })
      const watch = yield* Probe.monitor(herald)
      yield* crash(herald)
      yield* watch.expectDown({ reason: "Killed" })
    },
    { implementations, runs: 50 }
  )
  expect(result._tag === "Failed" ? result.failure.message : result._tag).toBe("Passed")
})
