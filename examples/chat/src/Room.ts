// What a room is to the rest of the server: its contract, the registry it is found by, and the supervisor that keeps it
// running, on whichever scheduler has the least to do.

import * as GenServer from "@understudy/core/GenServer"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Connection } from "./Connection.ts"
import { ClientId, MessageText, PersonName, RoomName } from "./protocol.ts"

/**
 * One room. All of its messages are casts: a connection never waits for a room, it hears from it. What waits in its
 * mailbox is bounded, and a connection that says more than the room can take is made to wait.
 */
export const Room = GenServer.define("chat/Room", {
  args: { room: RoomName },
  protocol: {
    /** Answered by the connection's `joined`, every time. */
    join: GenServer.cast({ who: PersonName, connection: Connection.ref }),
    leave: GenServer.cast({ who: PersonName }),
    /** Answered by the connection's `tell`, with the message that everybody in the room gets. */
    say: GenServer.cast({ who: PersonName, text: MessageText, clientId: Schema.optionalKey(ClientId) }),
    /** Makes its process crash. */
    crash: GenServer.cast({ who: PersonName })
  },
  mailbox: { capacity: 1024, overflow: "suspend" }
})
export type RoomRef = GenServer.PidRef<(typeof Room)["protocol"]>

/** Which rooms are open, and how many people are in each. */
export const rooms = Registry.unique("chat/rooms", Room, RoomName, { value: Schema.Int })

/** Keeps the open rooms running. A room that ends by itself, because nobody is in it, is not started again. */
export const roomSupervisor = Supervisor.dynamic("chat/room-supervisor", Room, {
  restart: "transient",
  on: "least-loaded",
  maxChildren: 1000,
  // Anybody may crash a room for the fun of it, and a lost scheduler takes all of its rooms at once
  intensity: { restarts: 1000, within: "5 seconds" }
})

/** The process of a room, started if need be. Nothing when there is none to be had just now. */
export const openRoom = (room: string) =>
  Effect.gen(function* () {
    const running = yield* rooms.whereis(room)
    if (running !== undefined) return running
    const started = yield* Effect.result(roomSupervisor.start({ room }, { label: room }))
    // Whoever starts it at the same time on another scheduler: the registry lets one of them in, and both find it
    return started._tag === "Success" ? started.success : yield* rooms.whereis(room)
  })
