// The supervision tree: what the server consists of, what is started before what, and what falls together.
import { Supervisor } from "@understudy/supervisor"
import { connectionsOn, names } from "./Connection.ts"
import { Curtain } from "./Curtain.ts"
import { Door, doorName } from "./Door.ts"
import { Listener } from "./Listener.ts"
import { NoticeBoard, noticeBoardName, rootName } from "./NoticeBoard.ts"
import { roomSupervisor, rooms } from "./Room.ts"
import type { Settings } from "./Settings.ts"

// Schedulers are killed for the fun of it here, and each of its parts then counts as a restart
const intensity = { restarts: 100, within: "5 seconds" } as const
// When the server stops, a process has its turn to end behind all the work that its scheduler still has
const shutdown = "10 seconds"

/**
 * What one scheduler needs to take people in. The supervisor is on the main thread, so that it outlives the scheduler and
 * sets it up again; a listener without connections or a connection without a notice board is of no use, so what comes
 * after what fell is started anew.
 */
const front = (slot: number) => {
  const on = { scheduler: slot }
  return Supervisor.supervisor(`chat/front/${slot}`, {
    strategy: "rest-for-one",
    intensity,
    children: [
      Supervisor.child(NoticeBoard, {}, { name: noticeBoardName(slot), on, shutdown }),
      connectionsOn(slot).spec,
      Supervisor.child(Listener, { slot }, { name: `chat/listener/${slot}`, on, shutdown })
    ]
  })
}

/** The whole server. Each part needs those before it, and nothing of those after it; it stops in reverse. */
export const house = ({ schedulers }: Settings) =>
  Supervisor.supervisor(rootName, {
    strategy: "rest-for-one",
    intensity,
    children: [
      names.spec,
      rooms.spec,
      roomSupervisor.spec,
      Supervisor.child(Door, {}, { name: doorName }),
      Supervisor.supervisor("chat/fronts", {
        strategy: "one-for-one",
        intensity,
        children: Array.from({ length: schedulers }, (_, slot) => front(slot))
      }),
      Supervisor.child(Curtain, {}, { name: "chat/curtain" })
    ]
  })
