// The chat server end to end: real WebSocket clients, a real server on two schedulers.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { limits, type ServerFrame, type TreeNode } from "../../examples/chat/src/protocol.ts"
import { type ChatClient, Clients } from "./client.ts"
import { type ChatServer, runToEnd, startServer } from "./server.ts"

let server: ChatServer
const clients = new Clients(() => server)
beforeAll(async () => {
  server = await startServer()
})
afterEach(() => clients.closeAll())
afterAll(() => server.dispose())

type Backstage = Extract<ServerFrame, { readonly _tag: "Backstage" }>

const nodes = (tree: TreeNode): ReadonlyArray<TreeNode> => [tree, ...tree.children.flatMap(nodes)]
const nodeOf = (frame: Backstage, label: string) => nodes(frame.tree).find((node) => node.label === label)
const isRunning = (frame: Backstage, label: string) => typeof nodeOf(frame, label)?.pid === "string"

const say = (client: ChatClient, room: string, text: string, clientId?: string) =>
  client.send({ _tag: "Say", room, text, ...(clientId === undefined ? {} : { clientId }) })

const hears = (client: ChatClient, text: string) => client.expect("Message", (message) => message.text === text)

describe("people", () => {
  it("meet in a room, talk, and see who comes and goes, over both schedulers", async () => {
    const ada = await clients.enterOn(0, "Ada")
    const bo = await clients.enterOn(1, "Bo")
    expect((await ada.join("foyer")).history).toEqual([])
    const joined = await bo.join("foyer")
    const [adaName = "", boName = ""] = joined.members
    const came = await ada.expect("Presence")
    expect(came).toMatchObject({ room: "foyer", joined: [boName], left: [] })
    say(bo, "foyer", "Good evening")
    const [heard, own] = await Promise.all([hears(ada, "Good evening"), hears(bo, "Good evening")])
    expect(heard).toEqual(own)
    expect(heard).toMatchObject({ room: "foyer", from: boName })
    say(ada, "foyer", "<b>& good evening</b>")
    expect((await hears(bo, "<b>& good evening</b>")).from).toBe(adaName)
    bo.send({ _tag: "Leave", room: "foyer" })
    await bo.expect("Left")
    expect(await ada.expect("Presence")).toMatchObject({ joined: [], left: [boName] })
    await bo.join("foyer")
    await ada.expect("Presence")
    bo.socket.terminate()
    expect(await ada.expect("Presence")).toMatchObject({ joined: [], left: [boName] })
  })

  it("see which rooms are open, and how many are in each", async () => {
    const ada = await clients.enter("Ada")
    await ada.expect("Rooms")
    await ada.join("wings")
    await ada.expect("Rooms", ({ rooms }) => rooms.some(({ members, room }) => room === "wings" && members === 1))
    const bo = await clients.enter("Bo")
    await bo.join("wings")
    await ada.expect("Rooms", ({ rooms }) => rooms.some(({ members, room }) => room === "wings" && members === 2))
    bo.socket.terminate()
    await ada.expect("Rooms", ({ rooms }) => rooms.some(({ members, room }) => room === "wings" && members === 1))
  })

  it("cannot take a name that is in use, on whichever scheduler, and can once it is free", async () => {
    const first = await clients.enterOn(0, "Cleo")
    const name = (await first.join("names")).members[0] ?? ""
    const second = await clients.connect()
    second.send({ _tag: "Hello", name: name.toUpperCase() })
    expect(await second.expect("Error")).toMatchObject({ code: "NameTaken", field: "name" })
    await first.close()
    // The connection that was refused is as good as before
    for (let welcomed = false; !welcomed; ) {
      second.send({ _tag: "Hello", name })
      await second.settle()
      welcomed = second.frames.some((frame) => frame._tag === "Welcome")
    }
    second.send({ _tag: "Hello", name: "Other" })
    expect(await second.expect("Error", ({ code }) => code === "AlreadyNamed")).toBeDefined()
  }, 120_000)

  it("cannot take a name that looks like one that is in use, on whichever scheduler", async () => {
    await clients.enterOn(0, "paypal")
    const holder = await clients.enter("pay")
    const other = await clients.connect()
    // In capitals of Cyrillic, in letters of full width
    for (const name of ["\u0420\u0410\u0423", "ｐａｙ", "PAY"]) {
      other.send({ _tag: "Hello", name })
      expect(await other.expect("Error")).toMatchObject({ code: "NameTaken", field: "name" })
    }
    // What was refused holds nothing: a name with one of its looks is free
    other.send({ _tag: "Hello", name: "Pays" })
    await other.expect("Welcome")
    await holder.close()
    await clients.enter("\u0420\u0410\u0423")
  }, 120_000)

  it("who say the same thing twice are heard once", async () => {
    const ada = await clients.enter("Ada")
    const bo = await clients.enter("Bo")
    await ada.join("echo")
    await bo.join("echo")
    say(ada, "echo", "once", "id-1")
    const first = await hears(ada, "once")
    say(ada, "echo", "once", "id-1")
    expect(await hears(ada, "once")).toEqual(first)
    say(bo, "echo", "once", "id-1")
    expect((await hears(ada, "once")).id).toBe(first.id + 1)
    await hears(bo, "once")
    const again = await hears(bo, "once")
    expect(again.from).toBe("Bo")
    expect((await (await clients.enter("Cy")).join("echo")).history.map(({ id }) => id)).toEqual([1, 2])
  })
})

