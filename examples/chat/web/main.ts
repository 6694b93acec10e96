// Where the page begins: one store, one session, and a view for each thing on the screen.
import { isRoomName, rememberedName, rememberedRooms, roomInAddress, wasOnStage } from "./memory.ts"
import { startSession } from "./session.ts"
import { withJoining } from "./state.ts"
import { makeStore } from "./store.ts"
import { showBackstage } from "./view/backstage.ts"
import { showComposer } from "./view/composer.ts"
import { showMessages } from "./view/messages.ts"
import { showName } from "./view/name.ts"
import { showPeople } from "./view/people.ts"
import { showRooms } from "./view/rooms.ts"
import { showStatus } from "./view/status.ts"

const firstRoom = "lobby"

const store = makeStore()
const url = new URL("/socket", location.href)
url.protocol = url.protocol === "https:" ? "wss:" : "ws:"

const name = rememberedName()
const session = startSession(store, url.href, name !== "" && wasOnStage() ? name : undefined)

const asked = roomInAddress()
for (const room of rememberedRooms()) store.update((state) => withJoining(state, room))
session.visit(asked ?? store.get().rooms.keys().next().value ?? firstRoom)

addEventListener("popstate", () => {
  const room = roomInAddress()
  if (room !== undefined && isRoomName(room)) session.visit(room)
})
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") session.look()
})
addEventListener("focus", session.look)

showName(store, session)
showStatus(store, session)
showRooms(store, session)
showPeople(store, session)
showMessages(store, session)
showComposer(store, session)
showBackstage(store, session)
