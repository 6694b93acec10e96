import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { fiberKind } from "../../src/fiber/Fibers.ts"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"

const Counter = GenServer.define("test/FibersCounter", {
  protocol: { next: GenServer.call({ success: Schema.Int }), fail: GenServer.call({ success: Schema.Int }) }
})
const CounterLive = Counter.implement({
  init: () => 0,
  handle: {
    next: (count) => GenServer.reply(count + 1, count + 1),
    fail: () => Effect.interrupt
  }
})

const test = (title: string, body: Effect.Effect<unknown, unknown, System.System>, slice = 128) =>
  it.live(title, () => Effect.provide(body, System.layer({ implementations: [CounterLive], freeze: true, slice })))

const Numbered = Schema.TaggedUnion({ Number: { n: Schema.Int } })
const number = (n: number) => ({ _tag: "Number", n }) as const

/** Whether other processes get their turns while `hog` runs: a round trip through another process, several times. */
const othersRunBeside = (hog: Effect.Effect<unknown, unknown, Process.Provided>) =>
  Process.run((self) =>
    Effect.gen(function* () {
      const running = yield* Process.spawn(Schema.Never, () => hog)
      const echo = yield* Process.spawn(Numbered, (other) =>
        Effect.forever(Effect.flatMap(other.receive, (message) => Process.send(self.pid, message as never)))
      )
      for (let n = 0; n < 5; n++) {
        yield* Process.send(echo, number(n))
        expect(yield* self.receive).toEqual(number(n))
      }
      yield* Process.exit(running, ExitReason.kill)
      yield* Process.exit(echo, ExitReason.kill)
    })
  )

