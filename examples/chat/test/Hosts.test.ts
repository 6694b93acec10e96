import { describe, expect, it } from "vitest"
import { isSameHost, ownHosts, readHosts } from "../src/Hosts.ts"

const isOwn = ownHosts({ host: "stage.lan", port: 8080, more: ["chat.example", "other.example:8443", "[fd00::0001]"] })
/** Asked of a connection to 192.0.2.7. */
const isOurs = (host: string | undefined) => isOwn(host, "192.0.2.7")

describe("a server's own host", () => {
  it.each([
    "localhost:8080",
    "127.0.0.1:8080",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]:8080",
    "[::0001]:8080",
    "stage.lan:8080",
    "LOCALHOST:8080",
    "Stage.LAN:8080",
    "localhost.:8080",
    "stage.lan.:8080",
    "192.0.2.7:8080",
    "chat.example",
    "chat.example.",
    "chat.example:80",
    "Chat.Example:8080",
    "other.example:8443",
    "[fd00::1]",
    "[FD00::1]:8080"
  ])("is %s", (host) => {
    expect(isOurs(host)).toBe(true)
  })

  it.each([
    undefined,
    "",
    " ",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "localhost:80",
    "localhost:",
    "localhost:08080x",
    "localhost:99999",
    "localhost:8081",
    "localhost..:8080",
    "[::1]:8081",
    "::1:8080",
    "[::1",
    "[::2]:8080",
    "[::1]x:8080",
    "[localhost]:8080",
    "192.0.2.8:8080",
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example:8080",
    "127.0.0.1.evil.example:8080",
    "evil-localhost:8080",
    "chat.example:8443",
    "other.example",
    "other.example:8080",
    "sub.chat.example",
    "localhost:8080, evil.example",
    "localhost:8080 ",
    "user@localhost:8080",
    "localhost:8080@evil.example",
    "localhost:8080/",
    "http://localhost:8080",
    "localhost:8080#evil.example",
    "localhost%00.evil.example:8080",
    "lоcalhost:8080", // with a Cyrillic o
    "2130706433:8080",
    "0x7f.0.0.1:8080",
    "127.1:8080",
    "*:8080",
    "localhost\\evil:8080"
  ])("is not %s", (host) => {
    expect(isOurs(host)).toBe(false)
  })

  it("needs no port when the server has the one that goes without saying", () => {
    const isOwn = ownHosts({ host: "127.0.0.1", port: 80, more: [] })
    for (const host of ["localhost", "127.0.0.1", "[::1]", "localhost:80"]) expect(isOwn(host, undefined)).toBe(true)
    expect(isOwn("localhost:8080", undefined)).toBe(false)
  })

  it("is the address that was connected to, of whichever kind, with the server's port", () => {
    const isOwn = ownHosts({ host: "::", port: 8080, more: [] })
    expect(isOwn("[::]:8080", "::1")).toBe(true)
    expect(isOwn("192.0.2.7:8080", "::ffff:192.0.2.7")).toBe(true)
    expect(isOwn("[2001:db8::7]:8080", "2001:db8::7")).toBe(true)
    expect(isOwn("[2001:db8::8]:8080", "2001:db8::7")).toBe(false)
    expect(isOwn("192.0.2.7", "::ffff:192.0.2.7")).toBe(false)
  })
})

it("two hosts are the same when name and port are, however they are written", () => {
  expect(isSameHost("chat.example:8080", "CHAT.example.:8080")).toBe(true)
  expect(isSameHost("chat.example", "chat.example:80")).toBe(true)
  expect(isSameHost("[::1]:8080", "[0:0::1]:8080")).toBe(true)
  expect(isSameHost("chat.example", "chat.example:8080")).toBe(false)
  expect(isSameHost("", "")).toBe(false)
})

it("a list of hosts is read as a whole or not at all", () => {
  expect(readHosts("chat.example, chat.example:8443,[fd00::1]")).toEqual([
    "chat.example",
    "chat.example:8443",
    "[fd00::1]"
  ])
  for (const text of ["chat.example,", "https://chat.example", "chat.example/page", "a b", "[zz]", "x:70000"]) {
    expect(readHosts(text), text).toBeUndefined()
  }
})
