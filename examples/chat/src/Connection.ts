// What a connection is to the rest of the server: the contract of the process that plays one person's WebSocket, the
// registry of names, and the supervisor that has a scheduler's connections.

import * as GenServer from "@understudy/core/GenServer"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Schema from "effect/Schema"
import { RoomName } from "./protocol.ts"
import { mostConnections } from "./Settings.ts"

// A frame as the text that goes over the line. Whoever tells many writes it once.
const frame = Schema.String

/** One person's connection. It lives on the scheduler that accepted its socket, and ends with it. */
export const Connection = GenServer.define("chat/Connection", {
  args: {
    /** The socket's number among those of its scheduler: a socket itself cannot travel. */
    socket: Schema.Int,
    /** What the other end counts as when rooms are counted. */
    address: Schema.String
  },
  protocol: {
    /** From its socket: frames came in. */
    readable: GenServer.cast(),
    /** From its socket: the other end is gone. */
    hungUp: GenServer.cast(),
    /** From a room: this connection is in; `frame` is the `Joined`. */
    joined: GenServer.cast({ room: RoomName, frame }),
    /** From a room it is in: something for the page. */
    tell: GenServer.cast({ room: RoomName, frame }),
    /** From the notice board: something for the page. */
    show: GenServer.cast({ frame }),
    /** To itself: look for a room that went down. */
    rejoin: GenServer.cast({ room: RoomName }),
    /** To itself: is anybody still there? */
    listen: GenServer.cast()
  }
})
export type ConnectionRef = typeof Connection.ref.Type

/**
 * Who has which name: by each of its looks, with the name as it is written. A connection holds its name for as long as it
 * lives, and no other connection has a name that looks like it.
 */
export const names = Registry.unique("chat/names", Connection, Schema.String, { value: Schema.String })

/** The supervisor of the connections that the scheduler in `slot` accepts. Nobody restarts a connection but its page. */
export const connectionsOn = (slot: number) =>
  Supervisor.dynamic(`chat/connections/${slot}`, Connection, {
    restart: "temporary",
    maxChildren: mostConnections,
    shutdown: "10 seconds",
    child: { on: { scheduler: slot } }
  })
