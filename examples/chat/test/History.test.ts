import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { History, inMemory, keptMessages } from "../src/History.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-history-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const saying = (text: string, from = "Ada", clientId?: string) => ({
  at: 1000,
  from,
  text,
  ...(clientId === undefined ? {} : { clientId })
})

it("keeps what was said, with ids that count up, over its closing", () => {
  const first = new History(folder, "lobby")
  expect(first.add(saying("one")).message).toEqual({ room: "lobby", id: 1, at: 1000, from: "Ada", text: "one" })
  first.add(saying("'; DROP TABLE message; --", "Bo", "id-1"))
  first.close()
  const second = new History(folder, "lobby")
  expect(second.add(saying("three")).message.id).toBe(3)
  expect(second.latest(100).map(({ text }) => text)).toEqual(["one", "'; DROP TABLE message; --", "three"])
  expect(second.latest(100)[1]).toMatchObject({ from: "Bo", clientId: "id-1" })
  second.close()
})

it("keeps rooms apart", () => {
  const lobby = new History(folder, "lobby")
  const wings = new History(folder, "wings")
  lobby.add(saying("one"))
  expect(wings.latest(100)).toEqual([])
  lobby.close()
  wings.close()
})

it("gives the newest messages, the oldest of them first", () => {
  const history = new History(inMemory, "lobby")
  for (let number = 1; number <= 10; number++) history.add(saying(`${number}`))
  expect(history.latest(3).map(({ text }) => text)).toEqual(["8", "9", "10"])
  history.close()
})

it("adds what one sender says under one client id once, also over its closing", () => {
  const first = new History(folder, "lobby")
  expect(first.add(saying("one", "Ada", "id")).isNew).toBe(true)
  expect(first.add(saying("one, changed", "Ada", "id"))).toMatchObject({
    isNew: false,
    message: { id: 1, text: "one" }
  })
  expect(first.add(saying("one", "Bo", "id"))).toMatchObject({ isNew: true, message: { id: 2 } })
  expect(first.add(saying("one")).isNew).toBe(true)
  expect(first.add(saying("one")).isNew).toBe(true)
  first.close()
  const second = new History(folder, "lobby")
  expect(second.add(saying("one", "Ada", "id"))).toMatchObject({ isNew: false, message: { id: 1 } })
  second.close()
})

it("drops the oldest when it opens, and never gives an id twice", () => {
  const first = new History(folder, "lobby")
  for (let number = 1; number <= keptMessages + 5; number++) first.add(saying(`${number}`))
  first.close()
  const second = new History(folder, "lobby")
  const kept = second.latest(keptMessages * 2)
  expect(kept.length).toBe(keptMessages)
  expect(kept[0]?.id).toBe(6)
  expect(second.add(saying("next")).message.id).toBe(keptMessages + 6)
  second.close()
}, 60_000)

it("makes no file before something is said, and leaves none when nothing was", () => {
  const history = new History(folder, "lobby")
  expect(history.isEmpty).toBe(true)
  expect(history.latest(100)).toEqual([])
  expect(readdirSync(folder)).toEqual([])
  history.close()
  expect(readdirSync(folder)).toEqual([])
  const spoken = new History(folder, "lobby")
  spoken.add(saying("one"))
  expect(spoken.isEmpty).toBe(false)
  spoken.close()
  expect(readdirSync(folder)).toEqual(["room-lobby.sqlite"])
  const again = new History(folder, "lobby")
  expect(again.isEmpty).toBe(false)
  again.close()
  expect(readdirSync(folder)).toEqual(["room-lobby.sqlite"])
})

it("takes a file away that has no message in it, however it came to be", () => {
  // As a process leaves it that was killed between making it and adding the first message
  for (const suffix of ["", "-wal", "-shm"]) writeFileSync(join(folder, `room-lobby.sqlite${suffix}`), "")
  const history = new History(folder, "lobby")
  expect(history.isEmpty).toBe(true)
  history.close()
  expect(readdirSync(folder)).toEqual([])
})
