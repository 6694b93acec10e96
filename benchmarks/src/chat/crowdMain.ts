/**
 * The people of the chat, as a program: they connect, and once all are there they talk. Each says the next thing when
 * they have heard one of their own, with a few underway at once, and checks that they hear everything, once, and in the
 * order in which it was said. When all have heard all, they hang up and the program ends.
 */
import { performance } from "node:perf_hooks"
import { WebSocket } from "ws"
import type { Crowd, CrowdAnswer } from "./Crowd.ts"
import { type Heard, pathOf, type Say } from "./frames.ts"

const [argument] = process.argv.slice(2)
if (argument === undefined || process.send === undefined) {
  console.error("This program is started by the chat's benchmark: npm run bench")
  process.exit(2)
}
process.once("disconnect", () => process.exit(1))

// Crowd.ts writes it
const { messagesEach, people, port } = JSON.parse(argument) as Crowd

/** Things that one person has said and not heard yet. */
const underway = 4
const text = "What is said in the benchmark's room is of about this length, which is that of a short sentence or two."

const answer = (value: CrowdAnswer): Promise<void> =>
  new Promise((resolve) => void process.send?.(value, undefined, undefined, () => resolve()))

const fail = async (problem: string): Promise<never> => {
  await answer({ _tag: "failed", problem })
  process.exit(1)
}

const connect = (person: number): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${pathOf(person)}`, { perMessageDeflate: false })
    socket.once("error", reject)
    // The server greets those that will hear what is said from now on
    socket.once("message", () => resolve(socket))
  })

/** Has one person talk and listen. Resolves when they have heard everything. */
const play = (socket: WebSocket, person: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const heardOf = new Array<number>(people).fill(0)
    let left = people * messagesEach
    let said = 0
    const say = () => {
      if (said === messagesEach) return
      const saying: Say = { number: said++, text }
      socket.send(JSON.stringify(saying))
    }
    socket.on("close", () => reject(new Error(`person ${person} was hung up on, with ${left} messages unheard`)))
    socket.on("error", reject)
    socket.on("message", (data) => {
      // The servers send nothing else
      const { from, number, text: heard } = JSON.parse(String(data)) as Heard
      if (heardOf[from] !== number || heard !== text) {
        reject(new Error(`person ${person} heard ${number} of person ${from}, expected ${heardOf[from]}`))
      }
      heardOf[from] = number + 1
      if (--left === 0) {
        socket.removeAllListeners("close")
        resolve()
      } else if (from === person) say()
    })
    for (let count = 0; count < underway; count++) say()
  })

try {
  const sockets = await Promise.all(Array.from({ length: people }, (_, person) => connect(person)))
  const start = performance.now()
  await Promise.all(sockets.map(play))
  const milliseconds = performance.now() - start
  await Promise.all(
    sockets.map((socket) => {
      const closed = new Promise((resolve) => socket.once("close", resolve))
      socket.close()
      return closed
    })
  )
  await answer({ _tag: "heard", messages: people * people * messagesEach, milliseconds })
  process.removeAllListeners("disconnect")
  process.disconnect?.()
} catch (error) {
  await fail(error instanceof Error ? error.message : String(error))
}
