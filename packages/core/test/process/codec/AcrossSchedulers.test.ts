/** What no schema describes, between schedulers: it arrives as it was, or its sender is told. */
import { isDeepStrictEqual } from "node:util"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../../src/index.ts"

const Keeper = GenServer.define("test/Keeper", {
  protocol: {
    keep: GenServer.cast({ what: Schema.Unknown }),
    kept: GenServer.call({ success: Schema.Any }),
    echo: GenServer.call({ payload: { what: Schema.Unknown }, success: Schema.Unknown }),
    answerFunction: GenServer.call({ success: Schema.Unknown }),
    failFunction: GenServer.call({ error: Schema.Unknown })
  }
})

const KeeperLive = Keeper.implement({
  init: (): unknown => undefined,
  handle: {
    keep: (_, { what }) => what,
    kept: (state) => GenServer.reply(state, state),
    echo: (state, { what }) => GenServer.reply(what, state),
    answerFunction: (state) => GenServer.reply(() => 1, state),
    failFunction: () => Effect.fail(() => 1)
  }
})

const options = { schedulers: 2, virtual: true, implementations: [KeeperLive] } as const
const elsewhere = { on: { scheduler: 1 } } as const

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, System.layer(options)))

/** What an effect dies with. */
const defectOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const reason = ExitReason.fromExit(exit)
  return reason._tag === "Died" ? reason.defect : reason
}

describe("a value that no schema describes", () => {
  test(
    "S25 arrives at a server on another scheduler, and comes back, as it was",
    Effect.gen(function* () {
      const keeper = yield* GenServer.start(Keeper, {}, elsewhere)
      const pid = keeper.pid
      const what = {
        at: new Date(5),
        more: new Map<unknown, unknown>([[1n, new Set([-0, Number.NaN, undefined])]]),
        pid
      }
      expect(isDeepStrictEqual(yield* keeper.echo({ what }), what)).toBe(true)
      yield* keeper.keep({ what })
      expect(isDeepStrictEqual(yield* keeper.kept(), what)).toBe(true)
    })
  )

  test(
    "S25 is its sender's InvalidMessage when it cannot leave its scheduler: nothing is sent, and nothing waits for an answer",
    Effect.gen(function* () {
      const keeper = yield* GenServer.start(Keeper, {}, elsewhere)
      const { pending } = yield* System.System
      const before = pending.size
      for (const sending of [keeper.keep({ what: { run: () => 1 } }), keeper.echo({ what: [Symbol("own")] })]) {
        const defect = defectOf(yield* Effect.exit(sending))
        expect(defect).toBeInstanceOf(Process.InvalidMessage)
        expect(String(defect)).toMatch(/function run|Symbol\(own\)/)
      }
      expect(pending.size).toBe(before)
      expect(yield* keeper.kept()).toBe(undefined)
    })
  )

  test(
    "S25 is the defect of a call whose answer or failure it is; the server goes on",
    Effect.gen(function* () {
      const keeper = yield* GenServer.start(Keeper, {}, elsewhere)
      for (const call of [keeper.answerFunction(), keeper.failFunction()]) {
        const defect = defectOf(yield* Effect.exit(call))
        expect(defect).toBeInstanceOf(Error)
        expect(defect).toMatchObject({ _tag: "InvalidMessage", problem: expect.stringContaining("function") })
      }
      expect(yield* keeper.kept()).toBe(undefined)
    })
  )
})
