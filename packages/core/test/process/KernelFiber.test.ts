import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

const Word = Schema.Union([Schema.Number, Schema.String])

/** A server whose handlers are effects: some leave something behind, others do not. */
const Owner = GenServer.define("test/KernelFiberOwner", {
  args: { to: Process.pid(Word) },
  protocol: {
    acquire: GenServer.call({ payload: { name: Schema.String } }),
    who: GenServer.call({ success: Process.anyPid }),
    wait: GenServer.call({ payload: { pid: Process.anyPid }, success: Schema.Boolean })
  }
})
const OwnerLive = Owner.implement({
  init: ({ to }) => to,
  handle: {
    acquire: (to, { name }) =>
      Effect.as(
        Effect.addFinalizer(() => Process.send(to, name)),
        GenServer.reply(undefined, to)
      ),
    who: (to) => Effect.map(Process.self, (pid) => GenServer.reply(pid, to)),
    wait: (to, { pid }) =>
      Effect.map(Effect.andThen(Effect.yieldNow, Process.isAlive(pid)), (alive) => GenServer.reply(alive, to))
  }
})

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>) =>
  it.live(title, () => Effect.provide(body, System.layer({ implementations: [OwnerLive], freeze: true })))

/** A process, as those who wait for it see it. */
const processOf = (body: (self: Process.Self<unknown>) => Effect.Effect<unknown, unknown, Process.Provided>) =>
  Process.run((self) => body(self))

/** Runs until it is ended from outside, an operation of Effect's at a time. */
const busy = Effect.forever(Effect.sync(() => undefined))

