/**
 * Every way a value can go, with values nobody expects: it arrives as it was, or whoever gave it is told by a typed error; nothing
 * hangs, and nobody else is hurt. `HOSTILE_SEED` says with which values, `HOSTILE_RUNS` with how many.
 */
import { GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { everyKind, hostile, type Recipe } from "../support/hostile.ts"
import { shelf, Taker } from "./actors.ts"
import { paths } from "./paths.ts"
import { program } from "./program.ts"

const seed = Number(process.env.HOSTILE_SEED ?? Date.now() % 1_000_000)
const runs = Number(process.env.HOSTILE_RUNS ?? 25)

/** What hangs takes longer, on any machine. */
const patience = "15 seconds"

const systems = [
  { name: "one scheduler", schedulers: 1, options: {} },
  { name: "two virtual schedulers", schedulers: 2, options: { virtual: true } },
  { name: "two schedulers", schedulers: 2, options: { entry: new URL("./entry.ts", import.meta.url) } }
] as const

for (const { name, options, schedulers } of systems) {
  describe(`hostile values, ${name} (seed ${seed})`, () => {
    const runtime = ManagedRuntime.make(System.layer({ ...program, ...options, schedulers }))
    let bystander: GenServer.PidRef<(typeof Taker)["protocol"]> | undefined
    beforeAll(() =>
      runtime.runPromise(
        Effect.gen(function* () {
          yield* Process.spawn(Taker.args, () =>
            Effect.andThen(Effect.scoped(Effect.andThen(shelf.startLink, Effect.never)), Effect.void)
          )
          bystander = yield* GenServer.start(Taker, { value: "untouched" }, { on: { scheduler: schedulers - 1 } })
        })
      )
    )
    afterAll(() => runtime.dispose())

    const run = (path: (typeof paths)[string], recipe: Recipe) =>
      runtime.runPromise(
        Effect.gen(function* () {
          yield* Process.run((tester) => path(tester, { on: { scheduler: schedulers - 1 } }, recipe))
          expect(yield* bystander?.last() ?? Effect.succeed("")).toBe("'untouched'")
        }).pipe(Effect.timeout(patience))
      )

    for (const [title, path] of Object.entries(paths)) {
      it(`S61 ${title}: each kind alone`, { timeout: 120_000 }, async () => {
        for (const recipe of everyKind) {
          try {
            await run(path, recipe)
          } catch (error) {
            throw new Error(`${recipe.inner}`, { cause: error })
          }
        }
      })

      it(`S61 ${title}: any of them, anywhere in others`, { timeout: 120_000 }, () =>
        fc.assert(
          fc.asyncProperty(hostile, (recipe) => run(path, recipe)),
          { seed, numRuns: runs }
        )
      )
    }
  })
}
