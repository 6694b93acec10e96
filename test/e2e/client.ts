// A chat client for tests: it keeps every frame it gets, and waits for the one a test is about.
import * as Result from "effect/Result"
import { WebSocket } from "ws"
import {
  type ClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  type ServerFrame,
  SOCKET_PATH
} from "../../examples/chat/src/protocol.ts"
import type { ChatServer } from "./server.ts"

type Tag = ServerFrame["_tag"]
type FrameOf<T extends Tag> = Extract<ServerFrame, { readonly _tag: T }>

/** How long a frame may take: a test that waits longer has failed, and says for what it waited. */
const patience = 60_000

/** How a client connects. */
export interface ConnectOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** The address it comes from. */
  readonly localAddress?: string
  /** Frames that are neither read nor kept: to read them costs much where there are many rooms and many clients. */
  readonly ignore?: Tag
}

/** See the file's header. */
export class ChatClient {
  readonly socket: WebSocket
  readonly frames: Array<ServerFrame> = []
  /** Frames before this one have been waited for or passed over. */
  private position = 0
  private readonly waiting = new Set<() => void>()
  /** The close code, once the line is closed. */
  readonly closed: Promise<number>
  isClosed = false

  constructor(url: string, { ignore, ...options }: ConnectOptions = {}) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}${SOCKET_PATH}`, options)
    const ignored = `{"_tag":"${ignore}"`
    this.socket.on("message", (data) => {
      if (ignore !== undefined && data.toString().startsWith(ignored)) return
      // Every frame a server sends must be one of the protocol
      this.frames.push(Result.getOrThrow(decodeServerFrame(data.toString())))
      for (const look of this.waiting) look()
    })
    this.socket.on("error", () => undefined)
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code) => {
        this.isClosed = true
        for (const look of this.waiting) look()
        resolve(code)
      })
    )
  }

  /** Resolves when the line is open; rejects when it never opens. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once("open", resolve)
      this.socket.once("error", reject)
    })
  }

  send(frame: ClientFrame): void {
    this.socket.send(encodeClientFrame(frame))
  }

  sendText(text: string): void {
    this.socket.send(text)
  }

  /** The next frame of that kind, from where the last wait ended; frames before it are passed over. */
  expect<T extends Tag>(tag: T, is: (frame: FrameOf<T>) => boolean = () => true): Promise<FrameOf<T>> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        this.waiting.delete(look)
      }
      const fail = (why: string): void => {
        done()
        const got = this.frames.slice(this.position).map((frame) => JSON.stringify(frame).slice(0, 200))
        reject(new Error(`no ${tag} ${is.toString()}: ${why}; got\n${got.slice(-20).join("\n")}`))
      }
      let from = this.position
      const look = (): void => {
        for (; from < this.frames.length; from++) {
          const frame = this.frames[from]
          if (frame?._tag !== tag || !is(frame as FrameOf<T>)) continue
          done()
          this.position = from + 1
          return resolve(frame as FrameOf<T>)
        }
        if (this.isClosed) fail("the line is closed")
      }
      const timer = setTimeout(() => fail(`nothing for ${patience} ms`), patience)
      this.waiting.add(look)
      look()
    })
  }

  /** Everything that was sent before has been handled by the connection when this resolves. */
  async settle(): Promise<void> {
    const nonce = Math.floor(Math.random() * 1e9)
    this.send({ _tag: "Ping", nonce })
    await this.expect("Pong", (pong) => pong.nonce === nonce)
  }

  /** The last frame of that kind so far. */
  last<T extends Tag>(tag: T): FrameOf<T> | undefined {
    return this.frames.findLast((frame): frame is FrameOf<T> => frame._tag === tag)
  }

  /** Joins a room, and gives what it said. */
  join(room: string): Promise<FrameOf<"Joined">> {
    this.send({ _tag: "Join", room })
    return this.expect("Joined", (joined) => joined.room === room)
  }

  close(): Promise<number> {
    this.socket.close()
    return this.closed
  }
}

/** The clients of one test file: all are closed at its end. */
export class Clients {
  private readonly server: () => ChatServer
  private readonly open = new Set<ChatClient>()

  constructor(server: () => ChatServer) {
    this.server = server
  }

  /** A connection that has said nothing yet. */
  async connect(options?: ConnectOptions): Promise<ChatClient> {
    const client = new ChatClient(this.server().url, options)
    this.open.add(client)
    await client.opened()
    return client
  }

  /** A connection with a name. */
  async enter(name: string, options?: ConnectOptions): Promise<ChatClient & { readonly scheduler: number }> {
    const client = await this.connect(options)
    while (true) {
      client.send({ _tag: "Hello", name })
      await client.settle()
      const welcome = client.last("Welcome")
      if (welcome !== undefined) return Object.assign(client, { scheduler: welcome.scheduler })
      // Who had the name in an earlier test has gone, and the server is about to notice
      if (client.last("Error")?.code !== "NameTaken") throw new Error(`${name} was not let in`)
    }
  }

  /** A connection with a name that a given scheduler has accepted: which one does is up to the operating system. */
  async enterOn(scheduler: number, name: string): Promise<ChatClient> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const client = await this.enter(`${name}.${attempt}`)
      if (client.scheduler === scheduler) return client
      await client.close()
    }
    throw new Error(`scheduler ${scheduler} accepted none of 200 connections`)
  }

  closeAll(): void {
    for (const client of this.open) client.socket.terminate()
    this.open.clear()
  }
}
