// The promises of the wire protocol: good frames pass unchanged, bad ones come back as an error that names the field.
import * as Result from "effect/Result"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  type ErrorFrame,
  encodeClientFrame,
  encodeServerFrame,
  errorFrame,
  limits,
  type ServerFrame,
  type TreeNode
} from "../src/protocol.ts"

const refused = (text: string): ErrorFrame => {
  const result = decodeClientFrame(text)
  if (Result.isSuccess(result)) throw new Error(`taken, but should be refused: ${text.slice(0, 200)}`)
  return result.failure
}

const leaf: TreeNode = {
  id: "root/rooms/lobby",
  pid: "<1.0.7>",
  kind: "worker",
  label: "lobby",
  scheduler: 1,
  restarts: 2,
  children: [],
  hidden: 0
}

const clientFrames: ReadonlyArray<ClientFrame> = [
  { _tag: "Hello", name: "Ada" },
  { _tag: "Hello", name: "Ana María O'Neil-Núñez Jr." },
  { _tag: "Hello", name: "李雷" },
  { _tag: "Join", room: "lobby" },
  { _tag: "Leave", room: "green-room-2" },
  { _tag: "Say", room: "lobby", text: "hello <b>there</b> 👋\nand again" },
  { _tag: "Say", room: "lobby", text: "x".repeat(limits.textLength), clientId: "a_B-9" },
  { _tag: "Backstage", on: true },
  { _tag: "CrashRoom", room: "lobby" },
  { _tag: "CrashConnection" },
  { _tag: "KillScheduler", slot: 1 },
  { _tag: "Ping", nonce: 0 }
]

const said = { room: "lobby", id: 1, at: 5, from: "Ada", text: "hi" }

const serverFrames: ReadonlyArray<ServerFrame> = [
  { _tag: "Welcome", name: "Ada", scheduler: 0, pid: "<0.0.3>" },
  {
    _tag: "Joined",
    room: "lobby",
    members: ["Ada"],
    history: [said]
  },
  { _tag: "Left", room: "lobby" },
  { _tag: "RoomDown", room: "lobby", reason: "crashed on purpose" },
  { _tag: "Message", room: "lobby", id: 2, at: 6, from: "Ada", text: "hi", clientId: "c1" },
  { _tag: "Presence", room: "lobby", joined: ["Bo"], left: [] },
  { _tag: "Rooms", rooms: [{ room: "lobby", members: 2 }] },
  {
    _tag: "Backstage",
    at: 7,
    schedulers: [
      { slot: 0, incarnation: 0, state: "up", runQueue: 0, utilisation: 0.25, processes: 9, restarts: 0 },
      { slot: 1, incarnation: 3, state: "down", runQueue: 0, utilisation: 0, processes: 0, restarts: 3 }
    ],
    tree: { ...leaf, id: "root", kind: "supervisor", pid: null, scheduler: null, children: [leaf], hidden: 4 }
  },
  errorFrame("NameTaken", "Somebody is called that"),
  errorFrame("BadFrame", "Say.text: Missing", { field: "text", room: "lobby", clientId: "c1" }),
  { _tag: "Closing", code: "SlowReader", reason: "You took too long to read" },
  { _tag: "Pong", nonce: 1, at: 8 }
]

describe("good frames", () => {
  it.each(clientFrames)("a client's $_tag is read as it was sent", (frame) => {
    expect(decodeClientFrame(encodeClientFrame(frame))).toEqual(Result.succeed(frame))
  })

  it.each(serverFrames)("a server's $_tag is read as it was sent", (frame) => {
    expect(decodeServerFrame(encodeServerFrame(frame))).toEqual(Result.succeed(frame))
  })

  it("the encoded side is the frame itself as JSON, so the page needs no codec", () => {
    for (const frame of clientFrames) expect(JSON.parse(encodeClientFrame(frame))).toEqual(frame)
    for (const frame of serverFrames) expect(JSON.parse(encodeServerFrame(frame))).toEqual(frame)
  })

  it("a name that was taken by the rules of an earlier version is shown as it is", () => {
    const from = "\u3164"
    const joined: ServerFrame = { _tag: "Joined", room: "lobby", members: [from], history: [{ ...said, from }] }
    expect(decodeServerFrame(encodeServerFrame(joined))).toEqual(Result.succeed(joined))
    expect(refused(JSON.stringify({ _tag: "Hello", name: from }))).toMatchObject({ code: "BadFrame", field: "name" })
  })

  it("the server's own mistakes do not reach the wire", () => {
    expect(() => encodeServerFrame({ _tag: "Pong", nonce: -1, at: 0 })).toThrow(/nonce/)
  })
})

