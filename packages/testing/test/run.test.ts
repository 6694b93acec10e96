import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { NoProgress, runProcess, WaitsForever } from "../src/index.ts"
import { errorOf } from "../src/Run.ts"

class Greeting extends Context.Service<Greeting, { readonly text: string }>()("kit/Greeting") {}

const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown => (Exit.isFailure(exit) ? errorOf(exit) : undefined)

describe("runProcess", () => {
  it("gives what the body gives: a generator function, a function of an effect, or an effect", async () => {
    const generator = function* () {
      return yield* Effect.succeed(1)
    }
    expect(await runProcess(generator)).toEqual(Exit.succeed(1))
    expect(await runProcess(() => Effect.succeed(2))).toEqual(Exit.succeed(2))
    expect(await runProcess(Effect.succeed(3))).toEqual(Exit.succeed(3))
  })

  it("fails as the body fails, throws or dies", async () => {
    expect(failureOf(await runProcess(() => Effect.fail("no")))).toBe("no")
    const thrown = new Error("thrown")
    const throwing = function* (): Generator<Effect.Effect<void>, void, never> {
      yield* Effect.void
      throw thrown
    }
    expect(failureOf(await runProcess(throwing))).toBe(thrown)
  })

  it("the body is a process: it receives, and links end it", async () => {
    const exit = await runProcess(function* (self) {
      yield* Process.send(self.pid, "hello")
      return yield* self.receive
    })
    expect(exit).toEqual(Exit.succeed("hello"))
    const linked = await runProcess(function* () {
      yield* Process.spawnLink(Schema.String, () => Effect.fail("broken"))
      return yield* Effect.never
    })
    expect(failureOf(linked)).toMatchObject({ _tag: "ProcessExited", reason: { _tag: "Failed" } })
  })

  it("hours pass at once, for processes and for Effect alike, in order", async () => {
    const seen: Array<string> = []
    const start = performance.now()
    const exit = await runProcess(function* (self) {
      yield* Process.sendAfter(self.pid, "2 hours", "2 hours")
      yield* Effect.forkScoped(
        Effect.delay(
          Effect.sync(() => seen.push("1 hour")),
          "1 hour"
        )
      )
      seen.push(`${yield* self.receive}`)
      yield* Process.sleep("3 hours")
      yield* TestClock.adjust("1 hour")
      return yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    })
    expect(exit).toEqual(Exit.succeed(6 * 3_600_000))
    expect(seen).toEqual(["1 hour", "2 hours"])
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  it("is the same each time", async () => {
    const run = async () => {
      const story: Array<string> = []
      await runProcess(
        function* () {
          const work = (name: string) =>
            Effect.gen(function* () {
              for (let step = 0; step < 20; step++) {
                story.push(`${name}${step}`)
                yield* step % 3 === 0 ? Process.sleep(step % 5) : Effect.yieldNow
              }
            })
          yield* Effect.all([Process.run(work("a")), Process.run(work("b")), Process.run(work("c"))], {
            concurrency: "unbounded"
          })
        },
        { schedulers: 2 }
      )
      return story
    }
    const first = await run()
    expect(first).toHaveLength(60)
    expect(await run()).toEqual(first)
    expect(await run()).toEqual(first)
  })

  it("the layer's services are there for the body, built once a scheduler", async () => {
    let built = 0
    const layer = Layer.effect(
      Greeting,
      Effect.sync(() => {
        built++
        return { text: "hi" }
      })
    )
    const exit = await runProcess(
      function* () {
        return (yield* Greeting).text
      },
      { layer, schedulers: 2 }
    )
    expect(exit).toEqual(Exit.succeed("hi"))
    expect(built).toBe(2)
  })

  it("a test that waits for what can never happen fails at once, and says who lives", async () => {
    const error = failureOf(
      await runProcess(function* (self) {
        yield* Process.spawn(Schema.String, (other) => other.receive, { label: "idler" })
        yield* self.receive
      })
    )
    expect(error).toBeInstanceOf(WaitsForever)
    expect(`${error}`).toMatch(/test .*\n.*idler/s)
  })

  it("a wait for something outside fails, unless it is allowed", async () => {
    let answer: (value: number) => void = () => undefined
    const outside = new Promise<number>((done) => {
      answer = done
    })
    const body = function* () {
      return yield* Effect.promise(() => outside)
    }
    expect(failureOf(await runProcess(body))).toBeInstanceOf(WaitsForever)
    const allowed = runProcess(
      function* () {
        // Later than time would pass by itself
        setTimeout(() => answer(1), 120)
        return yield* Effect.promise(() => outside)
      },
      { outside: "allow" }
    )
    expect(await allowed).toEqual(Exit.succeed(1))
  })

  it("a test that waits while timers are set for ever fails, and says how often", async () => {
    const error = failureOf(
      await runProcess(
        function* (self) {
          yield* Process.sendInterval(
            yield* Process.spawn(Schema.String, (other) => Effect.forever(other.receive)),
            "x",
            "1 second"
          )
          yield* self.receive
        },
        { mostSteps: 50 }
      )
    )
    expect(error).toBeInstanceOf(NoProgress)
    expect(error).toMatchObject({ times: 50 })
  })

  it("fails as the layer fails", async () => {
    const layer = Layer.effect(Greeting, Effect.fail("no layer"))
    expect(failureOf(await runProcess(Effect.void, { layer }))).toBe("no layer")
  })

  it("works where the system is used by its own functions", async () => {
    const exit = await runProcess(
      function* () {
        return (yield* System.schedulers).length
      },
      { schedulers: 3 }
    )
    expect(exit).toEqual(Exit.succeed(3))
  })
})
