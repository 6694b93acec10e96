// What a room is to the rest of the server: its contract, the registry it is found by, the supervisor that keeps it
// running, on whichever scheduler has the least to do, and what stands against opening one.

import * as GenServer from "@understudy/core/GenServer"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Connection } from "./Connection.ts"
import { lookOf } from "./Names.ts"
import { ClientId, ErrorCode, MessageText, RoomName } from "./protocol.ts"
import { ChatSettings, mostRooms } from "./Settings.ts"

/**
 * One room. All of its messages are casts: a connection never waits for a room, it hears from it. What waits in its
 * mailbox is bounded, and a connection that says more than the room can take is made to wait.
 */
export const Room = GenServer.define("chat/Room", {
  args: {
    room: RoomName,
    /** The address of whoever opened it. */
    openedFrom: Schema.String
  },
  protocol: {
    /** Answered by the connection's `joined`, every time. */
    join: GenServer.cast({ who: Schema.String, connection: Connection.ref }),
    leave: GenServer.cast({ who: Schema.String }),
    /** Answered by the connection's `tell`, with the message that everybody in the room gets. */
    say: GenServer.cast({ who: Schema.String, text: MessageText, clientId: Schema.optionalKey(ClientId) }),
    /** Makes its process crash. */
    crash: GenServer.cast({ who: Schema.String })
  },
  mailbox: { capacity: 1024, overflow: "suspend" }
})
export type RoomRef = GenServer.PidRef<(typeof Room)["protocol"]>

/** What every scheduler knows of a room that is open. */
const OpenRoom = Schema.Struct({
  members: Schema.Int,
  openedFrom: Schema.String,
  /** How its name looks. */
  look: Schema.String
})

/** How a room's name looks. In small letters, as all of its letters are: a zero looks like a capital O. */
export const lookOfRoom = (room: string): string => lookOf(room).toLowerCase()

/** Which rooms are open. */
export const rooms = Registry.unique("chat/rooms", Room, RoomName, { value: OpenRoom })

/** Keeps the open rooms running. A room that ends by itself, because nobody is in it, is not started again. */
export const roomSupervisor = Supervisor.dynamic("chat/room-supervisor", Room, {
  restart: "transient",
  on: "least-loaded",
  maxChildren: mostRooms,
  // Each writes down what it was told and closes its database, however slow the disk is with all of them at once
  shutdown: "30 seconds",
  // Anybody may crash a room for the fun of it, and a lost scheduler takes all of its rooms at once
  intensity: { restarts: 1000, within: "5 seconds" }
})

/** A room may not be opened. The message says what to do instead. */
export class RoomRefused extends Schema.TaggedError<RoomRefused>()("RoomRefused", {
  code: ErrorCode,
  message: Schema.String
}) {}

/**
 * What stands against opening a room: its address has opened as many as it may, or it is new, that is, nothing was ever
 * said in it, and looks like one that is open.
 */
export const refusalOf = (room: string, openedFrom: string, isNew: boolean) =>
  Effect.gen(function* () {
    const { roomsPerAddress } = yield* ChatSettings
    const others = (yield* rooms.entries).filter(({ key }) => key !== room)
    if (others.filter(({ value }) => value.openedFrom === openedFrom).length >= roomsPerAddress) {
      const why = `Your address has opened as many rooms as it may (${roomsPerAddress})`
      const message = `${why}: join one that is open, or leave some and try again in a minute`
      return new RoomRefused({ code: "TooManyRoomsOpened", message })
    }
    const look = lookOfRoom(room)
    const like = isNew ? others.find(({ value }) => value.look === look)?.key : undefined
    if (like === undefined) return undefined
    const message = `A room is open whose name looks like this one, "${like}": join that, or choose another name`
    return new RoomRefused({ code: "RoomLooksTaken", message })
  })

const noMoreRooms = `The server has ${mostRooms} rooms, and can have no more: join one that is open, or try again later`

/**
 * The process of a room, started for `openedFrom` if need be. Nothing when there is none to be had just now. Fails with
 * {@link RoomRefused} when it is not open and may not be opened.
 */
export const openRoom = (room: string, openedFrom: string) =>
  Effect.gen(function* () {
    const running = yield* rooms.whereis(room)
    if (running !== undefined) return running
    const started = yield* Effect.result(roomSupervisor.start({ room, openedFrom }, { label: room }))
    if (started._tag === "Success") return started.success
    // Whoever starts it at the same time on another scheduler: the registry lets one of them in, and both find it
    const other = yield* rooms.whereis(room)
    if (other !== undefined) return other
    if (started.failure._tag === "MaxChildrenReached") {
      return yield* new RoomRefused({ code: "NoMoreRooms", message: noMoreRooms })
    }
    // The room itself has chosen not to start
    const refused = yield* refusalOf(room, openedFrom, true)
    return refused === undefined ? undefined : yield* refused
  })
