// What the person does and what the line needs done about it: says Hello again after every reconnect, joins the rooms
// again, and sends what is unsent until the room shows it. The room drops what it knows already by its `clientId`, so
// sending once more is always safe.
import type { ServerFrame } from "../src/protocol.ts"
import { connect } from "./connection.ts"
import { forgetStage, rememberName, rememberRooms, showRoomInAddress } from "./memory.ts"
import {
  type Pending,
  receive,
  type State,
  withCurrent,
  withJoining,
  withLineLost,
  withNotice,
  withoutRoom,
  withPending
} from "./state.ts"
import type { Store } from "./store.ts"

export interface Session {
  /** Asks for this name, now or as soon as the line is open. */
  readonly enter: (name: string) => void
  /** Gives the name back and hangs up; the page asks for another. */
  readonly exit: () => void
  /** Shows the room, joining it if need be. */
  readonly visit: (room: string) => void
  readonly leave: (room: string) => void
  readonly say: (room: string, text: string) => void
  readonly sayAgain: (clientId: string) => void
  readonly discard: (clientId: string) => void
  readonly showBackstage: (open: boolean) => void
  readonly crashRoom: (room: string) => void
  readonly crashConnection: () => void
  readonly killScheduler: (slot: number) => void
  readonly retryNow: () => void
  readonly dismiss: (noticeId: number) => void
  /** The page is looked at: the current room counts as read. */
  readonly look: () => void
}

// How long an unanswered Hello, Join or Say may be on its way before it goes out again.
const resendAfter = 4000
const tickEvery = 500
// After a crash the server may not have noticed yet that our own old connection is gone, and hold our name for it.
const helloPatience = 15_000

