// The current room's script: what was said, the stage directions between, and our own lines that are not said yet.
import type { ChatMessage } from "../../src/protocol.ts"
import { clock, element, find, part, reconcile, setText, timeElement } from "../dom.ts"
import type { Session } from "../session.ts"
import type { Note, Pending, Room, State } from "../state.ts"
import type { Store } from "../store.ts"
import { hueOf } from "./people.ts"

type Line =
  | {
      readonly kind: "message"
      readonly key: string
      readonly message: ChatMessage
      readonly continues: boolean
      readonly mine: boolean
    }
  | { readonly kind: "note"; readonly key: string; readonly note: Note }
  | { readonly kind: "pending"; readonly key: string; readonly pending: Pending; readonly name: string }

const sameSpeech = 5 * 60_000
// Closer to the end than this counts as reading along.
const nearEnd = 80

// A line keeps its key when it turns from pending to said, so it does not jump or get read again.
const keyOf = (from: string, room: string, clientId: string | undefined, id: number): string =>
  clientId === undefined ? `${room} ${id}` : `${room} ${from} ${clientId}`

const linesOf = (room: Room, pending: ReadonlyArray<Pending>, name: string): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  let notes = room.notes
  const notesUpTo = (id: number): void => {
    const count = notes.findIndex(({ after }) => after > id)
    for (const note of count < 0 ? notes : notes.slice(0, count)) {
      lines.push({ kind: "note", key: `note ${note.id}`, note })
    }
    notes = count < 0 ? [] : notes.slice(count)
  }
  let before: ChatMessage | undefined
  for (const message of room.messages) {
    const spoken = lines.length
    // What was noted before this message comes before it.
    notesUpTo(message.id - 1)
    const continues = lines.length === spoken && before?.from === message.from && message.at - before.at < sameSpeech
    const key = keyOf(message.from, room.name, message.clientId, message.id)
    lines.push({ kind: "message", key, message, continues, mine: message.from === name })
    before = message
  }
  notesUpTo(Number.POSITIVE_INFINITY)
  for (const one of pending) {
    if (one.room !== room.name) continue
    lines.push({ kind: "pending", key: keyOf(name, room.name, one.clientId, 0), pending: one, name })
  }
  return lines
}

const pendingText = ({ problem, sentAt }: Pending, phase: Room["phase"]): string => {
  if (problem !== undefined) return `Not said: ${problem}`
  if (sentAt !== undefined) return "Saying…"
  return phase === "down" ? "Waiting for the room" : "Waiting for the line"
}

/** Shows the current room's script and keeps it at its end while the reader is there. */
export const showMessages = (store: Store, session: Session): void => {
  const script = find("script", HTMLElement)
  const list = find("message-list", HTMLElement)
  const empty = find("empty", HTMLElement)
  const toEnd = find("to-end", HTMLButtonElement)
  const spoken = find("spoken", HTMLElement)
  let shown: { room: Room; pending: State["pending"]; name: string } | undefined
  let heard = 0
  let following = true

  const goToEnd = (): void => {
    script.scrollTop = script.scrollHeight
    following = true
    toEnd.hidden = true
  }
  script.addEventListener("scroll", () => {
    following = script.scrollHeight - script.scrollTop - script.clientHeight < nearEnd
    if (following) toEnd.hidden = true
  })
  toEnd.addEventListener("click", goToEnd)
  // The box shrinks when a keyboard opens or the composer grows; whoever was at the end stays there.
  new ResizeObserver(() => {
    if (following) goToEnd()
  }).observe(script)

  const make = (line: Line): HTMLElement => {
    if (line.kind === "note") {
      return element("li", { class: `note ${line.note.tone}`, "data-testid": "note" }, line.note.text)
    }
    const from = line.kind === "message" ? line.message.from : line.name
    const again = element("button", { type: "button", class: "link", "data-testid": "say-again" }, "Say again")
    const drop = element("button", { type: "button", class: "link", "data-testid": "discard" }, "Discard")
    const clientId = line.kind === "pending" ? line.pending.clientId : ""
    again.addEventListener("click", () => session.sayAgain(clientId))
    drop.addEventListener("click", () => session.discard(clientId))
    const row = element(
      "li",
      { class: "line", "data-testid": "message" },
      element("p", { class: "speaker" }, element("b", {}, from), element("span", { "data-part": "time" })),
      element("p", { class: "text", "data-part": "text" }),
      element("p", { class: "fate fine", "data-part": "fate" }, element("span", { "data-part": "why" }), again, drop)
    )
    row.style.setProperty("--hue", hueOf(from))
    return row
  }

  const updateLine = (row: HTMLElement, line: Exclude<Line, { kind: "note" }>, phase: Room["phase"]): void => {
    const pending = line.kind === "pending" ? line.pending : undefined
    row.dataset.pending = String(pending !== undefined)
    row.dataset.failed = String(pending?.problem !== undefined)
    row.dataset.mine = String(line.kind === "pending" || line.mine)
    row.dataset.continues = String(line.kind === "message" && line.continues)
    setText(part(row, "text"), line.kind === "message" ? line.message.text : line.pending.text)
    setText(part(row, "why"), pending === undefined ? "" : pendingText(pending, phase))
    part(row, "fate").hidden = pending === undefined
    if (line.kind === "message") {
      row.dataset.id = String(line.message.id)
      row.dataset.from = line.message.from
      const time = part(row, "time")
      if (time.textContent !== clock(line.message.at)) time.replaceChildren(timeElement(line.message.at))
    }
  }

  // Said aloud by a screen reader: only what is new in the room being shown, not a history that came again.
  const announce = (room: Room, name: string): void => {
    const lastId = room.messages.at(-1)?.id ?? 0
    const fresh = shown?.room.name === room.name ? room.messages.filter(({ id }) => id > heard) : []
    heard = lastId
    const others = fresh.filter(({ from }) => from !== name).slice(-3)
    if (others.length > 0) setText(spoken, others.map(({ from, text }) => `${from}: ${text}`).join("\n"))
  }

  store.subscribe(({ current, me, pending, rooms, wanted }) => {
    const room = current === undefined ? undefined : rooms.get(current)
    const name = me?.name ?? wanted ?? ""
    if (room === undefined) {
      list.replaceChildren()
      shown = undefined
      return
    }
    if (shown?.room === room && shown.pending === pending && shown.name === name) return
    const isOther = shown?.room.name !== room.name
    const more = room.messages.at(-1)?.id !== shown?.room.messages.at(-1)?.id
    const mineWaits = pending.length > (shown?.pending.length ?? 0)
    announce(room, name)
    shown = { room, pending, name }
    reconcile(
      list,
      linesOf(room, pending, name),
      ({ key }) => key,
      make,
      (row, line) => {
        if (line.kind !== "note") updateLine(row as HTMLElement, line, room.phase) // made by `make`
      }
    )
    empty.hidden = list.childElementCount > 0 || room.phase !== "joined"
    if (isOther || following || mineWaits) goToEnd()
    else if (more) toEnd.hidden = false
  })
}
