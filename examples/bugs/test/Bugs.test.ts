/** Each program once, in the usual order: the mended ones pass, and so do the wrong ones, which is why their mistakes need a search. */

import { readdirSync } from "node:fs"
import { basename } from "node:path"
import { Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { bugs } from "../index.ts"
import type { Body, Bug } from "../support.ts"

/** Virtual milliseconds: longer than the timeout of any call. */
const patience = 8000

/** What the schedulers have sent each other has come, and what that leads to: no time passes before that. */
const settled = Effect.promise(async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** A program as a process, on a fresh virtual system under virtual time. */
const play = ({ implementations, schedulers }: Bug, body: Body): Promise<Exit.Exit<void, unknown>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const system = System.layer({ virtual: true, schedulers, implementations, layer: Logger.layer([]) })
      const run = Process.run((self) => Effect.gen(() => body(self)), { label: "test" })
      const fiber = yield* Effect.forkChild(Effect.exit(Effect.provide(run, system)))
      for (let time = 0; time < patience && fiber.pollUnsafe() === undefined; time++) {
        yield* settled
        yield* TestClock.adjust(1)
      }
      if (fiber.pollUnsafe() !== undefined) return yield* Fiber.join(fiber)
      yield* Fiber.interrupt(fiber)
      return Exit.fail("the program waits for something that does not come")
    }).pipe(Effect.provide(TestClock.layer()))
  )

const failure = (exit: Exit.Exit<void, unknown>): string => (Exit.isFailure(exit) ? String(exit.cause) : "none")

describe("in the usual order", () => {
  for (const bug of bugs) {
    const { name, plain = "passes", right, wrong } = bug
    it(`${name}: the mended version passes`, async () => expect(failure(await play(bug, right))).toBe("none"))
    it(`${name}: the wrong version ${plain}`, async () =>
      expect(Exit.isSuccess(await play(bug, wrong))).toBe(plain === "passes"))
  }
})

it("every program is in the index, and has its file's name", () => {
  const helpers = new Set(["index", "main", "oracle", "support"])
  const files = readdirSync(new URL("..", import.meta.url))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"))
  expect(bugs.map(({ name }) => name).toSorted()).toEqual(files.filter((name) => !helpers.has(name)).toSorted())
})
