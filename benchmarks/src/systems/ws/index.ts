/**
 * A chat server on `ws` alone, as its documentation writes a broadcast: no processes, no supervision, one thread however
 * many there could be, and everybody's line read as fast as they write.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocket, WebSocketServer } from "ws"
import { talk } from "../../chat/Crowd.ts"
import { encodeHeard, personAt, type Say } from "../../chat/frames.ts"
import { type FunctionProgram, functionSystem } from "../../System.ts"

const isSay = (value: unknown): value is Say =>
  typeof value === "object" &&
  value !== null &&
  "number" in value &&
  Number.isInteger(value.number) &&
  "text" in value &&
  typeof value.text === "string" &&
  value.text.length <= 500

/** Starts a server with one room. */
const serve = async (): Promise<{ readonly port: number; readonly close: () => Promise<void> }> => {
  const http = createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  server.on("connection", (socket, request) => {
    const from = personAt(request.url)
    socket.on("error", () => socket.terminate())
    socket.on("message", (data) => {
      const said: unknown = JSON.parse(String(data))
      if (!isSay(said)) return socket.close(1008, "This is not how to say something")
      const frame = encodeHeard({ from, number: said.number, text: said.text })
      for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(frame)
    })
    socket.send("welcome")
  })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  return {
    // It listens on a port, not on a pipe
    port: (http.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate()
        server.close()
        http.close(() => resolve())
      })
  }
}

const chat =
  (crowd: { readonly people: number; readonly messagesEach: number }): FunctionProgram =>
  async () => {
    const { close, port } = await serve()
    try {
      return await talk({ ...crowd, port })
    } finally {
      await close()
    }
  }

/** See the file's header. */
export const ws = functionSystem({ kind: "peer", programs: { "chat-1": chat, "chat-2": chat } })
