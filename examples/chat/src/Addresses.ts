// Who counts as one when connections and rooms are counted: an address; and the limit of connections for each.
import type { Server } from "node:net"
import type { Duplex } from "node:stream"

/**
 * The address that a remote end counts as. Who has one IPv6 address has all of its network, so that is what counts. An
 * IPv4 address that a socket for both kinds has is an IPv4 address.
 */
export const addressOf = (remoteAddress: string | undefined): string => {
  if (remoteAddress === undefined) return "unknown"
  const [address = ""] = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "").split("%")
  return address.includes(":") ? `${networkOf(address)}::/64` : address
}

/** The first four of the eight groups of an IPv6 address, whose `::` stands for the groups of zeros that it lacks. */
const networkOf = (address: string): string => {
  const [before = [], after = []] = address.split("::").map((part) => (part === "" ? [] : part.split(":")))
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0")
  return [...before, ...zeros, ...after].slice(0, 4).join(":")
}

/** So many connections over its limit, an address is told why; those beyond are hung up on. */
const toldWhy = 32

/** Counts the connections to `server` by their address. Gives a test for those that came when it had enough. */
export const limitConnections = (server: Server, mostPerAddress: number): ((connection: Duplex) => boolean) => {
  const counts = new Map<string, number>()
  const beyond = new WeakSet<Duplex>()
  server.on("connection", (socket) => {
    const address = addressOf(socket.remoteAddress)
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    socket.once("close", () => {
      const left = (counts.get(address) ?? 0) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    })
    if (count > mostPerAddress) beyond.add(socket)
    if (count > mostPerAddress + toldWhy) socket.destroy()
  })
  return (connection) => beyond.has(connection)
}
