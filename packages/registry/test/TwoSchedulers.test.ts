/** The registry's promises on two real schedulers: what one does, the other has seen. */

import * as GenServer from "@understudy/core/GenServer"
import { startDefinition } from "@understudy/core/internal/Definition"
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { expect, it } from "vitest"
import { killThen, MemberLive, quiet, Seat, SeatLive, seats, whenDown } from "./members.ts"

const here = { on: { scheduler: 0 } } as const
const there = { on: { scheduler: 1 } } as const

const onTwo = <A, E>(test: Effect.Effect<A, E, System.System | Scope.Scope>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(test).pipe(
      Effect.provide(
        System.layer({
          schedulers: 2,
          entry: new URL("./schedulerEntry.ts", import.meta.url),
          implementations: [MemberLive, SeatLive, Registry.implementation],
          layer: quiet
        })
      )
    )
  )

it("RG01 RG06 RG07 one holder a key over both schedulers; its entry is gone everywhere when its DOWN arrives", () =>
  onTwo(
    Effect.gen(function* () {
      yield* seats.startLink
      const front = yield* GenServer.start(Seat, { name: "front" }, there)
      const back = yield* GenServer.start(Seat, { name: "back" }, here)
      expect(yield* seats.at("front").scheduler()).toBe(1)
      expect(yield* seats.at("back").scheduler()).toBe(0)
      expect(String(yield* front.whereis({ name: "back" }))).toBe(String(back.pid))
      for (const place of [here, there]) {
        const error = yield* Effect.flip(GenServer.start(Seat, { name: "front" }, place))
        expect(error.reason?._tag).toBe("Failed")
      }
      const watcher = yield* GenServer.start(Seat, { name: "watcher" }, there)
      const seen = yield* killThen(
        front,
        Effect.all([seats.whereis("front"), watcher.whereis({ name: "front" }), seats.count])
      )
      expect(seen).toEqual([undefined, undefined, 2])
      yield* GenServer.start(Seat, { name: "front" }, here)
      expect(yield* seats.at("front").scheduler()).toBe(0)
    })
  ))

it("a ref outlives the scheduler its process was on", () =>
  onTwo(
    Effect.gen(function* () {
      yield* seats.startLink
      const front = seats.at("front")
      const first = yield* GenServer.start(Seat, { name: "front" }, there)
      expect(yield* front.scheduler()).toBe(1)
      const second = yield* whenDown(first, System.killScheduler(1), GenServer.start(Seat, { name: "front" }, here))
      expect(String((yield* seats.whereis("front"))?.pid)).toBe(String(second.pid))
      expect(yield* front.scheduler()).toBe(0)
    })
  ))

it("RG22 a registry is closed on every scheduler when its owner has ended", () =>
  onTwo(
    Effect.gen(function* () {
      const owner = yield* seats.startLink
      const front = yield* GenServer.start(Seat, { name: "front" }, there)
      yield* killThen(owner, Effect.void)
      expect(yield* front.whereis({ name: "front" })).toBeUndefined()
      const error = yield* Effect.flip(GenServer.start(Seat, { name: "back" }, there))
      expect(error.message).toContain("is not started")
      yield* seats.startLink
      yield* GenServer.start(Seat, { name: "front" }, there)
      expect(yield* seats.count).toBe(1)
    })
  ))

it("RG22 a registry whose owner is lost with its scheduler is closed, and starts empty on another", () =>
  onTwo(
    Effect.gen(function* () {
      const host = yield* System.System
      const { args, definition, name } = seats.spec
      const pid = yield* startDefinition(host, undefined, definition, args, { name, ...there }, false)
      yield* GenServer.start(Seat, { name: "front" }, here)
      const counts = yield* whenDown(
        { pid },
        System.killScheduler(1),
        Effect.gen(function* () {
          const closed = yield* seats.count
          yield* startDefinition(host, undefined, definition, args, { name, ...here }, false)
          return [closed, yield* seats.count]
        })
      )
      expect(counts).toEqual([0, 0])
      yield* GenServer.start(Seat, { name: "front" }, here)
      expect(yield* seats.at("front").scheduler()).toBe(0)
    })
  ))
