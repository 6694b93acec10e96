/** A worker that cannot start without a database: while that is being restarted, the worker's restarts are used up. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug, concurrently, eventually, supervise } from "./support.ts"

const Database = GenServer.define("bugs/Database", {
  args: {},
  protocol: { read: GenServer.call({ success: Schema.Int }), crash: GenServer.cast() }
})
const DatabaseLive = Database.implement({
  init: () => 42,
  handle: {
    read: (value) => GenServer.reply(value, value),
    crash: () => {
      throw new Error("disk full")
    }
  }
})
const database = Database.named("bugs/database")

const protocol = {
  /** What the database has; -1 while it cannot be asked. */
  show: GenServer.call({ success: Schema.Int })
}

const Needy = GenServer.define("bugs/NeedyWorker", { args: {}, protocol })
/** Lets it crash whenever the database is not there, also in its start. */
const NeedyLive = Needy.implement({
  init: () => Effect.asVoid(database.read()),
  handle: { show: () => Effect.map(Effect.orDie(database.read()), (value) => GenServer.reply(value, undefined)) }
})

const Patient = GenServer.define("bugs/PatientWorker", { args: {}, protocol })
/** Starts without it, and says when it cannot be asked. */
const PatientLive = Patient.implement({
  init: () => undefined,
  handle: {
    show: () =>
      database.read().pipe(
        Effect.orElseSucceed(() => -1),
        Effect.map((value) => GenServer.reply(value, undefined))
      )
  }
})

const program = (contract: typeof Needy) =>
  function* () {
    yield* supervise(
      Supervisor.supervisor("bugs/storage", {
        strategy: "one-for-one",
        children: [Supervisor.child(Database, {}, { name: "bugs/database" })]
      })
    )
    yield* supervise(
      Supervisor.supervisor("bugs/workers", {
        strategy: "one-for-one",
        intensity: { restarts: 1, within: "5 seconds" },
        children: [Supervisor.child(contract, {}, { name: "bugs/worker" })]
      })
    )
    const worker = contract.named("bugs/worker")
    yield* concurrently({
      trouble: database.crash(),
      user: Effect.andThen(Process.sleep(5), Effect.ignore(worker.show()))
    })
    yield* eventually(database.read())
    assert.equal(yield* eventually(worker.show()), 42, "the worker outlives a restart of its database")
  }

export const bug: Bug = {
  name: "restart-storm",
  title: "A child that needs another one to start uses up its supervisor's restarts",
  schedulers: 1,
  implementations: [DatabaseLive, NeedyLive, PatientLive, Supervisor.implementation],
  bears: anything,
  wrong: program(Needy),
  right: program(Patient)
}