describe("bad input", () => {
  it("is answered by an error that names the field, and the connection lives", async () => {
    const client = await clients.connect()
    const refused = async (text: string, about: object) => {
      client.sendText(text)
      expect(await client.expect("Error")).toMatchObject(about)
    }
    await refused("not json", { code: "BadJson" })
    await refused("[]", { code: "BadFrame", field: "_tag" })
    await refused('{"_tag":"Dance"}', { code: "UnknownFrame", field: "_tag" })
    await refused('{"_tag":"Join","room":"lobby"}', { code: "HelloFirst" })
    await refused('{"_tag":"Hello","name":""}', { code: "BadFrame", field: "name" })
    await refused('{"_tag":"Hello","name":"Ada","admin":true}', { code: "BadFrame", field: "admin" })
    await refused('{"_tag":"Hello"}', { code: "BadFrame", field: "name" })
    await refused('{"_tag":"Hello","name":"\u3164"}', {
      code: "BadFrame",
      message: "Hello.name: Expected a name of visible characters, and U+3164 is not one"
    })
    client.send({ _tag: "Hello", name: "Ada" })
    await client.expect("Welcome")
    await refused('{"_tag":"Join","room":"../etc"}', { code: "BadFrame", field: "room", room: "../etc" })
    await refused('{"_tag":"Say","room":"nowhere","text":"x","clientId":"c"}', {
      code: "NotJoined",
      room: "nowhere",
      clientId: "c"
    })
    await refused('{"_tag":"Say","room":"lobby","text":5}', { code: "BadFrame", field: "text" })
    await refused(`{"_tag":"Ping","nonce":1,"pad":"${"x".repeat(limits.frameBytes)}"}`, { code: "FrameTooLarge" })
    await refused(`{"_tag":"Ping","nonce":1,"pad":"${"é".repeat(limits.frameBytes / 2)}"}`, { code: "FrameTooLarge" })
    await refused('{"_tag":"KillScheduler","slot":0}', { code: "BadFrame", field: "slot" })
    await refused('{"_tag":"KillScheduler","slot":9}', { code: "NoSuchScheduler", field: "slot" })
    client.socket.send(Buffer.from('{"_tag":"Ping","nonce":1}'), { binary: true })
    expect(await client.expect("Error")).toMatchObject({ code: "BadJson" })
    await client.join("lobby")
    say(client, "lobby", "still here")
    await hears(client, "still here")
  })

  it("has no room for more than so many rooms at once", async () => {
    const ada = await clients.enter("Ada")
    // The default of CHAT_ROOMS_PER_CONNECTION
    for (let number = 0; number < 16; number++) await ada.join(`many-${number}`)
    ada.send({ _tag: "Join", room: "one-more" })
    expect(await ada.expect("Error")).toMatchObject({ code: "TooManyRooms", room: "one-more" })
  })

  it("from a page of another origin gets no connection", async () => {
    const from = (origin: string) => clients.connect({ headers: { origin } })
    await expect(from("http://elsewhere.example")).rejects.toThrow("403")
    await expect(from("null")).rejects.toThrow("403")
    await from(server.url)
  })

  it("on HTTP finds the page and nothing else", async () => {
    const get = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init)
    const page = await get("/")
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(await page.text()).toContain("<title>Understudy</title>")
    const script = await get("/view/rooms.ts")
    expect(script.headers.get("content-type")).toContain("text/javascript")
    expect(await script.text()).not.toContain("import type")
    for (const path of [
      "/nothing",
      "/..%2fsrc%2fmain.ts",
      "/%2e%2e/src/main.ts",
      "//etc/passwd",
      "/tsconfig.json",
      "/__proto__"
    ]) {
      expect((await get(path)).status, path).toBe(404)
    }
    expect((await get("/", { method: "POST" })).status).toBe(405)
    const health = await get("/healthz")
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: "ok", schedulers: [{ state: "up" }, { state: "up" }] })
  })
})

