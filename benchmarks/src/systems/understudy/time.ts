/**
 * W13 and W14 on Understudy: timers that send messages; and the round trip of a message, beside raw processes that loop
 * over `Effect.sync`.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { percentiles, rateOf, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { PingerMailbox, startPonger } from "./messages.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"

const Fired = Schema.Literal("fired")

interface Timers {
  readonly timers: number
}

/** Gives how many timers were cancelled before they fired. */
const setAndCancelEach = Effect.fnUntraced(function* (self: Process.Self<"fired">, timers: number) {
  let cancelled = 0
  for (let count = 0; count < timers; count++) {
    const timer = yield* Process.sendAfter(self.pid, "fired", 5000 + (count & 1023))
    if ((yield* Process.cancelTimer(timer)) !== undefined) cancelled++
  }
  return cancelled
})

const setAndCancel = ({ timers }: Timers) =>
  asProcess(Fired, (self) =>
    Effect.gen(function* () {
      const { perSecond, result } = yield* rateOf(timers, setAndCancelEach(self, timers))
      yield* verify("cancelled timers", timers, result)
      return perSecond
    })
  )

/** Gives how many timers fired. */
const setAndAwaitAll = Effect.fnUntraced(function* (self: Process.Self<"fired">, timers: number) {
  for (let count = 0; count < timers; count++) yield* Process.sendAfter(self.pid, "fired", 1 + (count % 10))
  let fired = 0
  for (let count = 0; count < timers; count++) if ((yield* self.receive) === "fired") fired++
  return fired
})

const fire = ({ timers }: Timers) =>
  asProcess(Fired, (self) =>
    Effect.gen(function* () {
      const { perSecond, result } = yield* rateOf(timers, setAndAwaitAll(self, timers))
      yield* verify("fired timers", timers, result)
      return perSecond
    })
  )

interface RoundTrips {
  readonly hogs: number
  readonly warmUp: number
  readonly roundTrips: number
}

/** What hogs count their turns in. */
interface Turns {
  count: number
}

const startHog = (turns: Turns) =>
  Process.spawn(Schema.Never, () =>
    Effect.gen(function* () {
      while (true) {
        yield* Effect.sync(() => {
          turns.count++
        })
      }
    })
  )

const roundTrips = ({ hogs, roundTrips, warmUp }: RoundTrips) =>
  asProcess(PingerMailbox, (self) =>
    Effect.gen(function* () {
      const ponger = yield* startPonger
      const busy: Array<Process.Pid> = []
      const turns: Turns = { count: 0 }
      for (let count = 0; count < hogs; count++) busy.push(yield* startHog(turns))
      const microseconds = new Float64Array(roundTrips)
      for (let trip = -warmUp; trip < roundTrips; trip++) {
        const start = performance.now()
        yield* Process.send(ponger, { _tag: "Ping", from: self.pid })
        yield* self.receiveTag("Pong")
        if (trip >= 0) microseconds[trip] = (performance.now() - start) * 1000
      }
      for (const pid of busy) yield* Process.exit(pid, ExitReason.kill)
      yield* Process.send(ponger, { _tag: "Stop" })
      yield* verify("hogs that worked", hogs, turns.count > 0 ? hogs : 0)
      return percentiles(microseconds)
    })
  )

export const time = {
  "timer-cancel": setAndCancel,
  "timer-fire": fire,
  "latency-0": roundTrips,
  "latency-2": roundTrips
} satisfies Programs<UnderstudyProgram>
