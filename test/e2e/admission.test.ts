// Whom the chat server lets in: requests for its own hosts only, and of each address so many connections and rooms.
import { readdirSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { SOCKET_PATH } from "../../examples/chat/src/protocol.ts"
import { type ChatClient, Clients } from "./client.ts"
import { type ChatServer, startServer } from "./server.ts"

/** Sends these lines as one request to the server, and gives all that comes back until it hangs up or has a whole answer. */
const ask = (server: ChatServer, ...lines: ReadonlyArray<string>) =>
  new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port) })
    let answer = ""
    socket.setEncoding("utf8").on("data", (text: string) => {
      answer += text
      // Of a connection that was upgraded there is nothing more to come
      if (answer.startsWith("HTTP/1.1 101") && answer.includes("\r\n\r\n")) socket.destroy()
    })
    socket.once("close", () => resolve(answer))
    socket.once("error", reject)
    socket.write(`${lines.join("\r\n")}\r\n\r\n`)
  })

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

const get = (server: ChatServer, ...headers: ReadonlyArray<string>) =>
  ask(server, "GET / HTTP/1.1", "Connection: close", ...headers)

const upgrade = (server: ChatServer, ...headers: ReadonlyArray<string>) =>
  ask(
    server,
    `GET ${SOCKET_PATH} HTTP/1.1`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers
  )

describe("a host", () => {
  let server: ChatServer
  let port: string
  beforeAll(async () => {
    server = await startServer({ CHAT_HOSTS: "chat.example, other.example:9000" })
    port = new URL(server.url).port
  })
  afterAll(() => server.dispose())

  it.each([
    "localhost:PORT",
    "127.0.0.1:PORT",
    "[::1]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "LocalHost:PORT",
    "localhost.:PORT",
    "chat.example",
    "chat.example:PORT",
    "CHAT.example.:PORT",
    "other.example:9000"
  ])("that is the server's own is served: %s", async (text) => {
    const host = text.replace("PORT", port)
    expect(statusOf(await get(server, `Host: ${host}`))).toBe(200)
    expect(statusOf(await upgrade(server, `Host: ${host}`))).toBe(101)
    expect(statusOf(await upgrade(server, `Host: ${host}`, `Origin: http://${host.toLowerCase()}`))).toBe(101)
  })

  it.each([
    "evil.example",
    "evil.example:PORT",
    "localhost.evil.example:PORT",
    "localhost:1",
    "localhost",
    "127.0.0.1",
    "127.0.0.2:PORT",
    "[::1]",
    "[::2]:PORT",
    "localhost..:PORT",
    "other.example",
    "other.example:PORT",
    "user@localhost:PORT",
    "localhost:PORT@evil.example",
    "localhost:PORT, evil.example",
    "2130706433:PORT",
    ""
  ])("that is another's is refused, whatever is asked for: %s", async (text) => {
    const host = text.replace("PORT", port)
    const page = await get(server, `Host: ${host}`)
    expect(page).toMatch(/^HTTP\/1\.1 4\d\d /)
    // What the parser of HTTP refuses by itself has no text
    if (statusOf(page) !== 400) expect(page).toMatch(/^HTTP\/1\.1 421 .*CHAT_HOSTS/s)
    expect(page).not.toContain("<title>")
    expect(statusOf(await upgrade(server, `Host: ${host}`))).toBeGreaterThanOrEqual(400)
    expect(statusOf(await ask(server, "GET /healthz HTTP/1.1", "Connection: close", `Host: ${host}`))).not.toBe(200)
  })

  it("of a stranger's page that leads here (rebinding) is refused, though the page's origin is the same", async () => {
    const host = `evil.example:${port}`
    expect(statusOf(await upgrade(server, `Host: ${host}`, `Origin: http://${host}`))).toBe(421)
  })

  it("must be given, once, by whatever version of HTTP", async () => {
    expect(statusOf(await get(server))).toBe(400)
    expect(statusOf(await upgrade(server))).toBe(421)
    expect(statusOf(await ask(server, "GET / HTTP/1.0"))).toBe(421)
    expect(statusOf(await ask(server, "GET / HTTP/1.0", `Host: localhost:${port}`))).toBe(200)
    for (const hosts of [
      [`Host: localhost:${port}`, "Host: evil.example"],
      ["Host: evil.example", `Host: localhost:${port}`]
    ]) {
      expect(statusOf(await get(server, ...hosts))).toBeGreaterThanOrEqual(400)
      expect(statusOf(await upgrade(server, ...hosts))).toBeGreaterThanOrEqual(400)
    }
  })
})

