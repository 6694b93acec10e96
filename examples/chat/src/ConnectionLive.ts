// The code of a connection: it reads the frames of one person, obeys them, and passes on what rooms and the notice board
// say. It holds the person's name for as long as it lives, and its socket ends with it, however it ends.

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Connection, type ConnectionRef, names } from "./Connection.ts"
import { closeCode, type Farewell, type Incoming, type LiveSocket, Sockets, stopping } from "./LiveSocket.ts"
import { looksOf } from "./Names.ts"
import { noticeBoardOn } from "./NoticeBoard.ts"
import {
  type ClientFrame,
  decodeClientFrame,
  type ErrorCode,
  encodeServerFrame,
  errorFrame,
  limits,
  type ServerFrame
} from "./protocol.ts"
import { openRoom, type RoomRef, type RoomRefused } from "./Room.ts"
import { ChatSettings } from "./Settings.ts"

/** A room this connection is in, or wants to be in. */
interface Place {
  /** `joining` until the room has answered, `down` while it has no process. */
  phase: "joining" | "joined" | "down"
  room: RoomRef | undefined
  monitor: Process.MonitorRef | undefined
  attempts: number
}

interface State {
  readonly self: ConnectionRef
  readonly pid: Process.Pid
  readonly socket: LiveSocket
  readonly address: string
  readonly roomsPerConnection: number
  readonly places: Map<string, Place>
  name: string | undefined
  /** When something last came in, milliseconds. */
  heardAt: number
  /** Frames it may still send just now, and when that was counted. */
  allowance: { frames: number; at: number }
  /** Why the server hangs up. */
  farewell: Farewell | undefined
}

type Next = State | GenServer.Stop<State>

/** Frames handled in one go; others get their turn then. */
const framesAtOnce = 16
/** Frames a second that are read for long, and how many more at first. Whoever sends faster is read slower. */
const framesPerSecond = 250
const framesAtFirst = 500
/** How long the first attempts to find a room that went down wait, milliseconds: its supervisor starts it again. */
const rejoinAfter = 25
const longestRejoin = 1000

const send = (state: State, frame: ServerFrame) => state.socket.send(encodeServerFrame(frame))

const refuse = (state: State, code: ErrorCode, message: string, about?: Parameters<typeof errorFrame>[2]) =>
  send(state, errorFrame(code, message, about))

/** Goes on, or hangs up on a page that does not read. */
const next = (state: State): Next => {
  if (state.farewell === undefined && state.socket.isSlow) {
    state.farewell = { code: "SlowReader", reason: "This page did not take what it was sent fast enough" }
  }
  return state.farewell === undefined ? state : GenServer.stop(ExitReason.shutdownWith(state.farewell.code), state)
}

const after = <E, R>(milliseconds: number, effect: Effect.Effect<void, E, R>) =>
  Effect.forkScoped(Effect.delay(effect, milliseconds))

// --- rooms -----------------------------------------------------------------------------------------------------------

const tryAgain = (state: State, room: string, place: Place) => {
  place.phase = "down"
  const pause = Math.min(longestRejoin, rejoinAfter * 2 ** Math.min(place.attempts++, 10))
  return after(pause, state.self.rejoin({ room }))
}

/** Gives up a room that may not be opened. */
const giveUp = (state: State, room: string, place: Place, { code, message }: RoomRefused) =>
  Effect.gen(function* () {
    state.places.delete(room)
    if (place.monitor !== undefined) yield* Process.demonitor(place.monitor, { flush: true })
    refuse(state, code, message, { field: "room", room })
  })

/** Asks the room to let this connection in. What goes wrong is tried again until the page leaves. */
const enter = (state: State, name: string, room: string, place: Place) =>
  Effect.gen(function* () {
    place.phase = "joining"
    const process = yield* openRoom(room, state.address)
    if (process === undefined) {
      if (place.attempts === 0) refuse(state, "RoomUnavailable", "The room cannot be opened just now", { room })
      yield* tryAgain(state, room, place)
      return
    }
    if (place.room?.pid.toString() !== process.pid.toString()) {
      if (place.monitor !== undefined) yield* Process.demonitor(place.monitor, { flush: true })
      place.room = process
      place.monitor = yield* Process.monitor(process.pid)
    }
    yield* process.join({ who: name, connection: state.self })
  }).pipe(Effect.catchTag("RoomRefused", (refused) => giveUp(state, room, place, refused)))

const join = (state: State, name: string, room: string) =>
  Effect.gen(function* () {
    const { places, roomsPerConnection } = state
    const known = places.get(room)
    if (known === undefined && places.size >= roomsPerConnection) {
      const message = `You are in as many rooms as you may be at once (${roomsPerConnection}): leave one of them first`
      return refuse(state, "TooManyRooms", message, { field: "room", room })
    }
    // A room that is down is being looked for already
    if (known?.phase === "down") return
    const place = known ?? { phase: "joining", room: undefined, monitor: undefined, attempts: 0 }
    places.set(room, place)
    yield* enter(state, name, room, place)
  })

