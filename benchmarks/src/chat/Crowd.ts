/**
 * The people of the chat, seen from the OS process of the server: they are in one of their own, so that what they cost
 * is not the server's. `crowdMain.ts` is the other side.
 */
import { fork } from "node:child_process"
import { once } from "node:events"

/** What the people are to do. */
export interface Crowd {
  readonly port: number
  readonly people: number
  readonly messagesEach: number
}

/** What the people have seen: all of it, in the right order, or there would be a problem instead. */
export type CrowdAnswer =
  | { readonly _tag: "heard"; readonly messages: number; readonly milliseconds: number }
  | { readonly _tag: "failed"; readonly problem: string }

/** How long the people may take, milliseconds: longer than anything that works. */
const limit = 60_000

/**
 * Has people connect to the server on this port, talk, hear each other and leave. Gives the messages they have heard, a
 * second; rejects when one was missing, doubled or out of order.
 */
export const talk = async (crowd: Crowd): Promise<number> => {
  const child = fork(new URL("./crowdMain.ts", import.meta.url), [JSON.stringify(crowd)])
  const timer = setTimeout(() => child.kill("SIGKILL"), limit)
  try {
    let answer: CrowdAnswer | undefined
    // crowdMain.ts sends nothing else
    child.once("message", (message) => {
      answer = message as CrowdAnswer
    })
    const [code, signal] = await once(child, "exit")
    if (answer?._tag === "heard" && code === 0) return (answer.messages * 1000) / answer.milliseconds
    throw new Error(answer?._tag === "failed" ? answer.problem : `the people ended with ${signal ?? `code ${code}`}`)
  } finally {
    clearTimeout(timer)
    child.kill("SIGKILL")
  }
}
