// All that the page shows, as one immutable value, and how a frame from the server changes it. Pure: the same state and
// frame always give the same next state, and nothing here touches the document or the line.
import type { ChatMessage, ServerFrame } from "../src/protocol.ts"
import { backstageChanges } from "./backstage-changes.ts"
import { listed } from "./dom.ts"
import { limits } from "./limits.ts"

/** The stage direction shown between messages: who enters, who leaves, what fell and came back. */
export interface Note {
  readonly id: number
  /** The id of the message it comes after. */
  readonly after: number
  readonly text: string
  readonly tone: "plain" | "fell" | "back"
}

export interface Room {
  readonly name: string
  /** `joining` until the server says so, `down` while its process is gone. */
  readonly phase: "joining" | "joined" | "down"
  readonly members: ReadonlyArray<string>
  /** By rising id, none twice. */
  readonly messages: ReadonlyArray<ChatMessage>
  readonly notes: ReadonlyArray<Note>
  readonly unread: number
}

/** A message of ours that the room has not shown yet. */
export interface Pending {
  readonly clientId: string
  readonly room: string
  readonly text: string
  readonly at: number
  /** When it last went out; undefined while it waits for the line or the room. */
  readonly sentAt: number | undefined
  /** Why the server refused it; it is then not sent again by itself. */
  readonly problem: string | undefined
}

export interface Notice {
  readonly id: number
  readonly text: string
  readonly tone: "problem" | "news"
}

export type BackstageFrame = Extract<ServerFrame, { readonly _tag: "Backstage" }>

export interface BackstageEvent {
  readonly id: number
  readonly at: number
  readonly text: string
  readonly tone: Note["tone"]
}

export interface State {
  readonly connection: { readonly phase: "connecting" | "open" | "reconnecting"; readonly attempt: number }
  /** The name asked for; undefined while the page asks the person. */
  readonly wanted: string | undefined
  /** Why the name could not be had; empty if nothing is wrong. */
  readonly nameProblem: string
  /** Who we are on this connection; undefined until welcomed. */
  readonly me: { readonly name: string; readonly pid: string; readonly scheduler: number } | undefined
  readonly rooms: ReadonlyMap<string, Room>
  readonly current: string | undefined
  readonly directory: ReadonlyArray<{ readonly room: string; readonly members: number }>
  readonly pending: ReadonlyArray<Pending>
  readonly notices: ReadonlyArray<Notice>
  readonly backstage: {
    readonly open: boolean
    readonly view: BackstageFrame | undefined
    readonly events: ReadonlyArray<BackstageEvent>
  }
}

export const initial: State = {
  connection: { phase: "connecting", attempt: 1 },
  wanted: undefined,
  nameProblem: "",
  me: undefined,
  rooms: new Map(),
  current: undefined,
  directory: [],
  pending: [],
  notices: [],
  backstage: { open: false, view: undefined, events: [] }
}

const mostMessages = 500
const mostNotes = 40
const mostEvents = 30
const mostNotices = 4

let lastId = 0
const freshId = (): number => ++lastId

const emptyRoom = (name: string): Room => ({
  name,
  phase: "joining",
  members: [],
  messages: [],
  notes: [],
  unread: 0
})

const withRoom = (state: State, room: Room): State => ({ ...state, rooms: new Map(state.rooms).set(room.name, room) })

const withNote = (room: Room, text: string, tone: Note["tone"]): Room => ({
  ...room,
  notes: [...room.notes, { id: freshId(), after: room.messages.at(-1)?.id ?? 0, text, tone }].slice(-mostNotes)
})

/** The state with one more notice; the same text twice in a row is shown once. */
export const withNotice = (state: State, text: string, tone: Notice["tone"]): State => ({
  ...state,
  notices: [...state.notices.filter((notice) => notice.text !== text), { id: freshId(), text, tone }].slice(
    -mostNotices
  )
})

