// The chat server is stopped while it has a thousand rooms and plenty to do: everybody is told at once, whatever its
// processes are busy with, and then it ends.
import { expect, it } from "vitest"
import { Clients } from "./client.ts"
import { type ChatServer, startServer } from "./server.ts"

const roomCount = 1000
/** The default of CHAT_ROOMS_PER_CONNECTION. */
const roomsEach = 16
/** What everybody says in each of their rooms, so that the rooms still work through it when the signal comes. */
const saidAtOnce = 10
/** And then again and again, up to this. */
const mostSaid = 20_000

it.each([
  ["SIGTERM", 2, 0, "on disk"],
  ["SIGINT", 4, 6, ":memory:"]
] as const)(
  "on %s with 1,000 busy rooms on %d schedulers, all clients are told within 3 s, though %d do not listen; exit code 0 (%s)",
  async (signal, schedulers, deafCount, data) => {
    let server: ChatServer | undefined
    const clients = new Clients(() => server as ChatServer)
    let load: ReturnType<typeof setInterval> | undefined
    try {
      server = await startServer({
        CHAT_SCHEDULERS: `${schedulers}`,
        CHAT_ROOMS_PER_ADDRESS: `${roomCount}`,
        ...(data === "on disk" ? {} : { CHAT_DATA: data })
      })
      const people = await Promise.all(
        Array.from({ length: Math.ceil(roomCount / roomsEach) }, async (_, number) => {
          const client = await clients.enter(`Person ${number}`, { ignore: "Rooms" })
          const rooms: Array<string> = []
          for (let room = number * roomsEach; room < Math.min(roomCount, (number + 1) * roomsEach); room++) {
            await client.join(`room-${room}`)
            rooms.push(`room-${room}`)
          }
          return { client, rooms }
        })
      )
      const watcher = await clients.enter("Watcher")
      const { rooms } = await watcher.expect("Rooms", ({ rooms }) => rooms.length === roomCount)
      expect(rooms.every(({ members }) => members === 1)).toBe(true)
      people.push({ client: watcher, rooms: [] })

      let said = 0
      const sayEverywhere = () => {
        for (const { client, rooms } of people) {
          if (client.socket.readyState !== client.socket.OPEN || said > mostSaid) continue
          for (const room of rooms) client.send({ _tag: "Say", room, text: `line ${said++}` })
        }
      }
      for (let round = 0; round < saidAtOnce; round++) sayEverywhere()
      load = setInterval(sayEverywhere, 100)
      // The rooms have begun, and most of what was said still waits
      await Promise.any(people.map(({ client }) => client.expect("Message")))

      const deaf = people.splice(0, deafCount)
      for (const { client } of deaf) client.socket.pause()
      const signalled = performance.now()
      const ended = server.stop(signal)
      const told = await Promise.all(
        people.map(async ({ client }) => {
          const closing = await client.expect("Closing")
          const code = await client.closed
          return { closing: closing.code, code, after: performance.now() - signalled }
        })
      )
      for (const one of told) expect(one).toMatchObject({ closing: "ShuttingDown", code: 1001 })
      expect(Math.max(...told.map(({ after }) => after))).toBeLessThan(3000)
      const { code, took } = await ended
      expect(code, server.output()).toBe(0)
      // Rooms write down what they were told, and close a database each: how long that takes is up to the disk
      expect(took).toBeLessThan(30_000)
      expect(server.output().match(/^.*ERROR.*$/gm) ?? []).toEqual([])
    } finally {
      clearInterval(load)
      clients.closeAll()
      await server?.dispose()
    }
  },
  120_000
)
