/**
 * What a connection is to the rest of the chat: the contract of the process of one person's WebSocket.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Schema from "effect/Schema"

/** See the file's header. */
export const Connection = GenServer.define("benchmarks/ChatConnection", {
  args: {
    /** The number of its socket on its scheduler. */
    socket: Schema.Int,
    person: Schema.Int,
    room: Process.anyPid
  },
  protocol: {
    /** From its socket: there is something to read. */
    readable: GenServer.cast(),
    hungUp: GenServer.cast(),
    /** From the room: the text of a frame for the person. */
    tell: GenServer.cast({ frame: Schema.String })
  }
})
