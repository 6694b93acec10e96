// The listener of a scheduler: one HTTP server a scheduler, all on the same port, so that the operating system spreads
// the connections over them. It serves the page, and makes a process of every WebSocket it accepts.
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { fileURLToPath } from "node:url"
import * as GenServer from "@understudy/core/GenServer"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { WebSocketServer } from "ws"
import { addressOf, limitConnections } from "./Addresses.ts"
import { connectionsOn } from "./Connection.ts"
import { whenItFalls } from "./Curtain.ts"
import { CannotListen, door, type Place } from "./Door.ts"
import { isSameHost, ownHosts } from "./Hosts.ts"
import { type Farewell, LiveSocket, Sockets, stopping } from "./LiveSocket.ts"
import { SOCKET_PATH } from "./protocol.ts"
import { ChatSettings } from "./Settings.ts"
import { securityHeaders, WebSite } from "./WebSite.ts"

/** The contract of listeners. Nobody has anything to ask them. */
export const Listener = GenServer.define("chat/Listener", { args: { slot: Schema.Int }, protocol: {} })

/**
 * The largest WebSocket message that is read at all. Larger than a frame may be, so that one that is somewhat too large
 * is answered; whoever sends more than this is hung up on.
 */
const maxPayload = 1024 * 1024

/** Whether a page of this origin may connect to this host. What is no browser has no origin, and may. */
export const isAllowedOrigin = (
  origin: string | undefined,
  host: string | undefined,
  allowed: ReadonlyArray<string> | undefined
): boolean => {
  if (origin === undefined) return true
  if (allowed !== undefined) return allowed.includes(origin)
  return host !== undefined && URL.canParse(origin) && isSameHost(new URL(origin).host, host)
}