/** The state with the room in it, being joined, if it was not there. */
export const withJoining = (state: State, name: string): State =>
  state.rooms.has(name) ? state : withRoom(state, emptyRoom(name))

/** The state without the room and what was to be said in it. */
export const withoutRoom = (state: State, name: string): State => {
  const rooms = new Map(state.rooms)
  rooms.delete(name)
  return {
    ...state,
    rooms,
    current: state.current === name ? rooms.keys().next().value : state.current,
    pending: state.pending.filter((pending) => pending.room !== name)
  }
}

/** The state showing this room, read to its end. */
export const withCurrent = (state: State, name: string): State => {
  const room = state.rooms.get(name)
  return room === undefined ? state : withRoom({ ...state, current: name }, { ...room, unread: 0 })
}

/** The state after the line was lost: nothing is joined, nothing that went out counts as having arrived. */
export const withLineLost = (state: State): State => ({
  ...state,
  me: undefined,
  rooms: new Map([...state.rooms].map(([name, room]) => [name, { ...room, phase: "joining" }])),
  pending: state.pending.map((pending) => ({ ...pending, sentAt: undefined }))
})

/** The state with this pending message changed. */
export const withPending = (state: State, clientId: string, change: Partial<Pending>): State => ({
  ...state,
  pending: state.pending.map((pending) => (pending.clientId === clientId ? { ...pending, ...change } : pending))
})

// A pending message has arrived once the room shows it with our name and our id.
const withArrived = (state: State, messages: ReadonlyArray<ChatMessage>): State => {
  const mine = new Set(messages.filter(({ from }) => from === state.me?.name).map(({ clientId }) => clientId))
  const pending = state.pending.filter(({ clientId }) => !mine.has(clientId))
  return pending.length === state.pending.length ? state : { ...state, pending }
}

// Rooms number their messages in order, so a new one nearly always goes last. One seen before changes nothing.
const inserted = (messages: ReadonlyArray<ChatMessage>, message: ChatMessage): ReadonlyArray<ChatMessage> => {
  const last = messages.at(-1)
  if (last === undefined || last.id < message.id) return [...messages, message].slice(-mostMessages)
  if (messages.some(({ id }) => id === message.id)) return messages
  return [...messages, message].sort((one, other) => one.id - other.id).slice(-mostMessages)
}

const onJoined = (state: State, frame: Extract<ServerFrame, { _tag: "Joined" }>): State => {
  const before = state.rooms.get(frame.room) ?? emptyRoom(frame.room)
  const lastId = frame.history.at(-1)?.id ?? 0
  const lastRead = before.messages.at(-1)?.id
  const missed = lastRead === undefined ? 0 : frame.history.filter(({ id }) => id > lastRead).length
  const room: Room = {
    ...before,
    phase: "joined",
    members: frame.members,
    messages: frame.history,
    // A room that lost its history counts from 1 again: a note must not wait for a message that may never come.
    notes: before.notes.map((note) => (note.after > lastId ? { ...note, after: lastId } : note)),
    unread: state.current === frame.room ? 0 : before.unread + missed
  }
  const joined = before.phase === "down" ? withNote(room, "The show goes on.", "back") : room
  return withArrived(withRoom(state, joined), frame.history)
}

const onPresence = (state: State, frame: Extract<ServerFrame, { _tag: "Presence" }>): State => {
  const room = state.rooms.get(frame.room)
  if (room === undefined) return state
  const entering = frame.joined.filter((name) => !room.members.includes(name))
  const leaving = frame.left.filter((name) => room.members.includes(name))
  let next: Room = { ...room, members: [...room.members.filter((name) => !leaving.includes(name)), ...entering] }
  if (entering.length > 0) next = withNote(next, `Enter ${listed(entering)}.`, "plain")
  if (leaving.length > 0)
    next = withNote(next, `${leaving.length > 1 ? "Exeunt" : "Exit"} ${listed(leaving)}.`, "plain")
  return withRoom(state, next)
}

