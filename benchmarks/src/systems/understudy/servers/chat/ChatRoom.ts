/**
 * The room of the chat: it knows who is in it and tells all of them what one of them says. Whoever says more than it can
 * take is made to wait. It hears of the end of a connection by its monitor.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { encodeHeard } from "../../../../chat/frames.ts"
import { Connection } from "./Connection.ts"

/** See the file's header. */
export const ChatRoom = GenServer.define("benchmarks/ChatRoom", {
  protocol: {
    join: GenServer.cast({ person: Schema.Int, connection: Connection.ref }),
    say: GenServer.cast({ from: Schema.Int, number: Schema.Int, text: Schema.String }),
    /** How many are in the room. */
    count: GenServer.call({ success: Schema.Int })
  },
  mailbox: { capacity: 1024, overflow: "suspend" }
})

/** Somebody who is in the room. */
export interface Member {
  readonly connection: GenServer.Ref<(typeof Connection)["protocol"]>
  readonly monitor: Process.MonitorRef
}

export const ChatRoomLive = ChatRoom.implement({
  init: () => new Map<number, Member>(),
  handle: {
    join: (members, { connection, person }) =>
      Effect.gen(function* () {
        members.set(person, { connection, monitor: yield* Process.monitor(connection.address) })
        yield* connection.tell({ frame: "welcome" })
        return members
      }),
    say: (members, said) =>
      Effect.gen(function* () {
        const frame = encodeHeard(said)
        for (const { connection } of members.values()) yield* connection.tell({ frame })
        return members
      }),
    count: (members) => GenServer.reply(members.size, members)
  },
  info: (members, message) => {
    for (const [person, { monitor }] of members) {
      if (message instanceof Process.Down && message.ref === monitor) members.delete(person)
    }
    return members
  }
})