const answer = (response: ServerResponse, status: number, type: string, body: string | Buffer) => {
  response.writeHead(status, { ...securityHeaders, "content-type": type, "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const text = "text/plain; charset=utf-8"

/** What a listener does not do, whoever asks for it: an HTTP status, and a sentence that says what to do. */
interface Refused {
  readonly status: 403 | 404 | 421 | 429 | 503
  readonly reason: string
}

const notFound: Refused = { status: 404, reason: "There is nothing here" }
const otherHost: Refused = {
  status: 421,
  reason: "This server does not go by this name. Whoever runs it can give it more names with CHAT_HOSTS."
}
const otherOrigin: Refused = {
  status: 403,
  reason: "Pages of this origin may not connect. Whoever runs the server can allow them with CHAT_ORIGINS."
}
const isStopping: Refused = { status: 503, reason: stopping.reason }
const tooMany = (most: number): Farewell => ({
  code: "TooManyConnections",
  reason: `Your address has as many connections as it may (${most}): close some of them, such as pages you do not need`
})
const isFull: Farewell = {
  code: "TooManyConnections",
  reason: "The server has as many connections as it can: try again later"
}

/** Answers what is no WebSocket: the page's files, and `/healthz`. */
const respond = (
  request: IncomingMessage,
  response: ServerResponse,
  refused: Refused | undefined,
  site: WebSite,
  health: () => object
) => {
  if (refused !== undefined) {
    response.setHeader("connection", "close")
    return answer(response, refused.status, text, `${refused.reason}\n`)
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD")
    return answer(response, 405, text, "Only GET and HEAD\n")
  }
  const path = pathOf(request)
  if (path === "/healthz") return answer(response, 200, "application/json", JSON.stringify(health()))
  try {
    const file = site.file(path)
    if (file === undefined) return answer(response, notFound.status, text, `${notFound.reason}\n`)
    return answer(response, 200, file.type, file.body)
  } catch (error) {
    answer(response, 500, text, "This file cannot be served\n")
    throw error
  }
}

const pathOf = ({ url = "/" }: IncomingMessage): string => url.split("?", 1)[0] ?? url

const refuseUpgrade = (socket: Duplex, { reason, status }: Refused) => {
  socket.on("error", () => undefined)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: ${text}\r\n`
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason) + 1}\r\n\r\n${reason}\n`)
}

/** Listens until the scope closes. What was accepted by then lives on. */
const listen = (server: Server, { host, isShared, port }: Place) =>
  Effect.acquireRelease(
    Effect.callback<void, CannotListen>((resume) => {
      const fail = (error: Error) => resume(Effect.fail(new CannotListen({ host, port, problem: error.message })))
      server.once("error", fail)
      server.listen({ host, port, reusePort: isShared }, () => {
        server.off("error", fail)
        resume(Effect.void)
      })
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

/** See {@link Listener}. */
export const ListenerLive = Listener.implement({
  init: ({ slot }) =>
    Effect.gen(function* () {
      const host = yield* System.System
      const { connectionsPerAddress, hosts, origins } = yield* ChatSettings
      const { open, waiting } = yield* Sockets
      const place = yield* door.place()
      if (slot !== 0 && !place.isShared) return GenServer.ignore
      // What happens to servers and sockets happens on the event loop, outside any process
      const run = <A, E>(effect: Effect.Effect<A, E, System.System>) =>
        Effect.runForkWith(host.context)(Effect.provideService(effect, System.System, host))

      const server = createServer()
      let isOver = false
      const isOwn = ownHosts({ host: place.host, port: place.port, more: hosts })
      const isTooMany = limitConnections(server, connectionsPerAddress)

      const refusal = ({ headersDistinct, socket }: IncomingMessage): Refused | undefined => {
        if (isOver) return isStopping
        const [asked, another] = headersDistinct.host ?? []
        return another === undefined && isOwn(asked, socket.localAddress) ? undefined : otherHost
      }

      const site = new WebSite(fileURLToPath(new URL("../web", import.meta.url)))
      const health = () => ({
        status: "ok",
        schedulers: Effect.runSyncWith(host.context)(Effect.provideService(System.schedulers, System.System, host))
      })
      server.on("request", (request, response) => {
        const { reason } = tooMany(connectionsPerAddress)
        const refused = refusal(request) ?? (isTooMany(request.socket) ? { status: 429 as const, reason } : undefined)
        respond(request, response, refused, site, health)
      })

      const webSockets = new WebSocketServer({ noServer: true, maxPayload })
      const supervisor = connectionsOn(slot)
      let accepted = 0
      const start = (live: LiveSocket, address: string) => {
        const number = ++accepted
        waiting.set(number, live)
        return supervisor.start({ socket: number, address }, { label: `connection ${number}` }).pipe(
          Effect.catch(() =>
            Effect.sync(() => {
              waiting.delete(number)
              live.hangUp(isFull)
            })
          )
        )
      }
      server.on("upgrade", (request, socket, head) => {
        const refused =
          refusal(request) ??
          (pathOf(request) !== SOCKET_PATH
            ? notFound
            : isAllowedOrigin(request.headers.origin, request.headers.host, origins)
              ? undefined
              : otherOrigin)
        if (refused !== undefined) return refuseUpgrade(socket, refused)
        webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          const live = new LiveSocket(webSocket)
          open.add(live)
          live.onceClosed(() => open.delete(live))
          // A page cannot see why a handshake failed, so it is told after it
          if (isTooMany(socket)) live.hangUp(tooMany(connectionsPerAddress))
          else run(start(live, addressOf(request.socket.remoteAddress)))
        })
      })
      // Whatever their connections' processes are doing
      yield* whenItFalls(() => {
        isOver = true
        server.close()
        for (const live of open) live.hangUp(stopping)
      })
      yield* listen(server, place)
      // Errors of accepting are single connections that did not come to be
      server.on("error", (error) => run(Effect.logWarning(`scheduler ${slot} could not accept: ${error.message}`)))
      yield* door.opened({ slot })
      return undefined
    }),
  handle: {}
})
