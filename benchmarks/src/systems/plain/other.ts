/**
 * The thread on the other side of the plain limit of W15: it answers calls, and counts what needs no answer.
 */
import { parentPort, threadId } from "node:worker_threads"

interface Letter {
  readonly number: number
  /** Of the thread it came from: there is nothing else that could be an address. */
  readonly from: number
  readonly text: string
}

/** What it is sent. */
export type Sent =
  | (Letter & { readonly _tag: "Call" })
  | (Letter & { readonly _tag: "Parcel" })
  | { readonly _tag: "Count" }

/** What it answers: a call with what it got, and `Count` with how many parcels have come since the last. */
export type Answered = (Letter & { readonly _tag: "Reply" }) | { readonly _tag: "Counted"; readonly parcels: number }

let parcels = 0

const answer = (message: Answered): void => parentPort?.postMessage(message)

// The owner sends nothing else
parentPort?.on("message", (message: Sent) => {
  switch (message._tag) {
    case "Call": {
      const { number, text } = message
      return answer({ _tag: "Reply", number, from: threadId, text })
    }
    case "Parcel":
      parcels++
      return
    case "Count":
      answer({ _tag: "Counted", parcels })
      parcels = 0
  }
})
