/**
 * W17 on Understudy: a room, a listener on each scheduler, and a process for each WebSocket. On two schedulers about half
 * of the people are connected to the one that does not have the room.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import { type Crowd, talk } from "../../chat/Crowd.ts"
import { verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import type { UnderstudyProgram } from "./program.ts"
import { ChatListener } from "./servers/chat/ChatListener.ts"
import { ChatRoom } from "./servers/chat/ChatRoom.ts"

/** How often the room is asked whether the last have left before that counts as a failure. */
const patience = 1000

const converse = (crowd: Omit<Crowd, "port">): UnderstudyProgram =>
  Effect.gen(function* () {
    const room = yield* GenServer.start(ChatRoom)
    const { length: schedulers } = yield* System.schedulers
    const isShared = schedulers > 1
    const first = yield* GenServer.start(ChatListener, { port: 0, isShared, room: room.pid })
    const port = yield* first.port()
    const listeners = [first]
    for (let scheduler = 1; scheduler < schedulers; scheduler++) {
      const on = { scheduler }
      listeners.push(yield* GenServer.start(ChatListener, { port, isShared, room: room.pid }, { on }))
    }
    const perSecond = yield* Effect.tryPromise({
      try: () => talk({ ...crowd, port }),
      catch: (error) => error
    })
    for (const listener of listeners) yield* GenServer.terminate(listener)
    let left = yield* room.count()
    for (let turn = 0; left > 0 && turn < patience; turn++) left = yield* room.count()
    yield* verify("people who are still in the room", 0, left)
    yield* GenServer.terminate(room)
    return perSecond
  })

export const chat = { "chat-1": converse, "chat-2": converse } satisfies Programs<UnderstudyProgram>
