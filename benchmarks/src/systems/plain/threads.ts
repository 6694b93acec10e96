/**
 * W15 without any system: `postMessage` between the main thread and another, which copies each message and wakes the
 * event loop it is for.
 */
import { threadId, Worker } from "node:worker_threads"
import { number, text } from "../../Parcel.ts"
import { atMost, check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"
import type { Answered, Sent } from "./other.ts"

/** Round trips at most: more would take longer than all other systems together. */
const mostRounds = 100_000
/** A new isolate has yet to compile what it runs, which the schedulers of a system have done once and for all. */
const warmUp = 10_000

/** Runs a program with another thread, which ends with it. */
const withOther = async (program: (other: Worker) => Promise<number>): Promise<number> => {
  const other = new Worker(new URL("./other.ts", import.meta.url))
  try {
    return await program(other)
  } finally {
    await other.terminate()
  }
}

const send = (other: Worker, message: Sent): void => other.postMessage(message)

/** Gives how many parcels were taken. */
const sendParcels = (other: Worker, messages: number): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>()
  // other.ts answers nothing else
  other.once("message", (answer: Answered) => resolve(answer._tag === "Counted" ? answer.parcels : 0))
  for (let count = 0; count < messages; count++) send(other, { _tag: "Parcel", number, from: threadId, text })
  send(other, { _tag: "Count" })
  return promise
}

/** Gives how many replies were right. */
const callEachTime = (other: Worker, rounds: number): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>()
  let left = rounds
  let right = 0
  const call = () => send(other, { _tag: "Call", number, from: threadId, text })
  // other.ts answers nothing else
  const onAnswer = (answer: Answered) => {
    if (answer._tag === "Reply" && answer.text === text) right++
    if (--left > 0) return call()
    other.off("message", onAnswer)
    resolve(right)
  }
  other.on("message", onAnswer)
  call()
  return promise
}

/** The rate at which so many are done with another thread. `run` gives how many were. */
const rateWithOther = (count: number, what: string, run: (other: Worker, count: number) => Promise<number>) =>
  withOther(async (other) => {
    await run(other, atMost(warmUp, count))
    let done = 0
    const perSecond = await ratePerSecond(count, async () => {
      done = await run(other, count)
    })
    check(what, count, done)
    return perSecond
  })

const oneWay = ({ messages }: PeerParameters["cross-one-way"]) => rateWithOther(messages, "taken messages", sendParcels)

const pingPong = ({ rounds }: PeerParameters["cross-ping-pong"]) =>
  rateWithOther(atMost(mostRounds, rounds), "round trips", callEachTime)

/** Between threads. What handles messages is a server already. */
export const threads = {
  "cross-one-way": oneWay,
  "cross-one-way-server": oneWay,
  "cross-ping-pong": pingPong,
  "cross-ping-pong-server": pingPong
} satisfies PeerPrograms
