// Random programs of processes against the model of OTP's signal rules. Catalogue areas P, L, M and N.
import fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { play, playBurst } from "./Driver.ts"
import { burst, type Command, program, setting } from "./Program.ts"
import { boot, type Stage } from "./Stage.ts"
import { programs, seed } from "./settings.ts"

let stage: Stage
beforeAll(async () => {
  stage = await boot()
  console.log(`properties: ${programs} programs, SEED=${seed}`)
})
afterAll(() => stage.close())

/** Generous: on a busy machine a program takes some milliseconds. */
const timeout = 60_000 + programs * 100

/** Tries many, and tells the smallest that fails. */
const holds = async (
  arbitrary: fc.Arbitrary<ReadonlyArray<ReadonlyArray<Command>>>,
  property: (parts: ReadonlyArray<ReadonlyArray<Command>>) => Promise<void>
): Promise<void> => {
  const details = await fc.check(fc.asyncProperty(arbitrary, property), { numRuns: programs, seed })
  if (!details.failed) return
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)
  expect.fail(
    `program ${details.numRuns} of SEED=${details.seed} fails, after ${details.numShrinks} shrinks (path ${details.counterexamplePath}):\n${reason}`
  )
}

it("a random program does what the model of OTP's signal rules says, step by step", { timeout }, () =>
  holds(fc.tuple(program), ([commands = []]) => play(stage, commands))
)

it("whatever several processes do at once, no signal is lost, doubled or invented", { timeout }, () =>
  holds(fc.tuple(setting, burst), ([first = [], then = []]) => playBurst(stage, first, then))
)