describe("the fibers of processes", () => {
  it("are of Effect's own class with the pinned Effect, unless told otherwise", () =>
    expect(fiberKind).toBe(process.env.UNDERSTUDY_FIBERS ?? "kernel"))

  test(
    "MC19 a process that loops over effects that are over already lets others run",
    othersRunBeside(
      Effect.gen(function* () {
        while (true) yield* Effect.void
      })
    )
  )

  test(
    "and so does a child fiber of a process",
    othersRunBeside(
      Effect.flatMap(
        Effect.forkChild(
          Effect.gen(function* () {
            while (true) yield* Effect.succeed(1)
          })
        ),
        Fiber.join
      )
    )
  )

  for (const [what, each] of [
    ["are over already", Effect.void],
    ["run", Effect.sync(() => 1)]
  ] as const) {
    test(
      `MC19 a process that goes through a long list of effects that ${what} lets others run`,
      othersRunBeside(Effect.forever(Effect.forEach(Array.from({ length: 10_000 }), () => each)))
    )
  }

  test(
    "a process that loops over steps of its own lets others run",
    othersRunBeside(
      Effect.gen(function* () {
        while (true) yield* Process.self
      })
    )
  )

  test(
    "a process that sends to itself and receives, again and again, lets others run",
    Effect.suspend(() =>
      othersRunBeside(
        Effect.flatMap(
          Process.spawnLink(Numbered, (self) =>
            Effect.gen(function* () {
              while (true) {
                yield* Process.send(self.pid, number(1))
                yield* self.receive
              }
            })
          ),
          () => Effect.never
        )
      )
    )
  )

  for (const slice of [8, 128]) {
    test(
      `a process that did much on the spot while it was alone makes room within a slice of ${slice} once somebody waits`,
      Process.run((self) =>
        Effect.gen(function* () {
          // Done on the spot, and of no consequence
          const nothing = Process.demonitor(yield* Process.monitor(self.pid))
          for (const alone of [0, slice, 100 * slice + 1]) {
            let done = 0
            let doneBefore: number | undefined
            for (let count = 0; count < alone; count++) yield* nothing
            const other = yield* Process.spawn(Schema.Never, () =>
              Effect.sync(() => {
                doneBefore = done
              })
            )
            while (doneBefore === undefined && done < 100 * slice) {
              done++
              yield* nothing
            }
            yield* Effect.asVoid(Process.exit(other, ExitReason.kill))
            // With a few that the interpreter does before it asks
            expect(doneBefore).toBeLessThanOrEqual(slice + 8)
          }
        })
      ),
      slice
    )
  }

  for (const slice of [1, 2, 3, 7]) {
    test(
      `no message is missed by who yields between looking for it and waiting, with slices of ${slice}`,
      Process.run((self) =>
        Effect.gen(function* () {
          const members = 12
          const received: Array<number> = []
          const pids: Array<Process.Pid<{ readonly _tag: "Number"; readonly n: number }>> = []
          for (let at = 0; at < members; at++) {
            pids.push(
              yield* Process.spawn(Numbered, (member) =>
                Effect.gen(function* () {
                  yield* member.receive
                  for (const pid of pids) yield* Process.send(pid, number(at))
                  let sum = 0
                  for (let left = members; left > 0; left--) {
                    const message = yield* member.receive
                    if (message._tag === "Number") sum += message.n
                  }
                  yield* Process.send(self.pid, number(sum) as never)
                })
              )
            )
          }
          for (const pid of pids) yield* Process.send(pid, number(0))
          for (let left = members; left > 0; left--) {
            const message = yield* self.receiveWithin("10 seconds")
            received.push((message as { readonly n: number }).n)
          }
          expect(received).toHaveLength(members)
        })
      ),
      slice
    )
  }

  test(
    "what throws in an operation is a defect, whatever the generator has around it",
    Effect.gen(function* () {
      let caught = false
      const outcome = yield* Effect.exit(
        Process.run((self) =>
          Effect.gen(function* () {
            const other = yield* Process.spawn(Numbered, (it) => it.receive)
            try {
              yield* Process.send(other, "not a number" as never)
            } catch {
              caught = true
            }
            return self.pid
          })
        )
      )
      expect(caught).toBe(false)
      expect(Exit.hasDies(outcome)).toBe(true)
    })
  )

  test(
    "one operation can be run by several fibers at once, each with a result of its own",
    Process.run(
      Effect.gen(function* () {
        const counter = yield* GenServer.start(Counter)
        const next = counter.next()
        const inGenerator = Effect.gen(function* () {
          return [yield* next, yield* next]
        })
        const [a, b] = yield* Effect.all([inGenerator, inGenerator], { concurrency: 2 })
        expect([...a, ...b].sort()).toEqual([1, 2, 3, 4])
      })
    )
  )

  test(
    "a receive that loses a race leaves the message to the next receive",
    Process.run((self) =>
      Effect.gen(function* () {
        expect(yield* Effect.timeoutOption(self.receive, 1)).toMatchObject({ _tag: "None" })
        yield* Process.send(self.pid, number(1) as never)
        expect(yield* self.receive).toEqual(number(1))
        yield* Process.send(self.pid, number(2) as never)
        expect(yield* Effect.timeoutOption(self.receive, "10 seconds")).toMatchObject({ value: number(2) })
      })
    )
  )

  test(
    "code that is given another process to speak for speaks for that one",
    Process.run((self) =>
      Effect.gen(function* () {
        const other = yield* Process.spawn(Schema.Never, (it) =>
          Effect.flatMap(Process.Current, (record) =>
            Effect.flatMap(Process.send(self.pid, record as never), () => it.receive)
          )
        )
        const record = (yield* self.receive) as Process.Current["Service"]
        expect(yield* Effect.provideService(Process.self, Process.Current, record)).toBe(other)
        expect(yield* Process.self).toBe(self.pid)
      })
    )
  )

  test(
    "a handler that interrupts itself ends its server, and the next server handles effects as before",
    Process.run(
      Effect.gen(function* () {
        const counter = yield* GenServer.start(Counter)
        expect(yield* Effect.flip(counter.fail())).toMatchObject({ _tag: "NoProcess" })
        const another = yield* GenServer.start(Counter)
        expect(yield* another.next()).toBe(1)
      })
    )
  )

  test(
    "what a process forked as its child ends with it, before the process is gone",
    Process.run((self) =>
      Effect.gen(function* () {
        let interrupted = false
        const { ref } = yield* Process.spawnMonitor(Schema.Never, () =>
          Effect.flatMap(
            Effect.forkChild(
              Effect.onInterrupt(Effect.never, () =>
                Effect.sync(() => {
                  interrupted = true
                })
              ),
              { startImmediately: true }
            ),
            () => Effect.void
          )
        )
        const down = yield* self.receive
        expect(down).toMatchObject({ ref, reason: { _tag: "Normal" } })
        expect(interrupted).toBe(true)
      })
    )
  )
})
