// One WebSocket as a connection's process sees it: frames that came in wait here, a bounded number of them, and frames
// that go out are refused when the reader does not keep up. And the sockets of a scheduler, by number where they are told
// of, since a socket cannot travel in a message.
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { WebSocket } from "ws"
import { encodeServerFrame, limits, type ServerFrame } from "./protocol.ts"

/** From this many waiting frames on, nothing is read from the line: the sender is made to wait by TCP. */
export const mostWaiting = 64

/** A page that has left this many bytes unread is a slow reader. Far more than the longest history. */
export const mostUnread = 4 * 1024 * 1024

/** Milliseconds the other end may take to answer our goodbye: less when the server stops, which then waits for it. */
const goodbyeTime = 5000
const stoppingTime = 1000

/** Close codes of WebSockets that the server uses. */
export const closeCode = { goingAway: 1001, normal: 1000, internalError: 1011, tryAgainLater: 1013 } as const

/** Why the server hangs up, as its last frame tells the page. */
export type Farewell = Omit<Extract<ServerFrame, { readonly _tag: "Closing" }>, "_tag">

/** The farewell of a server that stops. */
export const stopping: Farewell = { code: "ShuttingDown", reason: "The server is stopping" }
const codes: { readonly [Code in Farewell["code"]]?: number } = {
  ShuttingDown: closeCode.goingAway,
  TooManyConnections: closeCode.tryAgainLater
}

/** What came in: a text, or something that is no frame. */
export type Incoming =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Binary" }
  | { readonly _tag: "TooLarge" }

/** Whom a socket tells. Called on the event loop, outside any process. */
export interface SocketEvents {
  /** There is something to take, where there had been nothing. */
  readonly onReadable: () => void
  readonly onClosed: () => void
}

/** See the file's header. Owned by the process of its connection from {@link LiveSocket.open} on. */
export class LiveSocket {
  private readonly socket: WebSocket
  private readonly waiting: Array<Incoming> = []
  private events: SocketEvents | undefined
  private closed = false
  private readonly closing: Array<() => void> = []
  /** How long it waits for the end of the other side, once it is closing. */
  private patience = Number.POSITIVE_INFINITY
  private timer: NodeJS.Timeout | undefined
  /** Whether a frame was refused because of what is unread. */
  isSlow = false

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on("message", (data, isBinary) => this.receive(data.toString(), isBinary))
    socket.on("close", () => this.ended())
    // A line that breaks is closed next; frames beyond `maxPayload` come here too
    socket.on("error", () => undefined)
  }

  private receive(text: string, isBinary: boolean): void {
    // Behind what the page still sends comes its answer to our goodbye, so all of it is read and nothing is kept
    if (this.patience < Number.POSITIVE_INFINITY) return
    // What is too large anyway is not kept waiting
    const incoming: Incoming = isBinary
      ? { _tag: "Binary" }
      : text.length > limits.frameBytes
        ? { _tag: "TooLarge" }
        : { _tag: "Text", text }
    if (this.waiting.push(incoming) >= mostWaiting) this.socket.pause()
    if (this.waiting.length === 1) this.events?.onReadable()
  }

  private ended(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.events?.onClosed()
    for (const told of this.closing) told()
  }

  /** Tells `events` from now on, and of what came before at once. */
  open(events: SocketEvents): void {
    this.events = events
    if (this.waiting.length > 0) events.onReadable()
    if (this.closed) events.onClosed()
  }

  /** The oldest frame that waits. */
  take(): Incoming | undefined {
    const incoming = this.waiting.shift()
    if (this.socket.isPaused && this.waiting.length <= mostWaiting / 2) this.socket.resume()
    return incoming
  }

  /** Whether frames wait. */
  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** Sends the text of a frame, unless too much is unread: then the reader is slow, and this and all later ones are dropped. */
  send(text: string): void {
    this.isSlow ||= this.socket.bufferedAmount > mostUnread
    if (!this.isSlow) this.sendLast(text)
  }

  /** Sends the text of a frame however much is unread. */
  sendLast(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text)
  }

  /** Tells the page why, however much it has left unread, and closes. One that is closing is told nothing more. */
  hangUp(farewell: Farewell): void {
    this.sendLast(encodeServerFrame({ _tag: "Closing", ...farewell }))
    const patience = farewell === stopping ? stoppingTime : goodbyeTime
    this.close(codes[farewell.code] ?? closeCode.normal, farewell.reason, patience)
  }

  /** Says goodbye, and hangs up on whoever does not answer in `patience` milliseconds; the shortest one given counts. */
  close(code: number, reason: string, patience = goodbyeTime): void {
    if (this.closed) return
    if (this.socket.readyState === this.socket.OPEN) this.socket.close(code, reason)
    // A paused socket would not see the answer
    this.socket.resume()
    if (patience >= this.patience) return
    this.patience = patience
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.socket.terminate(), patience)
    this.timer.unref()
  }

  /** Calls `told` when it is closed: at once when it is. */
  onceClosed(told: () => void): void {
    if (this.closed) told()
    else this.closing.push(told)
  }
}

interface SocketsOfScheduler {
  /** Those that wait for the process of their connection, by number. */
  readonly waiting: Map<number, LiveSocket>
  /** All that are open. They outlive the listener that accepted them. */
  readonly open: Set<LiveSocket>
}

/** The sockets of a scheduler. */
export class Sockets extends Context.Service<Sockets, SocketsOfScheduler>()("chat/Sockets") {
  static readonly layer = Layer.sync(Sockets, (): SocketsOfScheduler => ({ waiting: new Map(), open: new Set() }))
}