// `crypto.randomUUID` is for https and localhost only; a chat on the local network has neither.
const freshClientId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Starts the session. `returning` is the name of a person who was on stage before a reload; no question is asked then. */
export const startSession = (store: Store, url: string, returning: string | undefined): Session => {
  const askedAt = new Map<string, number>()
  // Until when a taken name is taken to be our own, still held by a connection that is gone.
  let helloUntil = returning === undefined ? 0 : Date.now() + helloPatience
  if (returning !== undefined) store.update((state) => ({ ...state, wanted: returning }))

  const line = connect(url, {
    onPhase: (phase, attempt) => {
      askedAt.clear()
      if (store.get().me !== undefined) helloUntil = Date.now() + helloPatience
      store.update((state) => ({ ...(phase === "open" ? state : withLineLost(state)), connection: { phase, attempt } }))
    },
    onOpen: () => hello(),
    onFrame: (frame) => onFrame(frame)
  })

  const due = (what: string, now: number): boolean => now - (askedAt.get(what) ?? 0) >= resendAfter

  const hello = (): void => {
    const name = store.get().wanted
    if (name !== undefined && line.send({ _tag: "Hello", name })) askedAt.set("hello", Date.now())
  }

  const join = (room: string): void => {
    if (store.get().me !== undefined && line.send({ _tag: "Join", room })) askedAt.set(`join ${room}`, Date.now())
  }

  const send = ({ clientId, problem, room, text }: Pending): void => {
    if (problem !== undefined || store.get().rooms.get(room)?.phase !== "joined") return
    if (!line.send({ _tag: "Say", room, text, clientId })) return
    store.update((state) => withPending(state, clientId, { sentAt: Date.now() }))
  }

  const onFrame = (frame: ServerFrame): void => {
    // Our own name, still held: the tick asks again, and the person need not know.
    if (frame._tag === "Error" && frame.code === "NameTaken" && Date.now() < helloUntil) {
      askedAt.set("hello", Date.now() - resendAfter + tickEvery)
      return
    }
    store.update((state) => receive(state, frame, document.visibilityState === "visible"))
    if (frame._tag === "Welcome") {
      helloUntil = 0
      rememberName(frame.name)
      const { backstage, rooms } = store.get()
      for (const room of rooms.keys()) join(room)
      if (backstage.open) line.send({ _tag: "Backstage", on: true })
    }
    if (frame._tag === "Joined") {
      for (const pending of store.get().pending) if (pending.room === frame.room) send(pending)
    }
    // Soon enough to be quick, late enough not to press a room that is busy or down.
    if (frame._tag === "Error" && frame.room !== undefined) {
      askedAt.set(`join ${frame.room}`, Date.now() - resendAfter + 2 * tickEvery)
    }
    if (frame._tag === "Error" && frame.code === "NotJoined" && frame.room !== undefined) join(frame.room)
    if (frame._tag === "Error" && frame.code === "NameTaken") forgetStage()
  }

  // What was asked and not answered is asked again. Everything it repeats is harmless to repeat.
  const tick = (): void => {
    const { connection, me, pending, rooms } = store.get()
    if (connection.phase !== "open") return
    const now = Date.now()
    if (me === undefined) {
      if (due("hello", now)) hello()
      return
    }
    for (const room of rooms.values()) if (room.phase !== "joined" && due(`join ${room.name}`, now)) join(room.name)
    for (const one of pending) if (one.sentAt === undefined || now - one.sentAt >= resendAfter) send(one)
  }
  setInterval(tick, tickEvery)

  const remember = (state: State): void => {
    rememberRooms(state.rooms.keys())
    if (state.current !== undefined) showRoomInAddress(state.current)
  }

  // What somebody does backstage makes no sense later, so it is not queued.
  const sendNow: typeof line.send = (frame) => {
    const sent = line.send(frame)
    if (!sent) store.update((state) => withNotice(state, "Not connected just now; try again in a moment.", "problem"))
    return sent
  }

  return {
    enter: (name) => {
      store.update((state) => ({ ...state, wanted: name, nameProblem: "" }))
      hello()
      line.retryNow()
    },
    exit: () => {
      forgetStage()
      helloUntil = 0
      store.update((state) => ({ ...state, wanted: undefined, me: undefined }))
      line.restart()
    },
    visit: (room) => {
      const isNew = !store.get().rooms.has(room)
      store.update((state) => withCurrent(withJoining(state, room), room))
      if (isNew) join(room)
      remember(store.get())
    },
    leave: (room) => {
      line.send({ _tag: "Leave", room })
      store.update((state) => withoutRoom(state, room))
      const { current } = store.get()
      if (current !== undefined) store.update((state) => withCurrent(state, current))
      remember(store.get())
    },
    say: (room, text) => {
      const pending: Pending = {
        clientId: freshClientId(),
        room,
        text,
        at: Date.now(),
        sentAt: undefined,
        problem: undefined
      }
      store.update((state) => ({ ...state, pending: [...state.pending, pending] }))
      send(pending)
    },
    sayAgain: (clientId) => {
      store.update((state) => withPending(state, clientId, { problem: undefined }))
      const pending = store.get().pending.find((one) => one.clientId === clientId)
      if (pending !== undefined) send(pending)
    },
    discard: (clientId) =>
      store.update((state) => ({ ...state, pending: state.pending.filter((one) => one.clientId !== clientId) })),
    showBackstage: (open) => {
      store.update((state) => ({ ...state, backstage: { ...state.backstage, open, view: undefined } }))
      if (store.get().me !== undefined) line.send({ _tag: "Backstage", on: open })
    },
    crashRoom: (room) => void sendNow({ _tag: "CrashRoom", room }),
    crashConnection: () => void sendNow({ _tag: "CrashConnection" }),
    killScheduler: (slot) => void sendNow({ _tag: "KillScheduler", slot }),
    retryNow: line.retryNow,
    dismiss: (noticeId) =>
      store.update((state) => ({ ...state, notices: state.notices.filter(({ id }) => id !== noticeId) })),
    look: () => {
      const { current, rooms } = store.get()
      if (current !== undefined && rooms.get(current)?.unread !== 0)
        store.update((state) => withCurrent(state, current))
    }
  }
}
