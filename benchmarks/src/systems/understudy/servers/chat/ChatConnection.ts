/**
 * The process of one person's WebSocket: it checks what they say and passes it on to the room, and sends them what the
 * room says. It ends with its socket, and its socket with it.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Say } from "../../../../chat/frames.ts"
import { ChatRoom } from "./ChatRoom.ts"
import { type ChatSocket, sockets } from "./ChatSocket.ts"
import { Connection } from "./Connection.ts"

const decodeSay = Schema.decodeUnknownOption(Schema.fromJsonString(Say))

/** Texts handled in one go; others get their turn then. */
const atOnce = 16

/** What a connection knows. */
export interface State {
  readonly socket: ChatSocket
  readonly person: number
  readonly room: GenServer.Ref<(typeof ChatRoom)["protocol"]>
}

export const ChatConnectionLive = Connection.implement({
  init: ({ person, room: roomPid, socket: number }, { self }) =>
    Effect.gen(function* () {
      const host = yield* System.System
      const socket = sockets.get(number)
      if (socket === undefined) return GenServer.ignore
      sockets.delete(number)
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.end()))
      // The socket lives on the event loop, and reaches its process by messages like everybody else
      const run = (effect: Effect.Effect<void, never, System.System>) =>
        void Effect.runForkWith(host.context)(Effect.provideService(effect, System.System, host))
      socket.open({ onReadable: () => run(self.readable()), onClosed: () => run(self.hungUp()) })
      const room = ChatRoom.at(roomPid)
      yield* room.join({ person, connection: self })
      return { socket, person, room } satisfies State as State
    }),
  handle: {
    readable: (state, { self }) =>
      Effect.gen(function* () {
        const { person, room, socket } = state
        for (let left = atOnce; left > 0 && socket.hasWaiting; left--) {
          const said = decodeSay(socket.take())
          if (Option.isNone(said)) return GenServer.stop(ExitReason.shutdownWith("NotUnderstood"), state)
          yield* room.say({ from: person, ...said.value })
        }
        if (socket.hasWaiting) yield* self.readable()
        return state
      }),
    tell: (state, { frame }) => {
      state.socket.send(frame)
      return state
    },
    hungUp: (state) => GenServer.stop(ExitReason.normal, state)
  }
})
