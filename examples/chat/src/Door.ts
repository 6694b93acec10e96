// The door: which port the server is on, whether every scheduler can accept on it, and telling people when it is open.
// It is asked by the listeners, so that with port 0 all of them get the same one.
import { createServer } from "node:net"
import * as GenServer from "@understudy/core/GenServer"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ChatSettings } from "./Settings.ts"

/** Where listeners listen. */
export const Place = Schema.Struct({
  host: Schema.String,
  port: Schema.Int,
  /** Whether several schedulers can listen on one port here. If not, only scheduler 0 does. */
  isShared: Schema.Boolean
})
export type Place = typeof Place.Type

/** The contract of the door. */
export const Door = GenServer.define("chat/Door", {
  protocol: {
    place: GenServer.call({ success: Place }),
    /** From a listener: the scheduler in `slot` accepts connections. */
    opened: GenServer.cast({ slot: Schema.Int })
  }
})

/** The name of the door. */
export const doorName = "chat/door"

/** The one door. */
export const door = Door.named(doorName)

/** The server cannot have its port. */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  host: Schema.String,
  port: Schema.Int,
  problem: Schema.String
}) {
  override get message(): string {
    return `CHAT_PORT, CHAT_HOST: expected a free port of this machine, got ${this.port} on ${this.host}: ${this.problem}`
  }
}

/** Listens for a moment. Gives the port, which is another than was asked for when that was 0. */
const tryPort = (host: string, port: number, reusePort: boolean): Effect.Effect<number, CannotListen> =>
  Effect.callback((resume) => {
    const server = createServer()
    const fail = (error: NodeJS.ErrnoException) => {
      const problem = error.code === "EADDRINUSE" ? "it is in use by another program" : error.message
      resume(Effect.fail(new CannotListen({ host, port, problem })))
    }
    server.once("error", fail)
    server.listen({ host, port, reusePort }, () => {
      const address = server.address()
      const actual = typeof address === "object" && address !== null ? address.port : port
      server.close(() => resume(Effect.succeed(actual)))
    })
  })

const open = (place: Place, schedulers: number) => {
  const { host, isShared, port } = place
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`
  const who = isShared
    ? `accepted on ${schedulers === 1 ? "1 scheduler" : `${schedulers} schedulers`}`
    : "accepted on the main thread only: this platform cannot share a port"
  return Console.log(`The show is on: ${url} (${who})`)
}

interface State {
  readonly place: Place
  readonly schedulers: number
  readonly opened: ReadonlySet<number>
}

/** See {@link Door}. */
export const DoorLive = Door.implement({
  init: () =>
    Effect.gen(function* () {
      const { host, port: wanted, schedulers } = yield* ChatSettings
      // Alone at first: a port that is shared would also be shared with a server that was started twice
      const port = yield* tryPort(host, wanted, false)
      const isShared = yield* Effect.match(tryPort(host, port, true), {
        onSuccess: () => true,
        onFailure: () => false
      })
      return { place: { host, port, isShared }, schedulers, opened: new Set() } satisfies State as State
    }),
  handle: {
    place: (state) => GenServer.reply(state.place, state),
    opened: (state, { slot }) =>
      Effect.gen(function* () {
        const { place, schedulers } = state
        const wasOpen = state.opened.size
        const opened = new Set([...state.opened, slot])
        const expected = place.isShared ? schedulers : 1
        if (wasOpen < expected && opened.size === expected) yield* open(place, expected)
        return { ...state, opened }
      })
  }
})