describe("pressure", () => {
  it("from a flood is slowed down, loses nothing, and disturbs nobody else", async () => {
    const flooder = await clients.enter("Flo")
    const other = await clients.enter("Ada")
    await flooder.join("flood")
    const count = 1250
    for (let number = 0; number < count; number++) say(flooder, "flood", `flood ${number}`)
    await other.join("quiet")
    say(other, "quiet", "not disturbed")
    await hears(other, "not disturbed")
    expect(flooder.frames.filter(({ _tag }) => _tag === "Message").length).toBeLessThan(count)
    await hears(flooder, `flood ${count - 1}`)
    const heard = flooder.frames.flatMap((frame) => (frame._tag === "Message" ? [frame] : []))
    expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: count }, (_, number) => `flood ${number}`))
    // 500 at first and 250 a second after that
    expect((heard.at(-1)?.at ?? 0) - (heard[0]?.at ?? 0)).toBeGreaterThan(2000)
  }, 120_000)

  it("of a reader that does not read ends in a Closing with its reason, for that reader only", async () => {
    const slow = await clients.enter("Slow")
    const talkers = await Promise.all(["Ada", "Bo", "Cy", "Di"].map((name) => clients.enter(name)))
    await slow.join("torrent")
    for (const talker of talkers) await talker.join("torrent")
    slow.socket.pause()
    const text = "あ".repeat(limits.textLength)
    const isGone = () =>
      talkers.every(({ frames }) => frames.some((frame) => frame._tag === "Presence" && frame.left.includes("Slow")))
    for (let round = 0; !isGone() && round < 300; round++) {
      for (const talker of talkers) for (let number = 0; number < 10; number++) say(talker, "torrent", text)
      await Promise.all(talkers.map((talker) => talker.settle()))
    }
    expect(isGone()).toBe(true)
    slow.socket.resume()
    expect(await slow.expect("Closing")).toMatchObject({ code: "SlowReader" })
    await slow.closed
    expect(slow.frames.at(-1)?._tag).toBe("Closing")
  }, 60_000)
})

