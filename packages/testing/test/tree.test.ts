import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as Supervisor from "@understudy/supervisor/Supervisor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { crash, Probe, settle, startSupervised } from "../src/index.ts"
import { it } from "../src/vitest.ts"
import { Counter, CounterLive } from "./actors.ts"

const tree = Supervisor.supervisor("kit/tree", {
  strategy: "one-for-one",
  intensity: { restarts: 3, within: "5 seconds" },
  children: [Supervisor.child(Counter, { start: 1 }, { name: "worker" })]
})

class Rate extends Context.Service<Rate, number>()("kit/Rate") {}

describe("a supervisor's tree in a test", () => {
  it.process(
    "is started from its spec, and restarts its children",
    { children: [tree], implementations: [CounterLive] },
    function* () {
      yield* startSupervised(tree)
      const worker = Counter.named("worker")
      yield* worker.increment({ by: 1 })
      yield* crash(worker)
      yield* settle()
      expect(yield* worker.get()).toBe(1)
    }
  )

  it.process("gives up after three restarts", { children: [tree], implementations: [CounterLive] }, function* () {
    const probe = yield* Probe.monitor(yield* startSupervised(tree, { restart: "temporary" }))
    for (let times = 0; times < 4; times++) {
      yield* crash("worker")
      yield* settle()
    }
    yield* probe.expectDown({ reason: ExitReason.shutdown })
  })

  it.process("a spec of a child alone gives its pid", { implementations: [CounterLive] }, function* () {
    const pid = yield* startSupervised(Supervisor.child(Counter, { start: 5 }))
    expect(yield* Counter.at(pid).get()).toBe(5)
  })
})

describe("types", () => {
  const layer = Layer.succeed(Rate, 2)
  it.process("a body has the services of the layer", { layer }, function* () {
    const rate: number = yield* Rate
    expect(rate).toBe(2)
  })

  const needsRate = function* () {
    return yield* Rate
  }
  // @ts-expect-error: no layer provides Rate
  it.process.skip("a service that no layer provides is an error", needsRate)

  it.process("patterns are of the message's type, and narrow it", function* () {
    const Said = Schema.TaggedStruct("Said", { text: Schema.String })
    const Left = Schema.TaggedStruct("Left", { user: Schema.String })
    const probe = yield* Probe.make(Schema.Union([Said, Left]))
    yield* Process.send(probe.pid, { _tag: "Left", user: "ada" })
    // @ts-expect-error: no message has that tag
    yield* Effect.ignore(probe.expect({ _tag: "Gone" }, { within: 0 }))
    const left = yield* probe.expect({ _tag: "Left" })
    const user: string = left.user
    expect(user).toBe("ada")
  })
})
