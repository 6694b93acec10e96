/** A process that traps exits and unlinks a job that it no longer needs: the job's EXIT may be in the mailbox already. */

import assert from "node:assert/strict"
import { ExitReason, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { anything, type Bug } from "./support.ts"

type Forget = (self: Process.Self<unknown>, job: Process.Pid) => Effect.Effect<unknown, never, Process.Current>

const isExitOf =
  (job: Process.Pid) =>
  (message: unknown): message is Process.Exit =>
    message instanceof Process.Exit && Process.equals(message.from, job)

const program = (forget: Forget) =>
  function* (self: Process.Self<unknown>) {
    yield* Process.trapExit(true)
    const job = yield* Process.spawnLink(Schema.Never, () => Process.exit(ExitReason.failed("out of ink")), {
      label: "job"
    })
    yield* forget(self, job)
    yield* Effect.addFinalizer(() => Process.exit(job, ExitReason.kill))
    yield* Process.sleep(20)
    // From here on each EXIT is taken for a failure of something that matters
    const exit = yield* Effect.option(self.receiveWhen((message) => message instanceof Process.Exit, { after: 0 }))
    assert.equal(exit._tag, "None", "a job that was given up is no failure")
  }

export const bug: Bug = {
  name: "unlink-race",
  title: "An EXIT has arrived before unlink, and is found after it",
  schedulers: 1,
  implementations: [],
  bears: anything,
  wrong: program((_, job) => Process.unlink(job)),
  right: program((self, job) =>
    Effect.andThen(Process.unlink(job), Effect.ignore(self.receiveWhen(isExitOf(job), { after: 0 })))
  )
}
