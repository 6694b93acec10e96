import { EventEmitter } from "node:events"
import { expect, it, vi } from "vitest"
import type { WebSocket } from "ws"
import { LiveSocket, mostUnread, mostWaiting, stopping } from "../src/LiveSocket.ts"

/** As much of a WebSocket as a LiveSocket uses, with a reader as slow as the test likes. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  bufferedAmount = 0
  readonly sent: Array<string> = []
  readonly closes: Array<number> = []
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(code: number): void {
    this.readyState = 2
    this.closes.push(code)
  }
  terminate(): void {
    this.readyState = 3
    this.emit("close")
  }
  text(text: string): void {
    this.emit("message", Buffer.from(text), false)
  }
}

const make = () => {
  const fake = new FakeSocket()
  // It has everything a LiveSocket uses
  const socket = new LiveSocket(fake as unknown as WebSocket)
  const told = { readable: 0, closed: 0 }
  const events = { onReadable: () => told.readable++, onClosed: () => told.closed++ }
  return { fake, socket, told, events }
}

it("does not read on while too much waits, and reads on when half of it is taken", () => {
  const { fake, socket } = make()
  for (let number = 0; number < mostWaiting - 1; number++) fake.text(`${number}`)
  expect(fake.isPaused).toBe(false)
  fake.text("last")
  expect(fake.isPaused).toBe(true)
  for (let left = mostWaiting; left > mostWaiting / 2 + 1; left--) socket.take()
  expect(fake.isPaused).toBe(true)
  socket.take()
  expect(fake.isPaused).toBe(false)
})

it("tells once that something came in, and again when all was taken; also of what came before it was asked", () => {
  const { events, fake, socket, told } = make()
  fake.text("one")
  socket.open(events)
  expect(told.readable).toBe(1)
  fake.text("two")
  expect(told.readable).toBe(1)
  expect([socket.take(), socket.take(), socket.take()]).toEqual([
    { _tag: "Text", text: "one" },
    { _tag: "Text", text: "two" },
    undefined
  ])
  fake.emit("message", Buffer.from([1]), true)
  expect(told.readable).toBe(2)
  expect(socket.take()).toEqual({ _tag: "Binary" })
  fake.emit("close")
  expect(told.closed).toBe(1)
})

it("sends nothing more to a slow reader but the last word", () => {
  const { fake, socket } = make()
  fake.bufferedAmount = mostUnread
  socket.send("one")
  fake.bufferedAmount = mostUnread + 1
  socket.send("two")
  expect(socket.isSlow).toBe(true)
  fake.bufferedAmount = 0
  socket.send("three")
  socket.sendLast("goodbye")
  expect(fake.sent).toEqual(["one", "goodbye"])
})

it("closes once, and tells when it is closed, also when it was before", () => {
  const { fake, socket } = make()
  let told = 0
  socket.onceClosed(() => told++)
  socket.close(1001, "over")
  socket.close(1011, "really over")
  expect(fake.closes).toEqual([1001])
  expect(told).toBe(0)
  fake.emit("close")
  expect(told).toBe(1)
  socket.onceClosed(() => told++)
  expect(told).toBe(2)
  socket.sendLast("anybody?")
  expect(fake.sent).toEqual([])
})

it("says why it hangs up, with a code for it, and to one that is closing nothing more", () => {
  const { fake, socket } = make()
  fake.bufferedAmount = mostUnread + 1
  socket.send("one")
  socket.hangUp(stopping)
  socket.hangUp({ code: "TooManyConnections", reason: "again" })
  expect(fake.sent.map((text) => JSON.parse(text))).toEqual([{ _tag: "Closing", ...stopping }])
  expect(fake.closes).toEqual([1001])
  fake.emit("close")
  const other = make()
  other.socket.hangUp({ code: "TooManyConnections", reason: "too many" })
  expect(other.fake.closes).toEqual([1013])
  other.fake.emit("close")
})

it("reads on to the answer to its goodbye, and keeps nothing of what comes before it", () => {
  const { events, fake, socket, told } = make()
  socket.open(events)
  for (let number = 0; number < mostWaiting; number++) fake.text(`${number}`)
  expect(fake.isPaused).toBe(true)
  socket.hangUp(stopping)
  for (let number = 0; number < 2 * mostWaiting; number++) fake.text("behind")
  expect(fake.isPaused).toBe(false)
  for (let number = 0; number < mostWaiting; number++)
    expect(socket.take()).toEqual({ _tag: "Text", text: `${number}` })
  expect(socket.take()).toBeUndefined()
  expect(told.readable).toBe(1)
  fake.emit("close")
})

it("waits for the answer for as long as the shortest goodbye says, and then hangs up", () => {
  vi.useFakeTimers()
  try {
    const { events, fake, socket, told } = make()
    socket.open(events)
    socket.hangUp({ code: "Silent", reason: "silent" })
    vi.advanceTimersByTime(500)
    socket.hangUp(stopping)
    socket.close(1011, "the process has ended")
    vi.advanceTimersByTime(999)
    expect(told.closed).toBe(0)
    vi.advanceTimersByTime(1)
    expect(told.closed).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(told.closed).toBe(1)
    expect(fake.closes).toEqual([1000])
  } finally {
    vi.useRealTimers()
  }
})
