/** Ending a process, as a fault would. */
import * as ExitReason from "@understudy/core/ExitReason"
import { System } from "@understudy/core/internal/Host"
import type { Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Addressed, addressOf, pidOf } from "./Addressed.ts"
import { expectCrash } from "./Expectations.ts"

/** A process was to crash, and could not. */
export class CannotCrash extends Schema.TaggedError<CannotCrash>()("CannotCrash", {
  /** Whom. */
  process: Schema.String,
  problem: Schema.Literals(["no-process", "survived"])
}) {
  override get message(): string {
    return this.problem === "no-process"
      ? `crash: there is no process ${this.process}`
      : `crash: ${this.process} did not end within 5 seconds: it traps exits, or its finalizers take longer. Without a reason it is killed, which cannot be trapped`
  }
}

/**
 * Crashes a process, and returns its Down when it is gone. By default it is killed, which no process can trap: its links and its
 * supervisor see the reason `Killed`. With a `reason` it gets that exit signal. That crash is expected, see `expectCrash`. Fails
 * with {@link CannotCrash} when there is no such process, or when it has not ended within 5 seconds.
 *
 * ```ts
 * yield* crash(Tree.worker)               // by the name or ref it is known by
 * yield* crash(server, { reason: ExitReason.failed("boom") })
 * ```
 */
export const crash = (
  of: Addressed,
  options?: { readonly reason?: ExitReason.ExitReason | undefined }
): Effect.Effect<Process.Down, CannotCrash, System> =>
  Effect.gen(function* () {
    const host = yield* System
    const pid = pidOf(host, of)
    if (pid === undefined) return yield* new CannotCrash({ process: `${addressOf(of)}`, problem: "no-process" })
    yield* expectCrash(pid)
    // What it fails with is no crash of the process that tries
    const killing = Process.run((self) => Effect.exit(kill(self, pid, options?.reason ?? ExitReason.kill)))
    return yield* Effect.flatten(Effect.catchTag(killing, "ProcessExited", Effect.die))
  })

/** From a process of its own: the caller's mailbox is the caller's. */
const kill = (self: Process.Self<unknown>, pid: Pid, reason: ExitReason.ExitReason) =>
  Effect.gen(function* () {
    const ref = yield* Process.monitor(pid)
    yield* Process.exit(pid, reason)
    const isDown = (message: unknown): message is Process.Down => message instanceof Process.Down && message.ref === ref
    const down = yield* Effect.catchTag(self.receiveWhen(isDown, { after: "5 seconds" }), "ReceiveTimeout", () =>
      Effect.fail(new CannotCrash({ process: `${pid}`, problem: "survived" }))
    )
    if (down.reason._tag === "NoProcess") return yield* new CannotCrash({ process: `${pid}`, problem: "no-process" })
    return down
  })
