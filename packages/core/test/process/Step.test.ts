import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"
import { describe, expect, it } from "vitest"
import { stepKind } from "../../src/fiber/Step.ts"

const step = <A, E>(use: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  // A step goes on as what its function returns
  stepKind((_, use: () => Effect.Effect<unknown, unknown>) => use())(use, undefined, undefined) as Effect.Effect<A, E>

const three = step(() => Exit.succeed(3))

describe("Step", () => {
  it("is an effect as any other", () => {
    expect(Effect.isEffect(three)).toBe(true)
    expect(Effect.runSync(three)).toBe(3)
    expect(Effect.runSync(Effect.map(three, (n) => n + 1))).toBe(4)
    expect(Effect.runSync(Effect.all([three, three]))).toEqual([3, 3])
  })

  it("gives its value to the generator that yields it, every time", () => {
    const program = Effect.gen(function* () {
      let sum = 0
      for (let n = 0; n < 10_000; n++) sum += yield* three
      return sum
    })
    expect(Effect.runSync(program)).toBe(30_000)
  })

  it("does nothing before it is run", () => {
    let runs = 0
    const counting = step(() => {
      runs++
      return Exit.void
    })
    expect(runs).toBe(0)
    Effect.runSync(
      Effect.gen(function* () {
        yield* counting
        yield* counting
      })
    )
    expect(runs).toBe(2)
  })

  it("goes on as the effect its function returns", async () => {
    const later = step(() => Effect.as(Effect.yieldNow, "later"))
    expect(
      await Effect.runPromise(
        Effect.gen(function* () {
          return [yield* later, yield* three]
        })
      )
    ).toEqual(["later", 3])
  })

  it("fails and dies as effects do: the generator around it does not go on, whatever it tries", () => {
    const failing = step(() => Exit.fail("no"))
    const throwing = step((): Effect.Effect<number> => {
      throw new Error("thrown")
    })
    for (const bad of [failing, throwing] as ReadonlyArray<Effect.Effect<unknown, string>>) {
      let caught = false
      const exit = Effect.runSyncExit(
        Effect.gen(function* () {
          try {
            yield* bad
          } catch {
            caught = true
          }
          return "went on"
        })
      )
      expect(caught).toBe(false)
      expect(exit).toEqual(Effect.runSyncExit(bad))
      expect(Exit.isFailure(exit)).toBe(true)
    }
  })

  it("can be caught as effects can", () => {
    const failing = step((): Effect.Effect<number, string> => Exit.fail("no"))
    expect(Effect.runSync(Effect.catch(failing, (error) => Effect.succeed(error)))).toBe("no")
  })

  it("counts as an operation, so a generator of steps gives way like any other", async () => {
    const order: Array<string> = []
    const program = (name: string) =>
      Effect.gen(function* () {
        for (let n = 0; n < 3; n++) {
          order.push(name)
          for (let inner = 0; inner < 100; inner++) yield* three
        }
      })
    await Effect.runPromise(
      Effect.all([program("a"), program("b")], { concurrency: "unbounded" }).pipe(
        Effect.provideService(Scheduler.MaxOpsBeforeYield, 100)
      )
    )
    expect(order.slice(0, 4)).not.toEqual(["a", "a", "a", "b"])
    expect(order.length).toBe(6)
  })

  it("kinds get the parameters they were made with", () => {
    const sum = stepKind((_, first: number, second: number, third: number) => Exit.succeed(first + second + third))
    expect(Effect.runSync(sum(1, 2, 3))).toBe(6)
  })
})
