// The listener of a scheduler: one HTTP server a scheduler, all on the same port, so that the operating system spreads
// the connections over them. It serves the page, and makes a process of every WebSocket it accepts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { fileURLToPath } from "node:url"
import * as GenServer from "@understudy/core/GenServer"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { WebSocketServer } from "ws"
import { connectionsOn } from "./Connection.ts"
import { CannotListen, door, type Place } from "./Door.ts"
import { closeCode, LiveSocket, Sockets } from "./LiveSocket.ts"
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
  return URL.canParse(origin) && new URL(origin).host === host
}

const answer = (response: ServerResponse, status: number, type: string, body: string | Buffer) => {
  response.writeHead(status, { ...securityHeaders, "content-type": type, "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const text = "text/plain; charset=utf-8"

/** Answers what is no WebSocket: the page's files, and `/healthz`. */
const respond = (site: WebSite, health: () => object) => (request: IncomingMessage, response: ServerResponse) => {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD")
    return answer(response, 405, text, "Only GET and HEAD\n")
  }
  const [path = "/"] = (request.url ?? "/").split("?")
  if (path === "/healthz") return answer(response, 200, "application/json", JSON.stringify(health()))
  try {
    const file = site.file(path)
    if (file === undefined) return answer(response, 404, text, "There is nothing here\n")
    return answer(response, 200, file.type, file.body)
  } catch (error) {
    answer(response, 500, text, "This file cannot be served\n")
    throw error
  }
}

const refuseUpgrade = (socket: Duplex, status: string) => {
  socket.on("error", () => undefined)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
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
      const { origins } = yield* ChatSettings
      const sockets = yield* Sockets
      const place = yield* door.place()
      if (slot !== 0 && !place.isShared) return GenServer.ignore
      // What happens to servers and sockets happens on the event loop, outside any process
      const run = <A, E>(effect: Effect.Effect<A, E, System.System>) =>
        Effect.runForkWith(host.context)(Effect.provideService(effect, System.System, host))

      const site = new WebSite(fileURLToPath(new URL("../web", import.meta.url)))
      const health = () => ({
        status: "ok",
        schedulers: Effect.runSyncWith(host.context)(Effect.provideService(System.schedulers, System.System, host))
      })
      const server = createServer(respond(site, health))
      const webSockets = new WebSocketServer({ noServer: true, maxPayload })
      const supervisor = connectionsOn(slot)
      let accepted = 0

      const start = (number: number, live: LiveSocket) =>
        supervisor.start({ socket: number }, { label: `connection ${number}` }).pipe(
          Effect.catch(() =>
            Effect.sync(() => {
              sockets.delete(number)
              live.close(closeCode.tryAgainLater, "The server cannot take another connection just now")
            })
          )
        )
      server.on("upgrade", (request, socket, head) => {
        const [path] = (request.url ?? "").split("?")
        if (path !== SOCKET_PATH) return refuseUpgrade(socket, "404 Not Found")
        if (!isAllowedOrigin(request.headers.origin, request.headers.host, origins)) {
          return refuseUpgrade(socket, "403 Forbidden")
        }
        webSockets.handleUpgrade(request, socket, head, (webSocket) => {
          const number = ++accepted
          const live = new LiveSocket(webSocket)
          sockets.set(number, live)
          run(start(number, live))
        })
      })
      yield* listen(server, place)
      // Errors of accepting are single connections that did not come to be
      server.on("error", (error) => run(Effect.logWarning(`scheduler ${slot} could not accept: ${error.message}`)))
      yield* door.opened({ slot })
      return undefined
    }),
  handle: {}
})
