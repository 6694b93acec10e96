import { EventEmitter } from "node:events"
import type { Server } from "node:net"
import { expect, it } from "vitest"
import { addressOf, limitConnections } from "../src/Addresses.ts"

it.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  [undefined, "unknown"]
])("%s counts as %s", (remote, address) => {
  expect(addressOf(remote)).toBe(address)
})

/** As much of a connection as is looked at. */
class FakeConnection extends EventEmitter {
  readonly remoteAddress: string
  isDestroyed = false
  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }
  destroy(): void {
    this.isDestroyed = true
    this.emit("close")
  }
}

const setup = (most: number) => {
  const server = new EventEmitter()
  // It listens to connections, and nothing else
  const test = limitConnections(server as unknown as Server, most)
  const connect = (address: string) => {
    const connection = new FakeConnection(address)
    server.emit("connection", connection)
    return connection
  }
  return {
    connect,
    isTooMany: (connection: FakeConnection) => test(connection as unknown as Parameters<typeof test>[0])
  }
}

it("an address has so many connections, and another one has as many; one that ends makes room", () => {
  const { connect, isTooMany } = setup(2)
  const [first, second, third] = [connect("192.0.2.1"), connect("192.0.2.1"), connect("192.0.2.1")]
  expect([first, second, third].map(isTooMany)).toEqual([false, false, true])
  expect(isTooMany(connect("192.0.2.2"))).toBe(false)
  third.emit("close")
  second.emit("close")
  const [fourth, fifth] = [connect("192.0.2.1"), connect("192.0.2.1")]
  expect([fourth, fifth].map(isTooMany)).toEqual([false, true])
  // It stays what it was when it came
  expect(isTooMany(first)).toBe(false)
})

it("those far beyond the limit are hung up on, and do not count", () => {
  const { connect, isTooMany } = setup(1)
  const many = Array.from({ length: 100 }, () => connect("192.0.2.1"))
  const kept = many.filter(({ isDestroyed }) => !isDestroyed)
  expect(kept.length).toBeLessThan(50)
  for (const connection of kept) connection.emit("close")
  expect(isTooMany(connect("192.0.2.1"))).toBe(false)
})
