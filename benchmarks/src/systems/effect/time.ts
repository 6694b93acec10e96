/**
 * Effect without Understudy, time: messages that come later unless they are cancelled, and round trips beside fibers that
 * compute. A fiber that computes here runs effects: Effect lets others run after so many of them. Nothing would
 * interrupt plain code.
 */
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { type Percentiles, percentiles } from "../../measure.ts"
import { check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"
import { startPonger } from "./messages.ts"

const roundTripTimes = async ({ hogs, roundTrips, warmUp }: PeerParameters["latency-0"]): Promise<Percentiles> => {
  const times = new Float64Array(roundTrips)
  let counted = 0
  const hog = Effect.gen(function* () {
    while (true) {
      yield* Effect.sync(() => {
        counted++
      })
    }
  })
  await Effect.runPromise(
    Effect.gen(function* () {
      const running = yield* Effect.forEach(Array.from({ length: hogs }), () => Effect.forkDetach(hog))
      const ponger = yield* startPonger
      const mailbox = yield* Queue.unbounded<"pong">()
      for (let count = -warmUp; count < roundTrips; count++) {
        const start = performance.now()
        yield* Queue.offer(ponger, { _tag: "Ping", from: mailbox })
        yield* Queue.take(mailbox)
        if (count >= 0) times[count] = (performance.now() - start) * 1000
      }
      yield* Queue.offer(ponger, { _tag: "Stop" })
      yield* Fiber.interruptAll(running)
    })
  )
  check("hogs that computed", Math.sign(hogs), Math.sign(counted))
  return percentiles(times)
}

/** Gives how many messages came all the same. */
const setAndCancelEach = Effect.fnUntraced(function* (timers: number) {
  const mailbox = yield* Queue.unbounded<"time">()
  for (let timer = 0; timer < timers; timer++) {
    const later = Effect.delay(Queue.offer(mailbox, "time"), 5000 + (timer & 1023))
    // At once: a fiber that had not started would have set no timer
    const fiber = yield* Effect.forkDetach(later, { startImmediately: true })
    yield* Fiber.interrupt(fiber)
  }
  return yield* Queue.size(mailbox)
})

/** Gives how many timers fired. */
const setAndAwaitAll = Effect.fnUntraced(function* (timers: number) {
  const mailbox = yield* Queue.unbounded<"time">()
  for (let timer = 0; timer < timers; timer++) {
    yield* Effect.forkDetach(Effect.delay(Queue.offer(mailbox, "time"), 1 + (timer % 10)))
  }
  let fired = 0
  for (; fired < timers; fired++) yield* Queue.take(mailbox)
  return fired
})

/** Time: timers, and how long an answer takes. */
export const time = {
  "timer-cancel": async ({ timers }) => {
    let left = -1
    const perSecond = await ratePerSecond(timers, async () => {
      left = await Effect.runPromise(setAndCancelEach(timers))
    })
    check("messages of cancelled timers", 0, left)
    return perSecond
  },
  "timer-fire": async ({ timers }) => {
    let fired = 0
    const perSecond = await ratePerSecond(timers, async () => {
      fired = await Effect.runPromise(setAndAwaitAll(timers))
    })
    check("timers that fired", timers, fired)
    return perSecond
  },
  "latency-0": roundTripTimes,
  "latency-2": roundTripTimes
} satisfies PeerPrograms
