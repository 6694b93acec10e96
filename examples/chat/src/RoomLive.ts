// The code of a room: who is in it, what is said in it, and telling everybody. It keeps nothing that it could not lose
// but the history, which is on disk: whoever was in it when it crashed joins again.

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ConnectionRef } from "./Connection.ts"
import { History } from "./History.ts"
import { encodeServerFrame, limits, type ServerFrame } from "./protocol.ts"
import { lookOfRoom, Room, refusalOf, rooms } from "./Room.ts"
import { ChatSettings } from "./Settings.ts"

interface Member {
  readonly name: string
  readonly connection: ConnectionRef
  readonly monitor: Process.MonitorRef
}

interface State {
  readonly room: string
  readonly history: History
  /** By their names. */
  readonly members: Map<string, Member>
}

/** A room that nobody is in closes after this time. */
const emptyFor = "1 minute"

/** A room that is empty waits a while, and then ends: at once when nothing was ever said in it. */
const next = (state: State): State | GenServer.NoReply<State> | GenServer.Stop<State> => {
  const { history, members } = state
  if (members.size > 0) return state
  return history.isEmpty ? GenServer.stop(ExitReason.normal, state) : GenServer.noReply(state, { timeout: emptyFor })
}

/** Tells everybody in the room, but for one. */
const tellAll = ({ members, room }: State, frame: ServerFrame, not?: Member) =>
  Effect.gen(function* () {
    const text = encodeServerFrame(frame)
    for (const member of members.values()) if (member !== not) yield* member.connection.tell({ room, frame: text })
  })

/** Says on the notice board how many are here now. */
const postCount = ({ members, room }: State) =>
  // The registry was restarted under us: then this room is about to be as well
  Effect.ignore(rooms.updateValue(room, (open) => ({ ...open, members: members.size })))

const enter = (state: State, who: string, connection: ConnectionRef) =>
  Effect.gen(function* () {
    const { history, members, room } = state
    const known = members.get(who)
    const isHere = known?.connection.address.toString() === connection.address.toString()
    if (!isHere) {
      // Somebody who came back before their old connection's end was heard of
      if (known !== undefined) yield* Process.demonitor(known.monitor, { flush: true })
      const monitor = yield* Process.monitor(connection.address)
      members.set(who, { name: who, connection, monitor })
    }
    const frame = encodeServerFrame({
      _tag: "Joined",
      room,
      members: [...members.values()].map(({ name }) => name),
      history: history.latest(limits.historyLength)
    })
    yield* connection.joined({ room, frame })
    if (known !== undefined) return next(state)
    yield* tellAll(state, { _tag: "Presence", room, joined: [who], left: [] }, members.get(who))
    yield* postCount(state)
    return next(state)
  })

const depart = (state: State, member: Member) =>
  Effect.gen(function* () {
    const { members, room } = state
    members.delete(member.name)
    yield* tellAll(state, { _tag: "Presence", room, joined: [], left: [member.name] })
    yield* postCount(state)
    return next(state)
  })

/** See {@link Room}. */
export const RoomLive = Room.implement({
  init: ({ openedFrom, room }) =>
    Effect.gen(function* () {
      const { data } = yield* ChatSettings
      // Rooms are started one after the other, so no two of them count the same rooms here
      if ((yield* refusalOf(room, openedFrom, !History.exists(data, room))) !== undefined) return GenServer.ignore
      const entry = { members: 0, openedFrom, look: lookOfRoom(room) }
      const taken = yield* Effect.as(rooms.register(room, entry), false).pipe(
        // Two schedulers opened it at once, or somebody did while it was being restarted: the other one plays it
        Effect.catchTag("AlreadyRegistered", () => Effect.succeed(true))
      )
      if (taken) return GenServer.ignore
      const history = yield* Effect.acquireRelease(
        Effect.sync(() => new History(data, room)),
        (history) => Effect.sync(() => history.close())
      )
      return GenServer.noReply<State>({ room, history, members: new Map() }, { timeout: emptyFor })
    }),
  handle: {
    join: (state, { connection, who }) => enter(state, who, connection),
    leave: (state, { who }) => {
      const member = state.members.get(who)
      return member === undefined
        ? next(state)
        : Effect.andThen(Process.demonitor(member.monitor, { flush: true }), depart(state, member))
    },
    say: (state, { clientId, text, who }) =>
      Effect.gen(function* () {
        const member = state.members.get(who)
        if (member === undefined) return next(state)
        const at = yield* Clock.currentTimeMillis
        const saying = { at, from: who, text, ...(clientId === undefined ? {} : { clientId }) }
        const { isNew, message } = state.history.add(saying)
        const frame: ServerFrame = { _tag: "Message", ...message }
        if (isNew) yield* tellAll(state, frame)
        else yield* member.connection.tell({ room: state.room, frame: encodeServerFrame(frame) })
        return next(state)
      }),
    crash: (_state, { who }) => {
      throw new Error(`${who} pulled the trapdoor`)
    }
  },
  info: (state, message) => {
    if (!(message instanceof Process.Down)) return next(state)
    const member = [...state.members.values()].find(({ monitor }) => monitor === message.ref)
    return member === undefined ? next(state) : depart(state, member)
  },
  timeout: (state) => GenServer.stop(ExitReason.normal, state)
})
