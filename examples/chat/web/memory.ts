// What the page remembers: the name and the rooms in the browser's storage, the room being shown in the address. Storage
// can be forbidden or full; then the page works all the same and forgets.

const nameKey = "understudy.name"
const roomsKey = "understudy.rooms"
const onStageKey = "understudy.onStage"
const roomShape = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/

const read = (storage: () => Storage, key: string): string => {
  try {
    return storage().getItem(key) ?? ""
  } catch {
    return ""
  }
}

const write = (storage: () => Storage, key: string, value: string): void => {
  try {
    storage().setItem(key, value)
  } catch {
    // Not remembered; nothing else depends on it.
  }
}

const browser = () => localStorage
const tab = () => sessionStorage

/** The name last used in this browser; empty if there is none. */
export const rememberedName = (): string => read(browser, nameKey)

/** Whether this very tab had the name, so that a reload goes straight back in. A new tab is asked: it would be a second. */
export const wasOnStage = (): boolean => read(tab, onStageKey) === "yes"

/** Remembers the name, and that this tab uses it. */
export const rememberName = (name: string): void => {
  write(browser, nameKey, name)
  write(tab, onStageKey, "yes")
}

/** Forgets that this tab uses the name; the name itself stays as a suggestion. */
export const forgetStage = (): void => write(tab, onStageKey, "no")

/** The rooms last joined in this browser. */
export const rememberedRooms = (): ReadonlyArray<string> => read(browser, roomsKey).split(" ").filter(isRoomName)

/** Remembers the rooms. */
export const rememberRooms = (rooms: Iterable<string>): void => write(browser, roomsKey, [...rooms].join(" "))

/** Whether the server would take this as a room's name. */
export const isRoomName = (text: string): boolean => roomShape.test(text)

/** The nearest room name to what somebody typed; empty if nothing is left of it. */
export const toRoomName = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 32)
    .replace(/^-+|-+$/g, "")

/** The room in the address, if there is one. */
export const roomInAddress = (): string | undefined => {
  const room = location.hash.slice(1)
  return isRoomName(room) ? room : undefined
}

/** Puts the room into the address. Each room visited is a step that the browser's back button undoes. */
export const showRoomInAddress = (room: string): void => {
  if (roomInAddress() === room) return
  if (location.hash === "") history.replaceState(null, "", `#${room}`)
  else history.pushState(null, "", `#${room}`)
}