describe("the show goes on", () => {
  it("when a room crashes: those in it are told, join again by themselves, and find its history", async () => {
    const ada = await clients.enter("Ada")
    const bo = await clients.enter("Bo")
    await ada.join("trapdoor")
    await bo.join("trapdoor")
    say(ada, "trapdoor", "before")
    await hears(bo, "before")
    bo.send({ _tag: "CrashRoom", room: "trapdoor" })
    expect((await ada.expect("RoomDown")).reason).toContain("Bo pulled the trapdoor")
    const back = await ada.expect("Joined")
    expect(back.history.map(({ text }) => text)).toEqual(["before"])
    await bo.expect("RoomDown")
    await bo.expect("Joined")
    say(bo, "trapdoor", "after")
    const after = await hears(ada, "after")
    expect(after.id).toBe(2)
    expect([...(await bo.join("trapdoor")).members].sort()).toEqual(["Ada", "Bo"])
  })

  it("when a room crashes again and again", async () => {
    const ada = await clients.enter("Ada")
    await ada.join("stubborn")
    for (let time = 0; time < 10; time++) {
      ada.send({ _tag: "CrashRoom", room: "stubborn" })
      await ada.expect("RoomDown")
      await ada.expect("Joined")
    }
    say(ada, "stubborn", "ten times")
    await hears(ada, "ten times")
  })

  it("when a connection's process crashes: its socket closes, its name is free, the others stay", async () => {
    const ada = await clients.enter("Ada")
    const bo = await clients.enter("Bo")
    await ada.join("lines")
    await bo.join("lines")
    ada.send({ _tag: "CrashConnection" })
    expect(await ada.closed).toBe(1011)
    await bo.expect("Presence", ({ left }) => left.includes("Ada"))
    const again = await clients.enter("Ada")
    await again.join("lines")
    say(bo, "lines", "welcome back")
    await hears(again, "welcome back")
  })

  it("when a scheduler is killed: its rooms go on elsewhere, it comes back and accepts again", async () => {
    const watcher = await clients.enterOn(0, "Watcher")
    const victim = await clients.enterOn(1, "Victim")
    watcher.send({ _tag: "Backstage", on: true })
    let lost: string | undefined
    for (let number = 0; lost === undefined && number < 10; number++) {
      const room = `stage-${number}`
      await watcher.join(room)
      await victim.join(room)
      const frame = await watcher.expect("Backstage", (frame) => isRunning(frame, room))
      if (nodeOf(frame, room)?.scheduler === 1) lost = room
    }
    if (lost === undefined) throw new Error("no room was on scheduler 1")
    const room = lost
    say(victim, room, "before the fall")
    await hears(watcher, "before the fall")
    const before = await watcher.expect("Backstage", ({ schedulers }) => schedulers[1]?.state === "up")
    victim.send({ _tag: "KillScheduler", slot: 1 })
    expect(await victim.closed).toBe(1006)
    expect((await watcher.expect("RoomDown", (down) => down.room === room)).reason).toBe("scheduler 1 is down")
    const back = await watcher.expect("Joined", (joined) => joined.room === room)
    expect(back.history.map(({ text }) => text)).toEqual(["before the fall"])
    await watcher.expect(
      "Backstage",
      (frame) =>
        frame.schedulers[1]?.state === "up" &&
        frame.schedulers[1].restarts === (before.schedulers[1]?.restarts ?? 0) + 1 &&
        frame.schedulers[1].incarnation === (before.schedulers[1]?.incarnation ?? 0) + 1 &&
        nodeOf(frame, "chat/listener/1")?.scheduler === 1
    )
    const returned = await clients.enterOn(1, "Returned")
    const joined = await returned.join(room)
    expect(joined.history.map(({ text }) => text)).toEqual(["before the fall"])
    say(returned, room, "after the fall")
    await hears(watcher, "after the fall")
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  }, 60_000)
})

describe("the end", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "on %s: clients are told, histories are kept, exit code 0",
    async (signal) => {
      const mine = await startServer()
      const own = new Clients(() => mine)
      try {
        const here = await own.enterOn(0, "Here")
        const there = await own.enterOn(1, "There")
        await here.join("finale")
        await there.join("finale")
        say(there, "finale", "goodnight")
        await hears(here, "goodnight")
        const [end, ...closings] = await Promise.all([
          mine.stop(signal),
          ...[here, there].map((client) => client.expect("Closing"))
        ])
        expect(closings).toMatchObject([{ code: "ShuttingDown" }, { code: "ShuttingDown" }])
        expect(end.code, mine.output()).toBe(0)
        // A busy machine needs some seconds; a stop that hangs is ended after a minute and more
        expect(end.took).toBeLessThan(30_000)
        expect(mine.output()).not.toContain("ERROR")
        const revived = await startServer({ CHAT_DATA: mine.data })
        const later = new Clients(() => revived)
        try {
          const joined = await (await later.enter("Here")).join("finale")
          expect(joined.history.map(({ text }) => text)).toEqual(["goodnight"])
        } finally {
          later.closeAll()
          await revived.dispose()
        }
      } finally {
        own.closeAll()
        await mine.dispose()
      }
    },
    180_000
  )

  it("of a start with a bad setting is one line that names it, and exit code 1", async () => {
    const { code, output } = await runToEnd({ CHAT_PORT: "eighty" })
    expect(output.trim()).toBe('CHAT_PORT: expected a whole number from 0 to 65535, got "eighty"')
    expect(code).toBe(1)
  })

  it("of a start on a port that another server has says so, and is exit code 1", async () => {
    const { code, output } = await runToEnd({
      CHAT_PORT: new URL(server.url).port,
      CHAT_SCHEDULERS: "1",
      CHAT_DATA: ":memory:"
    })
    expect(output).toContain("it is in use by another program")
    expect(code).toBe(1)
  })
})
