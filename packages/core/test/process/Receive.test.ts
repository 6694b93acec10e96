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
    "a message whose tag cannot be asked for is not the one that is waited for, and hurts nobody",
    Process.run((self) =>
      Effect.gen(function* () {
        const refuses = () => {
          throw new Error("nobody may ask")
        }
        const hostile = [
          Object.defineProperty({}, "_tag", { get: refuses, enumerable: true }),
          new Proxy({}, { get: refuses, has: refuses, getOwnPropertyDescriptor: refuses })
        ]
        for (const message of hostile) yield* Process.send(self.pid, message)
        yield* Process.send(self.pid, { _tag: "a" })
        expect(yield* self.receiveTag("a" as never)).toEqual({ _tag: "a" })
        yield* Process.send(self.pid, { _tag: "b" })
        const selector = Process.selector<{ readonly _tag: "b" }>().on("b", ({ _tag }) => _tag)
        expect(yield* self.select(selector as never)).toBe("b")
        expect(yield* self.flush).toBe(hostile.length)
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
    "generators of one process that wait for any message get them in turns, the process's own among them",
    Process.run((self) =>
      Effect.gen(function* () {
        const three = Effect.gen(function* () {
          const numbers: Array<unknown> = []
          while (numbers.length < 3) numbers.push(((yield* self.receive) as Letter).number)
          return numbers
        })
        const children = [yield* Effect.forkChild(three), yield* Effect.forkChild(three)]
        yield* settled
        yield* Process.spawn(Schema.Never, () =>
          Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9], (number) =>
            Effect.andThen(settled, Process.send(self.pid, { to: "a", number }))
          )
        )
        // It begins to wait last, and gives its place up with each message, as the others do
        expect(yield* three).toEqual([3, 6, 9])
        expect(yield* Effect.forEach(children, Fiber.join)).toEqual([
          [1, 4, 7],
          [2, 5, 8]
        ])
      })
    )
  )

  test(
    "each message that is waited for goes to the generator that waits, whichever of the process's that is by now",
    Effect.gen(function* () {
      const received: Array<readonly [string, number]> = []
      const program = (self: Process.Self<unknown>) =>
        Effect.gen(function* () {
          yield* Process.spawn(Schema.Never, () =>
            Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (number) =>
              Effect.andThen(settled, Process.send(self.pid, { to: "a", number }))
            )
          )
          const take = Effect.fnUntraced(function* (who: string) {
            for (let left = 2; left > 0; left--) received.push([who, ((yield* self.receive) as Letter).number])
          })
          for (const who of ["first", "second"]) {
            yield* take(who)
            for (let left = 2; left > 0; left--) received.push(["outer", ((yield* self.receive) as Letter).number])
          }
          return "all"
        })
      // Looked at from outside: what goes on in the wrong place may never come to a test within
      expect(yield* Process.run(program)).toBe("all")
      const order = ["first", "first", "outer", "outer", "second", "second", "outer", "outer"]
      expect(received).toEqual(order.map((who, at) => [who, at + 1]))
    })
  )

  test(
    "a process that has ended itself, or been interrupted, while it handled a message takes no other",
    Process.run((self) =>
      Effect.gen(function* () {
        const handled: Array<number> = []
        const ends: ReadonlyArray<(own: Process.Self<Letter>) => Effect.Effect<unknown, never, Process.Provided>> = [
          (own) => Process.exit(own.pid, ExitReason.kill),
          () => Effect.withFiber((fiber) => Effect.sync(() => fiber.interruptUnsafe()))
        ]
        for (const end of ends) {
          const { pid, ref } = yield* Process.spawnMonitor(Letter, (own) =>
            Effect.gen(function* () {
              while (true) {
                const message = yield* own.receive
                handled.push((message as Letter).number)
                if ((message as Letter).number === 2) yield* end(own)
              }
            })
          )
          for (const number of [1, 2, 3]) {
            yield* settled
            yield* Process.send(pid, { to: "a", number })
          }
          expect(yield* self.receiveWithin("5 seconds")).toMatchObject({ ref })
        }
        expect(handled).toEqual([1, 2, 1, 2])
      })
    )
  )

  test(
    "who is interrupted while it handles a message, and goes on to something else, does not wait for the next any more",
    Process.run((self) =>
      Effect.gen(function* () {
        let goOn: (() => void) | undefined
        const { pid, ref } = yield* Process.spawnMonitor(Letter, (own) => {
          const handling = Effect.gen(function* () {
            while (true) {
              yield* own.receive
              Fiber.getCurrent()?.interruptUnsafe()
            }
          })
          return Effect.uninterruptibleMask((restore) =>
            Effect.gen(function* () {
              yield* Effect.exit(restore(handling))
              yield* Effect.callback<void>((resume) => {
                goOn = () => resume(Effect.void)
              })
              const next = (yield* own.receive) as Letter
              yield* Process.send(self.pid, { to: "a", number: next.number + 1 })
            })
          )
        })
        for (const number of [1, 2]) {
          yield* settled
          yield* Process.send(pid, { to: "a", number })
        }
        yield* settled
        // The second message has not been mistaken for what it waits for now
        goOn?.()
        expect(yield* self.receive).toMatchObject({ number: 3 })
        expect(yield* self.receive).toMatchObject({ ref })
      })
    )
  )

  test(
    "a generator that gives no effect has died of that, and is not resumed once more with the message before",
    Process.run((self) =>
      Effect.gen(function* () {
        const resumed: Array<unknown> = []
        const { pid, ref } = yield* Process.spawnMonitor(Letter, (own) =>
          Effect.gen(function* () {
            yield* own.receive
            yield* own.receive
            // What the types do not let happen
            resumed.push(yield undefined as never)
          })
        )
        for (const number of [1, 2]) {
          yield* settled
          yield* Process.send(pid, { to: "a", number })
        }
        const down = yield* self.receiveWithin("5 seconds")
        expect(down).toMatchObject({ ref })
        expect(ExitReason.format((down as Process.Down).reason)).toContain("died")
        expect(resumed).toEqual([])
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
