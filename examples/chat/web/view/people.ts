// Who is in the current room, and what state the room is in.
import { element, find, part, reconcile, setText } from "../dom.ts"
import type { Session } from "../session.ts"
import type { Room, State } from "../state.ts"
import type { Store } from "../store.ts"

/** A colour for a name: the same name has the same hue for everybody. */
export const hueOf = (name: string): string => {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  // The high bits are the well mixed ones.
  return String((hash >>> 8) % 360)
}

const stateText = (room: Room | undefined, connection: State["connection"]["phase"]): string => {
  if (room === undefined || room.phase === "joined") return ""
  if (room.phase === "down") return "The understudy is stepping in…"
  return connection === "open" ? "Entering…" : "Waiting for the line…"
}

/** Shows the head of the current room and its people, ourselves first. */
export const showPeople = (store: Store, session: Session): void => {
  const title = find("room-title", HTMLElement)
  const roomState = find("room-state", HTMLElement)
  const heading = find("people-title", HTMLElement)
  const list = find("people-list", HTMLElement)

  find("leave-room", HTMLButtonElement).addEventListener("click", () => {
    const { current } = store.get()
    if (current !== undefined) session.leave(current)
  })

  const make = (name: string): HTMLElement => {
    const row = element(
      "li",
      { "data-testid": "person", "data-name": name },
      element("span", { class: "face", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? ""),
      element("span", { class: "person-name" }, name),
      element("span", { class: "fine", "data-part": "you" })
    )
    row.style.setProperty("--hue", hueOf(name))
    return row
  }

  store.subscribe(({ connection, current, me, rooms }) => {
    const room = current === undefined ? undefined : rooms.get(current)
    setText(title, current ?? "No room yet")
    roomState.dataset.state = room?.phase ?? "joining"
    setText(roomState, stateText(room, connection.phase))
    find("leave-room", HTMLButtonElement).hidden = room === undefined
    const members = (room?.members ?? []).toSorted(
      (one, other) => Number(other === me?.name) - Number(one === me?.name) || one.localeCompare(other)
    )
    list.dataset.stale = String(room?.phase !== "joined")
    setText(heading, members.length === 0 ? "Here now" : `Here now (${members.length})`)
    reconcile(
      list,
      members,
      (name) => name,
      make,
      (row, name) => setText(part(row, "you"), name === me?.name ? "you" : "")
    )
  })
}