const leave = (state: State, name: string, room: string) =>
  Effect.gen(function* () {
    const place = state.places.get(room)
    state.places.delete(room)
    if (place?.monitor !== undefined) yield* Process.demonitor(place.monitor, { flush: true })
    if (place?.room !== undefined) yield* place.room.leave({ who: name })
    send(state, { _tag: "Left", room })
  })

const roomDown = (state: State, down: Process.Down) =>
  Effect.gen(function* () {
    for (const [room, place] of state.places) {
      if (place.monitor !== down.ref) continue
      place.monitor = place.room = undefined
      // A page that was not in yet has nothing to be told: the room may have ended because it was empty just then
      if (place.phase === "joined") {
        send(state, { _tag: "RoomDown", room, reason: ExitReason.format(down.reason) })
      }
      yield* tryAgain(state, room, place)
    }
    return next(state)
  })

// --- frames ----------------------------------------------------------------------------------------------------------

/** Takes all looks of a name, or none of them when one is taken. */
const claim = (name: string) =>
  Effect.gen(function* () {
    const claimed: Array<string> = []
    for (const look of looksOf(name)) {
      const isFree = yield* Effect.as(names.register(look, name), true).pipe(
        Effect.catchTag("AlreadyRegistered", () => Effect.succeed(false)),
        // Without the registry there is no server: everything is being started again, this connection too
        Effect.orDie
      )
      if (!isFree) {
        for (const other of claimed) yield* names.unregister(other)
        return false
      }
      claimed.push(look)
    }
    return true
  })

const hello = (state: State, name: string) =>
  Effect.gen(function* () {
    if (state.name !== undefined) return refuse(state, "AlreadyNamed", `This connection is ${state.name} already`)
    if (!(yield* claim(name))) {
      const message = "Somebody who is here now has this name, or one that looks like it: choose another"
      return refuse(state, "NameTaken", message, { field: "name" })
    }
    state.name = name
    send(state, { _tag: "Welcome", name, scheduler: state.pid.slot, pid: state.pid.toString() })
    yield* noticeBoardOn(state.pid.slot).follow({ connection: state.self })
  })

const withRoom = (
  state: State,
  frame: { readonly room: string; readonly clientId?: string },
  use: (room: RoomRef) => Effect.Effect<void, never, System.System>
) => {
  const { clientId, room } = frame
  const about = { room, ...(clientId === undefined ? {} : { clientId }) }
  const place = state.places.get(room)
  if (place === undefined) {
    return Effect.sync(() => refuse(state, "NotJoined", "Join the room first", { field: "room", ...about }))
  }
  // What is sent behind a join arrives behind it
  if (place.phase !== "down" && place.room !== undefined) return use(place.room)
  return Effect.sync(() => refuse(state, "RoomUnavailable", "The room is not there just now", about))
}

const killScheduler = (state: State, slot: number) =>
  Effect.gen(function* () {
    const scheduler = (yield* System.schedulers)[slot]
    const about = { field: "slot" }
    if (scheduler?.state !== "up") return refuse(state, "NoSuchScheduler", `Scheduler ${slot} is not up`, about)
    yield* System.killScheduler(slot).pipe(
      Effect.catchTag("NotKillable", (error) =>
        Effect.sync(() => refuse(state, "NoSuchScheduler", error.message, about))
      )
    )
  })

/** Obeys one frame. */
const obey = (state: State, frame: ClientFrame) =>
  Effect.gen(function* () {
    if (frame._tag === "Ping") {
      return send(state, { _tag: "Pong", nonce: frame.nonce, at: yield* Clock.currentTimeMillis })
    }
    if (frame._tag === "Hello") return yield* hello(state, frame.name)
    const { name } = state
    if (name === undefined) return refuse(state, "HelloFirst", "Say Hello first")
    switch (frame._tag) {
      case "Join":
        return yield* join(state, name, frame.room)
      case "Leave":
        return yield* leave(state, name, frame.room)
      case "Say": {
        const { clientId, text } = frame
        const saying = { who: name, text, ...(clientId === undefined ? {} : { clientId }) }
        // Waits when the room has too much to do, and the page with it
        return yield* withRoom(state, frame, (room) => room.say(saying))
      }
      case "Backstage":
        return yield* noticeBoardOn(state.pid.slot).backstage({ connection: state.self, on: frame.on })
      case "CrashRoom":
        return yield* withRoom(state, frame, (room) => room.crash({ who: name }))
      case "CrashConnection":
        return yield* Effect.die(new Error(`${name} pulled their own trapdoor`))
      case "KillScheduler":
        return yield* killScheduler(state, frame.slot)
    }
  })

