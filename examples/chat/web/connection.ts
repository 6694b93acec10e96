// One WebSocket that does not stay down: it reconnects with growing, jittered pauses, at once when the network or the
// reader comes back, and notices a line that is dead without saying so. It knows frames, but not what they mean.
import type { ClientFrame, ServerFrame } from "../src/protocol.ts"
import { limits } from "./limits.ts"

/** `connecting` is the first attempt; every later one is `reconnecting`. */
export type LinePhase = "connecting" | "open" | "reconnecting"

export interface LineEvents {
  /** The line is open and nothing was sent on it yet. */
  readonly onOpen: () => void
  readonly onFrame: (frame: ServerFrame) => void
  /** The phase changed; `attempt` counts the attempts since the line was last good, from 1. */
  readonly onPhase: (phase: LinePhase, attempt: number) => void
}

export interface Connection {
  /** Sends the frame and says whether the line took it. What it does not take is for the caller to send again. */
  readonly send: (frame: ClientFrame) => boolean
  /** Connects now rather than after the pause. */
  readonly retryNow: () => void
  /** Hangs up and connects anew. */
  readonly restart: () => void
}

const firstPause = 200
const longestPause = 3000
const longestConnecting = 5000
// How long an answer to a Ping may take before the line counts as dead.
const patience = 4000

const pauseBefore = (attempt: number): number => {
  const whole = Math.min(longestPause, firstPause * 2 ** Math.min(attempt - 1, 10))
  // Half of it is random, so that the clients of a server that went down do not come back all at once.
  return whole / 2 + (Math.random() * whole) / 2
}

// The server is ours and its frames are tested against the schemas, so the page looks only at what it switches on.
const readFrame = (data: unknown): ServerFrame | undefined => {
  if (typeof data !== "string") return undefined
  try {
    const frame: unknown = JSON.parse(data)
    if (typeof frame !== "object" || frame === null || !("_tag" in frame)) return undefined
    return frame as ServerFrame
  } catch {
    return undefined
  }
}

/** Opens the line to `url` and keeps it open for as long as the page lives. */
export const connect = (url: string, events: LineEvents): Connection => {
  let socket: WebSocket | undefined
  let attempt = 0
  let wasOpen = false
  let lastHeard = 0
  let nonce = 0
  let pause: ReturnType<typeof setTimeout> | undefined
  let deadline: ReturnType<typeof setTimeout> | undefined

  const lose = (lost: WebSocket): void => {
    if (socket !== lost) return
    socket = undefined
    clearTimeout(deadline)
    lost.close()
    attempt += 1
    events.onPhase(wasOpen ? "reconnecting" : "connecting", attempt)
    clearTimeout(pause)
    pause = setTimeout(open, pauseBefore(attempt))
  }

  const open = (): void => {
    clearTimeout(pause)
    if (socket !== undefined) return
    const opened = new WebSocket(url)
    socket = opened
    deadline = setTimeout(() => lose(opened), longestConnecting)
    opened.addEventListener("open", () => {
      if (socket !== opened) return
      clearTimeout(deadline)
      wasOpen = true
      lastHeard = Date.now()
      events.onPhase("open", attempt)
      events.onOpen()
    })
    opened.addEventListener("message", ({ data }) => {
      if (socket !== opened) return
      lastHeard = Date.now()
      // Only a server that answers makes the line good; one that takes connections and drops them does not.
      attempt = 0
      const frame = readFrame(data)
      if (frame !== undefined) events.onFrame(frame)
    })
    opened.addEventListener("close", () => lose(opened))
    opened.addEventListener("error", () => lose(opened))
  }

  const send = (frame: ClientFrame): boolean => {
    if (socket?.readyState !== WebSocket.OPEN) return false
    socket.send(JSON.stringify(frame))
    return true
  }

  // Asks whether anybody is there, and hangs up if nothing at all comes back.
  const probe = (): void => {
    const asked = socket
    if (asked === undefined || !send({ _tag: "Ping", nonce: nonce++ })) return
    const askedAt = Date.now()
    clearTimeout(deadline)
    deadline = setTimeout(() => {
      if (lastHeard < askedAt) lose(asked)
    }, patience)
  }

  const retryNow = (): void => {
    if (socket === undefined) open()
    else probe()
  }

  setInterval(probe, limits.pingEvery)
  addEventListener("online", retryNow)
  addEventListener("offline", probe)
  addEventListener("pageshow", retryNow)
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") retryNow()
  })

  events.onPhase("connecting", 1)
  open()
  return {
    send,
    retryNow,
    restart: () => {
      if (socket !== undefined) lose(socket)
      open()
    }
  }
}
