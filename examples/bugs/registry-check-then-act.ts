/** A session for each user: whoever finds none starts one, and two who find none at the same time start two. */

import assert from "node:assert/strict"
import { GenServer, Process, type System } from "@understudy/core"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, end, supervise } from "./support.ts"

const Session = GenServer.define("bugs/Session", {
  args: {},
  protocol: {
    note: GenServer.call({ payload: { text: Schema.String } }),
    notes: GenServer.call({ success: Schema.Array(Schema.String) })
  }
})

const SessionLive = Session.implement({
  init: (): ReadonlyArray<string> => [],
  handle: {
    note: (notes, { text }) => GenServer.reply(undefined, [...notes, text]),
    notes: (notes) => GenServer.reply(notes, notes)
  }
})

const sessions = Registry.unique("bugs/sessions", Session, Schema.String)
type SessionRef = GenServer.Ref<(typeof Session)["protocol"]>

/** Starts a session, under a name or without. */
type Start = (
  options?: Pick<GenServer.StartOptions, "name">
) => ReturnType<typeof GenServer.start<(typeof Session)["protocol"], {}, never>>
type Open = (start: Start) => Effect.Effect<SessionRef, GenServer.StartError, System.System>

const program = (open: Open) =>
  function* () {
    yield* supervise(Supervisor.supervisor("bugs/listing", { strategy: "one-for-one", children: [sessions.spec] }))
    // Sessions end with the program, not with the connection that was first
    const started: Array<Parameters<typeof end>[0]> = []
    yield* Effect.addFinalizer(() => Effect.forEach(started, end))
    const start: Start = (options) =>
      Effect.tap(GenServer.start(Session, {}, { on: { scheduler: 1 }, ...options }), (session) =>
        Effect.sync(() => started.push(session))
      )
    const connection = (text: string) => Effect.flatMap(open(start), (session) => session.note({ text }))
    yield* concurrently({
      phone: connection("from the phone"),
      laptop: Effect.andThen(Process.sleep(5), connection("from the laptop"))
    })
    const notes = yield* sessions.at("ada").notes()
    assert.equal(notes.length, 2, `both connections are in one session: ${notes}`)
  }

export const bug: Bug = {
  name: "registry-check-then-act",
  title: "Two find no session in a registry, and start one each",
  schedulers: 2,
  implementations: [SessionLive, Registry.implementation, Supervisor.implementation],
  bears: anything,
  wrong: program((start) =>
    Effect.gen(function* () {
      const found = yield* sessions.whereis("ada")
      if (found !== undefined) return found
      const session = yield* start()
      yield* Effect.ignore(sessions.registerRef(session, "ada"))
      return session
    })
  ),
  // The start itself takes the key: one of them gets it, the other is told who has it
  right: program((start) =>
    start({ name: sessions.via("ada") }).pipe(
      Effect.catchTag("StartError", (error) =>
        error.problem === "already-started" ? Effect.succeed(sessions.at("ada")) : Effect.fail(error)
      )
    )
  )
}
