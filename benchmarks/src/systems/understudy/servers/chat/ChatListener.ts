/**
 * The listener of a scheduler: one HTTP server a scheduler, all on the same port, so that the operating system spreads
 * the connections over them. It makes a process of every WebSocket it accepts.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { personAt } from "../../../../chat/frames.ts"
import { ChatSocket, sockets } from "./ChatSocket.ts"
import { Connection } from "./Connection.ts"

/** See the file's header. */
export const ChatListener = GenServer.define("benchmarks/ChatListener", {
  args: {
    /** 0 for any that is free. */
    port: Schema.Int,
    isShared: Schema.Boolean,
    room: Process.anyPid
  },
  protocol: {
    /** The port it listens on. */
    port: GenServer.call({ success: Schema.Int })
  }
})

let accepted = 0

export const ChatListenerLive = ChatListener.implement({
  init: ({ isShared, port, room }) =>
    Effect.gen(function* () {
      const host = yield* System.System
      const run = (effect: Effect.Effect<unknown, unknown, System.System>) =>
        void Effect.runForkWith(host.context)(Effect.provideService(effect, System.System, host))
      // Only where there is a chat: this file is loaded by every scheduler of every workload
      const { WebSocketServer } = yield* Effect.promise(() => import("ws"))
      const http = createServer()
      const server = new WebSocketServer({ server: http, perMessageDeflate: false })
      server.on("connection", (webSocket, request) => {
        const socket = ++accepted
        sockets.set(socket, new ChatSocket(webSocket))
        run(GenServer.start(Connection, { socket, person: personAt(request.url), room }))
      })
      yield* Effect.acquireRelease(
        Effect.callback<void, Error>((resume) => {
          http.once("error", (error) => resume(Effect.fail(error)))
          http.listen({ host: "127.0.0.1", port, reusePort: isShared }, () => resume(Effect.void))
        }),
        () =>
          Effect.sync(() => {
            server.close()
            http.close()
          })
      )
      // It listens on a port, not on a pipe
      return (http.address() as AddressInfo).port
    }),
  handle: {
    port: (port) => GenServer.reply(port, port)
  }
})