describe("bad frames name what is wrong", () => {
  const say = { _tag: "Say", room: "lobby", text: "hi" }
  const cases: ReadonlyArray<readonly [title: string, frame: unknown, field: string]> = [
    ["an empty name", { _tag: "Hello", name: "" }, "name"],
    ["a name that is too long", { _tag: "Hello", name: "a".repeat(limits.nameLength + 1) }, "name"],
    ["a name with a space at its end", { _tag: "Hello", name: "Ada " }, "name"],
    ["a name with two spaces in a row", { _tag: "Hello", name: "Ada  L" }, "name"],
    ["a name with an invisible character", { _tag: "Hello", name: "Ad\u200ba" }, "name"],
    ["a name that turns the direction of text", { _tag: "Hello", name: "Ada\u202e" }, "name"],
    ["a name that is no string", { _tag: "Hello", name: 7 }, "name"],
    ["a missing name", { _tag: "Hello" }, "name"],
    ["a field that is not of the frame", { _tag: "Hello", name: "Ada", admin: true }, "admin"],
    ["a room with upper case", { _tag: "Join", room: "Lobby" }, "room"],
    ["a room that is a path", { _tag: "Join", room: "../etc" }, "room"],
    ["a room that is too long", { _tag: "Join", room: "r".repeat(limits.roomLength + 1) }, "room"],
    ["a text that is too long", { ...say, text: "x".repeat(limits.textLength + 1) }, "text"],
    ["a blank text", { ...say, text: " \n " }, "text"],
    ["a text with a control character", { ...say, text: "a\u0000b" }, "text"],
    ["a text with half a surrogate pair", { ...say, text: "a\ud83d" }, "text"],
    ["a clientId with other characters", { ...say, clientId: "a b" }, "clientId"],
    ["a clientId that is null", { ...say, clientId: null }, "clientId"],
    ["a switch that is no boolean", { _tag: "Backstage", on: "yes" }, "on"],
    ["the main thread's slot", { _tag: "KillScheduler", slot: 0 }, "slot"],
    ["a slot with a fraction", { _tag: "KillScheduler", slot: 1.5 }, "slot"],
    ["a number as tag", { _tag: 3 }, "_tag"],
    ["no tag", {}, "_tag"],
    ["a list", [], "_tag"],
    ["null", null, "_tag"],
    ["a number", 5, "_tag"]
  ]

  it.each(cases)("%s", (_title, frame, field) => {
    const error = refused(JSON.stringify(frame))
    expect(error).toMatchObject({ _tag: "Error", code: "BadFrame", field })
    expect(error.message).not.toBe("")
  })

  it("an unknown frame, also one named like what every object inherits", () => {
    for (const tag of ["Shout", "toString", "__proto__", "constructor", ""]) {
      const error = refused(`{"_tag":${JSON.stringify(tag)}}`)
      expect(error).toMatchObject({ code: "UnknownFrame", field: "_tag" })
    }
    expect(refused('{"_tag":"Shout"}').message).toContain('"Shout"')
  })

  it("what is not JSON", () => {
    for (const text of ["", "{", "hello", "{'_tag':'Hello'}"]) expect(refused(text)).toMatchObject({ code: "BadJson" })
  })

  it("a frame over the limit, counted in bytes and before it is read", () => {
    const open = '{"_tag":"Hello","name":"'
    const fits = `${open + "a".repeat(limits.frameBytes - open.length - 2)}"}`
    expect(refused(fits).code).toBe("BadFrame")
    expect(refused(`${fits} `).code).toBe("FrameTooLarge")
    // Three bytes each: under the limit in characters, over it in bytes.
    expect(refused("語".repeat(limits.frameBytes / 3 + 1)).code).toBe("FrameTooLarge")
    expect(refused("語".repeat(limits.frameBytes / 4)).code).toBe("BadJson")
  })

  it("a refused Say says which message it was", () => {
    const error = refused(JSON.stringify({ ...say, text: "", clientId: "c7" }))
    expect(error).toMatchObject({ field: "text", room: "lobby", clientId: "c7" })
  })

  it("what a stranger wrote is echoed shortened, and every refusal is itself a sound frame", () => {
    const long = "z".repeat(5000)
    for (const text of [
      JSON.stringify({ _tag: long }),
      JSON.stringify({ ...say, [long]: 1, room: long, clientId: long })
    ]) {
      const encoded = encodeServerFrame(refused(text))
      expect(encoded.length).toBeLessThan(400)
    }
  })

  it("nothing makes it throw, and what it takes it would send", () => {
    const nearly = fc.record(
      {
        _tag: fc.oneof(fc.constantFrom(...clientFrames.map((frame) => frame._tag)), fc.string()),
        name: fc.anything(),
        room: fc.oneof(fc.constant("lobby"), fc.anything()),
        text: fc.oneof(fc.string({ unit: "binary" }), fc.anything()),
        slot: fc.anything()
      },
      { requiredKeys: ["_tag"] }
    )
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      nearly.map((frame) => JSON.stringify(frame))
    )
    fc.assert(
      fc.property(text, (input) => {
        const result = decodeClientFrame(input)
        if (Result.isSuccess(result)) encodeClientFrame(result.success)
        else encodeServerFrame(result.failure)
      }),
      { numRuns: 500 }
    )
  })
})