describe("the loop of a process's fiber", () => {
  test(
    "a process whose slice is over, and that is ended then, runs its finalizers once",
    processOf((self) =>
      Effect.gen(function* () {
        let finalized = 0
        const { pid, ref } = yield* Process.spawnMonitor(Schema.Never, () =>
          Effect.onExit(Effect.andThen(Process.send(self.pid, "busy"), busy), () =>
            Effect.sync(() => {
              finalized++
            })
          )
        )
        expect(yield* self.receive).toBe("busy")
        yield* Process.exit(pid, ExitReason.shutdown)
        expect(yield* self.receive).toMatchObject({ ref, reason: { _tag: "Shutdown" } })
        // What stood in the run queue for it comes to nothing
        for (let turn = 0; turn < 3; turn++) yield* Effect.yieldNow
        expect(finalized).toBe(1)
      })
    )
  )

  test(
    "a part that cannot be interrupted goes on to its end, slice after slice",
    processOf((self) =>
      Effect.gen(function* () {
        let steps = 0
        const step = Effect.sync(() => {
          steps++
        })
        const { pid, ref } = yield* Process.spawnMonitor(Schema.Never, () =>
          Effect.andThen(
            Effect.uninterruptible(
              Effect.andThen(Process.send(self.pid, "begun"), Effect.repeat(step, { times: 999 }))
            ),
            busy
          )
        )
        expect(yield* self.receive).toBe("begun")
        yield* Process.exit(pid, ExitReason.shutdown)
        expect(yield* self.receive).toMatchObject({ ref, reason: { _tag: "Shutdown" } })
        expect(steps).toBe(1000)
      })
    )
  )

  test(
    "what a generator throws after it has waited is a defect that effects around it can handle",
    processOf((self) =>
      Effect.gen(function* () {
        const throwing = Effect.gen(function* () {
          const message = yield* self.receive
          throw new Error(`no ${message}`)
        })
        const caught = Effect.catchDefect(throwing, (defect) => Effect.succeed((defect as Error).message))
        yield* Process.spawn(Schema.Never, () => Process.send(self.pid, "way"))
        expect(yield* caught).toBe("no way")
        // The generator around it goes on
        yield* Process.spawn(Schema.Never, () => Process.send(self.pid, "more"))
        expect(yield* self.receive).toBe("more")
      })
    )
  )

  test(
    "a generator that has waited goes on with successes, fails with failures, and ends with what it returns",
    processOf((self) =>
      Effect.gen(function* () {
        const ask = Effect.andThen(
          Process.spawn(Schema.Never, () => Process.send(self.pid, 1)),
          self.receive
        )
        const sum = Effect.gen(function* () {
          const first = (yield* ask) as number
          return first + (yield* Effect.succeed(41))
        })
        expect(yield* sum).toBe(42)
        const returning = Effect.gen(function* () {
          yield* Process.spawn(Schema.Never, () => Process.send(self.pid, 1))
          return [yield* self.receive]
        })
        expect(yield* returning).toEqual([1])
        const failing = Effect.gen(function* () {
          yield* ask
          yield* Effect.fail("over")
          return "never"
        })
        expect(yield* Effect.flip(failing)).toBe("over")
      })
    )
  )

  test(
    "what an operation leads to goes on with its value, whether it was done at once or waited, and not when it died",
    processOf((self) =>
      Effect.gen(function* () {
        const numbers = yield* Process.spawn(Schema.Number, (process) => process.receive)
        const later = Process.spawn(Schema.Never, () => Process.send(self.pid, 2))
        const combined: ReadonlyArray<Effect.Effect<unknown, unknown, Process.Provided>> = [
          Effect.map(self.receive, (message) => Number(message) + 1),
          Effect.flatMap(self.receive, (message) => Effect.fail(message)),
          Effect.as(self.receive, "as"),
          Effect.andThen(self.receive, Effect.fail("then")),
          Effect.map(Effect.map(self.receive, Number), (message) => message * 10),
          Effect.map(self.receive, () => {
            throw new Error("thrown")
          }),
          Effect.flatMap(self.receive, () => self.receive)
        ]
        const outcomes = []
        for (const effect of combined) {
          // Once the message is there already, and once it has to be waited for
          yield* Process.send(self.pid, 2)
          yield* Process.send(self.pid, 3)
          const there = yield* Effect.exit(effect)
          yield* self.flush
          yield* later
          yield* later
          const waited = yield* Effect.exit(effect)
          yield* self.flush
          outcomes.push([there, waited].map((exit) => (Exit.isSuccess(exit) ? exit.value : String(exit))))
        }
        const thrown = expect.stringContaining("thrown")
        const failed = (error: unknown) => expect.stringContaining(String(error))
        expect(outcomes).toEqual([
          [3, 3],
          [failed(2), failed(2)],
          ["as", "as"],
          [failed("then"), failed("then")],
          [20, 20],
          [thrown, thrown],
          [3, 2]
        ])
        let went = 0
        const bad = Effect.map(Process.send(numbers, "no number" as never), () => went++)
        expect(yield* Effect.catchDefect(bad, (defect) => Effect.succeed(String(defect)))).toContain("InvalidMessage")
        expect(went).toBe(0)
      })
    )
  )

  test(
    "what a generator yields that is no effect ends its process with an error that says what it was",
    processOf((self) =>
      Effect.gen(function* () {
        const { ref } = yield* Process.spawnMonitor(Schema.Unknown, (process) =>
          Effect.gen(function* () {
            yield* process.receive
            // As a program without types might
            yield* { [Symbol.iterator]: () => ["nonsense"].values() } as unknown as Effect.Effect<unknown>
          })
        ).pipe(Effect.tap(({ pid }) => Process.send(pid, "go")))
        const down = yield* self.receive
        expect(down).toMatchObject({ ref, reason: { _tag: "Died" } })
        expect(ExitReason.format((down as Process.Down).reason)).toContain("nonsense")
      })
    )
  )

  test(
    "what an effect iterates over may be an iterator that is no generator",
    processOf((self) =>
      Effect.gen(function* () {
        const received: Array<unknown> = []
        const iterator = {
          next: (message?: unknown) => {
            if (message !== undefined) received.push(message)
            return { done: received.length === 2, value: self.receive }
          }
        }
        yield* Process.spawn(Schema.Never, () => Effect.forEach([1, "two"], (word) => Process.send(self.pid, word)))
        // As compilers make them of generators, for machines that have none
        yield* Effect.gen(() => iterator as unknown as Generator<typeof self.receive>)
        expect(received).toEqual([1, "two"])
      })
    )
  )

  test(
    "who walks an effect's iterator by hand gets each message once, whichever of a step it asks for first",
    processOf((self) =>
      Effect.gen(function* () {
        /** What `yield*` does, in other words. */
        const walk = function* (effect: typeof self.receive): Generator<typeof effect, unknown, unknown> {
          const iterator = effect[Symbol.iterator]() as Iterator<typeof effect, unknown, unknown>
          let step = iterator.next()
          while (true) {
            const { value, done } = step
            if (done === true) return value
            step = iterator.next(yield value)
          }
        }
        const words = ["there", "there too", "awaited", "awaited too"]
        for (const word of words.slice(0, 2)) yield* Process.send(self.pid, word)
        const received = [yield* walk(self.receive), yield* walk(self.receive)]
        yield* Process.spawn(Schema.Never, () =>
          Effect.forEach(words.slice(2), (word) => Effect.andThen(Effect.yieldNow, Process.send(self.pid, word)))
        )
        received.push(yield* walk(self.receive), yield* walk(self.receive))
        expect(received).toEqual(words)
        expect((yield* Process.info(self.pid))?.messageQueueLength).toBe(0)
      })
    )
  )
})

describe("the fibers that servers borrow", () => {
  test(
    "each handler speaks for its own server, whoever ran before it",
    processOf((self) =>
      Effect.gen(function* () {
        const to = self.pid as never
        const one = yield* GenServer.start(Owner, { to })
        const other = yield* GenServer.start(Owner, { to })
        for (let round = 0; round < 3; round++) {
          expect(Process.equals(yield* one.who(), one.pid)).toBe(true)
          expect(Process.equals(yield* other.who(), other.pid)).toBe(true)
          // A handler that waits keeps its fiber
          expect(yield* one.wait({ pid: other.pid })).toBe(true)
        }
      })
    )
  )

  test(
    "what a handler acquires is released when its own server ends, and not before",
    processOf((self) =>
      Effect.gen(function* () {
        const to = self.pid as never
        const one = yield* GenServer.start(Owner, { to })
        const other = yield* GenServer.start(Owner, { to })
        yield* one.acquire({ name: "of one" })
        yield* other.who()
        yield* other.acquire({ name: "of other" })
        yield* GenServer.terminate(other)
        expect(yield* self.receive).toBe("of other")
        expect(Process.equals(yield* one.who(), one.pid)).toBe(true)
        yield* GenServer.terminate(one)
        expect(yield* self.receive).toBe("of one")
      })
    )
  )
})
