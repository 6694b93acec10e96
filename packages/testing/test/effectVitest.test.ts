import { describe, it } from "@effect/vitest"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { advance, concurrently, crash, Probe, settle, startSupervised } from "../src/index.ts"
import { process } from "../src/vitest.ts"
import { CounterLive } from "./actors.ts"

const layer = System.layer({ schedulers: 1, virtual: true, implementations: [CounterLive] })

describe("beside @effect/vitest", () => {
  it.effect("the kit's functions work in a test that is no process, and moves the clock itself", () =>
    Effect.gen(function* () {
      const probe = yield* Probe.make(Schema.String)
      yield* Process.sendAfter(probe.pid, "tick", "1 minute")
      yield* advance("1 minute")
      yield* probe.expect("tick")
      const counter = yield* startSupervised(CounterLive, { start: 1 })
      yield* counter.increment({ by: 2 })
      yield* settle()
      expect(yield* concurrently(counter.get(), counter.get())).toEqual([3, 3])
      yield* probe.monitor(counter)
      yield* crash(counter)
      yield* probe.expectDown({ reason: "Killed" })
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  process("a test whose body is a process stands among them", function* (self) {
    yield* Process.send(self.pid, "hi")
    expect(yield* self.receive).toBe("hi")
  })
})
