// Which hosts are this server. Whoever owns a host name can make it lead to this machine (DNS rebinding): the pages of
// that host would then be of the same origin as this server, and could do with it what its own page can. So a request
// whose `Host` is not one of the server's own is refused, whatever it asks for.

// A host name or an IPv4 address, perhaps with the dot of a full name at its end, or an IPv6 address; perhaps a port.
const hostShape = /^(?:(\[[0-9a-f:.]+\])|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::([0-9]{1,5}))?$/i

/** A host as it is compared. */
interface Host {
  readonly name: string
  /** Nothing when it is the one that goes without saying. */
  readonly port: number | undefined
}

/** Reads what a `Host` header or a URL has for a host. Nothing when that is no host. */
const readHost = (text: string): Host | undefined => {
  const [, address, name, port] = hostShape.exec(text) ?? []
  // The same IPv6 address can be written in many ways
  const written = address === undefined ? name : URL.canParse(`http://${address}`) && new URL(`http://${address}`).host
  if (!written || Number(port ?? 0) > 65_535) return undefined
  return { name: written.toLowerCase(), port: port === undefined ? undefined : Number(port) }
}

const impliedPort = 80
const keyOf = ({ name, port = impliedPort }: Host): string => `${name}:${port}`

/** An address as a URL has it; IPv4 addresses that a socket for both kinds has are IPv4 addresses. */
const inUrl = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "")
  return plain.includes(":") ? `[${plain}]` : plain
}

/** Whether two texts have the same host and port. */
export const isSameHost = (one: string, other: string): boolean => {
  const [first, second] = [readHost(one), readHost(other)]
  return first !== undefined && second !== undefined && keyOf(first) === keyOf(second)
}

/** Reads a list of hosts with commas between them, each with a port or without. Nothing when one of them is no host. */
export const readHosts = (text: string): ReadonlyArray<string> | undefined => {
  const hosts = text.split(",").map((host) => host.trim())
  return hosts.every((host) => readHost(host) !== undefined) ? hosts : undefined
}

/** Where a server listens, and what else it is called. */
export interface Names {
  /** The host name or address it listens on. */
  readonly host: string
  readonly port: number
  /** More hosts: one without a port counts with the server's port and with none. */
  readonly more: ReadonlyArray<string>
}

/**
 * A test for the `Host` of requests. The server's own are this machine's names for itself, what it listens on, and
 * `more`; and the address that a request came in on, since nobody else can have a name of digits.
 */
export const ownHosts = ({ host, more, port }: Names) => {
  const own = new Set(["localhost", "127.0.0.1", "[::1]", inUrl(host)].map((name) => keyOf({ name, port })))
  for (const text of more) {
    const named = readHost(text)
    if (named === undefined) continue
    own.add(keyOf(named))
    if (named.port === undefined) own.add(keyOf({ ...named, port }))
  }
  return (header: string | undefined, localAddress: string | undefined): boolean => {
    const asked = header === undefined ? undefined : readHost(header)
    if (asked === undefined) return false
    const address = localAddress === undefined ? undefined : readHost(inUrl(localAddress))
    return own.has(keyOf(asked)) || (address !== undefined && keyOf(asked) === keyOf({ ...address, port }))
  }
}
