/**
 * A WebSocket as its connection's process sees it: what came in waits here until it is taken, and whoever writes faster
 * than it is taken is read no more for a while. The sockets of a scheduler have numbers, since a socket cannot travel.
 */
import type { WebSocket } from "ws"

/** From so many waiting texts on, the line is not read. */
const mostWaiting = 64

/** Whom a socket tells. Called on the event loop, outside any process. */
export interface SocketEvents {
  /** There is something to take, where there had been nothing. */
  readonly onReadable: () => void
  readonly onClosed: () => void
}

/** See the file's header. */
export class ChatSocket {
  private readonly socket: WebSocket
  private readonly waiting: Array<string> = []
  private events: SocketEvents | undefined
  private closed = false

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on("message", (data) => {
      if (this.waiting.push(String(data)) >= mostWaiting) socket.pause()
      if (this.waiting.length === 1) this.events?.onReadable()
    })
    socket.on("close", () => {
      this.closed = true
      this.events?.onClosed()
    })
    // A line that breaks is closed next
    socket.on("error", () => undefined)
  }

  /** Tells `events` from now on, and of what came before at once. */
  open(events: SocketEvents): void {
    this.events = events
    if (this.waiting.length > 0) events.onReadable()
    if (this.closed) events.onClosed()
  }

  /** The oldest text that waits. */
  take(): string | undefined {
    const text = this.waiting.shift()
    if (this.socket.isPaused && this.waiting.length <= mostWaiting / 2) this.socket.resume()
    return text
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  send(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text)
  }

  /** Hangs up. */
  end(): void {
    this.socket.terminate()
  }
}

/** The sockets of this isolate that wait for their connection's process, by number. */
export const sockets = new Map<number, ChatSocket>()
