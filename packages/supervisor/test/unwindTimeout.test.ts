// Children whose finalizers take longer than they may: in virtual time.

import { it } from "@effect/vitest"
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect } from "vitest"
import { Supervisor } from "../src/index.ts"

/** Takes an hour to release what it has acquired, and 100 milliseconds at most. */
const Slow = GenServer.define("test/Slow", {
  args: { to: Process.pid(Schema.String) },
  protocol: { crash: GenServer.cast() },
  unwindTimeout: 100
})

const SlowLive = Slow.implement({
  init: ({ to }) =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Effect.sleep("1 hour"))
      const at = yield* Clock.currentTimeMillis
      yield* Process.send(to, `up at ${at}`)
      return 0
    }),
  handle: { crash: (state) => GenServer.stop(ExitReason.failed("why"), state) }
})

const systems = [1, 2]

/** Plays on each number of schedulers; the children are on the last. */
const play = (
  title: string,
  steps: (
    tester: Process.Self<string>,
    on: { readonly scheduler: number }
  ) => Effect.Effect<void, unknown, Process.Provided>
) => {
  for (const schedulers of systems) {
    it.live(`${title} (schedulers: ${schedulers})`, () =>
      Process.run((self) => steps(self as Process.Self<string>, { scheduler: schedulers - 1 })).pipe(
        Effect.provide(
          System.layer({
            schedulers,
            virtual: true,
            watchdog: "Infinity",
            implementations: [SlowLive, Supervisor.implementation]
          })
        ),
        Effect.provide(TestClock.layer())
      )
    )
  }
}

/** What other schedulers have sent has come: that does not follow the clock. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** When `effect` is over, in milliseconds from now on: it may take so many of them. Whatever else it waits for is there in no time. */
const timeOf = <A, E, R>(effect: Effect.Effect<A, E, R>, most: number) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const over = yield* Effect.forkChild(Effect.andThen(effect, Clock.currentTimeMillis), { startImmediately: true })
    for (let waited = 0; waited <= most && over.pollUnsafe() === undefined; waited += 10) {
      for (let turns = 0; turns < 50; turns++) yield* turn
      if (over.pollUnsafe() === undefined) yield* TestClock.adjust(10)
    }
    const exit = over.pollUnsafe()
    return exit?._tag === "Success" ? exit.value - start : undefined
  })

const supervise = (
  tester: Process.Self<string>,
  on: { readonly scheduler: number },
  options: Supervisor.ChildOptions
) =>
  Supervisor.start(
    Supervisor.supervisor("top", {
      strategy: "one-for-one",
      children: [Supervisor.child(Slow, { to: tester.pid }, { name: "slow", on, ...options })]
    })
  )

describe("a child whose finalizers take longer than its unwindTimeout", () => {
  play("S52 is restarted under its name when that is over", (tester, on) =>
    Effect.gen(function* () {
      yield* supervise(tester, on, {})
      expect(yield* tester.receive).toBe("up at 0")
      const first = yield* Process.whereis("slow")
      yield* Slow.named("slow").crash()
      expect(yield* timeOf(tester.receive, 1000)).toBe(100)
      expect(String(yield* Process.whereis("slow"))).not.toBe(String(first))
      yield* Process.exit((yield* Process.whereis("slow"))!, ExitReason.kill)
      yield* timeOf(Supervisor.stop("top"), 1000)
    })
  )

  for (const [shutdown, expected] of [
    ["1 second", 100],
    ["infinity", 100],
    [50, 50],
    ["brutal-kill", 0]
  ] as const) {
    play(`S52 SU40 is stopped by its supervisor in ${expected} ms where its shutdown is ${shutdown}`, (tester, on) =>
      Effect.gen(function* () {
        const reports: Array<string> = []
        yield* System.events.pipe(
          Stream.runForEach((event) =>
            Effect.sync(() => event._tag === "SupervisorReport" && reports.push(event.context))
          ),
          Effect.forkChild({ startImmediately: true })
        )
        for (const stop of [Supervisor.terminateChild("top", "slow"), Supervisor.stop("top")]) {
          const top = yield* Effect.result(supervise(tester, on, { shutdown }))
          if (top._tag === "Failure") yield* Supervisor.restartChild("top", "slow")
          yield* tester.receive
          const ref = yield* Process.monitor(Slow.named("slow").address)
          expect(yield* timeOf(stop, 2000)).toBe(expected)
          const down = yield* tester.receiveWhen(
            (message): message is Process.Down => message instanceof Process.Down && message.ref === ref
          )
          expect(down.reason).toEqual(shutdown === "brutal-kill" ? ExitReason.killed : ExitReason.shutdown)
          expect(yield* Process.whereis("slow")).toBe(undefined)
        }
        // It ended as it was asked to
        expect(reports).toEqual([])
      })
    )
  }
})