const onMessage = (state: State, frame: Extract<ServerFrame, { _tag: "Message" }>, seen: boolean): State => {
  const room = state.rooms.get(frame.room)
  if (room === undefined) return state
  const { _tag, ...message } = frame
  const messages = inserted(room.messages, message)
  const isNew = messages !== room.messages
  const unread =
    room.unread + (isNew && !(seen && state.current === frame.room) && frame.from !== state.me?.name ? 1 : 0)
  return withArrived(withRoom(state, { ...room, messages, unread }), [message])
}

const onError = (state: State, frame: Extract<ServerFrame, { _tag: "Error" }>): State => {
  const aboutName = frame.code === "NameTaken" || frame.field === "name"
  if (aboutName && state.me === undefined) {
    const nameProblem =
      frame.code === "NameTaken"
        ? `Somebody here is called ${state.wanted ?? "that"} already, or has a name that looks like it.`
        : `${frame.message.replace(/^Hello\.name: /, "")}.`
    return { ...state, wanted: undefined, nameProblem }
  }
  const pending = state.pending.find(({ clientId }) => clientId === frame.clientId)
  if (pending !== undefined) {
    // The room could not take it now: it goes out again, and there is nothing to tell.
    if (frame.code === "RoomUnavailable" || frame.code === "TooFast" || frame.code === "NotJoined") return state
    const problem =
      frame.field === "text"
        ? `a line is 1 to ${limits.textLength} characters, none of them control characters.`
        : frame.message
    return withPending(state, pending.clientId, { problem })
  }
  if (frame.code === "RoomUnavailable" || frame.code === "HelloFirst") return state
  const told = withNotice(state, frame.message, "problem")
  const phase = frame.room === undefined ? undefined : state.rooms.get(frame.room)?.phase
  // Of a room that cannot be entered nothing is kept; one that fell may not be opened again
  const isRefused = frame.field === "room" && frame.code !== "NotJoined" && phase !== undefined && phase !== "joined"
  return isRefused ? withoutRoom(told, frame.room ?? "") : told
}

const onBackstage = (state: State, frame: BackstageFrame): State => {
  const { view, events } = state.backstage
  const news = view === undefined ? [] : backstageChanges(view, frame)
  const added = news.map((change) => ({ ...change, id: freshId(), at: frame.at }))
  return {
    ...state,
    backstage: { ...state.backstage, view: frame, events: [...added.toReversed(), ...events].slice(0, mostEvents) }
  }
}

/** The state after a frame; `seen` says whether the page is being looked at. */
export const receive = (state: State, frame: ServerFrame, seen: boolean): State => {
  switch (frame._tag) {
    case "Welcome":
      return { ...state, nameProblem: "", me: { name: frame.name, pid: frame.pid, scheduler: frame.scheduler } }
    case "Joined":
      return onJoined(state, frame)
    case "Left":
      // A room being joined was left and entered again before this came.
      return state.rooms.get(frame.room)?.phase === "joining" ? state : withoutRoom(state, frame.room)
    case "RoomDown": {
      const room = state.rooms.get(frame.room)
      if (room === undefined) return state
      const text = `The room fell: ${frame.reason.replace(/\.$/, "")}. Its understudy steps in.`
      const fallen: Room = withNote({ ...room, phase: "down", members: [] }, text, "fell")
      // What the room had not shown when it fell may be lost with it.
      const pending = state.pending.map((one) => (one.room === room.name ? { ...one, sentAt: undefined } : one))
      return { ...withRoom(state, fallen), pending }
    }
    case "Message":
      return onMessage(state, frame, seen)
    case "Presence":
      return onPresence(state, frame)
    case "Rooms":
      return { ...state, directory: frame.rooms }
    case "Backstage":
      return onBackstage(state, frame)
    case "Error":
      return onError(state, frame)
    case "Closing":
      return withNotice(state, `The server closed this connection: ${frame.reason}`, "problem")
    case "Pong":
      return state
    default:
      // A newer server may say more than this page knows.
      return state
  }
}