// Where the whole of 127.0.0.0/8 is this machine: elsewhere there is one address to come from
describe.skipIf(process.platform === "darwin")("an address", () => {
  const other = { localAddress: "127.0.0.2" }

  describe("that opens rooms", () => {
    const most = 4
    let server: ChatServer
    const clients = new Clients(() => server)
    beforeAll(async () => {
      server = await startServer({ CHAT_ROOMS_PER_ADDRESS: `${most}`, CHAT_ROOMS_PER_CONNECTION: "3" })
    })
    afterEach(() => clients.closeAll())
    afterAll(() => server.dispose())

    const filesOf = (room: string) => readdirSync(server.data).filter((name) => name.startsWith(`room-${room}.`))
    /** Asks to join, and gives the frame that lets the client in or refuses it. */
    const answerTo = async (client: ChatClient, room: string) => {
      const from = client.frames.length
      client.send({ _tag: "Join", room })
      // A refusal comes from the connection, before anything that it answers later
      await client.settle()
      for (const frame of client.frames.slice(from)) {
        if (frame._tag === "Joined" && frame.room === room) return frame
        if (frame._tag === "Error" && frame.room === room) return frame
      }
      return client.expect("Joined", (joined) => joined.room === room)
    }
    const refusal = async (client: ChatClient, room: string) => {
      const answer = await answerTo(client, room)
      if (answer._tag === "Joined") throw new Error(`${room} should have been refused`)
      return answer
    }
    /** Leaves a room. If nothing was said in it and nobody else is there it ends, and the server hears of it soon. */
    const leave = async (client: ChatClient, room: string) => {
      client.send({ _tag: "Leave", room })
      await client.expect("Left", (left) => left.room === room)
    }
    /** Joins as soon as what stands against it has ended. */
    const joinAfter = async (client: ChatClient, room: string) => {
      while ((await answerTo(client, room))._tag !== "Joined");
    }

    it("opens so many, whichever of its connections do; others open theirs, and one that ends makes room", async () => {
      const ada = await clients.enter("Ada")
      const bo = await clients.enter("Bo")
      const cleo = await clients.enter("Cleo", other)
      for (const room of ["first", "second"]) await ada.join(room)
      for (const room of ["third", "fourth"]) await bo.join(room)
      const refused = await refusal(bo, "fifth")
      expect(refused).toMatchObject({ code: "TooManyRoomsOpened", field: "room" })
      expect(refused.message).toMatch(
        /^Your address has opened as many rooms as it may \(4\): join one that is open, or leave some/
      )
      await cleo.join("fifth")
      // Rooms that others have opened do not count
      await bo.join("fifth")
      await leave(bo, "fifth")
      await leave(ada, "first")
      await joinAfter(bo, "sixth")
      expect(await refusal(ada, "first")).toMatchObject({ code: "TooManyRoomsOpened" })
      // The connection is as good as before, and what it opened ends with it
      await ada.join("second")
      await Promise.all([ada.close(), bo.close()])
      const again = await clients.enter("Again")
      for (const room of ["seventh", "eighth", "ninth"]) await joinAfter(again, room)
    }, 120_000)

    it("opens no more than that when many connections do at once, on both schedulers", async () => {
      const crowd = await Promise.all(Array.from({ length: 20 }, (_, number) => clients.enter(`Crowd ${number}`)))
      expect(new Set(crowd.map(({ scheduler }) => scheduler)).size).toBe(2)
      const outcomes = await Promise.all(crowd.map((client, number) => answerTo(client, `at-once-${number}`)))
      expect(outcomes.filter(({ _tag }) => _tag === "Joined").length).toBe(most)
      const refused = outcomes.flatMap((outcome) => (outcome._tag === "Error" ? [outcome.code] : []))
      expect(new Set(refused)).toEqual(new Set(["TooManyRoomsOpened"]))
    }, 120_000)

    it("is in so many with one connection, whoever opened them", async () => {
      const cleo = await clients.enter("Cleo", other)
      const ada = await clients.enter("Ada")
      for (const room of ["one", "two", "three"]) {
        await cleo.join(room)
        await ada.join(room)
      }
      const refused = await refusal(ada, "four")
      expect(refused).toMatchObject({ code: "TooManyRooms", field: "room" })
      expect(refused.message).toContain("leave one of them first")
      await leave(ada, "one")
      await ada.join("four")
    }, 120_000)

    it("leaves nothing behind of a room in which nothing was said, and the history of one in which something was", async () => {
      const ada = await clients.enter("Ada")
      await ada.join("silent")
      await ada.join("spoken")
      ada.send({ _tag: "Say", room: "spoken", text: "a word" })
      await ada.expect("Message")
      expect(filesOf("silent")).toEqual([])
      expect(filesOf("spoken")).toContain("room-spoken.sqlite")
      ada.send({ _tag: "CrashRoom", room: "silent" })
      await ada.expect("RoomDown")
      await ada.expect("Joined", ({ room }) => room === "silent")
      await leave(ada, "silent")
      await leave(ada, "spoken")
      // It has ended once another room can be opened in its place
      for (const room of ["a", "b", "c"]) await joinAfter(ada, room)
      expect(filesOf("silent")).toEqual([])
      expect(filesOf("spoken")).toContain("room-spoken.sqlite")
      await leave(ada, "a")
      expect((await ada.join("spoken")).history.map(({ text }) => text)).toEqual(["a word"])
    }, 120_000)

    it("enters a room that ends because it is empty just then, and is not told that it fell", async () => {
      const ada = await clients.enter("Ada")
      const bo = await clients.enter("Bo")
      for (let round = 0; round < 50; round++) {
        const room = `revolving-${round}`
        await ada.join(room)
        ada.send({ _tag: "Leave", room })
        await bo.join(room)
        bo.send({ _tag: "Leave", room })
        await Promise.all([ada, bo].map((client) => client.expect("Left", (left) => left.room === room)))
      }
      expect(bo.frames.filter(({ _tag }) => _tag === "RoomDown")).toEqual([])
    }, 60_000)

    it("cannot open a new room that looks like one that is open, but one that has a history", async () => {
      const ada = await clients.enter("Ada")
      const cleo = await clients.enter("Cleo", other)
      await ada.join("lobby")
      for (const room of ["1obby", "l0bby"]) {
        const refused = await refusal(cleo, room)
        expect(refused).toMatchObject({ code: "RoomLooksTaken", field: "room" })
        expect(refused.message).toContain('"lobby"')
      }
      await leave(ada, "lobby")
      await joinAfter(cleo, "1obby")
      expect(await refusal(ada, "lobby")).toMatchObject({ code: "RoomLooksTaken" })
      // From now on it has a history, which does not make its name another one
      cleo.send({ _tag: "Say", room: "1obby", text: "an older room" })
      await cleo.expect("Message")
      expect(await refusal(ada, "lobby")).toMatchObject({ code: "RoomLooksTaken" })

      await server.stop("SIGTERM")
      const later = await startServer({ CHAT_DATA: server.data })
      const laterClients = new Clients(() => later)
      try {
        const [dora, emil] = [await laterClients.enter("Dora"), await laterClients.enter("Emil")]
        await dora.join("lobby")
        expect((await emil.join("1obby")).history.map(({ text }) => text)).toEqual(["an older room"])
        expect(await refusal(emil, "l0bby")).toMatchObject({ code: "RoomLooksTaken" })
      } finally {
        laterClients.closeAll()
        await later.dispose()
      }
    }, 120_000)
  })

  describe("that connects", () => {
    const most = 5
    let server: ChatServer
    const clients = new Clients(() => server)
    const plain: Array<Socket> = []
    beforeAll(async () => {
      server = await startServer({ CHAT_CONNECTIONS_PER_ADDRESS: `${most}`, CHAT_SCHEDULERS: "1" })
    })
    afterEach(async () => {
      clients.closeAll()
      for (const socket of plain.splice(0)) socket.destroy()
    })
    afterAll(() => server.dispose())

    /** Connects until it is let in: the server may not have noticed yet that others are gone. */
    const enter = async (name: string): Promise<ChatClient> => {
      while (true) {
        const client = await clients.enter(name).catch(() => undefined)
        if (client !== undefined) return client
      }
    }

    it("has so many connections, and is told why it has no more; others have theirs; one that ends makes room", async () => {
      const mine: Array<ChatClient> = []
      for (let number = 0; number < most; number++) mine.push(await clients.enter(`Mine ${number}`))
      const refused = await clients.connect()
      const { code, reason } = await refused.expect("Closing")
      expect(code).toBe("TooManyConnections")
      expect(reason).toMatch(/^Your address has as many connections as it may \(5\): close some of them/)
      expect(await refused.closed).toBe(1013)
      const page = await get(server, `Host: ${new URL(server.url).host}`)
      expect(page).toMatch(/^HTTP\/1\.1 429 .*Your address has as many connections as it may/s)
      await clients.enter("Other", other)
      await mine[0]?.close()
      const later = await enter("Later")
      await later.settle()
      for (const client of mine.slice(1)) await client.settle()
    }, 120_000)

    it("cannot take all places of the server with connections that say nothing", async () => {
      const { hostname, port } = new URL(server.url)
      let hungUp = 0
      const opened = Array.from({ length: 100 }, () => {
        const socket = connect({ host: hostname, port: Number(port) })
        plain.push(socket)
        return new Promise<void>((resolve) => {
          socket.on("error", () => undefined)
          socket.once("close", () => {
            hungUp++
            resolve()
          })
          socket.once("connect", () => resolve())
        })
      })
      await Promise.all(opened)
      // Every connection has been accepted and counted once a later one is answered
      const client = await clients.enter("Other", other)
      await client.settle()
      expect(hungUp).toBeGreaterThanOrEqual(50)
      for (const socket of plain.splice(0)) socket.destroy()
      await (await enter("Back")).settle()
    }, 120_000)
  })
})
