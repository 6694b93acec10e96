import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, Process, System } from "../../src/index.ts"

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, System.layer({ schedulers: 1, virtual: true })))

/** A message: which of those that wait it is for. */
const Letter = Schema.Struct({ to: Schema.Literals(["a", "b", "nobody"]), number: Schema.Int })
type Letter = typeof Letter.Type

const isTo =
  (to: Letter["to"]) =>
  (message: unknown): message is Letter =>
    (message as Letter).to === to

/** Until everything that can run has run. */
const settled = Effect.gen(function* () {
  for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
})

describe("Receive", () => {
  test(
    "what a full mailbox drops while a choosing receive waits does not hide the message it waits for",
    Process.run((self) =>
      Effect.gen(function* () {
        const waiting = yield* Process.spawn(
          Letter,
          (own) => Effect.flatMap(own.receiveWhen(isTo("a")), ({ number }) => Process.exit(ExitReason.failed(number))),
          { mailbox: { capacity: 3, overflow: "drop-oldest" } }
        )
        yield* Process.monitor(waiting)
        for (const number of [1, 2, 3]) yield* Process.send(waiting, { to: "nobody", number })
        // It has looked at all three, and waits
        yield* settled
        yield* Process.send(waiting, { to: "a", number: 4 })
        const down = yield* self.receiveWithin("5 seconds")
        expect(down).toMatchObject({ reason: ExitReason.failed(4) })
      })
    )
  )

  test(
    "fibers of one process wait side by side, each for its own messages",
    Process.run((self) =>
      Effect.gen(function* () {
        const fibers = yield* Effect.forEach(["a", "b", "a"] as const, (to) =>
          Effect.forkChild(self.receiveWhen(isTo(to)))
        )
        yield* settled
        for (const number of [1, 2, 3]) yield* Process.send(self.pid, { to: "nobody", number })
        yield* settled
        yield* Process.send(self.pid, { to: "b", number: 4 })
        yield* Process.send(self.pid, { to: "a", number: 5 })
        yield* Process.send(self.pid, { to: "a", number: 6 })
        const got = yield* Effect.forEach(fibers, Fiber.join)
        // Who waits longest is served first
        expect(got.map(({ number }) => number)).toEqual([5, 4, 6])
        expect(yield* self.flush).toBe(3)
      })
    )
  )

  test(
    "of several that wait, one may give up, time out or take another's place without disturbing the rest",
    Process.run((self) =>
      Effect.gen(function* () {
        const given = yield* Effect.forkChild(self.receiveWhen(isTo("a")))
        const late = yield* Effect.forkChild(Effect.exit(self.receiveWhen(isTo("a"), { after: 1 })))
        const stays = yield* Effect.forkChild(self.receiveWhen(isTo("b")))
        yield* settled
        yield* Fiber.interrupt(given)
        expect(yield* Fiber.join(late)).toMatchObject({ _tag: "Failure" })
        const any = yield* Effect.forkChild(self.receive)
        yield* settled
        yield* Process.send(self.pid, { to: "a", number: 1 })
        expect(yield* Fiber.join(any)).toEqual({ to: "a", number: 1 })
        yield* Process.send(self.pid, { to: "b", number: 2 })
        expect((yield* Fiber.join(stays)).number).toBe(2)
      })
    )
  )

  test(
    "the first of two receives in a race wins, and the other leaves its message in the mailbox",
    Process.run((self) =>
      Effect.gen(function* () {
        const race = yield* Effect.forkChild(Effect.raceFirst(self.receiveWhen(isTo("a")), self.receiveWhen(isTo("b"))))
        yield* settled
        yield* Process.send(self.pid, { to: "b", number: 1 })
        expect((yield* Fiber.join(race)).number).toBe(1)
        yield* Process.send(self.pid, { to: "a", number: 2 })
        expect((yield* self.receiveWhen(isTo("a"))).number).toBe(2)
      })
    )
  )

  test(
    "a receive that chooses looks at what waits once before it waits itself",
    Process.run((self) =>
      Effect.gen(function* () {
        for (const number of [1, 2, 3]) yield* Process.send(self.pid, { to: "nobody", number })
        const looks: Array<number> = []
        const isForA = (message: unknown): message is Letter => {
          looks.push((message as Letter).number)
          return isTo("a")(message)
        }
        yield* Process.sendAfter(self.pid, { to: "a", number: 4 }, 1)
        yield* self.receiveWhen(isForA)
        expect(looks).toEqual([1, 2, 3, 4])
        // The same effect done again begins anew
        const receive = self.receiveWhen(isForA, { after: 0 })
        expect(Exit.isFailure(yield* Effect.exit(receive))).toBe(true)
        expect(Exit.isFailure(yield* Effect.exit(receive))).toBe(true)
        expect(looks).toEqual([1, 2, 3, 4, 1, 2, 3, 1, 2, 3])
      })
    )
  )
})
