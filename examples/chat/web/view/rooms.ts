// The rooms: those joined, with what is unread, then those that others opened. And who we are.
import { counted, element, find, part, reconcile, setAttribute, setText } from "../dom.ts"
import { limits } from "../limits.ts"
import { toRoomName } from "../memory.ts"
import type { Session } from "../session.ts"
import type { State } from "../state.ts"
import type { Store } from "../store.ts"

interface Entry {
  readonly name: string
  readonly joined: boolean
  readonly current: boolean
  readonly down: boolean
  readonly unread: number
  readonly members: number
}

const entriesOf = ({ current, directory, rooms }: State): ReadonlyArray<Entry> => {
  const counts = new Map(directory.map(({ members, room }) => [room, members]))
  const joined = [...rooms.values()].map((room) => ({
    name: room.name,
    joined: true,
    current: room.name === current,
    down: room.phase === "down",
    unread: room.unread,
    members: room.phase === "joined" ? room.members.length : (counts.get(room.name) ?? 0)
  }))
  const others = directory
    .filter(({ room }) => !rooms.has(room))
    .map(({ members, room }) => ({ name: room, joined: false, current: false, down: false, unread: 0, members }))
  const byName = (one: Entry, other: Entry) => one.name.localeCompare(other.name)
  return [...joined.toSorted(byName), ...others.toSorted(byName)]
}

// Up and down (left and right in the strip on phones) walk the list, besides the tab key.
const walk = (list: HTMLElement) => (event: KeyboardEvent) => {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
  const buttons = [...list.querySelectorAll("button")]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement) // -1 if it is anything else
  if (step === undefined || at < 0) return
  event.preventDefault()
  buttons.at((at + step) % buttons.length)?.focus()
}

/** Shows the room list, the form that opens a room, and the person's own name. */
export const showRooms = (store: Store, session: Session): void => {
  const list = find("room-list", HTMLElement)
  const form = find("new-room-form", HTMLFormElement)
  const input = find("new-room", HTMLInputElement)
  const meName = find("me-name", HTMLElement)
  const meWhere = find("me-where", HTMLElement)

  input.maxLength = limits.roomLength
  list.addEventListener("keydown", walk(list))
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const room = toRoomName(input.value)
    input.value = ""
    if (room !== "") session.visit(room)
  })
  find("exit", HTMLButtonElement).addEventListener("click", session.exit)

  const make = ({ name }: Entry): HTMLElement => {
    const button = element(
      "button",
      { type: "button", class: "room", "data-testid": "room-item", "data-room": name },
      element("span", { class: "room-name" }, name),
      element("span", { class: "unread", "data-part": "unread", "data-testid": "room-unread" }),
      element("span", { class: "room-count", "data-part": "count" })
    )
    button.addEventListener("click", () => session.visit(name))
    return element("li", {}, button)
  }

  const update = (item: Element, entry: Entry): void => {
    const button = item.firstElementChild as HTMLButtonElement // made by `make`
    const wasCurrent = button.dataset.current === "true"
    button.dataset.joined = String(entry.joined)
    button.dataset.current = String(entry.current)
    button.dataset.down = String(entry.down)
    setAttribute(button, "aria-current", entry.current ? "true" : undefined)
    setText(part(button, "unread"), entry.unread === 0 ? "" : entry.unread > 99 ? "99+" : String(entry.unread))
    setText(part(button, "count"), String(entry.members))
    const unread = entry.unread === 0 ? "" : `, ${entry.unread} unread`
    const here = `, ${counted(entry.members, "person here", "people here")}`
    setAttribute(button, "aria-label", `${entry.name}${unread}${here}${entry.joined ? "" : ", not joined"}`)
    if (entry.current && !wasCurrent) button.scrollIntoView({ block: "nearest", inline: "nearest" })
  }

  store.subscribe((state) => {
    reconcile(list, entriesOf(state), ({ name }) => name, make, update)
    setText(meName, state.me?.name ?? state.wanted ?? "")
    setText(meWhere, state.me === undefined ? "off stage" : `${state.me.pid} on scheduler ${state.me.scheduler}`)
    const unread = [...state.rooms.values()].reduce((sum, room) => sum + room.unread, 0)
    const title = `${unread > 0 ? `(${unread}) ` : ""}${state.current ?? "Welcome"} · Understudy`
    if (document.title !== title) document.title = title
  })
}