const take = (state: State, incoming: Incoming) => {
  switch (incoming._tag) {
    case "Binary":
      return Effect.sync(() => refuse(state, "BadJson", "A frame must be JSON text, not binary"))
    case "TooLarge":
      return Effect.sync(() => refuse(state, "FrameTooLarge", `A frame may have at most ${limits.frameBytes} bytes`))
    case "Text": {
      const frame = decodeClientFrame(incoming.text)
      return Result.isSuccess(frame) ? obey(state, frame.success) : Effect.sync(() => send(state, frame.failure))
    }
  }
}

/** Counts one frame more, and says how many milliseconds it is too early, if it is. */
const tooEarly = (state: State, now: number): number => {
  const { at, frames } = state.allowance
  const allowed = Math.min(framesAtFirst, frames + ((now - at) * framesPerSecond) / 1000)
  state.allowance = { frames: allowed < 1 ? allowed : allowed - 1, at: now }
  return allowed < 1 ? Math.ceil(((1 - allowed) * 1000) / framesPerSecond) : 0
}

const read = (state: State) =>
  Effect.gen(function* () {
    const { self, socket } = state
    for (let left = framesAtOnce; left > 0 && socket.hasWaiting; left--) {
      const now = yield* Clock.currentTimeMillis
      state.heardAt = now
      const early = tooEarly(state, now)
      if (early > 0) {
        // What waits stays where it is, and when that is enough the line is no longer read
        yield* after(early, self.readable())
        return next(state)
      }
      const incoming = socket.take()
      if (incoming !== undefined) yield* take(state, incoming)
      if (socket.isSlow) return next(state)
    }
    if (socket.hasWaiting) yield* self.readable()
    return next(state)
  })

// --- the process -----------------------------------------------------------------------------------------------------

const listenAgain = (self: ConnectionRef) => after(limits.pingEvery, self.listen())

/** See {@link Connection}. */
export const ConnectionLive = Connection.implement({
  // Its supervisor's wish to stop it is told to the page first
  trapExit: true,
  init: ({ address, socket: number }, { pid, self }) =>
    Effect.gen(function* () {
      const host = yield* System.System
      const { roomsPerConnection } = yield* ChatSettings
      const { waiting } = yield* Sockets
      const socket = waiting.get(number)
      if (socket === undefined) return GenServer.ignore
      waiting.delete(number)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => socket.close(closeCode.internalError, "The connection's process has ended"))
      )
      // The socket lives on the event loop, and reaches its process by messages like everybody else
      const run = (effect: Effect.Effect<void, never, System.System>) =>
        void Effect.runForkWith(host.context)(Effect.provideService(effect, System.System, host))
      socket.open({ onReadable: () => run(self.readable()), onClosed: () => run(self.hungUp()) })
      yield* listenAgain(self)
      const now = yield* Clock.currentTimeMillis
      return {
        self,
        pid,
        socket,
        address,
        roomsPerConnection,
        places: new Map(),
        name: undefined,
        heardAt: now,
        allowance: { frames: framesAtFirst, at: now },
        farewell: undefined
      } satisfies State as State
    }),
  handle: {
    readable: (state) => read(state),
    hungUp: (state) => GenServer.stop(ExitReason.normal, state),
    joined: (state, { frame, room }) => {
      const place = state.places.get(room)
      if (place === undefined) return state
      place.phase = "joined"
      place.attempts = 0
      state.socket.send(frame)
      return next(state)
    },
    tell: (state, { frame, room }) => {
      // What comes before `Joined` is in it; what comes after `Left` is nobody's business
      if (state.places.get(room)?.phase === "joined") state.socket.send(frame)
      return next(state)
    },
    show: (state, { frame }) => {
      state.socket.send(frame)
      return next(state)
    },
    rejoin: (state, { room }) =>
      Effect.gen(function* () {
        const place = state.places.get(room)
        const { name } = state
        if (place?.phase === "down" && name !== undefined) yield* enter(state, name, room, place)
        return next(state)
      }),
    listen: (state) =>
      Effect.gen(function* () {
        yield* listenAgain(state.self)
        const silent = (yield* Clock.currentTimeMillis) - state.heardAt
        if (silent > limits.silence) {
          state.farewell = { code: "Silent", reason: `Nothing came from this page for ${Math.round(silent / 1000)} s` }
        }
        return next(state)
      })
  },
  info: (state, message) => (message instanceof Process.Down ? roomDown(state, message) : next(state)),
  terminate: (state, reason) =>
    Effect.gen(function* () {
      const { socket } = state
      const farewell = state.farewell ?? (reason._tag === "Shutdown" ? stopping : undefined)
      if (farewell === undefined) return
      socket.hangUp(farewell)
      // Whoever reads has read it when the goodbye is answered; the slow are not waited for
      if (farewell === stopping) yield* closed(socket)
    })
})

const closed = (socket: LiveSocket) => Effect.callback<void>((resume) => socket.onceClosed(() => resume(Effect.void)))
