/** A monitor that is set after the spawn: a process that has ended by then is only known to be gone, not why. */

import assert from "node:assert/strict"
import { ExitReason, Process, type System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug } from "./support.ts"

const job = () => Process.exit(ExitReason.failed("out of ink"))
const label = { label: "job" }

const program = (start: Effect.Effect<unknown, never, Process.Current | System.System>) =>
  function* (self: Process.Self<unknown>) {
    yield* start
    const down = yield* self.receiveWhen((message) => message instanceof Process.Down)
    // Whether to try again depends on it
    assert.equal(down.reason._tag, "Failed", ExitReason.format(down.reason))
  }

export const bug: Bug = {
  name: "monitor-after-spawn",
  title: "A process ends before its monitor is set, and nobody learns why",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program(Effect.flatMap(Process.spawn(Schema.Never, job, label), (pid) => Process.monitor(pid))),
  right: program(Process.spawnMonitor(Schema.Never, job, label))
}
